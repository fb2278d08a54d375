from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from twin.overlay import cut, shares_area

AREA = shapely.union_all([shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2)), shapely.box(6, 0, 8, 2)])


def boxes(*bounds):
    return np.array([shapely.box(*each) for each in bounds], dtype=object)


def test_an_edge_or_a_corner_is_no_shared_ground():
    found = shares_area(AREA, boxes((4, 0, 6, 2), (8, 2, 9, 3), (1, 1, 2, 2), (3, 3, 7, 7), (1.2, 1.2, 1.8, 1.8)))
    assert found.tolist() == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("box", "area"),
    [
        ((2.5, 2.5, 3.5, 3.5), 1),  # inside
        ((3, 0, 7, 1), 2),  # in both parts
        ((0, 0, 4, 4), 15),  # the hole is not there
        ((4, 0, 6, 2), 0),  # edges only
        ((9, 9, 10, 10), 0),
    ],
)
def test_what_is_cut_is_what_both_share(box, area):
    (found,) = cut(boxes(box), AREA)
    assert found.geom_type == "MultiPolygon"
    assert found.area == area


def test_nothing_is_cut_from_nothing():
    assert cut(np.empty(0, dtype=object), AREA).tolist() == []
    assert cut(boxes((0, 0, 1, 1)), shapely.Polygon())[0].is_empty


corner = st.tuples(st.integers(-2, 9), st.integers(-2, 9))


@given(st.lists(st.tuples(corner, st.integers(1, 5)), min_size=1, max_size=6))
def test_cutting_is_intersecting(squares):
    polygons = boxes(*((x, y, x + side, y + side) for (x, y), side in squares))
    found = cut(polygons, AREA)
    assert shapely.is_valid(found).all()
    assert shapely.area(found).tolist() == pytest.approx(shapely.area(shapely.intersection(polygons, AREA)).tolist())
