"""Coverage of key places, on a plane around the central meridian where the grid is true to scale."""

from __future__ import annotations

import math
from datetime import date

import pytest
import shapely
from shapely.geometry import Point, box

from layers.admin_areas import ADMIN_AREAS
from layers.cell_sites.layer import CELL_SITES
from layers.cell_sites.place_coverage import key_place_5g
from layers.cell_sites.signal_samples import SIGNAL_SAMPLES
from layers.key_places import KEY_PLACES
from twin.crs import parse_crs, transform
from twin.errors import InvalidParameter

X, Y = 500_000, 3_930_000


def place(place_id, geometry, category="school"):
    return {"place_id": place_id, "name": place_id, "category": category, "geometry": moved(geometry)}


def cell(cell_id="c", at=(0, 0), **fields):
    row = {"band": "n41", "beamwidth_deg": 360.0, "radius_m": 500.0, "geometry": moved(Point(*at, 50))}
    return {"cell_id": cell_id, **row, **fields}


def sample(sample_id, at, rsrp, kind="drive", **fields):
    return {"sample_id": sample_id, "kind": kind, "ss_rsrp_dbm": rsrp, "geometry": moved(Point(*at)), **fields}


def key_points(place_id, *values, **fields):
    return [
        sample(f"{place_id}-{n}", (10 * n, 0), value, kind="key_point", place_id=place_id, **fields)
        for n, value in enumerate(values)
    ]


def moved(geometry):
    return shapely.transform(geometry, lambda xyz: xyz + [X, Y, 0][: xyz.shape[1]], include_z=geometry.has_z)


SQUARE = box(0, 0, 100, 100)


@pytest.fixture
def measure(frame):
    def run(places, cells=(), samples=(), areas=(), crs="EPSG:4549", **parameters):
        frames = [
            frame(KEY_PLACES, places, crs),
            frame(CELL_SITES, cells, crs),
            frame(SIGNAL_SAMPLES, samples, crs),
            frame(ADMIN_AREAS, areas, crs),
        ]
        return key_place_5g.function(*frames, **parameters)

    return run


@pytest.fixture
def judge(measure):
    """The one place of a twin as it was judged, None where nothing judges it."""

    def run(geometry=SQUARE, **given):
        found = measure([place("p", geometry)], **given)
        return None if found.value is None else found.details["places"][0]

    return run


# --- key points ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "share", "covered"),
    [((-80, -105), 1.0, True), ((-80, -105.1), 0.5, False), ((-60, -60, -60, -120), 0.75, False)],
)
def test_a_place_is_covered_when_all_its_key_points_reach_the_threshold(judge, values, share, covered):
    judged = judge(samples=key_points("p", *values))
    assert (judged["method"], judged["share"], judged["covered"]) == ("key_points", share, covered)
    assert judged["count"] == len(values)


def test_the_threshold_of_quality_counts_only_when_asked_for(judge):
    samples = [*key_points("p", -80, ss_sinr_db=-3.0), sample("q", (50, 0), -80, kind="key_point", place_id="p")]
    assert judge(samples=samples)["share"] == 1.0
    assert judge(samples=samples, sinr_db=-3.0)["share"] == 0.5  # a sample without SINR does not reach it
    assert judge(samples=samples, sinr_db=-2.9)["share"] == 0.0


def test_a_spot_is_covered_when_any_operator_reaches_it(judge):
    mobile = key_points("p", -80, -120, operator="china_mobile")
    telecom = [
        {**row, "sample_id": row["sample_id"] + "t"} for row in key_points("p", -120, -80, operator="china_telecom")
    ]
    assert judge(samples=mobile + telecom)["share"] == 1.0
    assert judge(samples=mobile + telecom, operator="china_mobile")["share"] == 0.5
    assert judge(samples=mobile + telecom, operator="china_unicom") is None


def test_the_latest_measurement_of_a_spot_counts_and_the_worst_of_equally_late_ones(judge):
    (before,) = key_points("p", -120, measured_at="2022-05-01T00:00Z")
    after = {**before, "sample_id": "after", "ss_rsrp_dbm": -80.0, "measured_at": "2022-09-01T00:00Z"}
    same_day = {**after, "sample_id": "same", "ss_rsrp_dbm": -110.0}
    assert judge(samples=[before, after])["covered"]
    assert not judge(samples=[before, after, same_day])["covered"]
    assert not judge(samples=[before, after], on_date=date(2022, 8, 31))["covered"]
    assert judge(samples=[before], measured_since=date(2022, 5, 2)) is None


