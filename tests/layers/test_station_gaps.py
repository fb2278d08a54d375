"""Distances between stations and the gaps between them, on a plane where the grid is true to scale (to 5e-7)."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay
from shapely.geometry import MultiPolygon, Point, box

from layers.weather_stations.gaps import find_largest_empty_circle, find_longest_edge, measure_nearest_m
from twin.crs import parse_crs

X, Y = 500_000, 3_930_000
PLANE = parse_crs("EPSG:4549")
SQUARE = box(0, 0, 10, 10)


def moved(geometry):
    """From km with the middle of the square at the origin to the storage grid."""
    return shapely.transform(geometry, lambda xy: (xy - 5) * 1000 + [X, Y])


def positions(points):
    return np.array([[X, Y]]) + np.array(points, dtype=float).reshape(-1, 2)


metres = st.integers(-20_000, 20_000)
some_stations = st.lists(st.tuples(metres, metres), min_size=1, max_size=12)
some_area = st.lists(st.tuples(metres, metres), min_size=3, max_size=8)


@settings(max_examples=60)
@given(stations=some_stations, corners=some_area, hole=st.booleans())
def test_no_point_of_the_area_is_farther_from_a_station_than_the_largest_empty_circle_says(stations, corners, hole):
    outline = shapely.convex_hull(shapely.multipoints(positions(corners)))
    assume(shapely.area(outline) > 1e6)
    middle = shapely.centroid(outline)
    inner = shapely.affinity.scale(outline, 0.5, 0.5, origin=(middle.x, middle.y))
    outline = shapely.difference(outline, inner) if hole else outline
    at = positions(stations)
    circle = find_largest_empty_circle(outline, at, PLANE)

    west, south, east, north = outline.bounds
    grid = np.stack(np.meshgrid(np.linspace(west, east, 80), np.linspace(south, north, 80)), axis=-1).reshape(-1, 2)
    grid = grid[shapely.intersects_xy(outline, grid[:, 0], grid[:, 1])]
    farthest = np.min(np.linalg.norm(grid[:, None] - at[None], axis=2), axis=1).max()
    scale = 1e-5 * circle.radius_m
    assert circle.radius_m >= farthest - scale
    assert circle.radius_m <= farthest + math.hypot(east - west, north - south) / 79 * 2 + scale
    assert shapely.distance(outline, Point(circle.x, circle.y)) < 1e-3
    to_nearest = np.linalg.norm(at - [circle.x, circle.y], axis=1).min()
    assert to_nearest == pytest.approx(circle.radius_m, rel=1e-5, abs=0.02)


@pytest.mark.parametrize(
    ("stations", "radius_km", "centre"),
    [
        ([(5, 5)], math.sqrt(50), None),
        ([(0, 0), (10, 0)], math.hypot(5, 10), (5, 10)),
        ([(0, 5), (5, 5), (10, 5)], math.hypot(2.5, 5), None),
        ([(2, 2), (5, 5), (8, 8)], math.sqrt(50), None),
        ([(-30, 5)], math.hypot(40, 5), None),
        ([(0, 0), (10, 0), (0, 10), (10, 10)], math.sqrt(50), (5, 5)),
    ],
)
def test_the_largest_empty_circle_of_stations_on_a_line_and_of_few(stations, radius_km, centre):
    at = positions((np.array(stations) - 5) * 1000)
    circle = find_largest_empty_circle(moved(SQUARE), at, PLANE)
    assert circle.radius_m == pytest.approx(radius_km * 1000, rel=1e-5)
    if centre:
        assert (circle.x, circle.y) == pytest.approx(tuple(moved(Point(centre)).coords[0]), abs=0.01)


def test_the_largest_empty_circle_looks_into_every_part_of_the_area():
    parts = moved(MultiPolygon([box(0, 0, 1, 1), box(8, 8, 9, 9)]))
    circle = find_largest_empty_circle(parts, positions([(-5000, -5000)]), PLANE)
    assert circle.radius_m == pytest.approx(9000 * math.sqrt(2), rel=1e-5)


@settings(max_examples=60)
@given(stations=st.lists(st.tuples(metres, metres), min_size=3, max_size=7, unique=True))
def test_the_longest_edge_is_the_longest_side_of_a_triangle_whose_circle_is_empty(stations):
    """Delaunay's own definition, tried on every triangle."""
    at = np.array(stations, dtype=float)
    longest = []
    for a, b, c in itertools.combinations(at, 3):
        doubled = np.linalg.det(np.array([b - a, c - a]))
        assume(doubled == 0 or abs(doubled) > 1e4)  # nearly on a line: what counts as a triangle is a matter of digits
        if doubled == 0:
            continue
        side = np.array([b - a, c - a])
        middle = a + np.linalg.solve(2 * side, (side**2).sum(axis=1))
        radius = np.linalg.norm(middle - a)
        if np.linalg.norm(at - middle, axis=1).min() >= radius * (1 - 1e-9) - 1e-6:
            longest += [np.linalg.norm(p - q) for p, q in ((a, b), (b, c), (c, a))]
    assume(longest)
    assume(radius_is_clear(at))
    along, across = ((at - at.mean(axis=0)) @ np.linalg.svd(at - at.mean(axis=0))[2].T).T
    assume(np.ptp(across) > 1e-3 * np.ptp(along))  # flatter than that is a line
    edge = find_longest_edge(positions(stations), PLANE)
    assert edge.length_m == pytest.approx(max(longest), rel=2e-5)


@pytest.mark.parametrize("seed", range(5))
def test_the_longest_edge_of_many_stations_is_that_of_another_triangulation(seed):
    at = positions(np.random.default_rng(seed).uniform(-20_000, 20_000, (300, 2)))
    corners = at[Delaunay(at - at.mean(axis=0)).simplices]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert find_longest_edge(at, PLANE).length_m == pytest.approx(sides.max(), rel=2e-5)


def radius_is_clear(at):
    """No four stations on one circle: there either diagonal is an edge."""
    for a, b, c, d in itertools.permutations(at, 4):
        rows = [[*(p - d), ((p - d) ** 2).sum()] for p in (a, b, c)]
        if abs(np.linalg.det(np.array(rows) / 1e4)) < 1e-3:
            return False
    return True


@pytest.mark.parametrize(
    ("stations", "length_m"),
    [
        ([(0, 0), (3000, 4000)], 5000),
        ([(0, 0), (9000, 0), (2000, 0)], 7000),
        ([(0, 0), (3000, 3000), (1000, 1000), (1000, 1000)], 2000 * math.sqrt(2)),
        ([(0, 0), (5000, 1), (10000, 0)], 5000),
        ([(7, 7), (7, 7)], None),
        ([(7, 7)], None),
    ],
)
def test_the_longest_edge_of_stations_on_a_line_lies_between_neighbours(stations, length_m):
    edge = find_longest_edge(positions(stations), PLANE)
    assert edge is None if length_m is None else edge.length_m == pytest.approx(length_m, rel=1e-5)


@given(stations=st.lists(st.tuples(metres, metres), min_size=2, max_size=12))
def test_the_nearest_neighbour_is_the_nearest_of_all_others(stations):
    at = positions(stations)
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + np.diag(np.full(len(at), np.inf))
    assert measure_nearest_m(at, PLANE) == pytest.approx(apart.min(axis=1), rel=1e-5, abs=1e-6)
