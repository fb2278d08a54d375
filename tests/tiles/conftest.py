"""What tile tests share: frames, and a tile whose unit is one metre of EPSG:3857, so that numbers are known by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pandas as pd
import pytest
import shapely

from tiles.mvt import encode_layer
from twin.crs import BBox, parse_crs
from twin.frame import Frame
from twin.layer import Layer
from twin.rows import Rows
from twin.schema import DTYPES, Field

WEB = parse_crs("EPSG:3857")

FIELDS = (
    Field(name="thing_id", title="Thing", title_zh="物"),
    Field(name="name", title="Name", title_zh="名称"),
    Field(name="floors", type="integer", title="Floors", title_zh="层数"),
    Field(name="height_m", type="real", title="Height", title_zh="高度", unit="m"),
    Field(name="open", type="boolean", title="Open", title_zh="开放"),
    Field(name="built", type="date", title="Built", title_zh="建成日期"),
    Field(name="seen", type="datetime", title="Seen", title_zh="观测时间"),
)


@pytest.fixture(scope="session")
def unit_box() -> BBox:
    """A tile 4096 m wide with its north-west corner at 0, 4096: tile units are (x, 4096 - y)."""
    return BBox(0, 0, 4096, 4096)


@pytest.fixture(scope="session")
def make_layer() -> Callable[..., Layer]:
    def make(geometry: Any, **changes: Any) -> Layer:
        given = {"id": "things", "title": "Things", "title_zh": "事物", "about": "Things to draw.", "key": "thing_id"}
        return Layer(**{**given, "fields": FIELDS, "geometry": geometry, **changes})

    return make


@pytest.fixture(scope="session")
def make_frame(make_layer: Callable[..., Layer]) -> Callable[..., Frame]:
    """Frames of features T0, T1 … with the feature ids 100, 101 …"""

    def make(
        geometries: Sequence[str | shapely.Geometry],
        *,
        rows: Sequence[dict[str, Any]] = (),
        layer: Layer | None = None,
        revision: int = 1,
        crs: str = "EPSG:3857",
    ) -> Frame:
        shapes = [shapely.from_wkt(g) if isinstance(g, str) else g for g in geometries]
        layer = layer or make_layer(shapes[0].geom_type)
        rows = rows or [{}] * len(shapes)
        columns = {
            field.name: pd.array([row.get(field.name) for row in rows], dtype=DTYPES[field.type])
            for field in layer.schema
            if field.name != layer.key
        }
        keys = pd.Index([f"T{number}" for number in range(len(shapes))], name=layer.key)
        data = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs, index=keys)
        return Frame(layer=layer, rows=Rows(data=data, fid=np.arange(100, 100 + len(shapes))), revision=revision)

    return make


@pytest.fixture(scope="session")
def decode() -> Callable[[bytes], dict[str, Any]]:
    """Layers by name as mapbox-vector-tile reads them, in tile units with y to the south."""
    return lambda data: mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})


@pytest.fixture(scope="session")
def features_of(decode: Callable[[bytes], dict[str, Any]], unit_box: BBox) -> Callable[..., list[dict[str, Any]]]:
    """The decoded features of a frame in one tile."""

    def features(frame: Frame, box: BBox = unit_box) -> list[dict[str, Any]]:
        layers = decode(encode_layer(frame, box, WEB).data)
        return layers[frame.layer.id]["features"] if layers else []

    return features