def test_the_day_of_a_measurement_is_the_day_in_china(judge):
    late = key_points("p", -80, measured_at="2022-05-01T15:59Z")
    next_day = key_points("p", -80, measured_at="2022-05-01T16:00Z")
    assert judge(samples=late, on_date=date(2022, 5, 1))["method"] == "key_points"
    assert judge(samples=next_day, on_date=date(2022, 5, 1)) is None


# --- measured area ---------------------------------------------------------------------------------------------------


def grid(*cells, size=50.0):
    return [sample(f"g{n}", at, rsrp, kind="grid", cell_size_m=size) for n, (at, rsrp) in enumerate(cells)]


QUARTERS = [(25, 25), (75, 25), (25, 75), (75, 75)]


def test_grid_cells_over_a_place_judge_it_by_their_share(judge):
    samples = grid(*zip(QUARTERS, (-90, -90, -90, -110), strict=True))
    judged = judge(samples=samples)
    assert (judged["method"], judged["evidence"], judged["count"]) == ("area_share", "grid", 4)
    assert judged["share"] == pytest.approx(0.75, abs=1e-6)
    assert not judged["covered"]
    assert judge(samples=samples, area_share=0.75)["covered"]


def test_a_grid_cell_counts_by_the_area_it_shares_with_the_place(judge):
    """A place of 60 m by 50 m lies under a whole cell and a fifth of the next."""
    samples = grid(((25, 25), -90), ((75, 25), -110))
    assert judge(box(0, 0, 60, 50), samples=samples)["share"] == pytest.approx(5 / 6, abs=1e-6)


def test_a_cell_that_only_touches_a_place_along_its_edge_says_nothing(judge):
    samples = grid(((25, 25), -90), ((125, 25), -110))
    judged = judge(box(0, 0, 100, 50), samples=samples)
    assert (judged["share"], judged["count"]) == (1.0, 1)


def test_a_grid_over_less_than_half_of_a_place_does_not_judge_it(judge):
    assert judge(samples=grid((QUARTERS[0], -90))) is None
    assert judge(samples=grid((QUARTERS[0], -90)), min_measured_share=0.25)["covered"]
    assert judge(samples=grid((QUARTERS[0], -90), (QUARTERS[1], -90)))["covered"]


def test_drive_test_spots_inside_a_place_judge_it_by_their_share(judge):
    samples = [sample(f"{n:02}", (5 * n, 50), -90 if n else -120) for n in range(20)]
    judged = judge(samples=[*samples, sample("outside", (500, 50), -120)])
    assert (judged["method"], judged["evidence"], judged["share"], judged["count"]) == ("area_share", "drive", 0.95, 20)
    assert judged["covered"]
    assert not judge(samples=samples, area_share=0.96)["covered"]


def test_too_few_drive_test_spots_judge_nothing(judge):
    samples = [sample(f"{n}", (5 * n, 50), -90) for n in range(4)]
    assert judge(samples=samples) is None
    assert judge(samples=samples, min_samples=4)["covered"]


# --- stated radius ---------------------------------------------------------------------------------------------------


def test_a_half_circle_covers_half_of_the_square_around_its_site(judge):
    judged = judge(box(-100, -100, 100, 100), cells=[cell(azimuth_deg=90.0, beamwidth_deg=180.0)])
    assert (judged["method"], judged["evidence"], judged["covered"]) == ("radius", "sectors", False)
    assert judged["share"] == pytest.approx(0.5, abs=1e-6)


def test_a_circle_inside_a_place_covers_its_exact_area(judge):
    assert judge(box(-1000, -1000, 1000, 1000), cells=[cell()])["share"] == pytest.approx(math.pi / 16, abs=1e-6)


def test_sectors_that_overlap_count_once(judge):
    large = box(-1000, -1000, 1000, 1000)
    assert judge(large, cells=[cell("a"), cell("b"), cell("c", azimuth_deg=10.0, beamwidth_deg=65.0)])[
        "share"
    ] == pytest.approx(math.pi / 16, abs=1e-4)


def test_three_sectors_of_a_site_cover_what_its_circle_covers(judge):
    cells = [cell(f"{azimuth}", azimuth_deg=azimuth, beamwidth_deg=120.0) for azimuth in (0.0, 120.0, 240.0)]
    assert judge(box(-300, -300, 300, 300), cells=cells)["share"] == pytest.approx(1, abs=1e-6)


def test_places_that_several_sectors_must_cover_together(judge):
    """600 m long, from the middle of one circle to the middle of the next: neither covers it alone."""
    strip = box(0, 0, 600, 10)
    both = [cell("a", (0, 0), radius_m=350.0), cell("b", (600, 0), radius_m=350.0)]
    assert not judge(strip, cells=both[:1])["covered"]
    assert judge(strip, cells=both)["share"] == 1.0


