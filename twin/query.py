"""The one question a Store answers, and the closed tree of conditions it may contain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from shapely.geometry.base import BaseGeometry

from twin.crs import BBox
from twin.errors import InvalidParameter
from twin.schema import Schema

Scalar = str | int | float | bool | date | datetime
Op = Literal["=", "<>", "<", "<=", ">", ">="]

#: A revision number, or an instant with a time zone: the state as it was effective then.
AsOf = int | datetime


@dataclass(frozen=True)
class Compare:
    """A field against a value; a missing value never matches."""

    field: str
    op: Op
    value: Scalar


@dataclass(frozen=True)
class In:
    """A field among values."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Between:
    """A field between two values, both included."""

    field: str
    low: Scalar
    high: Scalar


@dataclass(frozen=True)
class Like:
    """A text field against a pattern with ``%`` and ``_``; a backslash before one makes it literal; case matters."""

    field: str
    pattern: str


@dataclass(frozen=True)
class IsNull:
    """A field without a value."""

    field: str


@dataclass(frozen=True)
class Intersects:
    """The feature shares a point with a geometry in the storage CRS."""

    geometry: BaseGeometry


@dataclass(frozen=True)
class And:
    """Every part holds."""

    parts: tuple[Where, ...]


@dataclass(frozen=True)
class Or:
    """At least one part holds."""

    parts: tuple[Where, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Where


Where = Compare | In | Between | Like | IsNull | Intersects | And | Or | Not

#: The largest condition that is answered: any database takes it, whatever else the query asks.
MOST_CONDITIONS = 300
MOST_LEVELS = 50
MOST_VALUES = 10_000
LONGEST_PATTERN = 10_000


@dataclass(frozen=True, kw_only=True)
class Query:
    """What to read from a layer. None means "not asked"; 0 and ``()`` mean themselves.

    Parameters
    ----------
    bbox
        Features that share a point with this box, in the storage CRS.
    roughly
        Whether features whose own box does so may come too, as they do from the current state: by the index alone,
        without a look at their geometries.
    where
        Condition on fields and geometry.
    ids
        Only these keys.
    fields
        Only these fields (the key is always there as the index).
    as_of
        Revision number or instant; the current state by default.
    known_at
        Only what the store knew at this revision number: with an instant, an answer that stays the same for good.
    limit
        At most this many features, in key order.
    after
        Only keys that come after this one: paging.
    unreadable
        Whether features whose geometry another program damaged come without it, named by `twin.frame.Frame.unreadable`.
        If not, there is no answer: nobody could know what it lacks.
    """

    bbox: BBox | None = None
    roughly: bool = False
    where: Where | None = None
    ids: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    as_of: AsOf | None = None
    known_at: int | None = None
    limit: int | None = None
    after: str | None = None
    unreadable: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 0:
            raise InvalidParameter("limit must not be negative", parameter="limit")
        if isinstance(self.as_of, datetime):
            if self.as_of.tzinfo is None:
                raise InvalidParameter("as_of needs a time zone", parameter="as_of")
            try:
                self.as_of.astimezone(UTC)
            except OverflowError as error:
                raise InvalidParameter(f"as_of {self.as_of} lies outside of the calendar", parameter="as_of") from error
        if self.where is not None:
            _require_answerable(self.where)


def field_names(where: Where | None) -> Iterator[str]:
    """Every field a condition mentions."""
    match where:
        case Compare() | In() | Between() | Like() | IsNull():
            yield where.field
        case And() | Or():
            for part in where.parts:
                yield from field_names(part)
        case Not():
            yield from field_names(where.part)
        case Intersects() | None:
            return


def _require_answerable(where: Where) -> None:
    """Refuse a condition that is too large; level by level, because a deep one is too deep for recursion as well."""
    level: list[Where] = [where]
    conditions = levels = 0
    while level:
        conditions, levels = conditions + len(level), levels + 1
        if conditions > MOST_CONDITIONS or levels > MOST_LEVELS:
            limits = f"at most {MOST_CONDITIONS} parts, nested at most {MOST_LEVELS} deep"
            raise InvalidParameter(f"the condition is too large: {limits}", parameter="where")
        for part in level:
            if isinstance(part, In) and len(part.values) > MOST_VALUES:
                raise InvalidParameter(f"{part.field} is compared with too many values: at most {MOST_VALUES}")
            if isinstance(part, Like) and len(part.pattern) > LONGEST_PATTERN:
                raise InvalidParameter(f"the pattern for {part.field} is longer than {LONGEST_PATTERN} characters")
        level = [inner for part in level for inner in _parts(part)]


def _parts(where: Where) -> tuple[Where, ...]:
    match where:
        case And() | Or():
            return where.parts
        case Not():
            return (where.part,)
        case _:
            return ()


def require_fields(query: Query, schema: Schema) -> None:
    """Refuse a query that mentions a field the layer does not have.

    Raises
    ------
    InvalidParameter
        Names the field and the ones there are.
    """
    for name in (*field_names(query.where), *(query.fields or ())):
        if name not in schema:
            raise InvalidParameter(f"there is no field {name}; fields are {', '.join(schema.names)}", parameter=name)
