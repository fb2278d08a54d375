"""Features as Arrow tables, and what GeoParquet says of them: for files and for answers over HTTP."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS
from twin.frame import Frame
from twin.layer import Layer
from twin.schema import GEOMETRY

if TYPE_CHECKING:
    import pyarrow as pa

#: The column of the boxes of geometries.
BBOX = "bbox"
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def arrow_schema(layer: Layer, only: Collection[str] | None = None) -> pa.Schema:
    """The fields of a layer in their own Arrow types, or its key and some of them, and its geometry as WKB."""
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "real": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us", tz="UTC"),
    }
    wanted = [field for field in layer.schema if only is None or field.name in (layer.key, *only)]
    fields = [pa.field(field.name, types[field.type]) for field in wanted]
    return pa.schema([*fields, pa.field(GEOMETRY, pa.binary())])


def arrow_table(frame: Frame, geometry: npt.NDArray[np.object_], only: Collection[str] | None = None) -> pa.Table:
    """Put n rows of a layer into a table, all fields or the key and some, with n geometries in whatever CRS."""
    import pyarrow as pa

    schema = arrow_schema(frame.layer, only)
    data = frame.data.assign(**{frame.layer.key: frame.data.index})
    columns = [pa.Array.from_pandas(data[name]).cast(schema.field(name).type) for name in schema.names[:-1]]
    return pa.table([*columns, pa.array(shapely.to_wkb(geometry, flavor="iso"), type=pa.binary())], schema=schema)


def with_boxes(table: pa.Table, geometry: npt.NDArray[np.object_]) -> pa.Table:
    """Add the box of each geometry, by which readers find what lies in a place without decoding geometries."""
    import pyarrow as pa

    bounds = shapely.bounds(geometry)
    sides = [pa.array(bounds[:, side]) for side in range(4)]
    boxes = pa.StructArray.from_arrays(sides, list(_SIDES), mask=pa.array(np.isnan(bounds[:, 0])))
    return table.append_column(BBOX, boxes)


def geoparquet_metadata(crs: CRS, geometry_types: Sequence[str]) -> dict[str, str]:
    """Say what GeoParquet 1.1 wants said of a table with boxes.

    Parameters
    ----------
    crs
        Of its geometries; x is east in this format, whatever order of axes the CRS defines.
    geometry_types
        What they may be; empty where that is not known.
    """
    column: dict[str, Any] = {
        "encoding": "WKB",
        "crs": crs.to_json_dict(),
        "geometry_types": list(geometry_types),
        "covering": {"bbox": {side: [BBOX, side] for side in _SIDES}},
    }
    return {"geo": json.dumps({"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}})}
