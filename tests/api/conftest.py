"""A small twin of two layers whose every coordinate, count and value is known by hand, and its service."""

from __future__ import annotations

import http.client
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import pytest
import shapely
from fastapi import FastAPI
from fastapi.testclient import TestClient

import layers
from api.app import create_app
from tests_rows import make_layer_rows
from tests_server import run_server
from twin.catalog import Catalog
from twin.crs import transverse_mercator
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, Part, Shape, Target, indicator
from twin.layer import Layer
from twin.schema import Code, Field
from twin.settings import Settings
from twin.solids import End, Sweeps
from twin.store import Changes, Store
from twin.stores import create_store, open_store

CITY_CRS = transverse_mercator(118.5, name="Yinan local")

PARCELS = Layer(
    id="parcels",
    title="Parcels",
    title_zh="地块",
    about="Pieces of land.",
    geometry="MultiPolygon",
    key="parcel_id",
    fields=(
        Field(name="parcel_id", title="Parcel", title_zh="地块编号", required=True),
        Field(name="name", title="Name", title_zh="名称"),
        Field(
            name="use",
            title="Use",
            title_zh="用途",
            codes=(
                Code(value="homes", title="Homes", title_zh="居住"),
                Code(value="park", title="Park", title_zh="公园"),
            ),
        ),
        Field(name="floors", type="integer", title="Floors", title_zh="层数", minimum=0),
        Field(name="height_m", type="real", title="Height", title_zh="高度", unit="m"),
        Field(name="built", type="date", title="Built", title_zh="建成日期"),
        Field(name="inhabited", type="boolean", title="Inhabited", title_zh="有人居住"),
        Field(name="checked_at", type="datetime", title="Checked", title_zh="核查时间"),
    ),
)


def shafts(wells: gpd.GeoDataFrame) -> Sweeps:
    """Each well as a shaft, 10 m deep and 1 m wide."""
    tops = shapely.get_coordinates(wells.geometry.to_numpy(), include_z=True)
    return Sweeps(
        rows=np.arange(len(wells)),
        axes=np.stack([tops - [0, 0, 10], tops], axis=1).reshape(-1, 3),
        starts=np.arange(len(wells) + 1) * 2,
        width_m=np.ones(len(wells)),
        height_m=np.ones(len(wells)),
        is_round=np.ones(len(wells), dtype=bool),
        ends=np.full((len(wells), 2), End.FLAT, dtype=np.uint8),
    )


WELLS = Layer(
    id="wells",
    title="Wells",
    title_zh="水井",
    about="Where water is drawn.",
    geometry="Point",
    has_z=True,
    key="well_id",
    fields=(Field(name="well_id", title="Well", title_zh="水井编号", required=True),),
    classification="public",
    solids=shafts,
)
BUNKERS = replace(WELLS, id="bunkers", title="Bunkers", title_zh="掩体", classification="secret")


@indicator(
    title="Share of parks",
    title_zh="公园占比",
    unit="1",
    target=Target(op=">=", value=0.5),
    clause=Clause(document="Test rules", article="1", text="Half of the parcels are parks."),
    about={"use": "The use that counts", "least_floors": "Parcels with fewer floors are not looked at"},
    titles={"least_floors": ("Fewest floors", "最少层数"), "by_use": ("By use", "按用途"), "best_m2": ("Best", "最佳")},
    denominator_unit="m²",
    example=Example(crs="EPSG:4548", rows={}, value=None),
)
def park_share(
    parcels: Frame, bunkers: Frame, *, use: Literal["homes", "park"] = "park", least_floors: int = 0
) -> Measure:
    """Divide the number of parcels of a use by the number of all."""
    rows = parcels.data[parcels.data["floors"] >= least_floors]
    if len(rows) == 0:
        return Measure(value=None, note="there are no parcels")
    counts = rows["use"] == use
    return Measure(
        value=float(counts.mean()),
        numerator=int(counts.sum()),
        denominator=len(rows),
        covered={"parcels": tuple(rows.index[counts])},
        uncovered={"parcels": tuple(rows.index[~counts]), "bunkers": tuple(bunkers.data.index)},
        shapes=(
            Shape(
                role="best_place", title="Best place", title_zh="最佳位置", geometry=shapely.Point(500_000, 3_900_000)
            ),
        ),
        breakdown=(Part(area_id="T1", name="North 北镇", value=0.25, numerator=1, denominator=4),),
        details={
            "best_m2": 12_345.6,
            "area_ratio": 0.125,
            "by_use": {"park": {"parcels": 1, "value": 0.25}},
            "rows": [{f"column_{number}": number for number in range(20)}],
        },
    )


