"""Two small layers, a store for them, and a way to make delivered files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from twin.crs import parse_crs
from twin.errors import Fault, SchemaViolation
from twin.ingest import Report, ingest_files
from twin.layer import Layer
from twin.query import Query
from twin.schema import Code, Field
from twin.store import Store
from twin.stores import create_store

PARCELS = Layer(
    id="parcels",
    title="Parcels",
    title_zh="地块",
    about="Pieces of land, for tests.",
    geometry="MultiPolygon",
    key="parcel_id",
    fields=(
        Field(
            name="parcel_id",
            title="Parcel number",
            title_zh="地块编号",
            required=True,
            max_length=20,
            aliases=("编号",),
        ),
        Field(name="name", title="Name", title_zh="名称", max_length=20, aliases=("县区", "县区名称")),
        Field(
            name="use",
            title="Use",
            title_zh="用途",
            codes=(
                Code(value="housing", title="Housing", title_zh="住宅", aliases=("居住",)),
                Code(value="farming", title="Farming", title_zh="农业"),
            ),
        ),
        Field(name="depth_m", type="real", title="Depth", title_zh="深度", unit="m", minimum=0, maximum=100),
        Field(name="floors", type="integer", title="Floors", title_zh="层数", default=1),
        Field(name="sold_on", type="date", title="Sold on", title_zh="出让日期"),
        Field(name="seen_at", type="datetime", title="Seen at", title_zh="巡查时间"),
        Field(name="fenced", type="boolean", title="Fenced", title_zh="有围墙"),
    ),
)

WELLS = Layer(
    id="wells",
    title="Wells",
    title_zh="水井",
    about="Points with heights, for tests.",
    geometry="Point",
    has_z=True,
    key="well_id",
    fields=(
        Field(name="well_id", title="Well number", title_zh="井号", required=True, aliases=("id", "点号")),
        Field(name="name", title="Name", title_zh="名称"),
    ),
)

#: South-west corner of what tests draw: a place in Yinan in EPSG:4548 (standards: 118.4655 E 35.5505 N).
EAST, NORTH = 632_885.0, 3_936_656.0


@pytest.fixture
def parcels() -> Layer:
    return PARCELS


@pytest.fixture
def wells() -> Layer:
    return WELLS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with create_store(tmp_path / "twin.gpkg", crs=parse_crs("EPSG:4548"), title="ingest") as opened:
        yield opened


@pytest.fixture
def square() -> Callable[..., shapely.Polygon]:
    """Squares of 10 m side in a row: ``square(3)`` is the fourth."""

    def make(number: int = 0, *, side: float = 10.0) -> shapely.Polygon:
        west = EAST + 20.0 * number
        return shapely.box(west, NORTH, west + side, NORTH + side)

    return make


@pytest.fixture
def deliver(tmp_path: Path, square: Callable[..., shapely.Polygon]) -> Callable[..., Path]:
    """Write rows as GDAL would deliver them: ``deliver("a.gpkg", {"parcel_id": ["1"]})``."""

    def write(
        name: str, columns: dict[str, Any], *, geometry: Any = None, crs: Any = "EPSG:4548", **options: Any
    ) -> Path:
        count = len(next(iter(columns.values())))
        shapes = [square(number) for number in range(count)] if geometry is None else geometry
        path = tmp_path / "delivery" / name
        path.parent.mkdir(exist_ok=True)
        gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(path, **options)
        return path

    return write


@pytest.fixture
def write_text(tmp_path: Path) -> Callable[..., Path]:
    """Write a delivered text file: ``write_text("a.csv", "X,Y\\n…")``."""

    def write(name: str, text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "delivery" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def take(store: Store) -> Callable[..., Report]:
    """Ingest files into the store: ``take(layer, path, crs="EPSG:4548")``."""

    def ingest(layer: Layer, *files: Path, **options: Any) -> Report:
        return ingest_files(store, layer, files, **{"author": "tester", **options})

    return ingest


@pytest.fixture
def faults_of(take: Callable[..., Report], store: Store) -> Callable[..., tuple[Fault, ...]]:
    """Ingest what must be refused, and return its faults; nothing may have been written."""

    def ingest(layer: Layer, *files: Path, **options: Any) -> tuple[Fault, ...]:
        before = store.latest()
        with pytest.raises(SchemaViolation) as refusal:
            take(layer, *files, **options)
        assert store.latest() == before
        return refusal.value.faults

    return ingest


@pytest.fixture
def rows_of(store: Store) -> Callable[[Layer], gpd.GeoDataFrame]:
    """The current rows of a layer."""
    return lambda layer: store.read(layer, Query()).data
