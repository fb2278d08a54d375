"""Edges that bend on the way from one CRS to another, against PROJ on thousands of points of each edge."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from twin.crs import parse_crs, reproject
from twin.densify import densify

ZONE = parse_crs("EPSG:4548")

#: Squares of some 3 km near Yinan, by CRS.
SQUARES = {
    "EPSG:4490": shapely.box(118.40, 35.50, 118.433, 35.527),
    "EPSG:3857": shapely.box(13_180_000, 4_230_000, 13_183_690, 4_233_690),
    "EPSG:4549": shapely.box(361_000, 3_936_000, 364_000, 3_939_000),
}


def draw_finely(line: shapely.LineString, source: str, target: str = "EPSG:4548", *, steps: int = 20_001) -> np.ndarray:
    """The line as PROJ sees it: (steps, 2) places along it."""
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, np.linspace(0, 1, steps), normalized=True))
    return np.column_stack(Transformer.from_crs(source, target, always_xy=True).transform(*points.T))


def leave_by_m(places: np.ndarray, line: shapely.LineString) -> float:
    return float(shapely.distance(shapely.points(places), line).max())


@pytest.mark.parametrize("source", SQUARES)
def test_a_straight_border_stays_within_a_millimetre_of_where_it_runs(source):
    square = SQUARES[source]
    ring = draw_finely(square.exterior, source)
    (corners_only,) = reproject([square], parse_crs(source), ZONE)
    (dense,) = reproject(densify([square], parse_crs(source), ZONE), parse_crs(source), ZONE)
    assert leave_by_m(ring, corners_only.exterior) > 0.005  # 12.6 cm from degrees and from Web Mercator
    assert leave_by_m(ring, dense.exterior) < 0.001
    assert dense.area == pytest.approx(shapely.Polygon(ring).area, rel=1e-8)


def test_a_parallel_of_12_km_gets_as_many_vertices_as_its_bend_needs():
    # A parallel's curvature is tan(φ) / N: at 35.5° (N = 6,385,353 m) 1.117e-7 per metre, so 1 mm is left by an edge
    # of √(8 · 0.001 / 1.117e-7) = 268 m. 11,983 m halved six times make 187 m, halved five times 374 m: 63 vertices.
    line = shapely.LineString([(118.3, 35.5), (118.432, 35.5)])
    (dense,) = densify([line], parse_crs("EPSG:4490"), ZONE)
    assert shapely.get_num_coordinates(dense) == 2 + 63


def test_a_meridian_in_web_mercator_is_stretched_but_not_bent_and_gets_none():
    line = shapely.LineString([(118.5, 35.3), (118.5, 35.8)])
    assert densify([line], parse_crs("EPSG:4490"), parse_crs("EPSG:3857"))[0] is line


def test_a_line_that_bends_both_ways_is_not_taken_for_straight():
    # Through the point where equator and central meridian cross, every line is its own mirror image: its middle
    # lies on the chord wherever the rest is.
    line = shapely.LineString([(115.5, -1.5), (118.5, 1.5)])
    (dense,) = reproject(densify([line], parse_crs("EPSG:4490"), ZONE), parse_crs("EPSG:4490"), ZONE)
    places = draw_finely(line, "EPSG:4490")
    middle = (places[0] + places[-1]) / 2
    assert np.hypot(*(places[10_000] - middle)) < 1e-6
    assert leave_by_m(places, shapely.LineString(places[[0, -1]])) > 1
    assert leave_by_m(places, dense) < 0.001


def test_neighbours_keep_their_border_whichever_way_they_run():
    west, east = shapely.box(118.40, 35.50, 118.433, 35.527), shapely.box(118.433, 35.50, 118.466, 35.527)
    border = shapely.LineString([(118.433, 35.527), (118.433, 35.50)])
    parts = np.array([west, shapely.reverse(west), east, shapely.reverse(east), border], dtype=object)
    dense = reproject(densify(parts, parse_crs("EPSG:4490"), ZONE), parse_crs("EPSG:4490"), ZONE)
    on_border = {tuple(xy) for xy in shapely.get_coordinates(dense[4])}
    assert len(on_border) > 2
    for polygon in dense[:4]:
        assert on_border <= {tuple(xy) for xy in shapely.get_coordinates(polygon)}
    assert shapely.equals(dense[0], dense[1])
    assert shapely.area(shapely.intersection(dense[0], dense[2])) == 0
    assert shapely.get_num_interior_rings(shapely.union_all(dense[[0, 2]])) == 0


def test_what_needs_nothing_is_the_same_object_and_delivered_vertices_stay_in_their_order():
    house = shapely.box(118.4, 35.5, 118.4001, 35.5001)
    farm = shapely.Polygon(
        [(118.4, 35.5), (118.45, 35.5), (118.45, 35.54), (118.4, 35.54)],
        [
            [(118.41, 35.51), (118.44, 35.51), (118.44, 35.53)],
            [(118.401, 35.501), (118.4011, 35.501), (118.401, 35.502)],
        ],
    )
    both = shapely.MultiPolygon([house, shapely.transform(farm, lambda xy: xy + 0.1)])
    point = shapely.Point(118.4, 35.5)
    given = [house, None, farm, point, both]
    out = densify(given, parse_crs("EPSG:4490"), ZONE)
    assert out[0] is house
    assert out[1] is None
    assert out[3] is point
    for before, after in ((farm, out[2]), (both, out[4])):
        old, new = shapely.get_coordinates(before), shapely.get_coordinates(after)
        assert len(new) > len(old)
        kept = iter(new.tolist())
        assert all(vertex in kept for vertex in old.tolist())  # each is found after the one before it
        assert after.is_valid
        assert shapely.hausdorff_distance(before, after) < 1e-12
    assert len(out[2].interiors[1].coords) == 4


def test_heights_between_two_ends_rise_evenly():
    line = shapely.LineString([(118.3, 35.5, 100.0), (118.432, 35.5, 164.0)])
    (dense,) = densify([line], parse_crs("EPSG:4490"), ZONE)
    assert shapely.get_coordinates(dense, include_z=True)[:, 2].tolist() == list(range(100, 165))


def test_degrees_are_held_to_a_millimetre_too():
    square = shapely.box(632_000, 3_936_000, 642_000, 3_946_000)
    (dense,) = reproject(densify([square], ZONE, parse_crs("EPSG:4490")), ZONE, parse_crs("EPSG:4490"))
    places = draw_finely(square.exterior, "EPSG:4548", "EPSG:4490")
    metres = np.array([111_320 * np.cos(np.radians(35.5)), 111_320])  # per degree
    scaled = shapely.transform(dense.exterior, lambda xy: xy * metres)
    assert leave_by_m(places * metres, scaled) < 0.001


def test_the_same_grid_is_left_alone():
    square = SQUARES["EPSG:4549"]
    assert densify([square], parse_crs("EPSG:4549"), parse_crs("EPSG:4549"))[0] is square


def test_a_hundred_thousand_houses_cost_a_fraction_of_their_reprojection():
    rng = np.random.default_rng(1)
    west, south = 118.2 + rng.random(100_000) / 2, 35.4 + rng.random(100_000) / 4
    houses = shapely.box(west, south, west + 2e-4, south + 2e-4)
    seconds = []
    for act in (densify, reproject):
        started = perf_counter()
        act(houses, parse_crs("EPSG:4490"), ZONE)
        seconds.append(perf_counter() - started)
    assert seconds[0] < seconds[1] / 2
