"""Spacing of weather stations, on a plane around the central meridian where the grid is true to scale (to 5e-7)."""

from __future__ import annotations

import json
import math
from datetime import date

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import Point, box, shape

from layers.admin_areas import ADMIN_AREAS
from layers.planning_areas import PLANNING_AREAS
from layers.weather_stations.layer import WEATHER_STATIONS
from layers.weather_stations.spacing import weather_station_spacing
from twin.crs import parse_crs, reproject
from twin.densify import densify
from twin.errors import InvalidParameter

X, Y = 500_000, 3_930_000
PLANE = parse_crs("EPSG:4549")
SQUARE = box(0, 0, 10, 10)
FOUR = [(2.5, 2.5), (7.5, 2.5), (2.5, 7.5), (7.5, 7.5)]


def moved(geometry):
    """From km with the middle of the square at the origin to the storage grid."""
    return shapely.transform(geometry, lambda xy: (xy - 5) * 1000 + [X, Y])


def station(number, at, **fields):
    point = Point(*moved(Point(at)).coords[0], 100.0)
    row = {"name": f"D{number:02}", "kind": "automatic", "geometry": point}
    return {"station_id": f"D{number:02}", **row, **fields}


def urban(geometry=SQUARE, **fields):
    row = {"name": "x", "kind": "urban", "version": "1", "geometry": moved(geometry)}
    return {"area_id": "u", **row, **fields}


def area(area_id, geometry, level="township"):
    return {"area_id": area_id, "name": area_id, "level": level, "geometry": moved(geometry)}


@pytest.fixture
def measure(frame):
    def run(stations, areas=(), scope=None, crs="EPSG:4549", **parameters):
        scope = [urban()] if scope is None else scope
        rows = [row if isinstance(row, dict) else station(number, row) for number, row in enumerate(stations)]
        frames = [frame(WEATHER_STATIONS, rows, crs), frame(PLANNING_AREAS, scope, crs), frame(ADMIN_AREAS, areas, crs)]
        return weather_station_spacing.function(*frames, **parameters)

    return run


def verdict(found):
    return weather_station_spacing.target.verdict(found.value)


# --- the headline ----------------------------------------------------------------------------------------------------


def test_four_stations_on_100_km2_stand_5_km_apart_which_is_not_below_5_km(measure):
    found = measure(FOUR)
    assert found.value == 5.0
    assert verdict(found) == "missed"
    assert found.details["mean_nearest_neighbour_km"] == pytest.approx(5, abs=1e-6)
    assert found.details["largest_empty_circle_km"] == pytest.approx(3.5355, abs=5e-5)
    assert found.details["triangular_equivalent_km"] == pytest.approx(5.3729, abs=1e-4)
    assert found.details["stations_needed"] == 5


def test_a_fifth_station_in_the_middle_brings_the_spacing_below_5_km(measure):
    found = measure([*FOUR, (5, 5)])
    assert found.value == pytest.approx(4.4721, abs=5e-5)
    assert verdict(found) == "met"
    assert found.details["mean_nearest_neighbour_km"] == pytest.approx(3.5355, abs=5e-5)
    assert found.details["largest_empty_circle_km"] == pytest.approx(3.5355, abs=5e-5)


def test_four_stations_on_25_km2(measure):
    found = measure([(1, 1), (4, 1), (1, 4), (4, 4)], scope=[urban(box(0, 0, 5, 5))])
    assert found.value == pytest.approx(2.5, abs=1e-5)
    assert found.details["triangular_equivalent_km"] == pytest.approx(2.6864, abs=5e-5)
    assert found.numerator == pytest.approx(25e6, rel=1e-6)
    assert found.denominator == 4


