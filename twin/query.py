"""The one question a Store answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from twin.crs import BBox
from twin.errors import InvalidParameter
from twin.expressions import Expression, require_answerable
from twin.schema import Schema

#: A revision number, or an instant with a time zone: the state as it was effective then.
AsOf = int | datetime


@dataclass(frozen=True)
class Order:
    """By a field; what is missing comes last."""

    field: str
    descending: bool = False


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
    order
        By these fields, and by the key where they are the same; by the key alone by default.
    limit
        At most this many features in that order.
    after
        Only keys that come after this one: paging by the key alone.
    unreadable
        Whether features whose geometry another program damaged come without it, named by `twin.frame.Frame.unreadable`.
        If not, there is no answer: nobody could know what it lacks.
    """

    bbox: BBox | None = None
    roughly: bool = False
    where: Expression | None = None
    ids: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    as_of: AsOf | None = None
    known_at: int | None = None
    order: tuple[Order, ...] = ()
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
            require_answerable(self.where)


def require_fields(query: Query, schema: Schema) -> None:
    """Refuse a query for fields that the layer does not have.

    Raises
    ------
    InvalidParameter
        Names the field and the ones there are.
    """
    for name in (*(query.fields or ()), *(order.field for order in query.order)):
        if name not in schema:
            raise InvalidParameter(f"there is no field {name}; fields are {', '.join(schema.names)}", parameter=name)