def test_a_point_is_covered_when_a_sector_holds_it(judge):
    assert judge(Point(0, 499), cells=[cell()])["share"] == 1.0
    assert judge(Point(0, 501), cells=[cell()])["share"] == 0.0
    assert judge(Point(0, 501), cells=[cell()], radius_scale=1.01)["covered"]


def test_a_point_is_judged_by_the_grid_cell_that_holds_it(judge):
    judged = judge(Point(10, 10), samples=grid((QUARTERS[0], -90), (QUARTERS[1], -120)), cells=[cell(at=(9e3, 0))])
    assert (judged["evidence"], judged["share"], judged["count"]) == ("grid", 1.0, 1)


def test_azimuths_count_from_true_north(measure):
    """At the county seat true north is 0.852° west of grid north (EPSG:4548): a beam of 1° holds only one."""
    x, y = 632885.385, 3936656.695
    convergence = math.radians(0.8522)
    true_north = Point(x - 9000 * math.sin(convergence), y + 9000 * math.cos(convergence))
    rows = [
        {"place_id": name, "name": name, "category": "park", "geometry": geometry}
        for name, geometry in (("true", true_north), ("grid", Point(x, y + 9000)))
    ]
    beam = {"azimuth_deg": 0.0, "beamwidth_deg": 1.0, "radius_m": 10_000.0, "geometry": Point(x, y, 100)}
    found = measure(rows, [cell(**beam)], crs="EPSG:4548")
    assert found.covered == {"key_places": ("true",)}


def test_only_cells_that_give_5g_in_service_on_the_day_count(judge):
    assert judge(cells=[cell()])["covered"]
    for row in (
        cell(band="B41"),
        cell(technology="4G", band="B3"),
        cell(status="planned"),
        cell(in_service_since="2023-01-01"),
        cell(in_service_until="2022-11-30"),
        cell(operator="china_telecom"),
    ):
        judged = judge(cells=[row], on_date=date(2022, 12, 31), operator="china_mobile")
        assert (judged["method"], judged["covered"]) == ("radius", False), row


def test_cells_that_state_no_radius_are_left_out_and_named(measure):
    found = measure([place("p", SQUARE)], [cell("a"), cell("b", radius_m=None), cell("c", beamwidth_deg=65.0)])
    assert found.value == 1.0
    assert found.details["cells_without_sector"] == 2
    assert "2 5G cells" in found.note


def test_an_inventory_without_a_single_radius_is_no_evidence_of_no_coverage(measure):
    found = measure([place("p", SQUARE)], [cell(radius_m=None)])
    assert found.value is None
    assert "no evidence" in found.note


# --- which evidence, and what comes of it ----------------------------------------------------------------------------


EVIDENCE = {
    "key_point": {"samples": key_points("p", -80)},
    "grid": {"samples": grid(*zip(QUARTERS, [-90] * 4, strict=True))},
    "drive": {"samples": [sample(f"d{n}", (10 * n, 50), -90) for n in range(5)]},
    "sectors": {"cells": [cell()]},
}


def gathered(*kinds):
    given = {"samples": [], "cells": []}
    for kind in kinds:
        for name, rows in EVIDENCE[kind].items():
            given[name] += rows
    return given


@pytest.mark.parametrize("best", range(4))
def test_the_best_evidence_there_is_judges_a_place(judge, best):
    kinds = list(EVIDENCE)[best:]
    assert judge(**gathered(*kinds))["evidence"] == kinds[0]


@pytest.mark.parametrize(
    ("method", "evidence"), [("key_points", "key_point"), ("area_share", "grid"), ("radius", "sectors")]
)
def test_one_kind_of_evidence_can_be_asked_for(judge, method, evidence):
    assert judge(**gathered(*EVIDENCE), method=method)["evidence"] == evidence


def test_better_evidence_overrules_even_when_it_says_no(judge):
    judged = judge(samples=key_points("p", -120), cells=[cell()])
    assert (judged["method"], judged["covered"]) == ("key_points", False)


def test_a_place_nobody_can_judge_counts_as_not_covered_and_is_told(measure):
    found = measure([place("p", SQUARE), place("q", SQUARE)], samples=key_points("p", -80), method="key_points")
    assert (found.value, found.numerator, found.denominator) == (0.5, 1.0, 2.0)
    assert found.uncovered == {"key_places": ("q",)}
    assert found.details["by_method"]["none"] == {"places": 1, "covered": 0, "value": 0.0}
    assert "1 of 2 places have no evidence" in found.note


