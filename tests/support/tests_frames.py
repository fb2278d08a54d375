"""Frames from rows written by hand, so that themes are tested without a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import geopandas
import numpy as np
import shapely

from twin.columns import typed_series
from twin.crs import parse_crs
from twin.frame import Frame
from twin.layer import Layer
from twin.rows import Rows

Given = Iterable[Mapping[str, Any]]
MakeFrame = Callable[[Layer, Given, Any], Frame]


def make_frame(layer: Layer, rows: Given, crs: Any) -> Frame:
    """A frame as a store would read it: key order, the schema's dtypes, missing fields at their default."""
    rows = sorted(rows, key=lambda row: str(row[layer.key]))
    for row in rows:
        assert row.keys() <= {*layer.schema.names, "geometry"}, f"{layer.id} has no such field"
    columns = {f.name: typed_series([row.get(f.name, f.default) for row in rows], f) for f in layer.schema}
    geometry = [
        shapely.from_wkt(row["geometry"]) if isinstance(row["geometry"], str) else row["geometry"] for row in rows
    ]
    data = geopandas.GeoDataFrame(columns, geometry=geometry, crs=parse_crs(crs))
    data.index = data[layer.key].rename(None)
    return Frame(layer=layer, rows=Rows(data=data, fid=np.arange(len(rows))), revision=1)
