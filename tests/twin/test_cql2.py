"""CQL2, as text and as JSON: what is read into which tree, and what is said of the rest."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import cql2
import pytest
import shapely

from twin.cql2.json import parse_json
from twin.cql2.text import parse_text
from twin.errors import InvalidParameter
from twin.expressions import Operation, Property, Shape, Value


def op(name, *args):
    return Operation(name, args)


def refusal(parse, text):
    with pytest.raises(InvalidParameter) as refused:
        parse(text)
    return refused.value.detail


A, B = Property("a"), Property("b")
ONE = Value(1)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1", op("=", A, ONE)),
        ("a<>1", op("<>", A, ONE)),
        ("1<=a", op("<=", ONE, A)),
        ("\"a\" = 'it''s'", op("=", A, Value("it's"))),
        (r"a = 'it\'s'", op("=", A, Value("it's"))),
        (r"a = 'back\slash'", op("=", A, Value(r"back\slash"))),
        ("名称 = '县医院'", op("=", Property("名称"), Value("县医院"))),
        ("a.b:c_1 = 1", op("=", Property("a.b:c_1"), ONE)),
        ("a = 9007199254740993", op("=", A, Value(9007199254740993))),
        ("a = 1.5e3", op("=", A, Value(1500.0))),
        ("a = .5", op("=", A, Value(0.5))),
        ("a = -1", op("=", A, Value(-1))),
        ("a = - -1", op("=", A, ONE)),
        ("a = -b", op("=", A, op("*", Value(-1), B))),
        ("a-1 = +b", op("=", op("-", A, ONE), B)),
        ("a + 1 * b ^ a = b", op("=", op("+", A, op("*", ONE, op("^", B, A))), B)),
        ("a - 1 - b = (a - (1 - b))", op("=", op("-", op("-", A, ONE), B), op("-", A, op("-", ONE, B)))),
        ("a DIV 1 % b = 1", op("=", op("%", op("div", A, ONE), B), ONE)),
        ("a or b and not a", op("or", A, op("and", B, op("not", A)))),
        ("a AND b AND a", op("and", A, B, A)),
        ("NOT a = 1 AND b", op("and", op("not", op("=", A, ONE)), B)),
        ("a NOT BETWEEN 1 AND b + 1 AND b", op("and", op("not", op("between", A, ONE, op("+", B, ONE))), B)),
        ("a NOT IN (1, b)", op("not", op("in", A, op("array", ONE, B)))),
        ("a Is Not Null", op("not", op("isnull", A))),
        ("casei(a) NOT LIKE CASEI('x%')", op("not", op("like", op("casei", A), op("casei", Value("x%"))))),
        ("a ILIKE 'x'", op("like", op("casei", A), op("casei", Value("x")))),
        ("(a > 1) = true", op("=", op(">", A, ONE), Value(True))),
        ("a = DATE('2020-02-29')", op("=", A, Value(date(2020, 2, 29)))),
        (
            "a > TIMESTAMP('2020-02-29T10:00:00.5Z')",
            op(">", A, Value(datetime(2020, 2, 29, 10, 0, 0, 500_000, tzinfo=UTC))),
        ),
        (
            "t_during(INTERVAL(a, '..'), interval('2020-01-01', b))",
            op("t_during", op("interval", A, Value("..")), op("interval", Value("2020-01-01"), B)),
        ),
        (
            "A_EQUALS((), (1, 'x', (a, b)))",
            op("a_equals", op("array"), op("array", ONE, Value("x"), op("array", A, B))),
        ),
        ("f() = 1", op("=", op("f"), ONE)),
        (
            "orange = 1 AND inside AND nothing",
            op("and", op("=", Property("orange"), ONE), Property("inside"), Property("nothing")),
        ),
        ("point = 1 AND z = 1", op("and", op("=", Property("point"), ONE), op("=", Property("z"), ONE))),
    ],
)
def test_a_text_is_read_as_the_grammar_has_it(text, tree):
    assert parse_text(text) == tree


@pytest.mark.parametrize(
    ("text", "geometry"),
    [
        ("POINT(1 -2)", "POINT (1 -2)"),
        ("point z (1 2 3)", "POINT Z (1 2 3)"),
        ("LINESTRING(0 0, 1e1 .5)", "LINESTRING (0 0, 10 0.5)"),
        ("POLYGON((0 0,4 0,4 4,0 0),(2 1,3 1,3 2,2 1))", "POLYGON ((0 0,4 0,4 4,0 0),(2 1,3 1,3 2,2 1))"),
        ("MULTIPOINT((0 0),(1 1))", "MULTIPOINT ((0 0),(1 1))"),
        ("MULTIPOINT(0 0, 1 1)", "MULTIPOINT ((0 0),(1 1))"),
        ("MULTILINESTRING((0 0,1 1),(2 2,3 3))", "MULTILINESTRING ((0 0,1 1),(2 2,3 3))"),
        ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "MULTIPOLYGON (((0 0,1 0,1 1,0 0)))"),
        ("GEOMETRYCOLLECTION(POINT(0 0),LINESTRING(0 0,1 1))", "GEOMETRYCOLLECTION (POINT (0 0),LINESTRING (0 0,1 1))"),
        ("POLYGON EMPTY", "POLYGON EMPTY"),
        ("BBOX(1,2,3,4)", "POLYGON ((1 2,3 2,3 4,1 4,1 2))"),
        ("BBOX(1,2,-9,3,4,9)", "POLYGON ((1 2,3 2,3 4,1 4,1 2))"),
        ("BBOX(1,2,1,4)", "LINESTRING (1 2,1 4)"),
        (
            "BBOX(170,0,-170,1)",
            "MULTIPOLYGON (((170 0,180 0,180 1,170 1,170 0)),((-180 0,-170 0,-170 1,-180 1,-180 0)))",
        ),
    ],
)
def test_geometries_are_read_in_all_their_kinds(text, geometry):
    read = parse_text(f"S_INTERSECTS(g, {text})").args[1]
    assert isinstance(read, Shape)
    assert read.geometry.equals(shapely.from_wkt(geometry))
    assert read.geometry.geom_type == shapely.from_wkt(geometry).geom_type
    assert read.at == "character 17"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "character 1: the end where a property, a text in single quotes, a number, NOT, a bracket may stand"),
        ("a = = 1", "character 5: '=' where a property"),
        ("a not null", "character 7: 'null' where LIKE, BETWEEN, IN may stand"),
        ("a = 'x", 'character 5: "\'x"'),
        ("a > 1 AND (b < 2", "character 17: the end where a closing bracket, a comma may stand"),
        ("a > 1) AND b", "character 6: ')'"),
        ("a IN ()", "character 7: ')'"),
        ("a = 1;DROP TABLE b", "character 6: ';DROP'"),
        ("甲 = '乙' 与 1", "character 9: '与'"),
        ("POINT(1, 2) = a", "no geometry: ParseException"),
        ("S_WITHIN(a, POLYGON((0 0,1 1,1 0,0 1,0 0)))", "not valid: Self-intersection[0.5 0.5] (at character 13)"),
        ("S_WITHIN(a, POINT(1e999 0))", "a coordinate is no number (at character 13)"),
        ("BBOX(1,2,3) = a", "four numbers, the lower corner first"),
        ("BBOX(a,2,3,4) = a", "four numbers, the lower corner first"),
        ("BBOX(400,2,300,4) = a", "a bbox has its lower corner first"),
        ("a > DATE('2020-02-30')", "a date is written as 2024-06-30 (at character 5)"),
        ("a > DATE(1, 2)", "a date is written as 2024-06-30 (at character 5)"),
        ("a > TIMESTAMP('2020-02-28 25:00')", "a timestamp is written as 2024-06-30T08:00:00Z"),
    ],
)
def test_what_is_not_understood_is_told_with_its_character(text, says):
    assert says in refusal(parse_text, text)


def test_no_text_is_too_deep_to_be_read():
    for text in (
        "(" * 49_000 + "a=1" + ")" * 49_000,
        "NOT " * 24_000 + "a",
        "-" * 90_000 + "a = 1",
        "+a" * 30_000 + "=1",
    ):
        assert isinstance(parse_text(text), Operation)
    for text in ("(" * 99_000, "f(" * 49_000, "a = '" + "''" * 45_000 + "x", "POLYGON(" * 12_000):
        with pytest.raises(InvalidParameter, match="not understood at character"):
            parse_text(text)


@pytest.mark.parametrize(
    ("document", "tree"),
    [
        ({"op": "=", "args": [{"property": "a"}, "甲"]}, op("=", Property("a"), Value("甲"))),
        ({"op": "isNull", "args": [{"property": "a"}]}, op("isnull", Property("a"))),
        (
            {"op": "in", "args": [{"property": "a"}, [1, 2.5]]},
            op("in", Property("a"), op("array", Value(1), Value(2.5))),
        ),
        ({"op": "t_finishedBy", "args": [{"date": "2020-01-01"}]}, op("t_finishedby", Value(date(2020, 1, 1)))),
        ({"interval": ["..", {"property": "a"}]}, op("interval", Value(".."), Property("a"))),
        (
            {"op": "a_containedBy", "args": [[], [[True]]]},
            op("a_containedby", op("array"), op("array", op("array", Value(True)))),
        ),
        ({"type": "Point", "coordinates": [1, 2]}, Shape(shapely.Point(1, 2))),
        ({"bbox": [1, 2, 3, 4]}, Shape(shapely.box(1, 2, 3, 4))),
        (True, Value(True)),
    ],
)
def test_a_document_is_read_as_the_schema_has_it(document, tree):
    assert parse_json(json.dumps(document)) == tree


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "filter is no JSON at character 2"),
        ("NaN", "filter is no JSON"),
        ("[" * 90_000, "filter is no JSON"),
        ('{"op": "not", "args": [' * 200 + "true" + "]}" * 200, "nested deeper than 50"),
        ('{"op": "="}', "an object has op and args, property"),
        ("{}", "not nothing (at /)"),
        ('{"op": "=", "args": [1, {"propriety": "a"}]}', "not propriety (at /args/1)"),
        ('{"op": "=", "args": [1, null]}', "null is no value; there is isNull (at /args/1)"),
        ('{"op": "=", "args": [{"date": "2020"}, 1]}', "a date is written as 2024-06-30 (at /args/0)"),
        ('{"type": "Circle", "coordinates": [1, 2]}', "no geometry"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}', "Self-intersection"),
        ('{"bbox": [1, 2, true, 4]}', "a bbox has four numbers"),
    ],
)
def test_what_of_a_document_is_not_understood_is_told_with_its_place(text, says):
    assert says in refusal(parse_json, text)


@pytest.mark.parametrize(
    "text",
    [
        "a = 1 AND b <> 'x' OR NOT (a > 2.5)",
        "a BETWEEN 1 AND 2 AND b LIKE 'x%' AND a IN (1, 2) AND b IS NOT NULL",
        "S_INTERSECTS(g, BBOX(1, 2, 3, 4)) AND S_WITHIN(POINT(1 2), g)",
        "T_DURING(INTERVAL(a, '2020-01-01'), INTERVAL('2019-01-01', '..')) OR a > DATE('2020-01-01')",
        "A_CONTAINEDBY(a, ('x', 'y')) AND casei(a) = accenti('É')",
        "a + 1 * b / 2 - 3 ^ 2 > avg(a, b) AND a % 2 = b DIV 2",
    ],
)
def test_text_and_json_of_another_implementation_mean_the_same(text):
    """The peer writes every number as a real one, which compares equal."""
    assert parse_json(json.dumps(cql2.parse_text(text).to_json())) == parse_text(text)
