"""The file of the embedded store: connecting to SQLite, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from twin.stores.gpkg_blob import intersects_test

#: How long a writer waits for another one, in seconds.
BUSY_TIMEOUT_S = 30.0


def connect_file(path: Path, *, mode: str, timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Connect to an SQLite file in ``ro``, ``rw`` or ``rwc`` mode, with the functions our SQL uses."""
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    if mode == "ro" and not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists():
        uri += "&immutable=1"  # SQLite would want to create side files
    connection = sqlite3.connect(uri, uri=True, timeout=timeout_s, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA case_sensitive_like = ON")
    connection.execute("PRAGMA cache_size = -65536")
    connection.create_function("ST_Intersects", 2, intersects_test(), deterministic=True)
    return connection


def explain_error(message: str) -> str:
    """Say what an SQLite message means for the one who reads it."""
    for words, meaning in (
        ("locked", "another program is writing to it; try again when it is done"),
        ("readonly", "the file or its folder is read-only"),
        ("disk is full", "the disk is full"),
        ("disk I/O error", "the disk failed or is full"),
        ("not a database", "the file is not a GeoPackage"),
        ("malformed", "the file is damaged; restore it from a backup"),
        ("unable to open", "the file cannot be opened"),
        ("too big", "a value is larger than the database can hold"),
    ):
        if words in message:
            return meaning
    return message
