"""Blocks of buildings: how high they stand, how tall they are, and what is counted instead of guessed in silence."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.buildings import BUILDINGS
from tests_frames import make_frame

CRS = "EPSG:4548"
SLOPE = "POLYGON Z ((0 0 101, 10 0 100, 10 8 99, 0 8 100.5, 0 0 101))"


def blocks_of(*rows):
    given = [{"building_id": f"b{at}", "geometry": SLOPE} | row for at, row in enumerate(rows)]
    frame = make_frame(BUILDINGS, [row | {"geometry": to_multi(row["geometry"])} for row in given], CRS)
    return BUILDINGS.solids(frame.data)


def to_multi(text):
    area = shapely.from_wkt(text)
    return area if area.geom_type == "MultiPolygon" else shapely.multipolygons([area])


def heights_of(blocks) -> list[tuple[float, float]]:
    first = blocks.rings[blocks.starts[:-1]]
    return list(zip(blocks.bottoms[first, 2].tolist(), blocks.tops[first, 2].tolist(), strict=True))


def test_a_block_begins_at_the_lowest_ground_along_its_outline_and_ends_its_height_above_the_ground():
    blocks = blocks_of({"ground_m": 100.2, "height_m": 12.0}, {"height_m": 12.0}, {"ground_m": 98.0, "height_m": 12.0})
    assert heights_of(blocks) == [(99, pytest.approx(112.2)), (99, 111), (98, 110)]
    assert blocks.left_out == blocks.assumed == {}


def test_an_unknown_height_is_that_of_its_floors_or_of_one_and_both_are_counted():
    blocks = blocks_of({"floors": 6}, {"height_m": 0.0, "floors": 2}, {"floors": 0}, {}, {"height_m": 7.5, "floors": 9})
    assert [top - bottom for bottom, top in heights_of(blocks)] == [18, 6, 3, 3, 7.5]
    assert blocks.assumed == {
        "height unknown, 3 m for each floor": 2,
        "height and floors unknown, 3 m": 2,
    }


def test_whose_ground_nobody_knows_is_left_out_and_outlines_at_height_0_do_not_know_it():
    flat = "POLYGON Z ((0 0 0, 10 0 0, 10 8 0, 0 8 0, 0 0 0))"
    shore = "POLYGON Z ((0 0 0, 10 0 0, 10 8 2, 0 8 2, 0 0 0))"
    blocks = blocks_of(
        {"geometry": flat, "height_m": 5.0},
        {"geometry": flat, "height_m": 5.0, "ground_m": 120.0},
        {"geometry": shore, "height_m": 5.0},
    )
    assert blocks.rows.tolist() == [1, 2]
    assert heights_of(blocks) == [(120, 125), (0, 5)]
    assert blocks.left_out == {"ground height unknown": 1}


def test_rings_turn_as_their_kind_wants_whichever_way_they_were_drawn():
    clockwise = "POLYGON Z ((0 0 9, 0 8 9, 10 8 9, 10 0 9, 0 0 9), (2 2 9, 4 2 9, 4 4 9, 2 4 9, 2 2 9))"
    several = "MULTIPOLYGON Z (((0 0 9, 9 0 9, 9 9 9, 0 0 9)), ((20 0 9, 29 0 9, 29 9 9, 20 9 9, 20 0 9)))"
    blocks = blocks_of({"geometry": clockwise}, {"geometry": several})
    assert np.diff(blocks.starts).tolist() == [2, 2]
    assert np.diff(blocks.rings).tolist() == [4, 4, 3, 4]
    rings = [blocks.tops[a:b, :2] for a, b in zip(blocks.rings[:-1], blocks.rings[1:], strict=True)]
    assert [bool(shapely.LinearRing(ring).is_ccw) for ring in rings] == [True, False, True, True]


def test_corners_in_one_place_are_one():
    twice = "POLYGON Z ((0 0 9, 10 0 9, 10 0.0004 9, 10 8 9, 0 8 9, 0 8 9, 0 0 9))"
    assert len(blocks_of({"geometry": twice}).tops) == 4


def test_some_of_them_are_the_same_as_if_there_were_no_others():
    hole = "POLYGON Z ((0 0 9, 9 0 9, 9 9 9, 0 9 9, 0 0 9), (2 2 9, 2 4 9, 4 4 9, 4 2 9, 2 2 9))"
    rows = [{"height_m": 4.0}, {"geometry": hole, "height_m": 5.0}, {"height_m": 6.0}]
    some, alone = blocks_of(*rows).take(np.array([2, 1])), blocks_of(rows[2], rows[1])
    for name in ("bottoms", "tops", "rings", "starts"):
        assert np.array_equal(getattr(some, name), getattr(alone, name))
    assert some.owners.tolist() == [0] * 4 + [1] * 8


def test_no_buildings_are_no_blocks():
    frame = make_frame(BUILDINGS, [], CRS)
    assert len(BUILDINGS.solids(frame.data)) == 0
