"""Rows into PostgreSQL by COPY, the fastest way there is, inside of a transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.copy import QueuedLibpqWriter
from sqlalchemy import Connection

from twin.stores.dialect import Values
from twin.stores.postgis_binary import BEGIN, END, pack_rows

#: Rows that are packed at a time, while those before them are sent.
_BATCH = 5_000
#: Where COPY says that it stopped: in the binary format a line is a row.
_PLACE = re.compile(r"line (?P<line>\d+)(?:, column (?P<column>\w+))?")


class RowRefused(Exception):
    """PostgreSQL does not take a row, the one at a position."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(why)
        self.row = row


def copy_rows(
    connection: Connection,
    table: str,
    names: Sequence[str],
    kinds: Sequence[str],
    columns: Sequence[Values],
    *,
    srid: int,
) -> None:
    """Append n rows to a table.

    Parameters
    ----------
    connection
        In a transaction, which decides whether the rows stay.
    table, names
        Where they go.
    kinds, columns, srid
        See `twin.stores.postgis_binary.pack_rows`.

    Raises
    ------
    RowRefused
        A value does not fit its column, or breaks a rule of the table; the transaction is lost.
    """
    driver: Any = connection.connection.driver_connection
    quoted = ", ".join(f'"{name}"' for name in names)
    statement = f'COPY "{table}" ({quoted}) FROM STDIN (FORMAT binary)'
    try:
        with driver.cursor() as cursor, cursor.copy(statement, writer=QueuedLibpqWriter(cursor)) as copy:
            copy.write(BEGIN)
            for first in range(0, len(columns[0]), _BATCH):
                copy.write(memoryview(pack_rows(kinds, [column[first : first + _BATCH] for column in columns], srid)))
            copy.write(END)
    except (psycopg.DataError, psycopg.errors.CheckViolation) as error:
        place = _PLACE.search(error.diag.context or "")
        if place is None:
            raise
        nul = isinstance(error, psycopg.errors.CharacterNotInRepertoire)  # all else there is in what was encoded here
        why = "it contains the character NUL" if nul else error.diag.message_primary
        why = ": ".join(filter(None, (place["column"], why)))
        raise RowRefused(int(place["line"]) - 1, why) from error