def test_an_estimate_says_that_it_is_one(measure):
    assert "estimate" in measure([place("p", SQUARE)], [cell()]).note
    assert measure([place("p", SQUARE)], samples=key_points("p", -80)).note == ""


def test_places_are_counted_by_category_and_by_scope(measure):
    places = [
        place("a", SQUARE, "hospital"),
        place("b", SQUARE, "hospital"),
        place("c", SQUARE, "township_seat"),
        place("d", SQUARE, "other"),
    ]
    samples = key_points("a", -80) + key_points("b", -120) + key_points("c", -80) + key_points("d", -120)
    details = measure(places, samples=samples).details
    assert details["by_category"] == {
        "hospital": {"places": 2, "covered": 1, "value": 0.5},
        "township_seat": {"places": 1, "covered": 1, "value": 1.0},
        "other": {"places": 1, "covered": 0, "value": 0.0},
    }
    assert details["by_scope"] == {
        "pilot_standard": {"places": 2, "covered": 1, "value": 0.5},
        "county_plan": {"places": 1, "covered": 1, "value": 1.0},
    }
    only = measure(places, samples=samples, category="hospital")
    assert (only.value, only.denominator) == (0.5, 2.0)


def test_each_place_belongs_to_one_township(measure):
    """Two townships side by side: one place inside the first, one on the common border, one outside both."""
    areas = [
        {"area_id": key, "name": key, "level": level, "geometry": moved(box(west, -1000, west + 2000, 1000))}
        for key, level, west in (("1", "township", -2000), ("2", "township", 0), ("0", "county", -2000))
    ]
    places = [place("a", box(-500, 0, -400, 100)), place("b", Point(0, 0)), place("c", box(5000, 0, 5100, 100))]
    found = measure(places, samples=key_points("b", -80), areas=areas)
    assert [(part.id, part.value, part.numerator, part.denominator) for part in found.breakdown] == [
        ("1", 0.5, 1.0, 2.0),
        ("2", None, 0.0, 0.0),
    ]
    assert found.details["places_outside_townships"] == 1


def test_what_is_missing_is_shown(measure):
    found = measure(
        [place("p", box(-100, -100, 100, 100)), place("q", SQUARE)],
        cells=[cell(azimuth_deg=90.0, beamwidth_deg=180.0)],
        samples=key_points("q", -80, -120),
    )
    shapes = {shape.role: shape.geometry for shape in found.shapes}
    assert shapes["uncovered"].area == pytest.approx(20_000, rel=1e-6)
    assert shapes["uncovered"].bounds == pytest.approx((X - 100, Y - 100, X, Y + 100), abs=1e-3)
    assert shapes["weak_spots"].equals(moved(Point(10, 0)))


def test_the_storage_crs_may_be_in_degrees(measure):
    stored, degrees = parse_crs("EPSG:4549"), parse_crs("EPSG:4490")

    def to_degrees(row):
        def move(xyz):
            lon, lat = transform(xyz[:, 0], xyz[:, 1], stored, degrees)
            return [list(at) for at in zip(lon, lat, *xyz[:, 2:].T, strict=True)]

        return {**row, "geometry": shapely.transform(row["geometry"], move, include_z=row["geometry"].has_z)}

    places = [place("p", box(-100, -100, 100, 100)), place("q", box(2000, 0, 2100, 100))]
    cells = [cell(azimuth_deg=90.0, beamwidth_deg=180.0)]
    samples = [
        sample(f"g{n}", (x + 2000, y), -90 if n else -120, kind="grid", cell_size_m=50.0)
        for n, (x, y) in enumerate(QUARTERS)
    ]
    found = measure(
        [to_degrees(row) for row in places],
        [to_degrees(row) for row in cells],
        [to_degrees(row) for row in samples],
        crs=degrees,
    )
    assert [judged["share"] for judged in found.details["places"]] == pytest.approx([0.5, 0.75], abs=1e-3)


def test_without_places_there_is_no_value(measure):
    assert measure([]).note == "There are no key places."
    assert (
        measure([place("p", SQUARE)], [cell()], category="airport").note
        == "There are no key places of category airport."
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"area_share": 0.0},
        {"area_share": 1.01},
        {"min_measured_share": -1.0},
        {"radius_scale": 0.0},
        {"radius_scale": math.inf},
        {"category": "pub"},
        {"operator": "移动"},
    ],
)
def test_parameters_out_of_range_are_refused_by_name(measure, wrong):
    (name,) = wrong
    with pytest.raises(InvalidParameter, match=name):
        measure([place("p", SQUARE)], **wrong)
