"""What a parameter of an indicator takes: text as a query string has it, or a value that already is of its type."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from twin.errors import InvalidParameter
from twin.parameters import Parameter


def parameter(kind, **more):
    return Parameter(name="it", type=kind, default=None, **more)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (int, "5", 5),
        (int, " -5 ", -5),
        (int, 5, 5),
        (float, "5", 5.0),
        (float, "-1.05e2", -105.0),
        (float, 5, 5.0),
        (float, 5.7, 5.7),
        (bool, "True", True),
        (bool, "false", False),
        (bool, True, True),
        (date, "2022-12-31", date(2022, 12, 31)),
        (date, date(2022, 12, 31), date(2022, 12, 31)),
        (str, "城区", "城区"),
    ],
)
def test_a_value_comes_out_in_the_type_of_the_parameter(kind, raw, value):
    found = parameter(kind).parse(raw)
    assert (found, type(found)) == (value, kind)


@pytest.mark.parametrize(
    ("kind", "refused", "wanted"),
    [
        (int, [5.7, 5.0, "5.7", "5.0", "1e3", "", "nan", True, math.nan, "1_000", "５", [5], date.max], "a whole"),
        (float, ["nan", "inf", "-Infinity", "1e999", math.nan, -math.inf, 10**400, "", "1,5", "1_0", True], "a number"),
        (bool, [1, 0, 1.0, "1", "yes", ""], "true or false"),
        (date, ["yesterday", "2022-02-30", 20221231, "", datetime(2022, 12, 31, tzinfo=UTC)], "a date as 2022-12-31"),
        (str, [5, True, ["a"], b"a"], "text"),
    ],
)
def test_what_would_have_to_be_changed_to_fit_is_refused(kind, refused, wanted):
    for raw in [*refused, None]:
        with pytest.raises(InvalidParameter, match=f"it must be {wanted}"):
            parameter(kind).parse(raw)


def test_an_optional_parameter_may_be_left_empty():
    for raw in (None, ""):
        assert parameter(float, optional=True).parse(raw) is None


def test_a_choice_is_one_of_those_offered():
    scope = parameter(str, choices=("planning", "urban"))
    assert scope.parse("urban") == "urban"
    for raw in ("Urban", "county", "", None):
        with pytest.raises(InvalidParameter, match="it must be planning or urban"):
            scope.parse(raw)
