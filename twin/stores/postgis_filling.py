"""Filling the empty tables of a layer: indexes cost a third when they are made after the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import DropIndex

from twin.stores.tables import REVISIONS, LayerTables


@contextmanager
def fill(connection: Connection, tables: LayerTables) -> Iterator[None]:
    """Put off indexes and triggers until a block has filled empty tables, and tell the planner how many rows they have.

    Parameters
    ----------
    connection
        A transaction of the tables' owner, who alone uses them.
    tables
        Current and past rows.
    """
    current, past, run = tables.current, tables.past, connection.exec_driver_sql
    indexes = [*current.indexes, *past.indexes]
    run(f'ALTER TABLE "{current.name}" DISABLE TRIGGER USER')
    for index in indexes:
        connection.execute(DropIndex(index, if_exists=True))
    yield
    for index in indexes:
        index.create(connection)
    run(f'ALTER TABLE "{current.name}" ENABLE TRIGGER USER')
    run(f'ANALYZE "{current.name}", "{past.name}"')


def take_alone(connection: Connection, tables: LayerTables) -> bool:
    """Take the tables of a layer whose first revision is being written, where nobody has to wait for that.

    No reader of a twin looks into the tables of a layer that has no revision; who else has them open now, or does not
    own them, does without.

    Returns
    -------
    Whether this transaction alone has them.
    """
    current, past = tables.current, tables.past
    revisions = select(func.count()).select_from(REVISIONS).where(REVISIONS.c.layer == tables.layer.id)
    owns = text("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(:name)")
    if connection.execute(revisions).scalar_one() > 1 or connection.execute(select(current.c.fid).limit(1)).first():
        return False
    if not connection.execute(owns, {"name": f'"{current.name}"'}).scalar_one():
        return False
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f'LOCK TABLE "{current.name}", "{past.name}" IN ACCESS EXCLUSIVE MODE NOWAIT')
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            return False
        raise
    return True