def test_the_area_is_the_true_one_not_that_of_the_grid(measure):
    """1 km² of the grid at the county seat in EPSG:4548 is 999 567.62 m² on the ground."""
    corner = {"urban": box(632000, 3936000, 633000, 3937000), "at": Point(632500, 3936500, 100)}
    found = measure(
        [{"station_id": "D", "name": "D", "kind": "automatic", "geometry": corner["at"]}],
        scope=[{**urban(), "geometry": corner["urban"]}],
        crs="EPSG:4548",
    )
    assert found.numerator == pytest.approx(999_567.62, abs=0.01)
    assert found.value == pytest.approx(0.99978, abs=1e-5)


def test_a_station_on_the_border_counts_and_one_outside_does_not(measure):
    found = measure([(0, 5), (10.01, 5)])
    assert found.denominator == 1
    assert found.covered == {"weather_stations": ("D00",)}


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4548", "EPSG:4527", "EPSG:32650", "EPSG:3857"])
def test_a_station_on_the_border_counts_in_every_crs(measure, crs):
    """The border is straight in EPSG:4549; elsewhere it bends by up to 2 m, and is stored as ingest does."""
    stored = parse_crs(crs)

    def move(row):
        return row | {"geometry": reproject(densify([row["geometry"]], PLANE, stored), PLANE, stored)[0]}

    stations = [move(station(number, at)) for number, at in enumerate([(0, 5), (5, 0), (10, 5), (5, 10), (0, 0)])]
    assert measure(stations, scope=[move(urban())], crs=crs).denominator == 5


def test_a_border_that_is_straight_in_stored_degrees_is_followed_as_it_bends_on_the_ground(measure):
    """12 km of a parallel leave their chord by 2.01 m: sin 2φ / 16 · (12 km / N cos φ)² · N, N = 6,385 km."""
    square = box(118.4, 35.5, 118.5322, 35.6)
    rows = [
        {"station_id": name, "name": name, "kind": "automatic", "geometry": Point(118.4661, 35.5 + off, 100)}
        for name, off in (("in", 1e-6), ("on", 0.0), ("out", -1e-6))  # a millionth of a degree is 11 cm
    ]
    found = measure(rows, scope=[{**urban(), "geometry": square}], crs="EPSG:4490")
    assert found.covered == {"weather_stations": ("in", "on")}


def test_only_automatic_stations_in_service_on_the_day_count(measure):
    rows = [
        station(0, (1, 1)),
        station(1, (2, 2), kind="manual"),
        station(2, (3, 3), status="planned"),
        station(3, (4, 4), in_service_since="2023-01-01"),
        station(4, (5, 5), in_service_until="2022-12-30"),
        station(5, (6, 6), in_service_since="2022-12-31", in_service_until="2022-12-31"),
    ]
    found = measure(rows, on_date=date(2022, 12, 31))
    assert found.covered == {"weather_stations": ("D00", "D05")}
    assert found.uncovered == {"weather_stations": ("D01", "D02", "D03", "D04")}
    assert measure(rows, on_date=date(2022, 12, 31), kind="any").denominator == 3
    assert measure(rows).denominator == 4  # by status alone


def test_no_station_is_no_spacing(measure):
    found = measure([], areas=[area("1", SQUARE)])
    assert found.value is None
    assert "No automatic station" in found.note
    assert found.details["stations_needed"] == 5
    assert [(part.area_id, part.value, part.denominator) for part in found.breakdown] == [("1", None, 0.0)]


@pytest.mark.parametrize("area", ["urban", "planning", "county"])
def test_the_area_is_the_one_asked_for_in_its_versions_in_force(measure, area):
    scope = [
        urban(),
        urban(box(0, 0, 99, 99), area_id="old", status="superseded"),
        urban(box(0, 0, 10, 20), area_id="p1", kind="planning"),
        urban(box(0, 10, 10, 40), area_id="p2", kind="planning"),
    ]
    county = [{"area_id": "c", "name": "c", "level": "county", "geometry": moved(box(0, 0, 40, 40))}]
    found = measure([(5, 5)], scope=scope, areas=county, area=area)
    km2, keys = {"urban": (100, ["u"]), "planning": (400, ["p1", "p2"]), "county": (1600, ["c"])}[area]
    assert found.value == pytest.approx(math.sqrt(km2), rel=1e-4)
    assert found.details["area_ids"] == keys


