"""Compile a bound condition to SQL: an allow-list, values only as bound parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    FromClause,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    not_,
    or_,
)
from sqlalchemy.types import TypeEngine

from twin.crs import BBox
from twin.expressions import COMPARISONS, Expression, Operation, Property, Scalar, Shape, Value, both
from twin.kinds import FUNCTIONS, Kind, kind_of
from twin.moments import write_instant
from twin.schema import GEOMETRY
from twin.shapes import SPATIAL
from twin.stores.tables import GEOMETRY as GEOMETRY_COLUMN

#: The same operators make SQL of columns.
_COMPARED: Mapping[str, Callable[..., Any]] = COMPARISONS
_LOGICAL: Mapping[str, Callable[..., ColumnElement[bool]]] = {
    "and": partial(and_, True),
    "or": partial(or_, False),
    "not": not_,
    "isnull": lambda part: part.is_(None),
}


class Tongue(Protocol):
    """How a database says what is not the same SQL everywhere."""

    @property
    def moments(self) -> Mapping[Kind, TypeEngine[Any]]:
        """The types of dates and instants, which take ISO 8601 text."""
        ...

    def relate(self, op: str, feature: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a spatial predicate holds of a geometry and another one, or a constant of `shape`."""
        ...

    def shape(self, geometry: BaseGeometry) -> ColumnElement[Any]:
        """A constant geometry."""
        ...

    def call(self, name: str, args: list[ColumnElement[Any]]) -> ColumnElement[Any]:
        """The result of a function of `twin.kinds.FUNCTIONS`, or of ``trunc`` or ``power`` of real numbers."""
        ...


def compile_where(where: Expression, rows: FromClause, tongue: Tongue) -> ColumnElement[bool]:
    """Turn a condition that `twin.binding.bind` made into SQL over `rows`, whose columns bear the schema's names."""
    return _Compiler(rows, tongue).compile(where)


def stored(value: Scalar) -> Scalar:
    """A value in the form in which columns hold it."""
    if isinstance(value, datetime):
        return utc_text(value, timespec="milliseconds")
    return value.isoformat() if isinstance(value, date) else value


def utc_text(instant: datetime, *, timespec: str = "microseconds") -> str:
    """An instant as ISO 8601 UTC text: its order as text is its order in time."""
    return write_instant(instant, timespec=timespec)


def split_areas(where: Expression | None) -> tuple[list[BaseGeometry], Expression | None]:
    """Take the areas that every row must meet out of a bound condition; returns them and what is left of it."""
    areas = []
    rest = []
    for part in _conjuncts(where):
        match part:
            case Operation("s_intersects", (_, Shape(area))):
                areas.append(area)
            case _:
                rest.append(part)
    return areas, both(*rest)


def boxes_to_meet(where: Expression | None) -> list[BBox]:
    """Boxes that the geometry of every row must meet of which a bound condition holds."""
    parts = [part for part in _conjuncts(where) if isinstance(part, Operation) and part.op in SPATIAL]
    shapes = [part.args[1].geometry for part in parts if isinstance(part.args[1], Shape)]
    return [BBox(*shape.bounds) for shape in shapes if not shape.is_empty]


def _conjuncts(where: Expression | None) -> tuple[Expression, ...]:
    """The parts of a condition that must all hold."""
    if isinstance(where, Operation) and where.op == "and":
        return tuple(inner for part in where.args for inner in _conjuncts(part))
    return () if where is None else (where,)


class _Compiler:
    """Compiles the parts of a condition."""

    def __init__(self, rows: FromClause, tongue: Tongue) -> None:
        self._rows = rows
        self._tongue = tongue

    def compile(self, node: Expression) -> ColumnElement[Any]:
        """Compile an expression of whatever kind."""
        match node:
            case Property(name):
                return self._rows.c[GEOMETRY_COLUMN if name == GEOMETRY else name]
            case Shape(geometry):
                return self._tongue.shape(geometry)
            case Value(value):
                return literal(stored(value), self._type([value]))
            case Operation("in", (value, Operation("array", values))):
                return self.compile(value).in_(self._listed([each.value for each in values if isinstance(each, Value)]))
            case Operation(op, args):
                return self._combine(op, [self.compile(part) for part in args])

    def _listed(self, values: list[Scalar]) -> ColumnElement[Any]:
        given = [stored(value) for value in values]
        return bindparam(None, given, self._type(values), expanding=True, unique=True)

    def _type(self, values: list[Scalar]) -> TypeEngine[Any]:
        """The type of values of the same kind."""
        kind = kind_of(values[0])
        if kind == "number":
            return BigInteger() if all(isinstance(value, int) for value in values) else Double()
        types: dict[Kind, TypeEngine[Any]] = {"text": Text(), "boolean": Boolean(), **self._tongue.moments}
        return types[kind]

    def _combine(self, op: str, args: list[ColumnElement[Any]]) -> ColumnElement[Any]:
        combined: ColumnElement[Any]
        if op in _LOGICAL:
            combined = _LOGICAL[op](*args)
        elif op in COMPARISONS:
            combined = _COMPARED[op](*args)
        elif op == "like":
            combined = args[0].like(args[1], escape="\\")
        elif op in SPATIAL:
            combined = self._tongue.relate(op, *args)
        elif op in FUNCTIONS:
            combined = self._tongue.call(op, args)
        else:
            combined = self._calculate(op, *(cast(part, Double()) for part in args))
        return combined

    def _calculate(self, op: str, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        """Reckon in real numbers; what is divided by zero is missing."""
        if op == "^":
            return self._tongue.call("power", [left, right])
        quotient = left / func.nullif(right, literal(0.0, Double()), type_=Double())
        if op == "/":
            return quotient
        if op in {"div", "%"}:
            whole = self._tongue.call("trunc", [quotient])
            return whole if op == "div" else left - right * whole
        return left + right if op == "+" else left - right if op == "-" else left * right
