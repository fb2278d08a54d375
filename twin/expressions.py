"""What a condition is written in: properties, values, and operations on them.

An operation is one of those that `twin.binding` knows, which checks a condition against the fields of a layer, and says
it in the fewer ones that stores compile.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shapely.geometry.base import BaseGeometry

from twin.errors import InvalidParameter
from twin.schema import GEOMETRY

Scalar = str | int | float | bool | date | datetime

#: What holds of two values if a comparison does.
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

#: The largest condition that is answered: any database takes it, whatever else the query asks.
MOST_OPERATIONS = 300
MOST_LEVELS = 50
MOST_VALUES = 10_000
LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class Property:
    """A field of the feature, or its geometry.

    Parameters
    ----------
    name
        The field's name, or `twin.schema.GEOMETRY`.
    at
        Where it stands in what the condition was read from, in words.
    """

    name: str
    at: str | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class Value:
    """A value that does not depend on the feature."""

    value: Scalar
    at: str | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class Shape:
    """A geometry that does not depend on the feature, in the storage CRS."""

    geometry: BaseGeometry
    at: str | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class Operation:
    """Something made of expressions, named as CQL2 JSON names it: ``and``, ``=``, ``like``, ``s_within``, ``casei``.

    An ``array`` is one as well, and an ``interval`` of two instants, ``..`` for an open end.
    """

    op: str
    args: tuple[Expression, ...]
    at: str | None = field(default=None, compare=False, kw_only=True)


Expression = Property | Value | Shape | Operation

TRUE, FALSE = Value(True), Value(False)


def compare(name: str, op: str, value: Scalar) -> Operation:
    """A field against a value; a missing value is neither equal to anything nor different."""
    return Operation(op, (Property(name), Value(value)))


def comparison(op: str, first: Expression, second: Expression) -> Expression:
    """Compare two expressions of the same kind, if both are values at once."""
    if isinstance(first, Value) and isinstance(second, Value):
        return TRUE if COMPARISONS[op](first.value, second.value) else FALSE
    return Operation(op, (first, second))


def among(name: str, values: tuple[Scalar, ...]) -> Operation:
    """A field among values."""
    return Operation("in", (Property(name), Operation("array", tuple(map(Value, values)))))


def intersects(geometry: BaseGeometry) -> Operation:
    """The feature shares a point with a geometry in the storage CRS."""
    return Operation("s_intersects", (Property(GEOMETRY), Shape(geometry)))


def both(*parts: Expression | None) -> Expression | None:
    """All parts that there are hold; None where there are none."""
    given = tuple(part for part in parts if part is not None)
    return given[0] if len(given) == 1 else Operation("and", given) if given else None


def require_answerable(expression: Expression) -> None:
    """Refuse what is too large; level by level, because something deep is too deep for recursion as well.

    Raises
    ------
    InvalidParameter
        Says which limit is passed.
    """
    level: list[Expression] = [expression]
    operations = values = levels = 0
    while level:
        deeper = [part for part in level if isinstance(part, Operation)]
        operations, values = operations + len(deeper), values + sum(isinstance(part, Value) for part in level)
        levels += bool(deeper)
        if operations > MOST_OPERATIONS or levels > MOST_LEVELS:
            limits = f"at most {MOST_OPERATIONS} operations, nested at most {MOST_LEVELS} deep"
            raise InvalidParameter(f"the condition is too large: {limits}", parameter="filter")
        if values > MOST_VALUES:
            raise InvalidParameter(f"the condition has more than {MOST_VALUES} values", parameter="filter")
        for part in level:
            if isinstance(part, Value) and isinstance(part.value, str) and len(part.value) > LONGEST_TEXT:
                raise InvalidParameter(f"a text is longer than {LONGEST_TEXT} characters", parameter="filter")
        level = [inner for part in deeper for inner in part.args]


def place_shapes(expression: Expression, place: Callable[[Shape], BaseGeometry]) -> Expression:
    """Make an expression again with each geometry in another place; it is not too large, see `require_answerable`.

    Two geometries that are given are compared where they are given.
    """
    match expression:
        case Operation(op, (Shape(), Shape())) if op != "array":
            return expression
        case Shape():
            return Shape(place(expression), at=expression.at)
        case Operation(op, args):
            return Operation(op, tuple(place_shapes(part, place) for part in args), at=expression.at)
        case _:
            return expression
