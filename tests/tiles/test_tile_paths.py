"""Geometries taken apart as paths, held against what shapely says of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tiles.paths import Paths

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32).map(float)
PLACES = st.tuples(NUMBERS, NUMBERS)
POINTS = PLACES.map(shapely.Point)
LINES = st.lists(PLACES, min_size=2, max_size=5).map(shapely.LineString)
RINGS = st.lists(PLACES, min_size=3, max_size=5)
AREAS = st.tuples(RINGS, st.lists(RINGS, max_size=2)).map(lambda rings: shapely.Polygon(*rings))
SINGLE = st.one_of(POINTS, LINES, AREAS)
MANY = st.one_of(
    st.lists(POINTS, max_size=3).map(shapely.MultiPoint),
    st.lists(LINES, max_size=3).map(shapely.MultiLineString),
    st.lists(AREAS, max_size=3).map(shapely.MultiPolygon),
)


def outline(geometry: shapely.Geometry) -> list[tuple[bool, list[tuple[float, float]]]]:
    """What the paths of a geometry must be: whether each is a hole, and its vertices."""
    if geometry.geom_type == "MultiPoint":
        return [(False, [tuple(part.coords[0]) for part in geometry.geoms])] if len(geometry.geoms) else []
    if hasattr(geometry, "geoms"):
        return [path for part in geometry.geoms for path in outline(part)]
    if geometry.geom_type == "Polygon":
        rings = [(False, geometry.exterior), *((True, ring) for ring in geometry.interiors)]
        return [(hole, list(ring.coords)[:-1]) for hole, ring in rings]
    return [(False, list(geometry.coords))]


def unpack(paths: Paths) -> list[list[tuple[bool, list[tuple[float, float]]]]]:
    def path(number: int) -> tuple[bool, list[tuple[float, float]]]:
        vertices = paths.xy[paths.first_vertex[number] : paths.first_vertex[number + 1]]
        return bool(paths.hole[number]), [tuple(vertex) for vertex in vertices.tolist()]

    ends = paths.first_path.tolist()
    return [[path(number) for number in range(first, last)] for first, last in pairwise(ends)]


@given(st.lists(st.one_of(SINGLE, MANY), max_size=6))
def test_paths_are_the_vertices_of_points_and_lines_and_of_rings_without_the_last(geometries):
    paths = Paths.of(np.array([*geometries, None], dtype=object)[:-1])
    assert unpack(paths) == [outline(geometry) for geometry in geometries]
    assert paths.dimension.tolist() == [shapely.get_dimensions(geometry) for geometry in geometries]


def test_heights_are_left_out():
    paths = Paths.of(np.array([shapely.Point(1, 2, 3), shapely.LineString([(0, 0, 9), (1, 1, 9)])], dtype=object))
    assert paths.xy.tolist() == [[1, 2], [0, 0], [1, 1]]
    assert paths.dimension.tolist() == [0, 1]


def test_empty_parts_and_other_types_have_no_paths():
    texts = [
        "MULTIPOINT ((1 2), EMPTY, (3 4))",
        "POINT EMPTY",
        "MULTIPOLYGON (EMPTY, ((0 0, 1 0, 0 1, 0 0)))",
        "GEOMETRYCOLLECTION (POINT (1 1))",
        "LINESTRING EMPTY",
        "POINT (5 6)",
    ]
    paths = Paths.of(shapely.from_wkt(texts))
    assert unpack(paths) == [
        [(False, [(1, 2), (3, 4)])],
        [],
        [(False, [(0, 0), (1, 0), (0, 1)])],
        [],
        [],
        [(False, [(5, 6)])],
    ]


def test_a_place_that_is_infinite_is_still_a_vertex():
    paths = Paths.of(np.array([shapely.Point(np.inf, 1), shapely.Point(-np.inf, -np.inf)], dtype=object))
    assert paths.first_path.tolist() == [0, 1, 2]
    assert paths.xy.tolist() == [[np.inf, 1], [-np.inf, -np.inf]]
