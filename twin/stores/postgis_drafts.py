"""Schemas that appear whole or not at all: drafts, as `twin.drafts` are of files.

Whoever makes one holds a lock on its name for as long as he lives: the database ends it with his connection, however he
ends. What a killed one left, the next one removes.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from datetime import UTC, datetime

import psycopg
from sqlalchemy import ColumnElement, Connection, Engine, func, select, text
from sqlalchemy.exc import OperationalError

from twin.stores.postgis_styles import forget_styles, move_styles
from twin.stores.postgis_triggers import CHANNEL

#: Begins what is said of a draft, so that no schema of another program is taken for one.
_MARK = "Draft of a county twin"
#: How long to wait for what a killed program began in the database.
_PATIENCE = "2s"
_DRAFTS = text(
    "SELECT nspname AS name, obj_description(oid, 'pg_namespace') AS said FROM pg_namespace"
    " WHERE nspname ~ '^draft_[0-9a-f]{12}_' AND obj_description(oid, 'pg_namespace') LIKE :mark"
    " AND pg_has_role(nspowner, 'USAGE') ORDER BY nspname"
)


def name_draft(schema: str) -> str:
    """Make up the name of a draft that is to become a schema."""
    return f"draft_{secrets.token_hex(6)}_{schema}"[:50]


def hold_draft(engine: Engine, draft: str) -> Connection:
    """Say that a draft is being made, for as long as the connection lasts that this gives."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.execute(select(func.pg_advisory_lock(_lock_of(draft))))
    return connection


def mark_draft(connection: Connection, draft: str) -> None:
    """Note at a new draft whose it is, for those who find it."""
    maker = f"{getpass.getuser()} on {socket.gethostname()}, process {os.getpid()}, {datetime.now(UTC):%Y-%m-%d %H:%M}Z"
    said = f"{_MARK}, begun by {maker}".replace("'", "''").replace("%", "%%")
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {draft} IS '{said}'")


def publish_draft(connection: Connection, draft: str, schema: str) -> None:
    """Give a draft that is whole its name."""
    connection.exec_driver_sql(f"ALTER SCHEMA {draft} RENAME TO {schema}")
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {schema} IS NULL")
    move_styles(connection, draft, schema)


def drop_draft(connection: Connection, draft: str) -> None:
    """Remove a draft with all that is in it."""
    connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {draft} CASCADE")
    forget_styles(connection, draft)


def find_left(connection: Connection) -> list[tuple[str, str]]:
    """Find the drafts whose makers are gone, with what is said of them; until the transaction ends they are ours."""
    return [
        (name, said)
        for name, said in connection.execute(_DRAFTS, {"mark": f"{_MARK}%"}).all()
        if connection.execute(select(func.pg_try_advisory_xact_lock(_lock_of(name)))).scalar_one()
    ]


def tidy_drafts(connection: Connection) -> None:
    """Remove the drafts whose makers are gone; those in which the database is still at work for them stay for now."""
    for name, _ in find_left(connection):
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
                drop_draft(connection, name)
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise


def _lock_of(draft: str) -> ColumnElement[int]:
    return func.hashtextextended(f"{CHANNEL}draft {draft}", 0)
