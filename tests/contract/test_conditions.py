"""Which features meet a condition: worked out by hand, the same in every store."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPoint, Point, Polygon, box

from tests_support import make_rows, write
from twin.errors import InvalidParameter
from twin.expressions import FALSE, TRUE, Expression, Operation, Property, Shape, Value, among, compare, intersects
from twin.query import Query

E, N = 632_000.0, 3_936_000.0


def cell(i: int) -> Polygon:
    """A 10 m square with height, i squares of 20 m east of the origin."""
    x = E + 20 * i
    return Polygon([(x, N, 100), (x + 10, N, 100), (x + 10, N + 10, 100), (x, N + 10, 100)])


def op(name: str, *args: object) -> Operation:
    """An operation on fields (text in angle brackets), values and geometries."""
    return Operation(name, tuple(_node(arg) for arg in args))


def _node(arg: object) -> Expression:
    match arg:
        case str() if arg.startswith("<"):
            return Property(arg.strip("<>"))
        case shapely.Geometry():
            return Shape(arg)
        case list():
            return op("array", *arg)
        case Property() | Operation() | Value():
            return arg
        case _:
            return Value(arg)


@pytest.fixture(scope="module")
def town(new_store):
    plots = {
        "a": {
            "floors": 1,
            "height_m": 3.5,
            "use": "home",
            "public": True,
            "built": "1999-12-31",
            "name": "沂南",
            "geometry": cell(0),
        },
        "b": {
            "floors": 2,
            "height_m": 2.0,
            "use": "shop",
            "name": "Straße",
            "seen_at": "2022-06-01T00:00:00Z",
            "geometry": cell(1),
        },
        "c": {"floors": 3, "use": "home", "public": False, "name": "abc_d%", "geometry": cell(2)},
        "d": {"floors": -4, "height_m": 0.0, "built": "2001-01-01", "name": "Été", "geometry": cell(3)},
        "e": {},
    }
    with new_store() as store:
        write(store, insert=make_rows(**plots))
        yield store


NOON = datetime(2022, 6, 1, 4, tzinfo=UTC)
NEAR_A = box(E - 1, N - 1, E + 11, N + 11)


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        (compare("floors", ">", 2), "c"),
        (compare("floors", "<>", 1), "bcd"),
        (compare("floors", "<", 2.5), "abd"),
        (compare("use", "=", "home"), "ac"),
        (compare("public", "=", True), "a"),
        (op("and", "<public>"), "a"),
        (op("not", "<public>"), "c"),
        (compare("built", "<", date(2000, 1, 1)), "a"),
        (compare("built", "<", "2000-01-01"), "a"),
        (compare("seen_at", ">=", datetime(2022, 6, 1, tzinfo=UTC)), "b"),
        (compare("seen_at", "=", "2022-06-01T08:00:00+08:00"), "b"),
        # The first of June in China begins at 16:00 of the day before in UTC.
        (compare("seen_at", "=", date(2022, 6, 1)), "b"),
        (compare("seen_at", "<", date(2022, 6, 1)), ""),
        (compare("seen_at", "<=", date(2022, 6, 1)), "b"),
        (compare("seen_at", "<>", date(2022, 6, 1)), ""),
        (compare("seen_at", ">", date(2022, 5, 31)), "b"),
        (op(">", date(2022, 6, 2), "<seen_at>"), "b"),
        (among("plot_id", ("a", "d", "z")), "ad"),
        (among("floors", (1, 2.0, 7)), "ab"),
        (among("built", (date(1999, 12, 31),)), "a"),
        (among("use", ()), ""),
        (op("in", "<floors>", [op("+", 1, 1), "<height_m>"]), "b"),
        (op("in", 3, [1, 2, 3]), "abcde"),
        (op("not", op("in", "<use>", ["home"])), "b"),
        (op("between", "<floors>", 2, 3), "bc"),
        (op("not", op("between", "<floors>", 2, 3)), "ad"),
        (op("like", "<name>", "沂%"), "a"),
        (op("like", "<name>", "A%"), ""),
        (op("like", "<name>", "abc_d%"), "c"),
        (op("like", "<name>", r"abc\_d\%"), "c"),
        (op("like", "<name>", r"沂\_"), ""),
        (op("like", "<name>", "abc\\"), ""),
        (op("like", op("casei", "<name>"), op("casei", "STRASS%")), "b"),
        (op("=", op("casei", "<name>"), op("casei", "STRASSE")), "b"),
        (op("=", op("casei", op("accenti", "<name>")), op("casei", op("accenti", "ete"))), "d"),
        (op("in", op("accenti", "<name>"), [op("accenti", "沂南"), op("accenti", "Ete")]), "ad"),
        (op("isnull", "<use>"), "de"),
        (op("isnull", "<geometry>"), "e"),
        (op("isnull", op("+", "<height_m>", 1)), "ce"),
        (op("not", op("isnull", "<name>")), "abcd"),
        (op("and", compare("floors", ">=", 2), compare("use", "=", "home")), "c"),
        (op("or", compare("floors", "=", 1), compare("floors", "=", -4)), "ad"),
        (op("not", compare("floors", "=", 1)), "bcd"),
        # What is unknown or true is true, what is unknown or false is not known to be false either.
        (op("or", compare("use", "=", "home"), compare("floors", "<", 0)), "acd"),
        (op("not", op("or", compare("use", "=", "home"), compare("floors", "<", 0))), "b"),
        (op("not", op("and", compare("use", "=", "home"), compare("floors", ">", 0))), "bd"),
        (op("and"), "abcde"),
        (op("or"), ""),
        (TRUE, "abcde"),
        (FALSE, ""),
        # Property against property, and reckoning: 1 < 3.5; 2 = 2.0; -4 < 0.
        (op("=", "<floors>", "<height_m>"), "b"),
        (op("<", "<floors>", "<height_m>"), "ad"),
        (op("=", op("/", "<floors>", 2), 0.5), "a"),
        (op("=", op("div", "<floors>", 2), 1), "bc"),
        (op("=", op("div", "<floors>", 3), -1), "d"),
        (op("=", op("%", "<floors>", 3), -1), "d"),
        (op("=", op("%", "<floors>", 2), 1), "ac"),
        (op("=", op("^", "<floors>", 2), 9), "c"),
        (op("isnull", op("^", "<floors>", 0.5)), "de"),
        (op("isnull", op("/", "<floors>", "<height_m>")), "cde"),
        (op(">", op("-", op("*", "<floors>", 2), "<height_m>"), 1), "b"),
        (op("=", op("abs", "<floors>"), 4), "d"),
        (op("=", op("floor", "<height_m>"), 3), "a"),
        (op("=", op("ceil", "<height_m>"), 4), "a"),
        (op("=", op("length", "<name>"), 2), "a"),
        (op("=", op("year", "<built>"), 2001), "d"),
        (op("=", op("dimension", "<geometry>"), 2), "abcd"),
        (op("<", op("dimension", "<geometry>"), 2), ""),
        (op("=", op("dimension", LineString([(E, N), (E, N + 1)])), 1), "abcde"),
        (op("=", op("dimension", GeometryCollection([Point(E, N), NEAR_A])), 2), "abcde"),
        (op("<", "<use>", "<name>"), "a"),
        (op("=", op(">", "<floors>", 2), "<public>"), ""),
        (op("=", op(">", "<floors>", 0), "<public>"), "a"),
        (op("=", 1, 1), "abcde"),
        (op("<", "b", "a"), ""),
        (intersects(Point(E + 45, N + 5)), "c"),
        (op("or", intersects(box(E, N, E + 1, N + 1)), compare("floors", "=", -4)), "ad"),
        (op("not", intersects(Point(E + 45, N + 5))), "abd"),
        (op("s_disjoint", "<geometry>", Point(E + 45, N + 5)), "abd"),
        (op("s_within", "<geometry>", NEAR_A), "a"),
        (op("s_within", "<geometry>", box(E, N, E + 10, N + 10)), "a"),
        (op("s_within", "<geometry>", box(E, N, E + 9, N + 10)), ""),
        (op("s_contains", NEAR_A, "<geometry>"), "a"),
        (op("s_contains", "<geometry>", Point(E + 45, N + 5)), "c"),
        (op("s_within", Point(E + 45, N + 5), "<geometry>"), "c"),
        (op("s_contains", "<geometry>", Point(E + 40, N)), ""),
        (op("s_touches", "<geometry>", box(E + 10, N, E + 20, N + 10)), "ab"),
        (op("s_equals", "<geometry>", cell(1)), "b"),
        (op("s_overlaps", "<geometry>", box(E + 5, N + 5, E + 25, N + 25)), "ab"),
        (op("s_crosses", "<geometry>", LineString([(E - 5, N + 5), (E + 25, N + 5)])), "ab"),
        (op("s_equals", "<geometry>", "<geometry>"), "abcd"),
        (op("s_disjoint", "<geometry>", "<geometry>"), ""),
        (op("s_within", Point(0, 0), box(-1, -1, 1, 1)), "abcde"),
        (op("s_intersects", "<geometry>", GeometryCollection([Point(E, N), box(E + 25, N, E + 26, N + 1)])), "ab"),
        (op("s_within", "<geometry>", GeometryCollection([NEAR_A, Point(E, N)])), "a"),
        (op("s_contains", "<geometry>", MultiPoint([(E + 1, N + 1), (E + 2, N + 2)])), "a"),
        (op("s_intersects", "<geometry>", Point()), ""),
        (op("t_after", "<built>", date(2000, 1, 1)), "d"),
        (op("t_before", "<built>", date(2000, 1, 1)), "a"),
        (op("t_intersects", "<built>", op("interval", "1999-01-01", "2000-12-31")), "a"),
        (op("t_disjoint", "<built>", op("interval", "1999-01-01", "2000-12-31")), "d"),
        (op("t_intersects", "<seen_at>", op("interval", "2022-06-01", "..")), "b"),
        (op("t_intersects", "<seen_at>", op("interval", "..", "2022-05-31T23:59:59Z")), ""),
        (op("t_equals", "<seen_at>", datetime(2022, 6, 1, tzinfo=UTC)), "b"),
        (op("t_before", "<seen_at>", NOON), "b"),
        (op("t_during", op("interval", "<built>", "<built>"), op("interval", "1999-01-01", "2000-12-31")), "a"),
        (op("t_meets", op("interval", "<built>", ".."), op("interval", "..", "..")), ""),
        (op("t_finishes", op("interval", "<built>", ".."), op("interval", "2000-01-01", "..")), "d"),
        (op("not", op("t_finishes", op("interval", "<built>", ".."), op("interval", "2000-01-01", ".."))), "a"),
        (op("t_equals", op("interval", "..", ".."), op("interval", "..", "..")), "abcde"),
        (op("a_contains", ["home", "office"], ["<use>"]), "ac"),
        (op("a_containedby", ["<use>"], ["home", "shop"]), "abc"),
        (op("a_containedby", "<use>", ["home", "shop"]), "abc"),
        (op("a_overlaps", ["<floors>", 9], [1, 2]), "ab"),
        (op("a_equals", ["<floors>", 1], [1, "<height_m>"]), "b"),
        (op("a_equals", [1, True, "x"], ["x", 1, True, 1]), "abcde"),
        (op("a_equals", [1], [True]), ""),
        (op("a_contains", [[1, 2], 3], [[2, 1]]), "abcde"),
        (op("a_contains", [], []), "abcde"),
        (op("a_overlaps", [], [1]), ""),
    ],
)
def test_a_condition_selects_what_it_says_and_what_is_missing_is_never_known(town, layer, where, keys):
    query = Query(where=where)
    assert "".join(town.read(layer, query).data.index) == keys
    assert town.count(layer, query) == len(keys)
    (found,) = [*town.scan(layer, query)] or [None]
    assert keys == ("" if found is None else "".join(sorted(found.data.index)))


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (compare("colour", "=", "red"), "no property colour; properties are plot_id, name"),
        (compare("floors", "=", "two"), "floors, which is number, cannot be compared with 'two'"),
        (op("like", "<floors>", "1%"), "like takes text; floors"),
        (op("like", "<name>", "<use>"), "the pattern of like is a text"),
        (compare("seen_at", "<", datetime(2022, 1, 1)), "without a time zone"),
        (compare("seen_at", "<", "yesterday"), "'yesterday' is neither a date"),
        (op("<", "<built>", NOON), "cannot be compared"),
        (op("t_after", "<built>", NOON), "a date is compared with timestamps"),
        (op("t_during", "<built>", op("interval", "..", "..")), "takes intervals only"),
        (op("t_after", "<floors>", date(2000, 1, 1)), "takes dates, timestamps and intervals"),
        (op("t_after", "<built>", op("interval", "2000-01-01", "2000-01-01T00:00:00Z")), "between two dates, or"),
        (op("t_after", "<built>", op("interval", "2000", "..")), "'2000' is neither a date"),
        (op("+", "<floors>", 1), "is no condition"),
        (op("and", "<name>"), "name, which is text, is no condition"),
        (op("+", "<name>", 1), "\\+ takes number; name, which is text, is not"),
        (op("=", "<geometry>", "x"), "cannot be compared"),
        (op("s_within", "<name>", Point(0, 0)), "s_within takes geometry; name"),
        (op("s_within", "<geometry>", GeometryCollection([Point(0, 0), box(1, 1, 2, 2)])), "one dimension, not"),
        (op("drop_table", "<name>"), "no function drop_table; functions are casei"),
        (op("abs", 1, 2), "abs takes 1 argument, not 2"),
        (op("in", "<use>", "home"), "in takes a list"),
        (op("isnull", ["<use>"]), "an array is never missing"),
        (op(">", op("+", "<floors>", float("nan")), 1), "nan is no number"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(store, layer, where, says):
    with pytest.raises(InvalidParameter, match=says):
        store.read(layer, Query(where=where))


@pytest.mark.parametrize(
    "where",
    [
        op(">", op("*", "<height_m>", 1e308), 0),
        op(">", op("^", "<floors>", 2000), 0),
        op("<", op("-", op("abs", "<floors>"), 1), 0),
        op("=", op("%", "<floors>", 1e-320), 0),
        op("=", op("div", 1e308, "<height_m>"), 0),
        op("=", op("floor", op("*", "<height_m>", 1e308)), 0),
        op("in", "<floors>", [-(2**63), 2**63 - 1, 0.5]),
        op("like", "<name>", "a\0"),
        compare("name", "=", "a\0"),
        compare("height_m", "=", -0.0),
    ],
)
def test_numbers_and_text_at_the_edge_are_answered_or_refused(store, layer, where):
    write(store, insert=make_rows(a={"floors": -(2**63), "height_m": 1e300, "name": "a"}, b={"height_m": 5e-324}))
    with suppress(InvalidParameter):  # anything else would be the store's fault
        found = store.read(layer, Query(where=where)).data.index
        assert len(found) == store.count(layer, Query(where=where))


def test_a_refusal_says_where_it_was_met(store, layer):
    wrong = Operation(">", (Property("floor", at="character 1"), Value(3)))
    with pytest.raises(InvalidParameter, match=r"no property floor; .* \(at character 1\)") as refused:
        store.count(layer, Query(where=Operation("not", (wrong,))))
    assert refused.value.members["parameter"] == "filter"
