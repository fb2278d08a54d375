"""The largest condition: answered by every store, and one step more refused before any store sees it."""

from __future__ import annotations

import time
from functools import reduce

import pytest
import shapely

from tests_support import write
from twin.deadline import wait_at_most
from twin.errors import InvalidParameter, TookTooLong
from twin.expressions import (
    LONGEST_TEXT,
    MOST_LEVELS,
    MOST_OPERATIONS,
    MOST_VALUES,
    Expression,
    Operation,
    Property,
    Value,
    among,
    compare,
    intersects,
)
from twin.query import Query

LOW = compare("floors", "<", 3)
NEAR = intersects(shapely.box(631_000, 3_935_000, 633_000, 3_937_000))


def every(*parts: Expression) -> Operation:
    return Operation("and", parts)


def like(pattern: str) -> Operation:
    return Operation("like", (Property("name"), Value(pattern)))


def negated(part: Expression) -> Operation:
    return Operation("not", (part,))


def nested(levels: int) -> Expression:
    """One condition under `levels` - 1 others, each doubt cast twice so that the meaning stays."""
    pairs, odd = divmod(levels - 1, 2)
    deep: Expression = reduce(lambda where, _: negated(negated(where)), range(pairs), LOW)
    return every(deep) if odd else deep


def test_the_largest_conditions_are_answered(store, layer, rows):
    write(store, insert=rows(a={"floors": 2, "name": "x"}, b={"floors": 5, "name": "y"}))
    for where in (
        nested(MOST_LEVELS),
        every(*(LOW,) * (MOST_OPERATIONS - 1)),
        Operation("or", (LOW,) * (MOST_OPERATIONS - 1)),
        Operation("or", (every(*(LOW,) * (MOST_OPERATIONS - 4)), negated(LOW))),
        among("name", ("x", *map(str, range(MOST_VALUES - 1)))),
        like("x" + "%" * (LONGEST_TEXT - 1)),
    ):
        found = store.read(layer, Query(where=where, bbox=None)).data.index.tolist()
        assert found[0] == "a"
    assert store.count(layer, Query(where=every(*(NEAR,) * (MOST_OPERATIONS - 1)))) == 0  # rows without a place


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (nested(MOST_LEVELS + 1), "nested at most 50 deep"),
        (nested(100_000), "nested at most 50 deep"),
        (every(*(LOW,) * MOST_OPERATIONS), "at most 300 operations"),
        (Operation("or", (NEAR,) * 1_000_000), "at most 300 operations"),
        (among("name", tuple(map(str, range(MOST_VALUES + 1)))), "more than 10000 values"),
        (negated(like("%" * (LONGEST_TEXT + 1))), "a text is longer"),
    ],
    ids=["deep", "deeper than Python", "many", "very many", "values", "pattern"],
)
def test_a_condition_that_is_too_large_is_the_askers_mistake(where, says):
    with pytest.raises(InvalidParameter, match=says):
        Query(where=where)


ON_AND_ON = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n"
)


def test_what_nobody_waits_for_any_more_is_cancelled_in_the_database(store):
    begun = time.monotonic()
    with pytest.raises(TookTooLong, match="ask for less"), wait_at_most(0.3), store._reading() as connection:
        connection.exec_driver_sql(ON_AND_ON)
    assert 0.25 < time.monotonic() - begun < 10
    with wait_at_most(30):
        assert store.latest() == 0