def test_without_the_area_there_is_no_value(measure):
    assert "no county" in measure(FOUR, area="county").note
    assert measure(FOUR, scope=[urban(status="draft")]).value is None


def test_each_township_has_the_spacing_of_its_part_of_the_area(measure):
    """Left half with three stations, right half with one; a township outside of the area has no row."""
    areas = [area("1", box(-5, 0, 5, 10)), area("2", box(5, 0, 20, 10)), area("3", box(10, 0, 20, 10))]
    found = measure([(1, 1), (2, 2), (3, 3), (9, 9)], areas=areas)
    assert [(part.area_id, part.denominator) for part in found.breakdown] == [("1", 3.0), ("2", 1.0)]
    assert [part.value for part in found.breakdown] == pytest.approx([math.sqrt(50 / 3), math.sqrt(50)], rel=1e-5)


def test_a_station_on_a_township_border_is_counted_once(measure):
    areas = [area("1", box(0, 0, 5, 10)), area("2", box(5, 0, 8, 10))]
    found = measure([(5, 5), (1, 1), (9, 9)], areas=areas)
    assert [(part.area_id, part.denominator) for part in found.breakdown] == [("1", 2.0), ("2", 0.0)]
    assert [part.numerator for part in found.breakdown] == pytest.approx([50e6, 30e6], rel=1e-6)
    assert found.details["stations_outside_townships"] == 1


# --- what the mean hides ---------------------------------------------------------------------------------------------


def test_one_station_has_no_neighbour_and_no_edge(measure):
    found = measure([(5, 5)])
    assert found.value == pytest.approx(10, abs=1e-4)
    assert found.details["mean_nearest_neighbour_km"] is None
    assert found.details["longest_delaunay_edge_km"] is None
    assert found.details["largest_empty_circle_km"] == pytest.approx(math.sqrt(50), abs=1e-5)
    assert {shape.role for shape in found.shapes} == {"best_next_station", "largest_empty_circle", "uncovered"}


def test_a_station_in_the_buffer_is_a_neighbour_but_does_not_count(measure):
    found = measure([(9, 5), (13, 5), (16, 5)])
    assert (found.denominator, found.details["neighbours_outside"]) == (1, 1)
    assert found.details["mean_nearest_neighbour_km"] == pytest.approx(4, abs=1e-5)
    alone = measure([(9, 5), (13, 5), (16, 5)], neighbour_buffer_km=2.9)
    assert alone.details["mean_nearest_neighbour_km"] is None


def test_stations_at_one_place_are_counted_and_told(measure):
    found = measure([*FOUR, FOUR[0]])
    assert found.denominator == 5
    assert found.details["mean_nearest_neighbour_km"] == pytest.approx(3, abs=1e-5)  # 0, 0, 5, 5, 5
    assert "1 of 5 stations" in found.note


@pytest.mark.parametrize("apart_m", [1e-9, 1e-6, 1e-4])
def test_one_place_written_down_twice_is_one_place(measure, apart_m):
    """Coordinates that came by two ways differ in their last digits."""
    again = [(x + apart_m / 1000, y - apart_m / 1000) for x, y in FOUR]
    found, once = measure([*FOUR, *again]), measure(FOUR)
    assert found.denominator == 8
    assert "4 of 8 stations" in found.note
    assert found.details["mean_nearest_neighbour_km"] == 0
    for name in ("longest_delaunay_edge_km", "largest_empty_circle_km"):
        assert found.details[name] == pytest.approx(once.details[name], abs=1e-6)


def test_the_best_place_of_equal_ones_is_the_one_deepest_in_the_area(measure):
    best = next(shape for shape in measure(FOUR).shapes if shape.role == "best_next_station")
    assert (best.geometry.x, best.geometry.y) == pytest.approx((X, Y), abs=1e-3)


