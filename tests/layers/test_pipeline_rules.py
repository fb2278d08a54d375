"""Each rule of acceptance is broken exactly once by a delivery made for it, and by none of one that is sound."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from layers.pipelines.rules import RULES
from layers.pipelines.rules.judge import KEPT_FINDINGS, judge
from layers.pipelines.rules.survey import Survey
from tests_broken import BROKEN, KEPT, WATER, survey_of, survey_with
from tests_deliveries import EAST, LINE_COLUMNS, LINES, NORTH, POINTS, deliver, line, point, read, write_csv
from twin.errors import InvalidParameter
from twin.rules.book import RuleBook, read_rule_book
from twin.rules.rule import Rule

BOOK = RuleBook(rules=RULES)


def broken(survey, book=BOOK):
    return {rule: count for rule, count in judge(survey, book).counts.items() if count}


def test_a_sound_delivery_breaks_no_rule(tmp_path):
    assert broken(survey_of(read(deliver(tmp_path)))) == {}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_delivery_made_for_a_rule_breaks_it_once_and_no_other(tmp_path, rule):
    points, lines, fields = BROKEN[rule]
    assert broken(survey_with(tmp_path, points, lines, **fields)) == {rule: 1}


@pytest.mark.parametrize("rule", KEPT)
def test_a_delivery_that_comes_as_near_as_may_be_does_not_break_the_rule(tmp_path, rule):
    points, lines, fields = KEPT[rule]
    assert judge(survey_with(tmp_path, points, lines, **fields), BOOK).counts[rule] == 0


def test_every_rule_is_broken_and_kept_by_a_test_and_says_what_it_rests_on():
    assert {rule.id for rule in RULES} == set(BROKEN) == set(KEPT)
    for rule in RULES:
        assert rule.title
        assert rule.title_zh
        assert rule.about
        assert rule.source
        assert rule.sure.keys() <= rule.limits.keys()
        assert all(limit.about for limit in rule.limits.values())


def test_a_finding_names_features_rows_and_limits(tmp_path):
    delivery = read(deliver(tmp_path, points=[*POINTS, point("WS4", 155.1)], lines=[*LINES, line("WS3", "WS4")]))
    (finding,) = judge(survey_of(delivery, **WATER), BOOK).findings
    assert (finding.rule, finding.severity, finding.layer, finding.key) == (
        *("LN-LONG", "warning", "pipe_segments"),
        "WS3-WS4",
    )
    assert (finding.file, finding.row) == ("PSLINE.csv", 3)
    assert finding.measured == pytest.approx(75.1)
    assert (finding.limit, finding.unit) == (75.0, "m")
    assert (finding.x, finding.y) == pytest.approx((EAST, NORTH + 117.55))
    assert str(finding) == (
        "PSLINE.csv, row 3, WS3-WS4: points are farther apart than allowed (found 75.1 m); allowed: 75 m"
    )


@pytest.mark.parametrize(("to_north", "deeper_m", "found"), [(0.04, 0.0, 1), (0.06, 0.0, 0), (0.04, 1.0, 0)])
def test_length_is_measured_in_space_so_that_a_drop_is_no_short_segment(tmp_path, to_north, deeper_m, found):
    book = RuleBook(rules=tuple(rule for rule in RULES if rule.id == "LN-LEN"))
    points = [*POINTS, point("WS4", 80 + to_north)]
    lines = [*LINES, line("WS3", "WS4", 2.2, 2.2 + deeper_m)]
    assert judge(survey_of(read(deliver(tmp_path, points=points, lines=lines))), book).counts == {"LN-LEN": found}


@pytest.mark.parametrize(
    ("points", "lines", "rule", "count"),
    [
        ([point("WS4", 80.06)], [line("WS2", "WS4")], "PT-NEAR", 0),
        ([point("WS4", 80.0), point("WS5", 80.02)], [line("WS2", "WS4"), line("WS2", "WS5")], "PT-NEAR", 2),
        # A dead end without a well, one at a plug, one at a house, and two segments at a bend.
        ([point("WS4", 120.0, subsid="")], [line("WS3", "WS4")], "PT-DEGREE", 1),
        ([point("WS4", 120.0, feature="预留口", subsid="")], [line("WS3", "WS4")], "PT-DEGREE", 0),
        ([point("WS4", 120.0, subsid="化粪池")], [line("WS3", "WS4")], "PT-DEGREE", 0),
        ([point("WS4", 155.0)], [line("WS3", "WS4")], "LN-LONG", 0),
        ([point("WS4", 120.0)], [line("WS3", "WS4", size="0.3")], "SIZE-FMT", 1),
        ([point("WS4", 120.0)], [line("WS3", "WS4", size="300.5")], "SIZE-FMT", 1),
        ([point("WS4", 120.0)], [line("WS3", "WS4", size="600×400")], "SIZE-FMT", 0),
        ([point("WS4", 120.0)], [line("WS3", "WS4", size="")], "SIZE-FMT", 0),
        ([], [line("WS2", "WS1"), line("WS1", "WS2")], "LN-DUP", 2),
        ([], [line("WS8", "WS9")], "LN-REF", 2),
    ],
)
def test_rules_at_their_limits(tmp_path, points, lines, rule, count):
    survey = survey_of(read(deliver(tmp_path, points=[*POINTS, *points], lines=[*LINES, *lines])))
    assert judge(survey, BOOK).counts[rule] == count


def test_segments_between_the_same_points_by_different_ways_are_two(tmp_path):
    delivery = read(deliver(tmp_path, lines=[*LINES, line("WS1", "WS2")]))
    bend = shapely.LineString([(EAST, NORTH), (EAST + 3, NORTH + 20), (EAST, NORTH + 40)])
    paths = np.array([None, None, bend], dtype=object)
    segments = delivery.segments.assign(segment_id=["a", "b", "c"])
    survey = survey_of(delivery)
    two = Survey(nodes=survey.nodes, judged=3, segments=segments, paths=paths, others=pd.Index([], dtype="str"))
    assert broken(two) == {}


def test_segments_of_other_areas_count_where_they_end(tmp_path):
    points = [*POINTS, point("WS4", 120.0), point("WS5", 40, 40, feature="三通", subsid="")]
    lines = [*LINES, line("WS2", "WS5")]
    survey = survey_of(read(deliver(tmp_path, points=points, lines=lines)), others=["WS4", "WS5", "WS5"])
    assert broken(survey) == {}


def test_the_point_at_an_eccentric_cover_is_no_lone_point(tmp_path):
    points = write_csv(
        tmp_path / "PSPOINT.csv",
        ("Exp_No", "X", "Y", "High", "Feature", "Subsid", "偏心井点号"),
        [(*POINTS[0], "J1"), (*POINTS[1], ""), (*POINTS[2], ""), (*point("J1", 1.0), "")],
    )
    assert broken(survey_of(read([points, write_csv(tmp_path / "PSLINE.csv", LINE_COLUMNS, LINES)]))) == {}


def test_findings_are_counted_beyond_those_that_are_kept(tmp_path):
    points = [point(f"P{n}", n * 10.0) for n in range(KEPT_FINDINGS + 5)]
    found = judge(survey_of(read(deliver(tmp_path, points=points, lines=[line("P0", "P1")]))), BOOK)
    assert found.counts["PT-ORPHAN"] == KEPT_FINDINGS + 3
    assert len(found.findings) == KEPT_FINDINGS


def test_unknown_codes_are_counted_by_themselves_beyond_those_that_are_kept(tmp_path):
    lines = [line(f"P{n}", f"P{n + 1}", material="纸", start_m="深") for n in range(1_200)]
    counts = judge(survey_of(read(deliver(tmp_path, lines=lines))), BOOK).counts
    assert (counts["ATTR-DOMAIN"], counts["ATTR-VALUE"]) == (1_200, 1_200)


def rule_file(tmp_path, text):
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return read_rule_book(path, RULES)


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        # Lines from 20 m west to 20 m east of the sewer, 60 m from its beginning.
        ("LN-CROSS", (0.0, 60.0)),
        ("CLR-V", (0.0, 60.0)),
        ("CLASH", (0.0, 60.0)),
        ("CLASH-DOUBT", (0.0, 60.0)),
        # Points 80.00 and 80.03 m north.
        ("PT-NEAR", (0.0, 80.015)),
        # Smaller from WS3 on, 80 m north.
        ("GRAV-SIZE", (0.0, 80.0)),
    ],
)
def test_a_pair_is_told_where_the_two_meet(tmp_path, rule, place):
    points, lines, fields = BROKEN[rule]
    (finding,) = (each for each in judge(survey_with(tmp_path, points, lines, **fields), BOOK).findings)
    assert (finding.x - EAST, finding.y - NORTH) == pytest.approx(place, abs=1e-6)


def test_a_pair_side_by_side_is_told_between_the_two(tmp_path):
    points, lines, fields = BROKEN["CLR-H"]
    (finding,) = (each for each in judge(survey_with(tmp_path, points, lines, **fields), BOOK).findings)
    assert finding.x - EAST == pytest.approx(0.895)  # the water pipe is 1.79 m east of the sewer
    assert 10 <= finding.y - NORTH <= 30


@pytest.mark.parametrize(
    ("rule", "source", "confidence"),
    [
        ("PT-DUP", "CJJ 61-2017, quality inspection of results; catalogues of checks in use", "high"),
        # Of the tables: water above DN200 and sewer 1.5 m was checked, water above sewer 0.40 m was not.
        ("CLR-H", "GB 50289-2016, Table 4.1.9; it may be less where measures are taken", "high"),
        ("CLR-V", "GB 50289-2016, Table 4.1.14; it may be less where measures are taken", "medium"),
        ("COVER", "GB 50289-2016, Table 4.1.1", "medium"),
        ("DEPTH-RANGE", "Catalogues of checks in use; the greatest depths are custom", "low"),
    ],
)
def test_a_finding_tells_what_its_limit_rests_on_and_how_sure_that_is(tmp_path, rule, source, confidence):
    points, lines, fields = BROKEN[rule]
    (finding,) = judge(survey_with(tmp_path, points, lines, **fields), BOOK).findings
    assert (finding.source, finding.confidence) == (source, confidence)


def test_a_limit_of_the_rule_file_rests_on_the_rule_file(tmp_path):
    points, lines, fields = BROKEN["DEPTH-RANGE"]
    survey = survey_with(tmp_path, points, lines, **fields)
    (own,) = judge(survey, rule_file(tmp_path, "[DEPTH-RANGE]\npressure_m = 9")).findings
    assert (own.limit, own.source, own.confidence) == (9.0, "rule file rules.toml", "high")
    (other,) = judge(survey, rule_file(tmp_path, "[DEPTH-RANGE]\ngravity_m = 9")).findings
    assert (other.limit, other.source, other.confidence) == (10.0, own_source("DEPTH-RANGE"), "low")


def own_source(rule_id):
    return next(rule.source for rule in RULES if rule.id == rule_id)


def test_a_rule_file_sets_limits_and_severities_and_switches_rules_off(tmp_path):
    points, lines, fields = BROKEN["LN-LONG"]
    survey = survey_with(tmp_path, points, lines, **fields)
    assert broken(survey, rule_file(tmp_path, "[LN-LONG]\nlongest_m = 76")) == {}
    assert broken(survey, rule_file(tmp_path, "[LN-LONG]\noff = true")) == {}
    stricter = rule_file(tmp_path, '[LN-LONG]\nlongest_m = 30\nseverity = "error"')
    found = judge(survey, stricter)
    assert found.count("error") == found.counts["LN-LONG"] == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[PT-NEER]\n", "PT-NEAR"),
        ("[PT-NEAR]\ntolerance = 1", "tolerance_m"),
        ('[PT-NEAR]\ntolerance_m = "wide"', "must be a number"),
        ('[PT-NEAR]\nseverity = "bad"', "severity is error, warning, note"),
        ('[LN-REF]\nseverity = "note"', "LN-REF cannot be lowered"),
        ("[PT-DUP]\noff = true", "PT-DUP cannot be lowered or switched off"),
        ("PT-DUP = 1", "is a table of settings"),
        ("[PT", "cannot be read"),
    ],
)
def test_a_rule_file_that_means_nothing_is_refused(tmp_path, text, why):
    with pytest.raises(InvalidParameter, match=why):
        rule_file(tmp_path, text)


def test_rules_are_found_by_their_id_once():
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(isinstance(rule, Rule) for rule in RULES)


def test_a_hundred_thousand_points_at_one_place_are_told_in_no_time(tmp_path):
    delivery = read(deliver(tmp_path))
    n = 100_000
    nodes = delivery.nodes.iloc[np.zeros(n, dtype=int)].reset_index(drop=True)
    nodes["node_id"] = pd.Series([f"P{i}" for i in range(n)], dtype="str")
    crowd = Survey(nodes=nodes, judged=n, segments=delivery.segments.iloc[:0], paths=delivery.paths[:0],
                   others=pd.Index([], dtype="str"))  # fmt: skip
    assert judge(crowd, BOOK).counts["PT-NEAR"] == n - 1


@pytest.mark.parametrize(
    ("rule", "lower", "other"),
    [
        ("CLR-H", '"water_* sewer" = 1.0', '"gas_* sewer" = 9'),
        ("CLR-V", '"sewer water_large" = 0.1', '"sewer gas_*" = 9'),
        ("COVER", '"water_*" = 0.3', '"gas_*" = 9'),
    ],
)
def test_a_rule_file_sets_clearances_and_covers_by_kinds(tmp_path, rule, lower, other):
    points, lines, fields = BROKEN[rule]
    survey = survey_with(tmp_path, points, lines, **fields)
    (usual,) = judge(survey, BOOK).findings
    assert broken(survey, rule_file(tmp_path, f"[{rule}.least_m]\n{lower}")) == {}
    (same,) = judge(survey, rule_file(tmp_path, f"[{rule}.least_m]\n{other}")).findings
    assert (same.limit, same.source, same.confidence) == (usual.limit, usual.source, usual.confidence)
    more = f"{usual.limit + 0.05:.2f}"
    (own,) = (
        finding
        for finding in judge(
            survey, rule_file(tmp_path, f"[{rule}.least_m]\n{lower.split(' = ')[0]} = {more}")
        ).findings
        if finding.key == usual.key
    )
    assert (own.limit, own.source, own.confidence) == (float(more), "rule file rules.toml", "high")
    assert own.measured == usual.measured


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[CLR-H.least_m]\n"water_*" = 1.3', "'water_\\*' is not two kinds"),
        ('[CLR-V.least_m]\n"steam sewer" = 1.3', "kinds are water_small"),
        ('[COVER.least_m]\n"water_*" = "deep"', "water_\\* is not metres but 'deep'"),
        ('[COVER.least_m]\n"water_*" = -1', "not metres but -1"),
        ("[COVER]\nleast_m = 1.2", "is a table of metres by a kind"),
    ],
)
def test_entries_of_tables_that_mean_nothing_are_refused(tmp_path, text, said):
    with pytest.raises(InvalidParameter, match=said):
        rule_file(tmp_path, text)
