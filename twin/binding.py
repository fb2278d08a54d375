"""Conditions against the fields of a layer: each part checked, and said in the few operations that stores compile.

What is left of them is ``and or not``, the comparisons ``= <> < <= > >=``, ``like``, ``in``, ``isnull``, the spatial
predicates of which the first argument is the feature's geometry, arithmetic, and functions. What does not depend on the
feature is a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from twin.errors import InvalidParameter
from twin.expressions import (
    COMPARISONS,
    FALSE,
    Expression,
    Operation,
    Property,
    Shape,
    Value,
    comparison,
    require_answerable,
)
from twin.kinds import FUNCTIONS, KINDS, Kind, kind_of
from twin.moments import read_moment
from twin.schema import GEOMETRY, Schema
from twin.sets import ARRAYS, relate_sets
from twin.shapes import SPATIAL, relate_shapes
from twin.times import OF_INSTANTS, TEMPORAL, Span, lift, relate_times, relate_to_day

_T = TypeVar("_T")
#: The comparison the other way round.
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "div", "^"})
_MOMENTS = frozenset({"date", "datetime"})
_SCALAR = _MOMENTS | {"text", "number", "boolean"}


@dataclass(frozen=True)
class _Bound:
    """An expression of known kind, with the ends of an interval or the elements of an array."""

    expression: Expression
    kind: Kind
    span: Span | None = None
    elements: tuple[_Bound, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in messages."""
        match self.expression:
            case Property(name):
                return f"{name}, which is {self.kind},"
            case Value(value):
                return repr(value)
            case Operation(op) if self.kind not in {"interval", "array"}:
                return f"the result of {op}, which is {self.kind},"
            case _:
                return f"a {self.kind}" if self.kind == "geometry" else f"an {self.kind}"


def bind(condition: Expression, schema: Schema) -> Expression:
    """Check a condition against the fields of a layer, and say it in what stores compile.

    Raises
    ------
    InvalidParameter
        It is too large, names what is not there, or does with something what cannot be done with it; says where.
    """
    require_answerable(condition)
    bound = _Binder(schema).bind_condition(condition, condition)
    require_answerable(bound)
    return bound


