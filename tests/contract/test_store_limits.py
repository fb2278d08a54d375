"""The largest condition: answered by every store, and one step more refused before any store sees it."""

from __future__ import annotations

from functools import reduce

import pytest
import shapely

from tests_support import write
from twin.errors import InvalidParameter
from twin.query import (
    LONGEST_PATTERN,
    MOST_CONDITIONS,
    MOST_LEVELS,
    MOST_VALUES,
    And,
    Compare,
    In,
    Intersects,
    Like,
    Not,
    Or,
    Query,
    Where,
)

LOW = Compare("floors", "<", 3)
NEAR = Intersects(shapely.box(631_000, 3_935_000, 633_000, 3_937_000))


def nested(levels: int) -> Where:
    """One condition under `levels` - 1 others, each doubt cast twice so that the meaning stays."""
    pairs, odd = divmod(levels - 1, 2)
    deep: Where = reduce(lambda where, _: Not(Not(where)), range(pairs), LOW)
    return And((deep,)) if odd else deep


def test_the_largest_conditions_are_answered(store, layer, rows):
    write(store, insert=rows(a={"floors": 2, "name": "x"}, b={"floors": 5, "name": "y"}))
    for where in (
        nested(MOST_LEVELS),
        And((LOW,) * (MOST_CONDITIONS - 1)),
        Or((LOW,) * (MOST_CONDITIONS - 1)),
        Or((And((LOW,) * (MOST_CONDITIONS - 4)), Not(LOW))),
        In("name", ("x", *map(str, range(MOST_VALUES - 1)))),
        Like("name", "x" + "%" * (LONGEST_PATTERN - 1)),
    ):
        found = store.read(layer, Query(where=where, bbox=None)).data.index.tolist()
        assert found[0] == "a"
    assert store.count(layer, Query(where=And((NEAR,) * (MOST_CONDITIONS - 1)))) == 0  # rows without a place


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (nested(MOST_LEVELS + 1), "nested at most 50 deep"),
        (nested(100_000), "nested at most 50 deep"),
        (And((LOW,) * MOST_CONDITIONS), "at most 300 parts"),
        (Or((NEAR,) * 1_000_000), "at most 300 parts"),
        (In("name", tuple(map(str, range(MOST_VALUES + 1)))), "name is compared with too many values"),
        (Not(Like("name", "%" * (LONGEST_PATTERN + 1))), "the pattern for name is longer"),
    ],
    ids=["deep", "deeper than Python", "many", "very many", "values", "pattern"],
)
def test_a_condition_that_is_too_large_is_the_askers_mistake(where, says):
    with pytest.raises(InvalidParameter, match=says):
        Query(where=where)
