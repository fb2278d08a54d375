"""Compile the closed filter tree of a Query to SQL: an allow-list, values only as bound parameters."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, FromClause, and_, false, not_, or_, true

from twin.errors import InvalidParameter
from twin.query import And, Between, Compare, In, Intersects, IsNull, Like, Not, Or, Scalar, Where
from twin.schema import Field, Schema

SpatialTest = Callable[[FromClause, BaseGeometry], ColumnElement[bool]]

_OPERATORS: Mapping[str, Any] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ACCEPTS: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int, float),
    "real": (int, float),
    "boolean": (bool,),
    "date": (date,),
    "datetime": (datetime,),
}


def compile_where(  # noqa: PLR0911
    where: Where,
    rows: FromClause,
    schema: Schema,
    intersects: Callable[[FromClause, BaseGeometry], ColumnElement[bool]],
) -> ColumnElement[bool]:
    """Turn a condition into SQL over `rows`, whose columns bear the schema's names, with the database's spatial test.

    Raises
    ------
    InvalidParameter
        A value is not of its field's type.
    """
    match where:
        case And() | Or():
            combine, nothing = (and_, true()) if isinstance(where, And) else (or_, false())
            return combine(nothing, *(compile_where(part, rows, schema, intersects) for part in where.parts))
        case Not():
            return not_(compile_where(where.part, rows, schema, intersects))
        case Intersects():
            return intersects(rows, where.geometry)
        case IsNull():
            return rows.c[where.field].is_(None)
        case Like():
            return rows.c[where.field].like(sql_value(schema[where.field], where.pattern), escape="\\")
        case In():
            return rows.c[where.field].in_([sql_value(schema[where.field], value) for value in where.values])
        case Between():
            field = schema[where.field]
            return rows.c[where.field].between(sql_value(field, where.low), sql_value(field, where.high))
        case Compare():
            compare = _OPERATORS[where.op]
            result: ColumnElement[bool] = compare(rows.c[where.field], sql_value(schema[where.field], where.value))
            return result


def split_areas(where: Where | None) -> tuple[list[BaseGeometry], Where | None]:
    """Take the areas that every row must meet out of a condition; returns them and what is left of it."""
    match where:
        case Intersects():
            return [where.geometry], None
        case And():
            areas = [part.geometry for part in where.parts if isinstance(part, Intersects)]
            rest = tuple(part for part in where.parts if not isinstance(part, Intersects))
            return areas, And(rest) if rest else None
        case _:
            return [], where


def sql_value(field: Field, value: Scalar) -> Scalar:
    """Check a literal against its field and bring it into the form the column holds."""
    if not isinstance(value, _ACCEPTS[field.type]) or (isinstance(value, bool) and field.type != "boolean"):
        raise InvalidParameter(
            f"{field.name} is compared with {value!r}, which is not {field.type}", parameter=field.name
        )
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidParameter(f"{field.name} is compared with {value}, which does not fit the database")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidParameter(
                f"{field.name} is compared with an instant without a time zone", parameter=field.name
            )
        return utc_text(value, timespec="milliseconds") if field.type == "datetime" else value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def utc_text(instant: datetime, *, timespec: str = "microseconds") -> str:
    """An instant as ISO 8601 UTC text: its order as text is its order in time."""
    return instant.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
