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
            copy.write(text.getvalue())
