"""Which evidence decides about key places, and what comes of it."""

from __future__ import annotations

import math
from functools import partial

import pytest
import shapely
from shapely.geometry import Point, box

from tests_places import (
    QUARTERS,
    SQUARE,
    X,
    Y,
    cell,
    grid,
    judge_place,
    key_points,
    measure_places,
    moved,
    place,
    sample,
)
from twin.crs import parse_crs, transform
from twin.errors import InvalidParameter


@pytest.fixture
def measure(frame):
    return partial(measure_places, frame)


@pytest.fixture
def judge(frame):
    return partial(judge_place, frame)


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
    assert [(told["name"], told["method"]) for told in found.details["places"]] == [("p", "key_points"), ("q", "none")]
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
    assert [(part.area_id, part.value, part.numerator, part.denominator) for part in found.breakdown] == [
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
        {"area_share": 1.0000001},
        {"min_measured_share": -1.0},
        {"radius_scale": 0.0},
        {"radius_scale": 10.1},
        {"radius_scale": math.inf},
        {"radius_scale": math.nan},
        {"min_samples": 0},
        {"rsrp_dbm": -300.0},
        {"sinr_db": 41.0},
        {"category": "pub"},
        {"operator": "移动"},
    ],
)
def test_parameters_out_of_range_are_refused_by_name(measure, wrong):
    (name,) = wrong
    with pytest.raises(InvalidParameter, match=f"{name} must be .*, not '?{wrong[name]}"):
        measure([place("p", SQUARE)], **wrong)
