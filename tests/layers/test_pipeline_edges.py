"""Lines that leave a sheet or an area go on beyond: joins are checked against what is delivered and what is stored."""

from __future__ import annotations

import pytest

from layers.pipelines import pipelines
from layers.pipelines.rules import RULES
from layers.pipelines.rules.judge import judge
from tests_broken import survey_with
from tests_deliveries import EAST, LINES, NORTH, POINTS, deliver, line, point
from twin.crs import parse_crs, transform
from twin.intake import Order
from twin.rules.book import RuleBook
from twin.stores import create_store

EDGES = RuleBook(rules=tuple(rule for rule in RULES if rule.id in {"SHEET-EDGE", "AREA-EDGE"}))
#: The sewer of area A leaves it at WS4, 120 m north and 2.30 m deep.
WEST = [*POINTS, point("WS4", 120.0, feature="非普查", subsid="")], [*LINES, line("WS3", "WS4", 2.2, 2.3)]


def take(store, folder, points, lines, project, name="PS"):
    order = Order(files=deliver(folder, points=points, lines=lines, name=name), author="x", crs="EPSG:4548")
    report = pipelines.take(store, order, {"project": project})
    assert report.accepted, report.render()
    return [each for each in report.judgement.findings if each.rule == "AREA-EDGE"]


@pytest.fixture(params=["EPSG:4548", "EPSG:4490"])
def store(tmp_path, request):
    """A twin in metres, and one in degrees."""
    with create_store(str(tmp_path / "twin.gpkg"), crs=parse_crs(request.param)) as opened:
        yield opened


def goes_on(north_m=120.0, deep_m=2.3, **given):
    """Area B: the sewer goes on to the north from B1."""
    return [point("B1", north_m, feature="非普查", subsid=""), point("B2", 160.0)], [
        line("B1", "B2", deep_m, deep_m + 0.1, **given)
    ]


@pytest.mark.parametrize(
    ("east", "told"),
    [
        (goes_on(), []),
        (goes_on(120.4), []),
        (goes_on(deep_m=2.44), []),
        # Both ends say so: that of the delivery, and that of the store.
        (goes_on(120.6), [("B1", "no line", 0.6), ("WS4", "no delivered line", 0.6)]),
        (goes_on(size="400"), [("B1", "another section", "DN400")]),
        (goes_on(material="T"), [("B1", "another material", "T")]),
        (goes_on(material=""), []),
        (goes_on(deep_m=2.46), [("B1", "another height", 0.16)]),
    ],
)
def test_a_sewer_that_leaves_its_area_goes_on_in_the_next_as_it_is(store, tmp_path, east, told):
    assert take(store, tmp_path, *WEST, "A") == []  # nobody has surveyed beyond
    found = take(store, tmp_path, *east, "B")
    assert [each.key for each in found] == [key for key, _, _ in told]
    for each, (_, what, measured) in zip(found, told, strict=True):
        assert what in each.what
        assert each.measured == (measured if isinstance(measured, str) else pytest.approx(measured, abs=1e-3))
        assert each.other == ("B1" if each.key == "WS4" else "WS4")
        assert ("of area A in the store" in each.what) == (each.key == "WS4")
    # The ends of the store have no file; both are at their place.
    assert [each.file for each in found] == [None if key == "WS4" else "PSPOINT.csv" for key, _, _ in told]
    for each in found:
        x, y = transform([each.x], [each.y], store.crs, parse_crs("EPSG:4548"))
        assert (x[0] - EAST, y[0] - NORTH) == pytest.approx((0, 120), abs=0.7)


def test_an_area_that_is_delivered_anew_without_the_join_is_told(store, tmp_path):
    take(store, tmp_path, *WEST, "A")
    assert take(store, tmp_path, *goes_on(), "B") == []
    # B is delivered anew from 122 m on.
    found = take(store, tmp_path, *goes_on(122.0), "B")
    assert [each.key for each in found] == ["B1", "WS4"]
    # A is delivered anew, and its sewer stops at a well at WS3: nothing leaves it, but B's still does.
    assert [each.key for each in take(store, tmp_path, POINTS, LINES, "A")] == ["B1"]


