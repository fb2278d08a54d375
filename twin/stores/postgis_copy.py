"""Rows into PostgreSQL by COPY, the fastest way there is, inside of a transaction.

References
----------
PostgreSQL manual, COPY, CSV format: a value in quotes is a value, even an empty one; nothing at all is NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from sqlalchemy import Connection

#: Rows that are in memory as text at a time.
_BATCH = 20_000


class NulInText(Exception):
    """A text has the one character that PostgreSQL's cannot have."""

    def __init__(self, row: int, column: str) -> None:
        super().__init__(f"NUL in {column} of row {row}")
        self.row = row
        self.column = column


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
    NulInText
        Nothing was appended.
    """
    import pyarrow as pa
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="all_valid")
    driver: Any = connection.connection.driver_connection
    quoted = ", ".join(f'"{name}"' for name in names)
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({quoted}) FROM STDIN (FORMAT csv)') as copy:
        for first in range(0, len(columns[0]), _BATCH):
            arrays = [pa.array(column[first : first + _BATCH], from_pandas=False) for column in columns]
            text = BytesIO()
            csv.write_csv(pa.table(arrays, names=list(names)), text, options)
            if b"\0" in (content := text.getvalue()):
                raise _find_nul(names, columns)
            copy.write(content)


def _find_nul(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> NulInText:
    """Find the first value with a NUL; there is one."""
    return next(
        NulInText(row, name)
        for name, column in zip(names, columns, strict=True)
        for row, value in enumerate(column)
        if isinstance(value, str) and "\0" in value
    )
