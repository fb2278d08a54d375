"""Predicates about arrays, which are sets whose elements are few: said element by element.

References
----------
OGC 21-065r2, 7.9 (Array Functions).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from twin.expressions import FALSE, TRUE, Expression, Operation

ARRAYS = frozenset({"a_equals", "a_contains", "a_containedby", "a_overlaps"})

_T = TypeVar("_T")


def relate_sets(op: str, first: Sequence[_T], second: Sequence[_T], same: Callable[[_T, _T], Expression]) -> Expression:
    """Say a predicate about two sets, given what it means that two of their elements are the same."""
    if op == "a_overlaps":
        return _any_of([same(one, other) for one in first for other in second])
    parts = []
    if op != "a_containedby":
        parts += [_any_of([same(one, other) for one in first]) for other in second]
    if op != "a_contains":
        parts += [_any_of([same(one, other) for other in second]) for one in first]
    left = [part for part in parts if part is not TRUE]
    return Operation("and", tuple(left)) if FALSE not in left else FALSE


def _any_of(parts: Sequence[Expression]) -> Expression:
    """At least one holds; what is known already is left out."""
    if TRUE in parts:
        return TRUE
    left = tuple(part for part in parts if part != FALSE)
    return Operation("or", left) if left else FALSE
