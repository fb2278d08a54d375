"""The rows of a layer as of any revision or instant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, null, or_, select, union_all

from twin.errors import RevisionNotFound
from twin.layer import Layer
from twin.query import AsOf
from twin.stores.tables import REVISIONS, LayerTables
from twin.stores.where import utc_text


def latest_revision(connection: Connection, layer: Layer | None, up_to: int | None = None) -> int:
    """Find the last revision of a layer, or of all, not after `up_to`; 0 before the first."""
    statement = select(func.coalesce(func.max(REVISIONS.c.number), 0))
    conditions = [REVISIONS.c.layer == layer.id] if layer is not None else []
    conditions += [REVISIONS.c.number <= up_to] if up_to is not None else []
    return int(connection.execute(statement.where(and_(True, *conditions))).scalar_one())


def select_state(
    connection: Connection, tables: LayerTables, as_of: AsOf | None, known_at: int | None = None
) -> tuple[Select[Any], int]:
    """Select the rows of a layer at a revision or an instant.

    Parameters
    ----------
    connection, tables
        A snapshot, and the layer's tables.
    as_of, known_at
        As in `twin.query.Query`.

    Returns
    -------
    rows, revision
        The rows, with the columns of the current or the past table, and the last revision of the layer in them.

    Raises
    ------
    RevisionNotFound
        There is no revision of that number yet.
    """
    numbers = [number for number in (as_of, known_at) if isinstance(number, int)]
    for number in numbers:
        if not 0 <= number <= (last := latest_revision(connection, None)):
            raise RevisionNotFound(f"there is no revision {number}; the latest is {last}")
    if isinstance(as_of, datetime):
        return _select_effective(connection, tables, as_of, known_at)
    latest = latest_revision(connection, tables.layer)
    if not numbers or min(numbers) >= latest:
        return select(tables.current), latest
    revision = latest_revision(connection, tables.layer, min(numbers))
    versions = _versions(tables)
    return select(versions).where(
        versions.c.opened <= revision, or_(versions.c.closed.is_(None), versions.c.closed > revision)
    ), revision


def _select_effective(
    connection: Connection, tables: LayerTables, instant: datetime, known_at: int | None
) -> tuple[Select[Any], int]:
    """Select the rows as they were effective at an instant.

    A write says: from its effective date on, this is so. A write recorded later overrides earlier ones from its
    own effective date on, whatever theirs. So of each key the version counts that was written last among the
    revisions effective by then, unless one of those, written later still, deleted the key.
    """
    number = REVISIONS.c.number
    known = select(number).where(REVISIONS.c.layer == tables.layer.id)
    if known_at is not None:
        known = known.where(number <= known_at)
    effective = known.where(REVISIONS.c.effective <= utc_text(instant))
    revision = connection.execute(effective.order_by(number.desc()).limit(1)).scalar() or 0
    pending = known.where(REVISIONS.c.effective > utc_text(instant), number < revision)
    if connection.execute(pending.limit(1)).first() is None:
        return select_state(connection, tables, revision)
    versions, later, closer, successor = (_versions(tables) for _ in range(4))
    key = tables.layer.key
    same = [version.c[key] == versions.c[key] for version in (later, closer)]
    superseded = exists().where(same[0], later.c.opened > versions.c.opened, later.c.opened.in_(effective))
    succeeded = exists().where(successor.c[key] == closer.c[key], successor.c.opened == closer.c.closed)
    deleted = exists().where(same[1], closer.c.closed > versions.c.opened, closer.c.closed.in_(effective), ~succeeded)
    return select(versions).where(versions.c.opened.in_(effective), ~superseded, ~deleted), revision


def _versions(tables: LayerTables) -> Any:
    """Every row there ever was: the current ones are not closed."""
    return union_all(select(tables.current, null().label("closed")), select(tables.past)).subquery()
