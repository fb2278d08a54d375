"""A layer with a field of every type, and rows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from twin.columns import typed_series
from twin.crs import parse_crs
from twin.layer import Layer
from twin.schema import Code, Field
from twin.store import Changes, Revision, Store

CRS = parse_crs("EPSG:4548")

LAYER = Layer(
    id="plots",
    title="Plots",
    title_zh="地块",
    about="A layer with a field of every type.",
    geometry="Polygon",
    has_z=True,
    key="plot_id",
    fields=(
        Field(name="plot_id", title="Plot", title_zh="编号", required=True),
        Field(name="name", title="Name", title_zh="名称"),
        Field(name="floors", type="integer", title="Floors", title_zh="层数"),
        Field(name="height_m", type="real", title="Height", title_zh="高度", unit="m", minimum=0, maximum=500),
        Field(name="public", type="boolean", title="Public", title_zh="公共"),
        Field(name="built", type="date", title="Built", title_zh="建成日期"),
        Field(name="seen_at", type="datetime", title="Seen at", title_zh="观测时间"),
        Field(
            name="use",
            title="Use",
            title_zh="用途",
            codes=(
                Code(value="home", title="Home", title_zh="住宅"),
                Code(value="shop", title="Shop", title_zh="商业"),
            ),
        ),
    ),
)

Rows = Callable[..., gpd.GeoDataFrame]


def make_rows(**by_key: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Rows of `LAYER` by key; what is not given is missing."""
    fields = {
        f.name: typed_series([{"plot_id": key, **values}.get(f.name) for key, values in by_key.items()], f)
        for f in LAYER.schema
    }
    data = gpd.GeoDataFrame(fields, geometry=[values.get("geometry") for values in by_key.values()], crs=CRS)
    data.index = pd.Index(list(by_key), dtype="str")
    return data


def write(
    store: Store,
    *,
    layer: Layer = LAYER,
    insert: gpd.GeoDataFrame | None = None,
    update: gpd.GeoDataFrame | None = None,
    delete: Iterable[str] = (),
    author: str = "surveyor",
    **options: Any,
) -> Revision:
    """One write of `LAYER`."""
    changes = Changes(insert=insert, update=update, delete=tuple(delete))
    return store.write(layer, changes, author=author, reason="test", **options)
