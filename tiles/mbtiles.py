"""MBTiles 1.3: all tiles in one SQLite file.

References
----------
MBTiles 1.3, "Tiles" (rows count from the south) and "Vector tileset metadata".
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any

#: Tiles that are alike share their bytes; the specification allows views.
_SCHEMA = """
CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE contents (digest BLOB PRIMARY KEY, tile_data BLOB);
CREATE TABLE places (
  zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, digest BLOB,
  PRIMARY KEY (zoom_level, tile_column, tile_row)
) WITHOUT ROWID;
CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data FROM places JOIN contents USING (digest);
"""
#: What the magic of SQLite files calls an MBTiles file.
_APPLICATION_ID = 0x4D504258


class MbtilesWriter:
    """Writes one archive of tiles that are compressed by gzip.

    Parameters
    ----------
    path
        The file, made anew.
    """

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        # The file is a draft: nobody reads it, and what fails halfway is thrown away.
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self._file.executescript(_SCHEMA)
        self._file.execute("BEGIN")

    def __enter__(self) -> MbtilesWriter:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    def add(self, z: int, x: int, y: int, data: bytes) -> None:
        """Add a tile; bytes that are there already are not written again."""
        digest = blake2b(data, digest_size=16).digest()
        self._file.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", (digest, data))
        self._file.execute("INSERT INTO places VALUES (?, ?, ?, ?)", (z, x, (1 << z) - 1 - y, digest))

    def finish(self, metadata: Mapping[str, Any]) -> None:
        """Write the metadata, and end the file.

        Parameters
        ----------
        metadata
            In the words of TileJSON.
        """
        layers = {"vector_layers": metadata["vector_layers"]}
        rows = {"format": "pbf", "scheme": "tms", "json": json.dumps(layers, ensure_ascii=False)}
        rows |= {name: _text(value) for name, value in metadata.items() if name not in layers}
        self._file.executemany("INSERT INTO metadata VALUES (?, ?)", rows.items())
        self._file.execute("COMMIT")


def _text(value: Any) -> str:
    """Numbers of a box or a position are joined by commas; what the specification does not know is JSON."""
    if isinstance(value, list) and all(isinstance(part, int | float) for part in value):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
