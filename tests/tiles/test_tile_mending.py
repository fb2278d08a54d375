"""Areas that meet themselves on the grid of a tile: the kernel makes of them what GEOS does, or leaves them to it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from tests_tiles import areas_of, surveyor
from tiles.kernels.mend import mend_area, set_up_bench
from tiles.kernels.sketch import COLLAPSED, DOUBTFUL, DRAWN, empty_sketch, make_room

Ring = list[tuple[int, int]]
Polygon = list[Ring]

vertices = st.tuples(st.integers(0, 3), st.integers(0, 3))
rings = st.lists(vertices, min_size=3, max_size=9)
polygons = st.lists(st.lists(rings, min_size=1, max_size=3), min_size=1, max_size=3)

SQUARE: Ring = [(0, 0), (6, 0), (6, 6), (0, 6)]
BOW_TIE: Ring = [(0, 0), (4, 0), (2, 2), (4, 4), (0, 4), (2, 2)]


def mend(area: list[Polygon]) -> tuple[int, shapely.MultiPolygon | None]:
    """What the kernel says of an area given as rings, and makes of it, if anything; its rings are lawful."""
    sketch = empty_sketch(1, 1)
    for polygon in area:
        for number, ring in enumerate(polygon):
            sketch = make_room(sketch, 1, len(ring))
            sketch.xy[sketch.used[1] : sketch.used[1] + len(ring)] = ring
            sketch.hole[sketch.used[0]] = number > 0
            sketch.used[:] += (1, len(ring))
            sketch.first_vertex[sketch.used[0]] = sketch.used[1]
    state, sketch = mend_area(0, sketch, set_up_bench())
    if state == DOUBTFUL:
        return state, None
    paths = sketch.used[0]
    drawn = [
        (sketch.xy[first:last].tolist(), bool(is_hole))
        for (first, last), is_hole in zip(
            pairwise(sketch.first_vertex[: paths + 1].tolist()), sketch.hole[:paths], strict=True
        )
    ]
    parts: list[tuple[Ring, list[Ring]]] = []
    for ring, is_hole in drawn:
        assert shapely.is_valid(shapely.LinearRing(ring))
        assert (surveyor(ring) < 0) == is_hole
        if is_hole:
            parts[-1][1].append(ring)
        else:
            parts.append((ring, []))
    return state, shapely.MultiPolygon(parts)


@pytest.mark.parametrize(
    ("area", "rings", "size"),
    [
        ([[BOW_TIE]], 2, 8),
        ([[SQUARE, [(2, 2), (4, 2), (4, 6), (2, 6)]]], 1, 36 - 8),
        ([[SQUARE, [(0, 3), (3, 3), (3, 4)]]], 2, 36 - 1.5),
        ([[SQUARE, [(0, 3), (3, 1), (6, 3), (3, 5)]]], 2, 36 - 12),
        ([[SQUARE, [(1, 1), (3, 1), (3, 5), (1, 5)], [(3, 2), (5, 2), (5, 4), (3, 4)]]], 2, 36 - 8 - 4),
        ([[SQUARE], [[(6, 2), (9, 2), (9, 4), (6, 4)]]], 1, 36 + 6),
        ([[SQUARE, SQUARE]], 0, 0),
        ([[SQUARE, [(1, 1), (5, 1), (5, 5), (1, 5)]], [[(1, 2), (4, 2), (4, 4)]]], 3, 36 - 16 + 3),
    ],
    ids=["bow tie", "yard on the edge", "yard at a corner", "yard from edge to edge", "yards side by side",
         "annexe", "nothing but a yard", "island at the shore of its lake"],
)  # fmt: skip
def test_rings_are_joined_and_cut_where_they_meet(area: list[Polygon], rings: int, size: float) -> None:
    state, drawn = mend(area)
    assert state == (DRAWN if size else COLLAPSED)
    assert drawn is not None
    assert shapely.is_valid(drawn)
    assert sum(1 + len(part.interiors) for part in drawn.geoms) == rings
    assert drawn.area == size


def test_edges_that_cross_off_the_grid_are_left_to_others() -> None:
    assert mend([[[(0, 0), (3, 0), (0, 2), (3, 2)]]]) == (DOUBTFUL, None)


def test_long_rings_are_left_to_others() -> None:
    turn = np.linspace(0, 2 * np.pi, 150, endpoint=False)
    ring = np.rint(np.transpose([np.cos(turn), np.sin(turn)]) * 1000).astype(int).tolist()
    assert mend([[ring]])[0] == DOUBTFUL


@given(area=polygons)
@example(area=[[BOW_TIE, SQUARE]])
def test_any_rings_become_the_area_that_geos_makes_of_them(area: list[Polygon]) -> None:
    _, drawn = mend(area)
    if drawn is None:
        return
    wanted = areas_of(
        shapely.make_valid(shapely.MultiPolygon([(shell, holes) for shell, *holes in area]), method="structure")
    )
    assert shapely.is_valid(drawn)
    assert shapely.symmetric_difference(drawn, wanted).area == pytest.approx(0, abs=1e-9)