CATALOG = Catalog.of([PARCELS, WELLS, BUNKERS], [park_share])


def rows(layer: Layer, geometries: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    """Rows of a layer in the town's CRS, the fields not given empty."""
    return make_layer_rows(layer, geometries, crs=CITY_CRS, **columns)


def square(x: float, y: float, side: float = 100.0) -> shapely.MultiPolygon:
    """A square with its south-west corner at x, y."""
    return shapely.MultiPolygon([shapely.box(x, y, x + side, y + side)])


def five_parcels() -> gpd.GeoDataFrame:
    """Five squares of 100 m in a row from west to east, 1 km apart, from the central meridian."""
    return rows(
        PARCELS,
        [square(500_000 + 1000 * i, 3_900_000) for i in range(5)],
        parcel_id=["P1", "P2", "P3", "P4", "P/5 东"],
        name=["One", "Two", "Three", "Four", '<b>"Five"</b>'],
        use=["homes", "homes", "park", "homes", None],
        floors=[6, 11, 0, 6, 2],
        height_m=[18.5, 33.0, None, 18.5, 6.25],
        built=["1999-05-01", "2004-01-01", None, "2010-12-31", "2020-02-29"],
        inhabited=[True, True, False, None, True],
        checked_at=["2024-03-01T02:00:00Z", None, None, None, None],
    )


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five parcels since 2020, of which P4 went in 2023; two wells; a bunker."""
    points = [shapely.Point(500_000, 3_900_000, 87.25), shapely.Point(502_000, 3_901_000, 91.5)]
    wells = Changes(insert=rows(WELLS, points, well_id=["W1", "W2"]))
    bunkers = Changes(insert=rows(BUNKERS, points[:1], well_id=["B1"]))
    start, later = datetime(2020, 3, 1, tzinfo=UTC), datetime(2023, 3, 1, tzinfo=UTC)
    path = tmp_path_factory.mktemp("api") / "town.gpkg"
    with create_store(path, crs=CITY_CRS, title="Test town 测试镇") as store:
        store.write(PARCELS, Changes(insert=five_parcels()), author="survey", reason="first survey", effective=start)
        store.write(PARCELS, Changes(delete=("P4",)), author="survey", reason="pulled down", effective=later)
        store.write(WELLS, wells, author="water", reason="register", effective=start)
        store.write(BUNKERS, bunkers, author="army", reason="register", effective=start)
    return path


@pytest.fixture
def store(town: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of the town, to be read and written."""
    with open_store(shutil.copy(town, tmp_path / "town.gpkg"), write=True) as copy:
        yield copy


@pytest.fixture
def parcels() -> gpd.GeoDataFrame:
    """The rows of the parcels as they were first written."""
    return five_parcels()


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., gpd.GeoDataFrame]:
    """Make rows of any layer in the town's CRS."""
    return rows


@pytest.fixture
def catalog() -> Catalog:
    """The layers and the indicator of the town."""
    return CATALOG


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    """The service over the store."""
    with TestClient(create_app(Settings(), store, CATALOG)) as client:
        yield client


@pytest.fixture
def app(store: Store) -> FastAPI:
    """The service over the store, not running yet."""
    return create_app(Settings(), store, CATALOG)


@pytest.fixture
def host(app: FastAPI) -> Iterator[str]:
    """Where it runs, with all that a request passes outside of the application."""
    with run_server(app) as root:
        yield urlsplit(root).netloc


@pytest.fixture
def connection(host: str) -> Iterator[http.client.HTTPConnection]:
    """A connection to it."""
    connection = http.client.HTTPConnection(host)
    yield connection
    connection.close()


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """The store of a county with two weather stations."""
    layer = layers.catalog().layer("weather_stations")
    stations = rows(
        layer,
        [shapely.Point(500_000, 3_900_000, 120.5), shapely.Point(510_000, 3_900_000, 99)],
        station_id=["S1", "S2"],
        name=["North 北站", "East 东站"],
        kind=["automatic", "automatic"],
        status=["in_service", "in_service"],
    )
    path = tmp_path / "county.gpkg"
    with create_store(path, crs=stations.crs, title="Served county") as store:
        store.write(layer, Changes(insert=stations), author="weather", reason="register")
    return path
