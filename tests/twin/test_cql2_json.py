"""CQL2 JSON: what is read into which tree, and what is said of the rest."""

from __future__ import annotations

import json
from datetime import date

import pytest
import shapely

from twin.cql2.json import parse_json
from twin.errors import InvalidParameter
from twin.expressions import Operation, Property, Shape, Value


def op(name, *args):
    return Operation(name, args)


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
        ("1" * 100_001, "longer than 100000"),
    ],
)
def test_what_is_not_understood_is_told_with_its_place(text, says):
    with pytest.raises(InvalidParameter) as refused:
        parse_json(text)
    assert says in refused.value.detail
