"""How much memory rows take, and what was made of them."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from twin.frame import Frame
from twin.rows import Rows


def frame_bytes(frame: Frame) -> int:
    """Estimate what a frame holds in memory of its own: rows, if they were read, and what is kept of them.

    What is mapped from disk is shared with other processes, and is not counted.
    """
    rows = frame.rows if isinstance(frame.rows, Rows) else frame.rows.source
    return (rows.size_bytes if isinstance(rows, Rows) else 0) + _size(frame.kept(), set())


def _size(thing: Any, seen: set[int]) -> int:
    """The bytes of the arrays and texts that a thing consists of, each counted once."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, bytes):
        return len(thing)
    if isinstance(thing, np.ndarray):
        is_mapped = isinstance(thing, np.memmap) or isinstance(thing.base, np.memmap | mmap.mmap)
        return 0 if is_mapped else thing.nbytes
    return sum(_size(part, seen) for part in _parts(thing))


def _parts(thing: Any) -> Iterable[Any]:
    if isinstance(thing, Mapping):
        return list(thing.values())
    if isinstance(thing, list | tuple):
        return thing
    return [getattr(thing, field.name) for field in fields(thing)] if is_dataclass(thing) else ()
