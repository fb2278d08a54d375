"""Which evidence says what about the coverage of a key place."""

from __future__ import annotations

import math
from datetime import date
from functools import partial

import pytest
from shapely.geometry import Point, box

from tests_places import QUARTERS, SQUARE, cell, grid, judge_place, key_points, measure_places, place, sample


@pytest.fixture
def measure(frame):
    return partial(measure_places, frame)


@pytest.fixture
def judge(frame):
    return partial(judge_place, frame)


# --- key points ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "share", "covered"),
    [((-80, -105), 1.0, True), ((-80, -105.1), 0.5, False), ((-60, -60, -60, -120), 0.75, False)],
)
def test_a_place_is_covered_when_all_its_key_points_reach_the_threshold(judge, values, share, covered):
    judged = judge(samples=key_points("p", *values))
    assert (judged["method"], judged["share"], judged["covered"]) == ("key_points", share, covered)
    assert judged["count"] == len(values)


def test_the_threshold_of_signal_can_be_set(judge):
    samples = key_points("p", -80, -105.1)
    assert judge(samples=samples, rsrp_dbm=-105.1)["covered"]
    assert judge(samples=samples, rsrp_dbm=-79.9)["share"] == 0.0


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


def test_any_day_of_the_calendar_may_be_asked_about(judge):
    samples = key_points("p", -80, measured_at="2022-05-01T00:00Z")
    assert judge(samples=samples, measured_since=date.min, on_date=date.max)["covered"]
    assert judge(samples=samples, on_date=date.min) is None
    assert judge(samples=samples, measured_since=date.max) is None


# --- measured area ---------------------------------------------------------------------------------------------------


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


def test_cells_of_unknown_generation_are_no_evidence_and_are_named(measure):
    unsaid = cell("a", band=None, technology=None)
    found = measure([place("p", SQUARE)], [unsaid])
    assert found.value is None
    assert "1 cells in service say neither technology nor band" in found.note
    found = measure([place("p", SQUARE)], [unsaid, cell("b", at=(9000, 0))])
    assert found.value == 0.0
    assert found.details["cells_without_technology"] == 1
    assert "neither technology nor band" in found.note


def test_the_share_of_a_place_never_falls_below_nothing(judge):
    judged = judge(box(2000, 0, 2100, 100), cells=[cell()])
    assert math.copysign(1, judged["share"]) == 1.0
