"""PMTiles 3: all tiles in one file, of which clients read what they need by byte ranges.

The head of the file is left free, then tiles are written as they come, then what finds them: nothing but the directory
is kept in memory, and nothing is written twice.

References
----------
PMTiles Version 3 Specification, chapters 2 (order of the sections), 3 (header) and 4 (directories).
"""

from __future__ import annotations

import gzip
import json
from array import array
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any

from tiles.protobuf import varint
from tiles.pyramid import tile_id

#: Where tiles begin; header and root directory stand before.
_HEAD_BYTES = 16_384
_HEADER_BYTES = 127
#: Entries of a leaf directory, doubled until the root directory has room for all leaves.
_LEAF_ENTRIES = 4096
_CLUSTERED, _GZIP, _MVT = 1, 2, 1


class PmtilesWriter:
    """Writes one archive; tiles come in the order of their ids (`tile_id`), each compressed by gzip.

    Parameters
    ----------
    path
        The file, made anew.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.seek(_HEAD_BYTES)
        self._places: dict[bytes, int] = {}
        self._end = 0
        self._tiles = 0
        self._ids, self._runs, self._lengths, self._offsets = (array("Q") for _ in range(4))

    def __enter__(self) -> PmtilesWriter:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    def add(self, z: int, x: int, y: int, data: bytes) -> None:
        """Add a tile; bytes that are there already are not written again."""
        digest = blake2b(data, digest_size=16).digest()
        offset = self._places.setdefault(digest, self._end)
        if offset == self._end:
            self._file.write(data)
            self._end += len(data)
        self._tiles += 1
        number = tile_id(z, x, y)
        if self._ids and self._offsets[-1] == offset and self._ids[-1] + self._runs[-1] == number:
            self._runs[-1] += 1
            return
        for column, value in zip(self._columns, (number, 1, len(data), offset), strict=True):
            column.append(value)

    def finish(self, metadata: Mapping[str, Any]) -> None:
        """Write what stands around the tiles.

        Parameters
        ----------
        metadata
            In the words of TileJSON, with ``bounds`` and ``center``.
        """
        described = gzip.compress(json.dumps(metadata, ensure_ascii=False).encode(), mtime=0)
        root, leaves = self._directories()
        self._file.write(described)
        self._file.write(leaves)
        tiles_end = _HEAD_BYTES + self._end
        sections = [
            (_HEADER_BYTES, len(root)),
            (tiles_end, len(described)),
            (tiles_end + len(described), len(leaves)),
            (_HEAD_BYTES, self._end),
        ]
        counts = [self._tiles, len(self._ids), len(self._places)]
        numbers = [*(number for section in sections for number in section), *counts]
        zooms = [metadata["minzoom"], metadata["maxzoom"]]
        *center, center_zoom = metadata["center"]
        self._file.seek(0)
        self._file.write(
            b"PMTiles\x03"
            + b"".join(number.to_bytes(8, "little") for number in numbers)
            + bytes([_CLUSTERED, _GZIP, _GZIP, _MVT, *zooms])
            + _degrees(*metadata["bounds"])
            + bytes([center_zoom])
            + _degrees(*center)
            + root
        )

    @property
    def _columns(self) -> tuple[array[int], ...]:
        return self._ids, self._runs, self._lengths, self._offsets

    def _directories(self) -> tuple[bytes, bytes]:
        """Write the root directory, and the leaves where it has no room for every entry."""
        count = len(self._ids)
        root, leaves = _directory(*self._columns), b""
        size = _LEAF_ENTRIES
        while len(root) > _HEAD_BYTES - _HEADER_BYTES:
            parts = [_directory(*(column[at : at + size] for column in self._columns)) for at in range(0, count, size)]
            lengths = array("Q", map(len, parts))
            offsets = array("Q", accumulate(lengths[:-1], initial=0))
            root = _directory(self._ids[::size], array("Q", [0] * len(parts)), lengths, offsets)
            leaves = b"".join(parts)
            size *= 2
        return root, leaves


def _directory(ids: array[int], runs: array[int], lengths: array[int], offsets: array[int]) -> bytes:
    """Write entries column by column; an entry whose bytes follow those of the one before says 0 (chapter 4.2)."""
    columns = [_steps(ids), runs, lengths, _places(lengths, offsets)]
    numbers = b"".join(varint(number) for column in columns for number in column)
    return gzip.compress(varint(len(ids)) + numbers, mtime=0)


def _steps(ids: array[int]) -> Iterator[int]:
    before = 0
    for number in ids:
        yield number - before
        before = number


def _places(lengths: array[int], offsets: array[int]) -> Iterator[int]:
    follows = None
    for length, offset in zip(lengths, offsets, strict=True):
        yield 0 if offset == follows else offset + 1
        follows = offset + length


def _degrees(*values: float) -> bytes:
    return b"".join(round(value * 1e7).to_bytes(4, "little", signed=True) for value in values)