def test_the_share_within_a_distance_is_that_of_the_circles(measure):
    """Four circles of 2.5 km that touch each other and the border: π/4 of the square."""
    within = measure(FOUR).details["share_within"]
    assert within[0]["distance_km"] == 2.5
    assert within[0]["share"] == pytest.approx(math.pi / 4, abs=1e-4)
    assert within[1] == {"distance_km": 5.0, "share": 1.0}


def test_what_lies_beyond_5_km_is_shown(measure):
    found = measure([(0, 5)])
    beyond = next(shape for shape in found.shapes if shape.role == "uncovered")
    assert beyond.geometry.area == pytest.approx(100e6 - math.pi * 25e6 / 2, rel=1e-3)
    assert found.details["share_within"][1]["share"] == pytest.approx(math.pi / 8, abs=1e-4)


def test_a_negative_buffer_is_refused(measure):
    with pytest.raises(InvalidParameter, match="neighbour_buffer_km"):
        measure(FOUR, neighbour_buffer_km=-1.0)


# --- real input ------------------------------------------------------------------------------------------------------


def test_the_national_stations_around_linyi(shared_data, frame):
    """Geographic storage, real outlines and stations, against geodesics one by one."""
    counties = json.loads((shared_data / "boundaries/tianditu_cgcs2000_linyi_counties.geojson").read_text("utf-8"))
    outlines = [
        {
            "area_id": str(feature["properties"]["district_adcode"]),
            "name": feature["properties"]["district_name"],
            "level": "county",
            "geometry": shape(feature["geometry"]),
        }
        for feature in counties["features"]
    ]
    listed = [
        json.loads(line) for line in (shared_data / "sites/meteostat_stations_cn.jsonl").read_text("utf-8").splitlines()
    ]
    stations = [
        {
            "station_id": row["id"],
            "name": row["name"]["en"],
            "kind": "automatic",
            "geometry": Point(*(row["location"][axis] for axis in ("longitude", "latitude", "elevation"))),
        }
        for row in listed
    ]
    crs = "EPSG:4490"
    found = weather_station_spacing.function(
        frame(WEATHER_STATIONS, stations, crs),
        frame(PLANNING_AREAS, [], crs),
        frame(ADMIN_AREAS, outlines, crs),
        area="county",
        neighbour_buffer_km=100.0,
    )
    geod = Geod(a=6378137.0, rf=298.257222101)
    linyi = shapely.union_all([row["geometry"] for row in outlines])
    true_m2 = sum(
        abs(geod.geometry_area_perimeter(shapely.segmentize(part, 0.001))[0]) for part in shapely.get_parts(linyi)
    )
    inside = [row["geometry"] for row in stations if linyi.intersects(row["geometry"])]
    assert 17_000e6 < true_m2 < 17_300e6
    assert found.denominator == len(inside) == 2
    assert found.value == pytest.approx(math.sqrt(true_m2 / len(inside)) / 1000, rel=1e-6)

    def nearest_km(point, others):
        return min(geod.inv(point.x, point.y, other.x, other.y)[2] for other in others) / 1000

    everywhere = [row["geometry"] for row in stations]
    expected = [nearest_km(point, [other for other in everywhere if other is not point]) for point in inside]
    assert found.details["mean_nearest_neighbour_km"] == pytest.approx(sum(expected) / 2, rel=1e-6)

    best = next(shape.geometry for shape in found.shapes if shape.role == "best_next_station")
    assert found.details["largest_empty_circle_km"] == pytest.approx(nearest_km(best, everywhere), rel=1e-6)
    tried = [Point(x, y) for x in np.linspace(117.4, 119.2, 40) for y in np.linspace(34.4, 36.2, 40)]
    farthest = max(nearest_km(point, everywhere) for point in tried if linyi.contains(point))
    assert farthest <= found.details["largest_empty_circle_km"] <= farthest + 6
