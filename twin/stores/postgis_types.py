"""Column types of a twin in PostGIS."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from twin.schema import Field


class StoredGeometry(Geometry):
    """A geometry that goes out and comes in as ISO WKB, without an SRID in every value."""

    as_binary = "ST_AsBinary"
    cache_ok = True

    def result_processor(self, dialect: object, coltype: object) -> None:
        """Bytes stay bytes."""


class IsoDate(TypeDecorator[Any]):
    """A date that conditions compare with ISO 8601 text."""

    impl = Date
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> date | None:  # noqa: ARG002
        """From text."""
        return None if value is None else date.fromisoformat(value)


class IsoInstant(TypeDecorator[Any]):
    """An instant that conditions compare with ISO 8601 text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> datetime | None:  # noqa: ARG002
        """From text."""
        return None if value is None else datetime.fromisoformat(value)


def column_type(field: Field) -> TypeEngine[object]:
    """The type of a field's column; text is compared by code points, as everywhere in the twin."""
    types: dict[str, TypeEngine[Any]] = {
        "text": Text(collation="C"),
        "integer": BigInteger(),
        "real": Double(),
        "boolean": Boolean(),
        "date": IsoDate(),
        "datetime": IsoInstant(),
    }
    return types[field.type]


#: What PostgreSQL itself calls the types of fields.
SQL_NAMES = {
    "text": "text",
    "integer": "bigint",
    "real": "double precision",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp with time zone",
}

#: What values of a type must fulfil: no infinity, no NaN (PostgreSQL holds it for the largest number), and years of
#: four digits.
LIMITS = {
    "real": "{0} > '-Infinity' AND {0} < 'Infinity'",
    "date": "{0} >= '0001-01-01' AND {0} < '10000-01-01'",
    "datetime": "{0} >= '0001-01-01 00:00Z' AND {0} < '10000-01-01 00:00Z'",
}
