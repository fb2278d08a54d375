"""Rows into PostgreSQL by COPY, the fastest way there is, inside of a transaction.

References
----------
PostgreSQL manual, COPY, CSV format: a value in quotes is a value, even an empty one; nothing at all is NULL.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from itertools import chain, repeat
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import Connection

#: Rows that are in memory as text at a time.
_BATCH = 20_000
#: Where COPY says that it stopped.
_PLACE = re.compile(r"line (?P<line>\d+)(?:, column (?P<column>\w+))?")


class RowRefused(Exception):
    """PostgreSQL does not take a row, the one at a position."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(why)
        self.row = row


def copy_rows(connection: Connection, table: str, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
    """Append n rows to a table.

    Parameters
    ----------
    connection
        In a transaction, which decides whether the rows stay.
    table, names
        Where they go.
    columns
        n plain values for each name: str, int, float, bool or None.

    Raises
    ------
    RowRefused
        A value does not fit its column, or breaks a rule of the table; the transaction is lost.
    """
    import pyarrow as pa
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="all_valid")
    driver: Any = connection.connection.driver_connection
    quoted = ", ".join(f'"{name}"' for name in names)
    try:
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({quoted}) FROM STDIN (FORMAT csv)') as copy:
            for first in range(0, len(columns[0]), _BATCH):
                arrays = [pa.array(column[first : first + _BATCH], from_pandas=False) for column in columns]
                text = BytesIO()
                csv.write_csv(pa.table(arrays, names=list(names)), text, options)
                if b"\0" in (content := text.getvalue()):
                    raise _find_nul(names, columns)
                copy.write(content)
    except (psycopg.DataError, psycopg.errors.CheckViolation) as error:
        place = _PLACE.search(error.diag.context or "")
        if place is None:
            raise
        why = ": ".join(filter(None, (place["column"], error.diag.message_primary)))
        raise RowRefused(_row_at(int(place["line"]), columns), why) from error


def _find_nul(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> RowRefused:
    """Find the first text with the one character that PostgreSQL's cannot have; there is one."""
    return next(
        RowRefused(row, f"{name}: it contains the character NUL")
        for name, column in zip(names, columns, strict=True)
        for row, value in enumerate(column)
        if isinstance(value, str) and "\0" in value
    )


def _row_at(line: int, columns: Sequence[Sequence[Any]]) -> int:
    """Find the row that ends with a line, as PostgreSQL counts: a row is one, and one more for each line break in it.

    What a line break is it learns from the end of the first row; until then it counts carriage returns.
    """
    rows = zip(*columns, strict=True)
    breaks = chain("\r", repeat("\n"))
    ends = np.cumsum([1 + sum(v.count(b) for v in row if isinstance(v, str)) for row, b in zip(rows, breaks)])  # noqa: B905 one never ends
    return int(np.searchsorted(ends, line))
