"""Real boundaries, parcels and streets: put together again from their tiles they are what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely

from tests_transforms import find_transformer
from tiles.grid import grids_for
from twin.crs import parse_crs
from twin.frame import Frame

GRID = grids_for(parse_crs("EPSG:3857"))["WebMercatorQuad"]

pytestmark = pytest.mark.needs("shared_data")

COUNTIES = "boundaries/tianditu_cgcs2000_linyi_counties.geojson"
FARMS = "vector/swellendam_farms"  # 2,008 parcels in UTM 33S; 16 of them invalid, as delivered
STREETS = "osm/helsinki.osm.pbf"


@pytest.fixture
def read_frame(shared_data: Path, make_frame: Callable[..., Frame], make_layer: Callable[..., Any]) -> Any:
    def read(name: str, kind: str, crs: str, layer: str | None = None) -> Frame:
        rows = pyogrio.read_dataframe(shared_data / name, layer=layer, columns=[])
        return make_frame(rows.geometry.tolist(), layer=make_layer(kind), crs=crs)

    return read


def drawn_in_tiles(
    frame: Frame, z: int, features_of: Callable[..., list[dict[str, Any]]]
) -> Iterator[tuple[shapely.Geometry, float]]:
    """Every drawn geometry of every tile, without the buffer, and the metres of EPSG:3857 in a unit of its tile."""
    to_degrees = find_transformer(frame.crs, "OGC:CRS84")
    west, south, east, north = to_degrees.transform_bounds(*shapely.total_bounds(frame.geometry))
    (x0, y0), (x1, y1) = GRID.tile_at(west, north, z), GRID.tile_at(east, south, z)
    square = shapely.box(0, 0, 4096, 4096)
    for x in range(x0, x1 + 1):
        for y in range(y0, y1 + 1):
            box = GRID.box(z, x, y)
            for feature in features_of(frame, box):
                shape = shapely.geometry.shape(feature["geometry"])
                assert shape.is_valid
                yield shape.intersection(square), (box.east - box.west) / 4096


def in_web_mercator(frame: Frame) -> shapely.Geometry:
    """All geometries in EPSG:3857, reprojected by pyproj vertex by vertex."""
    transformer = find_transformer(frame.crs, "EPSG:3857")
    return shapely.transform(shapely.make_valid(frame.geometry), transformer.transform, interleaved=False)


@pytest.mark.parametrize(("name", "crs", "z"), [(COUNTIES, "EPSG:4490", 9), (FARMS, "EPSG:32733", 11)])
def test_areas_add_up_over_their_tiles(name: str, crs: str, z: int, read_frame: Any, features_of: Any) -> None:
    frame = read_frame(name, "MultiPolygon", crs)
    drawn = sum(shape.area * unit_m**2 for shape, unit_m in drawn_in_tiles(frame, z, features_of))
    assert drawn == pytest.approx(shapely.area(in_web_mercator(frame)).sum(), rel=2e-4)


def test_streets_add_up_over_their_tiles(read_frame: Any, features_of: Any) -> None:
    frame = read_frame(STREETS, "LineString", "EPSG:4326", layer="lines")
    drawn = sum(shape.length * unit_m for shape, unit_m in drawn_in_tiles(frame, 15, features_of))
    assert drawn == pytest.approx(shapely.length(in_web_mercator(frame)).sum(), rel=1e-3)