def test_a_line_that_ends_at_a_point_of_the_other_area_by_name_is_joined(store, tmp_path):
    take(store, tmp_path, *WEST, "A")
    assert take(store, tmp_path, [point("B2", 160.0)], [line("WS4", "B2", 2.3, 2.4)], "B") == []


def test_only_lines_of_the_classes_that_are_delivered_are_missed(store, tmp_path):
    take(store, tmp_path, *WEST, "A")
    water = [point("J1", 121, 3.0, subsid="水源井"), point("J2", 160.0, 3.0, subsid="水表")]
    assert take(store, tmp_path, water, [line("J1", "J2", 1.0, 1.0, "PE")], "B", name="JS") == []


def test_where_another_area_is_farther_away_than_points_may_be_nothing_is_missed(store, tmp_path):
    take(store, tmp_path, *WEST, "A")
    far = [point("B1", 196.0), point("B2", 230.0)]
    assert take(store, tmp_path, far, [line("B1", "B2", 2.3, 2.4)], "B") == []
    near = [point("B1", 194.0), point("B2", 230.0)]
    assert [each.key for each in take(store, tmp_path, near, [line("B1", "B2", 2.3, 2.4)], "B")] == ["WS4"]


OPEN = point("WS4", 120.0, feature="非普查", subsid="")


@pytest.mark.parametrize(
    ("end", "beyond", "sheets", "keys"),
    [
        (OPEN, [point("B1", 130.0), point("B2", 160.0)], "AAAABB", ["WS4"]),
        # All of it is one sheet, or nobody says which.
        (OPEN, [point("B1", 130.0), point("B2", 160.0)], "AAAAAA", []),
        (OPEN, [point("B1", 130.0), point("B2", 160.0)], [None] * 6, []),
        # The next sheet begins farther away than points may be.
        (OPEN, [point("B1", 196.0), point("B2", 230.0)], "AAAABB", []),
        # The next sheet lies to the east, and the line ends in the north.
        (OPEN, [point("A9", 40.0, 20.0), point("B1", 60.0, 30.0), point("B2", 90.0, 30.0)], "AAAAABB", []),
        # The sewer ends at a well, or for a reason.
        (point("WS4", 120.0), [point("B1", 130.0), point("B2", 160.0)], "AAAABB", []),
        (point("WS4", 120.0, feature="预留口", subsid=""), [point("B1", 130.0), point("B2", 160.0)], "AAAABB", []),
        # It ends without one.
        (point("WS4", 120.0, subsid=""), [point("B1", 130.0), point("B2", 160.0)], "AAAABB", ["WS4"]),
    ],
)
def test_a_sewer_that_leaves_its_sheet_goes_on_in_the_next(tmp_path, end, beyond, sheets, keys):
    lines = [line("WS3", "WS4", 2.2, 2.3), line("B1", "B2", 2.3, 2.4)]
    survey = survey_with(tmp_path, [end, *beyond], lines, nodes={"sheet_no": list(sheets)})
    assert [each.key for each in judge(survey, EDGES).findings] == keys


def test_both_ends_of_a_join_that_does_not_fit_are_told(tmp_path):
    beyond = [point("B1", 120.3, feature="非普查", subsid=""), point("B2", 160.0)]
    lines = [line("WS3", "WS4", 2.2, 2.3), line("B1", "B2", 2.3, 2.4, size="400")]
    survey = survey_with(tmp_path, [OPEN, *beyond], lines, nodes={"sheet_no": list("AAAABB")})
    found = [(each.key, each.other, each.measured, each.limit) for each in judge(survey, EDGES).findings]
    assert found == [("WS4", "B1", "DN300", "DN400"), ("B1", "WS4", "DN400", "DN300")]