class _Binder:
    """Binds the parts of a condition to the fields of a layer."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._binders: Mapping[str, Callable[[Operation], _Bound]] = {
            **dict.fromkeys(("and", "or", "not"), self._bind_logical),
            **dict.fromkeys(COMPARISONS, self._bind_comparison),
            **dict.fromkeys((*ARITHMETIC, *FUNCTIONS), self._bind_function),
            **dict.fromkeys(SPATIAL, self._bind_spatial),
            **dict.fromkeys(TEMPORAL, self._bind_temporal),
            **dict.fromkeys(ARRAYS, self._bind_sets),
            "between": self._bind_between,
            "like": self._bind_like,
            "in": self._bind_in,
            "isnull": self._bind_is_null,
            "array": lambda node: _Bound(node, "array", elements=tuple(map(self.bind, node.args))),
            "interval": self._bind_interval,
        }

    def bind(self, node: Expression) -> _Bound:
        """Bind an expression of whatever kind."""
        match node:
            case Value(value):
                _require_storable(node)
                return _Bound(node, kind_of(value))
            case Shape() | Property("geometry"):
                return _Bound(node, "geometry")
            case Property(name):
                if name not in self._schema:
                    known = ", ".join((*self._schema.names, GEOMETRY))
                    raise _refusal(node, f"there is no property {name}; properties are {known}")
                return _Bound(node, KINDS[self._schema[name].type])
            case Operation(op):
                if op not in self._binders:
                    raise _refusal(node, f"there is no function {op}; functions are {', '.join(FUNCTIONS)}")
                return self._binders[op](node)

    def bind_condition(self, node: Expression, whole: Expression) -> Expression:
        """Bind what is true or false."""
        bound = self.bind(node)
        if bound.kind != "boolean":
            raise _refusal(node, f"{bound.name} is no condition; compare it with something", whole)
        return bound.expression

    def _bind_logical(self, node: Operation) -> _Bound:
        args = _count(node, 1) if node.op == "not" else node.args
        return _condition(node.op, *(self.bind_condition(part, node) for part in args))

    def _bind_is_null(self, node: Operation) -> _Bound:
        (part,) = map(self.bind, _count(node, 1))
        if part.kind in {"interval", "array"}:
            raise _refusal(node, f"{part.name} is never missing")
        return _condition("isnull", part.expression)

    def _bind_between(self, node: Operation) -> _Bound:
        value, low, high = _count(node, 3)
        halves = (Operation(">=", (value, low), at=node.at), Operation("<=", (value, high), at=node.at))
        return self.bind(Operation("and", halves, at=node.at))

    def _bind_like(self, node: Operation) -> _Bound:
        text, pattern = self._bind_each(node, "text", "text")
        return _condition("like", text.expression, _pattern(pattern.expression, node))

    def _bind_function(self, node: Operation) -> _Bound:
        function = FUNCTIONS.get(node.op)
        parts = self._bind_each(node, *(function.takes if function else ("number", "number")))
        made = Operation(node.op, tuple(part.expression for part in parts), at=node.at)
        return _Bound(made, function.gives if function else "number")

    def _bind_each(self, node: Operation, *kinds: Kind) -> list[_Bound]:
        """Bind arguments that must be of certain kinds."""
        parts = [self.bind(part) for part in _count(node, len(kinds))]
        for part, kind in zip(parts, kinds, strict=True):
            if part.kind != kind:
                raise _refusal(part.expression, f"{node.op} takes {kind}; {part.name} is not", node)
        return parts

    def _bind_spatial(self, node: Operation) -> _Bound:
        first, second = self._bind_each(node, "geometry", "geometry")
        related = Operation(node.op, (first.expression, second.expression), at=node.at)
        return _Bound(_told(node, lambda: relate_shapes(related)), "boolean")

    def _bind_comparison(self, node: Operation) -> _Bound:
        first, second = map(self.bind, _count(node, 2))
        return _Bound(_compare(node, node.op, first, second), "boolean")

    def _bind_in(self, node: Operation) -> _Bound:
        value, listed = map(self.bind, _count(node, 2))
        if listed.kind != "array":
            raise _refusal(listed.expression, f"in takes a list; {listed.name} is not", node)
        among = [_compare(node, "=", value, element) for element in listed.elements]
        plain = [part.args[1] for part in among if isinstance(part, Operation) and part.args[0] is value.expression]
        if plain and len(plain) == len(among) and all(isinstance(part, Value) for part in plain):
            return _condition("in", value.expression, Operation("array", tuple(plain)))
        return _condition("or", *among)

    def _bind_interval(self, node: Operation) -> _Bound:
        ends = [None if end == Value("..") else _as_moment(self.bind(end)) for end in _count(node, 2)]
        kinds = {end.kind for end in ends if end is not None}
        if len(kinds) > 1 or not kinds <= _MOMENTS:
            raise _refusal(node, "an interval lies between two dates, or between two timestamps")
        start, end = (None if end is None else end.expression for end in ends)
        return _Bound(node, "interval", span=Span(start, end, "datetime" if "datetime" in kinds else "date"))

    def _bind_temporal(self, node: Operation) -> _Bound:
        first, second = (self._span(part, node) for part in _count(node, 2))
        if first.kind != second.kind:
            first, second = _told(node, lambda: (lift(first), lift(second)))
        return _Bound(relate_times(node.op, first, second), "boolean")

    def _span(self, part: Expression, node: Operation) -> Span:
        bound = _as_moment(self.bind(part))
        if bound.span is not None:
            return bound.span
        if bound.kind not in _MOMENTS:
            raise _refusal(part, f"{node.op} takes dates, timestamps and intervals; {bound.name} is none", node)
        if node.op not in OF_INSTANTS:
            raise _refusal(part, f"{node.op} takes intervals only; for instants there is t_intersects", node)
        return Span(bound.expression, bound.expression, "date" if bound.kind == "date" else "datetime")

    def _bind_sets(self, node: Operation) -> _Bound:
        first, second = map(self.bind, _count(node, 2))
        sets = _elements(first), _elements(second)
        return _Bound(relate_sets(node.op, *sets, lambda x, y: self._same(node, x, y)), "boolean")

    def _same(self, node: Operation, first: _Bound, second: _Bound) -> Expression:
        """Whether two elements of arrays are the same, whatever they are."""
        kinds = {first.kind, second.kind}
        if kinds == {"array"}:
            return relate_sets("a_equals", first.elements, second.elements, lambda x, y: self._same(node, x, y))
        if kinds == {"geometry"}:
            return self.bind(Operation("s_equals", (first.expression, second.expression), at=node.at)).expression
        if kinds == {"interval"}:
            return self.bind(Operation("t_equals", (first.expression, second.expression), at=node.at)).expression
        return _compare(node, "=", first, second) if len(kinds) == 1 else FALSE


def _compare(node: Operation, op: str, first: _Bound, second: _Bound) -> Expression:
    """Compare two scalars of the same kind; a text beside a date or timestamp is read as one, a date is a whole day."""
    if first.kind in _MOMENTS:
        second = _as_moment(second)
    elif second.kind in _MOMENTS:
        first = _as_moment(first)
    if (first.kind, second.kind) == ("date", "datetime"):
        first, second, op = second, first, _MIRRORED.get(op, op)
    match second.expression:
        case Value(date() as day) if first.kind == "datetime" and second.kind == "date":
            return relate_to_day(op, first.expression, day)
    if first.kind != second.kind or first.kind not in _SCALAR:
        raise _refusal(node, f"{first.name} cannot be compared with {second.name}".replace(",,", ","))
    return comparison(op, first.expression, second.expression)


def _as_moment(bound: _Bound) -> _Bound:
    """A text that is a value as the date or timestamp that is written there; anything else as it is."""
    match bound.expression:
        case Value(str(text)):
            moment = read_moment(text)
            if moment is None:
                forms = "a date as 2024-06-30 nor a timestamp as 2024-06-30T08:00:00Z"
                raise _refusal(bound.expression, f"{text!r} is neither {forms}")
            return _Bound(Value(moment, at=bound.expression.at), kind_of(moment))
        case _:
            return bound


def _elements(bound: _Bound) -> tuple[_Bound, ...]:
    """The elements of an array; anything else is a set of itself, as it is in brackets."""
    return bound.elements if bound.kind == "array" else (bound,)


def _pattern(pattern: Expression, node: Operation) -> Expression:
    """Refuse a pattern that is not known beforehand; a last backslash stands for itself."""
    match pattern:
        case Value(str(text)):
            backslashes = len(text) - len(text.rstrip("\\"))
            return Value(text + "\\") if backslashes % 2 else pattern
        case Operation("casei" | "accenti", (inner,)):
            return Operation(pattern.op, (_pattern(inner, node),))
    raise _refusal(pattern, "the pattern of like is a text, perhaps in casei or accenti", node)


def _condition(op: str, *args: Expression) -> _Bound:
    return _Bound(Operation(op, args), "boolean")


def _count(node: Operation, wanted: int) -> tuple[Expression, ...]:
    if len(node.args) != wanted:
        raise _refusal(node, f"{node.op} takes {wanted} argument{'s' if wanted > 1 else ''}, not {len(node.args)}")
    return node.args


def _require_storable(node: Value) -> None:
    """Refuse a value that no field could hold."""
    value = node.value
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _refusal(node, f"{value} does not fit the database")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(node, f"{value} is no number")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise _refusal(node, f"{value.isoformat()} is an instant without a time zone")


def _told(node: Operation, make: Callable[[], _T]) -> _T:
    """Say where it was that something could not be done."""
    try:
        return make()
    except InvalidParameter as error:
        raise _refusal(node, error.detail) from error


def _refusal(node: Expression, detail: str, whole: Expression | None = None) -> InvalidParameter:
    at = node.at or (whole.at if whole is not None else None)
    return InvalidParameter(f"{detail} (at {at})" if at else detail, parameter="filter")
