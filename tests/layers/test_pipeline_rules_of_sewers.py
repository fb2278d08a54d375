"""Rules of GB 50014 at their limits: diameters, slopes, velocities, turns, and how far apart wells stand."""

from __future__ import annotations

import math

import pytest

from layers.pipelines.rules import RULES
from layers.pipelines.rules.judge import judge
from tests_broken import survey_with
from tests_deliveries import line, point
from twin.rules.book import RuleBook

BOOK = RuleBook(rules=RULES)
WS4 = point("WS4", 120.0)
GULLY = point("WS4", 120.0, subsid="雨水箅")
STORM = {"subclass": ["YS"] * 3}
ABANDONED = {"status": "abandoned"}


def found(folder, rule, points, lines, fields):
    return [each for each in judge(survey_with(folder, points, lines, **fields), BOOK).findings if each.rule == rule]


@pytest.mark.parametrize(
    ("size", "points", "fields", "limit", "confidence"),
    [
        ("250", [WS4], {}, 300.0, "high"),
        ("250", [WS4], STORM, 300.0, "high"),
        ("250", [GULLY], STORM, None, None),
        ("150", [GULLY], STORM, 200.0, "medium"),
        ("250", [WS4], ABANDONED, None, None),
        ("200×200", [WS4], {}, None, None),  # nothing is asked of channels
    ],
)
def test_a_sewer_has_the_diameter_of_its_kind(tmp_path, size, points, fields, limit, confidence):
    hits = found(tmp_path, "GRAV-DN", points, [line("WS4", "WS3", 1.5, 2.2, size=size)], fields)
    assert [(each.limit, each.confidence) for each in hits] == ([] if limit is None else [(limit, confidence)])


@pytest.mark.parametrize(
    ("size", "material", "fall_m", "limit"),
    [
        # On 40 m, less the centimetre to which inverts are measured: 0.12, 0.08, 0.06 m.
        ("300", "T", 0.10, 0.003),
        ("300", "T", 0.11, None),
        ("300", "PVC", 0.06, 0.002),
        ("300", "", 0.07, None),
        ("400", "T", 0.04, 0.0015),
        ("400", "T", 0.05, None),
        ("500", "T", 0.00, None),
        ("300", "T", -0.02, None),  # that is a reverse slope
    ],
)
def test_a_sewer_falls_as_its_diameter_and_material_need(tmp_path, size, material, fall_m, limit):
    lines = [line("WS3", "WS4", 2.2, 2.2 + fall_m, material, size)]
    hits = found(tmp_path, "GRAV-FLAT", [WS4], lines, {"flow_direction": "forward"})
    assert [each.limit for each in hits] == ([] if limit is None else [limit])
    assert [each.measured for each in hits] == ([] if limit is None else [pytest.approx(fall_m / 40)])


def test_what_connects_a_gully_falls_by_one_in_a_hundred(tmp_path):
    lines = [line("WS4", "WS3", 1.85, 2.2)]
    (hit,) = found(tmp_path, "GRAV-FLAT", [GULLY], lines, STORM)
    assert (hit.limit, hit.measured) == (0.01, pytest.approx(0.35 / 40))


@pytest.mark.parametrize(
    ("size", "material", "fall_m", "subclass", "speed"),
    [
        # Tables of full concrete pipes, n = 0.013: DN400 at 1.5 ‰ 0.64 m/s, at 2.1 ‰ 0.76 m/s.
        ("400", "T", 0.060, "YS", 0.64),
        ("400", "T", 0.084, "YS", None),
        # The same half again as fast in plastic, n = 0.010.
        ("400", "PVC", 0.060, "YS", None),
        # Sewage, 0.65 full: 1.1 times as fast as a full pipe. At 0.8 ‰ 0.47 m/s full.
        ("400", "T", 0.032, "WS", 0.515),
        ("400", "T", 0.060, "WS", None),
    ],
)
def test_water_flows_fast_enough(tmp_path, size, material, fall_m, subclass, speed):
    lines = [line("WS3", "WS4", 2.2, 2.2 + fall_m, material, size)]
    hits = found(tmp_path, "GRAV-SPEED", [WS4], lines, {"subclass": [subclass] * 3})
    assert [each.measured for each in hits] == ([] if speed is None else [pytest.approx(speed, abs=0.01)])


@pytest.mark.parametrize(
    ("angle_deg", "drop_m", "size", "count"),
    [
        (89, 0.0, "300", 0),  # as well as a line from well to well is known
        (85, 0.0, "300", 1),
        (30, 0.35, "300", 0),  # small, and drops
        (30, 0.25, "300", 1),
        (150, 0.0, "300", 0),
    ],
)
def test_water_does_not_turn_back(tmp_path, angle_deg, drop_m, size, count):
    # The sewer comes in from the south, and goes on at an angle to that, 20 m long.
    turned = math.radians(angle_deg)
    away = point("WS4", 80 - 20 * math.cos(turned), 20 * math.sin(turned))
    lines = [line("WS3", "WS4", 2.2 + drop_m, 2.3 + drop_m, size=size)]
    hits = found(tmp_path, "GRAV-TURN", [away], lines, {})
    assert [each.measured for each in hits] == [pytest.approx(angle_deg)] * count


@pytest.mark.parametrize(
    ("size", "to_north", "count"),
    [("600", 155.0, 0), ("600", 156.0, 1), ("700", 180.0, 0), ("1000", 181.0, 1), ("1500", 229.0, 0), ("2000", 281, 1)],
)
def test_wells_stand_as_near_as_the_diameter_needs(tmp_path, size, to_north, count):
    points = [point("WS4", 120.0, feature="转折点", subsid=""), point("WS5", to_north)]
    lines = [line("WS3", "WS4", 2.2, 2.3, size=size), line("WS5", "WS4", 2.5, 2.3, size=size)]
    hits = found(tmp_path, "GRAV-WELLS", points, lines, {})
    assert [(each.measured, each.key, each.other) for each in hits] == [
        (pytest.approx(to_north - 80), "WS3-WS4", "2 segments in a row")
    ] * count


def test_what_is_abandoned_neither_drains_nor_is_mixed(tmp_path):
    fields = {"subclass": ["WS", "WS", "YS"], "flow_direction": "forward"} | ABANDONED
    survey = survey_with(tmp_path, [WS4], [line("WS3", "WS4", 2.2, 2.0)], **fields)
    assert {rule: count for rule, count in judge(survey, BOOK).counts.items() if count} == {}
