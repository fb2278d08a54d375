"""Arrays in a file: written whole or not at all, checked when it is opened, and mapped, not read.

A file begins with a line that says what it is, and the length and checksum of its title, which is JSON. The arrays
follow, each at a multiple of 64 bytes; their checksum stands in the title.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

Array = npt.NDArray[Any]
Title = dict[str, Any]

_MAGIC = b"county twin arrays 1\n"
_HEAD = struct.Struct("<II")
_BEGIN = len(_MAGIC) + _HEAD.size
_ALIGNED = 64
#: No title is longer.
_LONGEST_TITLE = 64_000_000
#: What a volume is called until it is whole.
DRAFT = ".draft-"


@dataclass(frozen=True, kw_only=True)
class Volume:
    """What a file holds.

    Parameters
    ----------
    title
        What its writer said of it, as JSON has it.
    arrays
        By name. They may be written to: that changes the memory of this process, not the file.
    """

    title: Title
    arrays: Mapping[str, Array]

    @property
    def size_bytes(self) -> int:
        """What the arrays take."""
        return sum(array.nbytes for array in self.arrays.values())


def write_volume(path: Path, volume: Volume) -> None:
    """Write a file beside the place, for the user alone, and give it its name when it is whole.

    A file of that name gives way; who has it open keeps what was in it.
    """
    shapes: list[tuple[str, str, tuple[int, ...]]] = []
    pieces: list[bytes | memoryview] = []
    check = 0
    for name, array in volume.arrays.items():
        plain = np.ascontiguousarray(array)
        shapes.append((name, plain.dtype.str, plain.shape))
        pieces += [plain.reshape(-1).view(np.uint8).data, bytes(-plain.nbytes % _ALIGNED)]
    for piece in pieces:
        check = isal_zlib.crc32(piece, check)
    title = json.dumps({"title": volume.title, "arrays": shapes, "check": check}).encode()
    title += b" " * (-(_BEGIN + len(title)) % _ALIGNED)
    descriptor, draft = tempfile.mkstemp(prefix=DRAFT, dir=path.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 a descriptor
            file.write(_MAGIC + _HEAD.pack(len(title), isal_zlib.crc32(title)) + title)
            file.writelines(pieces)
        Path(draft).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise


def read_title(path: Path) -> Title | None:
    """Read what a volume says of itself; None where there is none, or its title is not as it was written."""
    try:
        with path.open("rb") as file:
            title: Title = _read_head(file)["title"]
    except (OSError, ValueError):
        return None
    return title


def open_volume(path: Path) -> Volume | None:
    """Map a volume of this user; None where there is none that is whole and sound."""
    try:
        with path.open("rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            said = _read_head(file)
            at = file.tell()
            # A private copy, so that kernels take the arrays for what they take others for; no page is ever copied.
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError):
        return None
    if isal_zlib.crc32(memoryview(mapped)[at:]) != said["check"]:
        return None
    arrays = {}
    for name, kind, shape in said["arrays"]:
        arrays[name] = np.ndarray(tuple(shape), dtype=kind, buffer=mapped, offset=at)
        at += arrays[name].nbytes + -arrays[name].nbytes % _ALIGNED
    return Volume(title=said["title"], arrays=arrays)


def _read_head(file: BinaryIO) -> dict[str, Any]:
    """Read the title and what belongs to it; ValueError where it is not as it was written."""
    head = file.read(_BEGIN)
    if len(head) < _BEGIN or not head.startswith(_MAGIC):
        raise ValueError("not a volume")
    length, check = _HEAD.unpack(head[len(_MAGIC) :])
    title = file.read(min(length, _LONGEST_TITLE))
    if isal_zlib.crc32(title) != check:
        raise ValueError("not what was written")
    said: dict[str, Any] = json.loads(title)
    return said


def _is_ours(found: os.stat_result) -> bool:
    """Whether nobody else can have written a file: kernels believe what it says."""
    return os.name != "posix" or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)
