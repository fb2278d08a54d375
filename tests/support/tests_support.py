"""A layer with a field of every type, and rows of it."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import shapely

from twin.columns import typed_series
from twin.crs import parse_crs
from twin.layer import Layer
from twin.schema import Code, Field
from twin.store import Changes, Revision, Store
from twin.stores import is_database
from twin.stores.postgis_url import PostgisPlace

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


def write_edit(store: Store, edit: Mapping[str, Mapping[str, Any] | None], present: set[str]) -> set[str]:
    """Write rows of `LAYER` by key, None for what goes, over those that are there; returns the keys of the rest."""
    come = {key: values for key, values in edit.items() if values is not None}
    write(
        store,
        insert=make_rows(**{key: come[key] for key in come if key not in present}),
        update=make_rows(**{key: come[key] for key in come if key in present}),
        delete=[key for key in edit if key not in come and key in present],
    )
    return (present | come.keys()) - (edit.keys() - come.keys())


def gpkg_blob(geometry: shapely.Geometry) -> bytes:
    """A geometry as GeoPackage stores it, without an envelope."""
    return b"GP\0\1" + struct.pack("<i", 4548) + shapely.to_wkb(geometry, byte_order=1, flavor="iso")


def edit_outside(url: str, sql: str, values: Sequence[Any] = ()) -> None:
    """Run a statement as another program does, on any store; its parameters are question marks, geometries too."""
    if is_database(url):
        place = PostgisPlace.parse(url)
        address = place.database.set(drivername="postgresql").render_as_string(hide_password=False)
        srid = CRS.to_epsg()
        shapes = {i: shapely.set_srid(v, srid) for i, v in enumerate(values) if isinstance(v, shapely.Geometry)}
        given = list(values)
        for i, shape in shapes.items():
            given[i] = shapely.to_wkb(shape, hex=True, include_srid=True)
        with psycopg.connect(address) as connection:
            connection.execute(f"SET search_path TO {place.schema}, public")
            connection.execute(sql.replace("?", "%s"), given)
    else:
        edit_file(url, sql, [gpkg_blob(v) if isinstance(v, shapely.Geometry) else v for v in values])


def edit_file(path: str, sql: str, values: Sequence[Any] = ()) -> None:
    """Run a statement as another program does, with the SQL functions that the R-tree's triggers ask for."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("ST_IsEmpty", 1, lambda blob: shapely.from_wkb(blob[8:]).is_empty)
        for side, name in enumerate(("MinX", "MinY", "MaxX", "MaxY")):
            connection.create_function(f"ST_{name}", 1, lambda blob, side=side: shapely.from_wkb(blob[8:]).bounds[side])
        connection.execute(sql, values)
