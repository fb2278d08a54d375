"""The file of the embedded store: connecting to SQLite, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from twin.stores.fetch import UNREADABLE
from twin.stores.gpkg_functions import sql_functions

#: How long a writer waits for another one, in seconds.
BUSY_TIMEOUT_S = 30.0


def connect_file(
    path: Path, *, mode: str, timeout_s: float = BUSY_TIMEOUT_S, write_ahead: bool = False
) -> sqlite3.Connection:
    """Connect to an SQLite file in ``ro`` or ``rw`` mode, with the functions our SQL uses.

    With `write_ahead` the file gets into write-ahead mode; while somebody reads it, the rollback journal does as well.
    """
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    if mode == "ro" and _lacks_side_files(path.resolve()):
        uri += "&immutable=1"
    connection = sqlite3.connect(uri, uri=True, timeout=timeout_s, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA case_sensitive_like = ON")
        connection.execute("PRAGMA cache_size = -65536")
        for name, (count, function) in sql_functions().items():
            connection.create_function(name, count, function, deterministic=True)
        if write_ahead and connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise
    return connection


def holds_twin(path: Path) -> bool:
    """Whether the tables of a twin stand in an SQLite file; it is not changed by the question."""
    with closing(connect_file(path, mode="ro")) as connection:
        return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'twin_meta'").fetchone() is not None


def _lacks_side_files(path: Path) -> bool:
    """Whether a writer left the file in write-ahead mode, and its log can be neither found nor made.

    Only then is the file taken for one that nobody changes: such a connection never sees a later write.
    """
    with path.open("rb") as file:
        write_ahead = file.read(19)[18:] == b"\2"
    return write_ahead and not Path(f"{path}-wal").exists() and not os.access(path.parent, os.W_OK)


def explain_error(message: str) -> str:
    """Say what an SQLite message means for the one who reads it."""
    for words, meaning in (
        ("locked", "another program is writing to it; try again when it is done"),
        ("readonly", "the file or its folder is read-only"),
        ("disk is full", "the disk is full"),
        ("disk I/O error", "the disk failed or is full"),
        ("not a database", "the file is not a GeoPackage"),
        ("malformed", "the file is damaged; restore it from a backup"),
        ("unable to open", "the file, or a file that SQLite needs beside it, cannot be opened; check the permissions"),
        ("user-defined function", f"the store holds {UNREADABLE}"),
        ("too big", "a value is larger than the database can hold"),
    ):
        if words in message:
            return meaning
    return message
