"""Rules of heights, joints, gravity and closeness at their limits: what breaks each, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from layers.pipelines.accuracy import depth_limits_m
from layers.pipelines.rules import RULES
from layers.pipelines.rules.judge import judge
from layers.pipelines.rules.survey import Survey
from tests_broken import WATER, survey_with
from tests_deliveries import line, point
from twin.rules.book import RuleBook

BOOK = RuleBook(rules=RULES)
FLOWING = {"flow_direction": "forward"}
WS4 = point("WS4", 120.0)
#: Water in the same trench: three points 50 m to the east, 40 m from one to the next.
J1, J2, J3 = (point(f"J{n + 1}", 40.0 * n, 50.0) for n in range(3))
WATERS = {"class": ["PS", "PS", "JS", "JS"], "depth_ref": ["inner_bottom"] * 2 + ["outer_top"] * 2}


def changed(row, feature="", subsid=""):
    return (*row[:4], feature, subsid)


@pytest.mark.parametrize(
    ("rule", "points", "lines", "fields", "count"),
    [
        # 120.00 = 1.50 + 118.50, and 5 cm more and less are let through.
        ("ELEV-ID", [WS4], [line("WS3", "WS4", 1.5)], {"from_elevation_m": 118.5}, 0),
        ("ELEV-ID", [WS4], [line("WS3", "WS4", 1.5)], {"from_elevation_m": 118.55}, 0),
        ("ELEV-ID", [WS4], [line("WS3", "WS4", 1.5)], {"from_elevation_m": 118.56}, 1),
        ("ELEV-ID", [WS4], [line("WS3", "WS4", "")], {"from_elevation_m": 100.0}, 0),
        ("DEPTH-RANGE", [WS4], [line("WS3", "WS4", 2.2, 0.0)], {}, 1),
        ("DEPTH-RANGE", [WS4], [line("WS3", "WS4", 0.0, -3.0, embedding="JK")], {}, 0),
        ("DEPTH-RANGE", [changed(WS4, "出地")], [line("WS3", "WS4", 2.2, 0.0)], {}, 0),
        ("DEPTH-RANGE", [WS4], [line("WS3", "WS4", 2.2, 10.5)], WATER, 1),
        ("DEPTH-RANGE", [WS4], [line("WS3", "WS4", 2.2, 30.0, embedding="DG")], {}, 0),
        ("HOLES", [], [], {"holes": 6, "used_holes": 6, "cables": 9}, 0),
        ("HOLES", [], [], {"used_holes": 3, "cables": 2}, 1),
        ("HOLES", [], [], {"holes": 6, "used_holes": 0, "cables": 2}, 1),
        # A footway asks for 0.60 m above the outer top of water, which is what its depth is measured to.
        ("COVER", [WS4], [line("WS3", "WS4", 2.2, 0.6)], WATER, 0),
        ("COVER", [WS4], [line("WS3", "WS4", 2.2, 0.59)], WATER, 1),
        ("COVER", [WS4], [line("WS3", "WS4", 2.2, 0.3, embedding="JK")], WATER, 0),
        # Depth to the bottom of a bore of 0.30 m without a wall.
        ("COVER", [WS4], [line("WS3", "WS4", 2.2, 0.94)], {}, 0),
        ("COVER", [WS4], [line("WS3", "WS4", 2.2, 0.94)], {"wall_mm": 50.0}, 1),
    ],
)
def test_rules_of_heights_at_their_limits(tmp_path, rule, points, lines, fields, count):
    assert judge(survey_with(tmp_path, points, lines, **fields), BOOK).counts[rule] == count


@pytest.mark.parametrize(
    ("rule", "points", "lines", "fields", "count"),
    [
        # Storm water passes over sewage, other sewage does not; one ends on the other.
        ("LN-CROSS", [point("X1", 60, -9), point("X2", 60, 9)], [line("X1", "X2")],
         {"subclass": ["WS", "WS", "YS"]}, 0),
        ("LN-CROSS", [point("X1", 60, -9), point("X2", 60, 9)], [line("X1", "X2")], {"subclass": ["WS"] * 3}, 1),
        ("LN-CROSS", [point("X1", 60, -9), point("X2", 60, 9)], [line("X1", "X2")], WATER, 0),
        ("LN-CROSS", [point("X1", 60, -9), point("X2", 60, 0)], [line("X1", "X2")], {}, 1),
        ("LN-CROSS", [point("X1", 60, -9)], [line("X1", "WS2")], {}, 0),
        ("NODE-CONSIST", [J1, J2, J3], [line("J1", "J2", 1.0, 1.0), line("J2", "J3", 1.15, 1.2)], WATERS, 0),
        ("NODE-CONSIST", [J1, changed(J2, "变深"), J3], [line("J1", "J2", 1.0, 1.0), line("J2", "J3", 1.5)], WATERS, 0),
        # DN300 with its top 1.00 m deep and DN600 with its top 0.85 m deep share their axes.
        ("NODE-CONSIST", [J1, J2, J3], [line("J1", "J2", 1, 1), line("J2", "J3", 0.85, 1, size="600")], WATERS, 1),
        ("NODE-CONSIST", [J1, changed(J2, "变径"), J3], [line("J1", "J2", 1, 1), line("J2", "J3", 0.85, 1, size="600")],
         WATERS, 0),
        ("NODE-CONSIST", [J1, J2, J3], [line("J1", "J2", 1, 1), line("J2", "J3", 1, 1, "PE")], WATERS, 1),
        ("NODE-CONSIST", [J1, changed(J2, "变材"), J3], [line("J1", "J2", 1, 1), line("J2", "J3", 1, 1, "PE")],
         WATERS, 0),
        # A drop manhole: gravity pipes may come in above one another.
        ("NODE-CONSIST", [WS4], [line("WS3", "WS4", 3.2, 3.3)], {}, 0),
    ],
)  # fmt: skip
def test_rules_of_joints_at_their_limits(tmp_path, rule, points, lines, fields, count):
    assert judge(survey_with(tmp_path, points, lines, **fields), BOOK).counts[rule] == count


@pytest.mark.parametrize(
    ("start_m", "stop_m", "flow", "slope"),
    [
        # Inverts 98.50 and 98.38 over 40 m, and 98.50 and 98.52, of a ground at 120.
        (21.50, 21.62, "forward", None),
        (21.50, 21.48, "forward", -0.0005),
        (21.50, 21.62, "backward", -0.003),
        (21.50, 21.48, "backward", None),
        (21.50, 21.49, "forward", None),  # a centimetre is how well inverts are measured
        (21.50, 21.48, None, None),
    ],
)
def test_a_gravity_pipe_falls_in_the_direction_of_its_flow(tmp_path, start_m, stop_m, flow, slope):
    survey = survey_with(tmp_path, [WS4], [line("WS3", "WS4", start_m, stop_m)], flow_direction=flow)
    found = [finding.measured for finding in judge(survey, BOOK).findings if finding.rule == "GRAV-SLOPE"]
    assert found == ([] if slope is None else [pytest.approx(slope)])


@pytest.mark.parametrize(
    ("rule", "points", "lines", "fields", "count"),
    [
        # The angle is that of the length in space: 7.05 m of fall in sqrt(40² + 7.05²) m are 9.996°.
        ("GRAV-STEEP", [WS4], [line("WS3", "WS4", 2.2, 9.25)], {}, 0),
        ("GRAV-STEEP", [WS4], [line("WS3", "WS4", 2.2, 9.35)], WATER, 0),
        ("GRAV-FLOW", [changed(WS4, "出水口")], [line("WS3", "WS4", 2.2, 2.3)], FLOWING, 0),
        ("GRAV-FLOW", [changed(WS4, subsid="泵站")], [line("WS3", "WS4", 2.2, 2.3)], FLOWING, 0),
        ("GRAV-FLOW", [changed(WS4, subsid="污水处理厂")], [line("WS3", "WS4", 2.2, 2.3)], FLOWING, 0),
        # Two sewers fall to a well, and none away.
        ("GRAV-FLOW", [WS4], [line("WS4", "WS3", 2.0, 2.2)], {}, 1),
        # WS1 to WS2 to WS3 to X1 and back to WS1.
        ("GRAV-ROUND", [point("X1", 40, 40)], [line("WS3", "X1", 2.2, 2.3), line("X1", "WS1", 2.3, 2.0)],
         {"flow_direction": ["forward"] * 4}, 1),
        ("GRAV-START", [point("WS4", -40.0)], [line("WS4", "WS1", 1.9, 2.0)], FLOWING, 0),
        ("GRAV-START", [point("WS4", -40.0, subsid="化粪池")], [line("WS4", "WS1", 1.9, 2.0)], FLOWING, 0),
        ("GRAV-START", [point("WS4", -40.0, subsid="雨水口")], [line("WS4", "WS1", 1.9, 2.0)], FLOWING, 0),
        ("GRAV-START", [point("WS4", -40.0, feature="起点")], [line("WS4", "WS1", 1.9, 2.0)], FLOWING, 0),
        # Steeper, 0.1 on 40 m above and 0.4 on 40 m below: DN600 to DN400 are two sizes, to DN300 three.
        ("GRAV-SIZE", [WS4], [line("WS3", "WS4", 2.2, 2.6, size="400")], {"diameter_mm": [600.0, 600.0, 400.0]}, 0),
        ("GRAV-SIZE", [WS4], [line("WS3", "WS4", 2.2, 2.6)], {"diameter_mm": [600.0, 600.0, 300.0]}, 1),
        ("GRAV-SIZE", [WS4], [line("WS3", "WS4", 2.2, 2.25)], {"diameter_mm": [600.0, 600.0, 500.0]}, 1),
        ("GRAV-SIZE", [WS4], [line("WS3", "WS4", 2.2, 2.3, size="400")], {}, 0),
        ("SYS-MIX", [WS4], [line("WS3", "WS4", 2.2, 2.3)], {"subclass": ["YS", "YS", "HS"]}, 1),
        ("SYS-MIX", [changed(WS4, subsid="溢流井"), point("WS5", 160.0)], [line("WS3", "WS4"), line("WS4", "WS5")],
         {"subclass": ["YS", "YS", "YS", "HS"]}, 0),
        ("SYS-MIX", [WS4, point("WS5", 160.0)], [line("WS3", "WS4"), line("WS4", "WS5")],
         {"subclass": ["YS", "YS", "YS", "HS"]}, 1),
        ("SYS-MIX", [WS4], [line("WS3", "WS4", 2.2, 2.3)], {"subclass": ["WS", "WS", "HS"]}, 0),
    ],
)  # fmt: skip
def test_rules_of_gravity_at_their_limits(tmp_path, rule, points, lines, fields, count):
    assert judge(survey_with(tmp_path, points, lines, **fields), BOOK).counts[rule] == count


@pytest.mark.parametrize(
    ("rule", "beside_m", "deep_m", "counts"),
    [
        # DN300 beside DN300: 1.50 m from wall to wall is what water above DN200 and a sewer need.
        ("CLR-H", 1.79, 1.0, 1),
        ("CLR-H", 1.81, 1.0, 0),
    ],
)
def test_clearance_is_from_wall_to_wall(tmp_path, rule, beside_m, deep_m, counts):
    points = [point("J1", 10, beside_m, subsid="水源井"), point("J2", 30, beside_m, subsid="水表")]
    survey = survey_with(tmp_path, points, [line("J1", "J2", deep_m, deep_m, "PE")], **WATER)
    found = [finding for finding in judge(survey, BOOK).findings if finding.rule == rule]
    assert len(found) == counts
    for finding in found:
        assert finding.measured == pytest.approx(beside_m - 0.3)
        assert (finding.limit, finding.key, finding.other) == (1.5, "J1-J2", "WS1-WS2")


@pytest.mark.parametrize(
    ("seen", "deep_m", "rule", "limit_m"),
    [
        # The top of the sewer is 1.85 m deep there, its centre 1.95 to 2.05 m: good to 2.5 cm if it was seen, else to
        # 0.3075 m. The water pipe, DN300, has its centre at deep_m + 0.15, its bottom at deep_m + 0.30.
        (True, 1.61, "CLASH", -0.05),  # shares 6 cm
        (True, 1.59, "CLASH-DOUBT", 0.0),  # shares 4 cm
        (False, 1.85, "CLASH-DOUBT", 0.0),  # shares all of its 30 cm, and 60.75 could be errors
    ],
)
def test_a_clash_is_certain_where_both_depths_cannot_be_so_wrong(tmp_path, seen, deep_m, rule, limit_m):
    points = [point("J1", 60, -20, subsid="水源井"), point("J2", 60, 20, subsid="水表")]
    survey = survey_with(tmp_path, points, [line("J1", "J2", deep_m, deep_m, "PE")], **WATER)
    nodes = survey.nodes.assign(point_class="visible" if seen else None)
    (finding,) = judge(replace(survey, nodes=nodes), BOOK).findings
    assert (finding.rule, finding.limit) == (rule, pytest.approx(limit_m))
    assert finding.measured == pytest.approx(-(deep_m + 0.30 - 1.85), abs=1e-5)


@pytest.mark.parametrize(
    ("center_m", "visible", "limit_m"),
    [(0.6, False, 0.15), (2.0, False, 0.30), (0.6, True, 0.025), (2.5, True, 0.025), (4.0, True, 0.04)],
)
def test_depths_may_be_as_wrong_as_the_standard_lets_them(center_m, visible, limit_m):
    assert depth_limits_m(np.array([center_m]), np.array([visible])) == pytest.approx([limit_m])


@pytest.mark.parametrize(("points", "segments"), [(0, 2), (3, 0), (0, 0)])
def test_rules_take_tables_without_rows(tmp_path, points, segments):
    whole = survey_with(tmp_path)
    survey = Survey(
        nodes=whole.nodes.iloc[:points],
        judged=points,
        segments=whole.segments.iloc[:segments],
        paths=whole.paths[:segments],
        others=whole.others,
    )
    counts = judge(survey, BOOK).counts
    assert {rule: count for rule, count in counts.items() if count} == (
        {"LN-REF": 4} if segments else {"PT-ORPHAN": 3} if points else {}
    )
