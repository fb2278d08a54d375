"""Pieces of a long memory, one after the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]


@compiled
def gather_pieces(pool: bytes, later: bytes, begin: Integers, end: Integers, rows: Integers, between: int) -> Bytes:
    """Put some of n pieces one after the other.

    Parameters
    ----------
    pool, later
        The memory, and what continues it.
    begin, end
        n: where each piece begins and ends there; none lies in both.
    rows
        Which ones.
    between
        A byte that stands between two of them.
    """
    size = max(0, len(rows) - 1)
    for row in rows:
        size += end[row] - begin[row]
    gathered = np.empty(size, dtype=np.uint8)
    place, middle = np.uint64(0), len(pool)
    for row in rows:
        if place > 0:
            gathered[place] = between
            place += np.uint64(1)
        length = np.uint64(end[row] - begin[row])
        if begin[row] < middle:
            first = np.uint64(begin[row])
            for step in range(length):
                gathered[place + step] = pool[first + step]
        else:
            first = np.uint64(begin[row] - middle)
            for step in range(length):
                gathered[place + step] = later[first + step]
        place += length
    return gathered
