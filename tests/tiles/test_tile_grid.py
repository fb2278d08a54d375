"""Tile numbers and squares of WebMercatorQuad."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from morecantile import Tile

from tiles.grid import grids_for
from tiles.matrixset import matrix_set_of
from twin.crs import CRS84, BBox, parse_crs, reproject_bbox, transverse_mercator
from twin.errors import InvalidParameter

MAX_ZOOM = 24
GRIDS = grids_for(transverse_mercator(118.5))
WEB = GRIDS["WebMercatorQuad"]


@pytest.mark.parametrize(("z", "x", "y"), [(10, 848, 403), (15, 27166, 12917), (18, 217335, 103343)])
def test_a_known_point_lies_in_the_tiles_that_tianditu_numbers(z: int, x: int, y: int) -> None:
    # Grid "w" of Tianditu, which is WebMercatorQuad, at 118.4655 E 35.5505 N.
    assert WEB.tile_at(118.4655, 35.5505, z) == (x, y)
    west, south, east, north = reproject_bbox(WEB.box(z, x, y), parse_crs("EPSG:3857"), CRS84)
    assert west <= 118.4655 <= east
    assert south <= 35.5505 <= north


def test_the_world_is_one_tile_at_zoom_0() -> None:
    assert tuple(WEB.box(0, 0, 0)) == pytest.approx((-20037508.342789244,) * 2 + (20037508.342789244,) * 2)


def test_a_tile_of_zoom_15_is_1223_m_wide() -> None:
    box = WEB.box(15, 27166, 12917)
    assert box.east - box.west == pytest.approx(2 * math.pi * 6378137 / 32768, rel=1e-12)  # 1222.992 m


tiles = st.integers(1, MAX_ZOOM).flatmap(
    lambda z: st.tuples(st.just(z), st.integers(0, 2**z - 2), st.integers(0, 2**z - 2))
)


@given(tiles)
def test_neighbours_share_their_edges_to_the_last_bit(tile: tuple[int, int, int]) -> None:
    z, x, y = tile
    box = WEB.box(z, x, y)
    assert box.east == WEB.box(z, x + 1, y).west
    assert box.south == WEB.box(z, x, y + 1).north
    parent = WEB.box(z - 1, x // 2, y // 2)
    assert (parent.west if x % 2 == 0 else parent.east) == (box.west if x % 2 == 0 else box.east)


@given(tiles)
def test_the_middle_of_a_tile_is_in_that_tile(tile: tuple[int, int, int]) -> None:
    z, x, y = tile
    box: BBox = WEB.box(z, x, y)
    longitude = math.degrees((box.west + box.east) / 2 / 6378137)
    latitude = math.degrees(2 * math.atan(math.exp((box.south + box.north) / 2 / 6378137)) - math.pi / 2)
    assert WEB.tile_at(longitude, latitude, z) == (x, y)


@pytest.mark.parametrize("tile", [(-1, 0, 0), (25, 0, 0), (0, 1, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (3, 0, 10**30)])
def test_a_tile_the_grid_does_not_have_is_refused(tile: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidParameter, match=r"there is no|has no level"):
        WEB.box(*tile)


def test_the_poles_are_outside_the_grid() -> None:
    with pytest.raises(InvalidParameter):
        WEB.tile_at(0, 86, 5)


def test_the_corner_of_the_storage_grid_is_told_in_the_order_of_the_axes():
    """EPSG:4548 counts north first, a local grid of one's own east first."""
    registered = grids_for(parse_crs(4548))["StorageQuad"]
    described = matrix_set_of(registered).model_dump()
    assert described["orderedAxes"] == ["N", "E"]
    assert described["tileMatrices"][0]["pointOfOrigin"] == (8_388_608, 500_000 - 8_388_608)
    assert (registered.west, registered.north) == (500_000 - 8_388_608, 8_388_608)
    local = matrix_set_of(grids_for(transverse_mercator(118.5))["StorageQuad"]).model_dump()
    assert local["orderedAxes"] == ["E", "N"]
    assert local["tileMatrices"][0]["pointOfOrigin"] == (500_000 - 8_388_608, 8_388_608)


@pytest.mark.parametrize("grid", [*GRIDS.values(), grids_for(parse_crs(4548))["StorageQuad"]])
def test_a_grid_is_what_its_description_says(grid):
    described = matrix_set_of(grid)
    assert described.id == grid.id
    assert (int(described.tileMatrices[0].id), int(described.tileMatrices[-1].id)) == grid.levels
    first, last = grid.levels
    for z in (first, last):
        matrix = described.matrix(z)
        x, y = matrix.matrixWidth - 1, matrix.matrixHeight - 1
        grid.require(z, x, y)
        with pytest.raises(InvalidParameter):
            grid.require(z, x + 1, y)
        with pytest.raises(InvalidParameter):
            grid.require(z, x, y + 1)
        bounds = described.xy_bounds(Tile(x // 2, y // 2, z))
        assert tuple(grid.box(z, x // 2, y // 2)) == pytest.approx(tuple(bounds), abs=1e-6)
