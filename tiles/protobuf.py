"""The little of Protocol Buffers that a vector tile needs.

References
----------
Protocol Buffers, "Encoding": https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import numpy.typing as npt


def varint(number: int) -> bytes:
    """Write a non-negative integer in base 128, least significant group first."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def varint_field(tag: int, number: int) -> bytes:
    """Write a field that holds a non-negative integer."""
    return varint(tag << 3) + varint(number)


def double_field(tag: int, number: float) -> bytes:
    """Write a field that holds a 64-bit float."""
    return varint(tag << 3 | 1) + struct.pack("<d", number)


def bytes_field(tag: int, content: bytes) -> bytes:
    """Write a field that holds a string, a message or packed integers."""
    return varint(tag << 3 | 2) + varint(len(content)) + content


def zigzag(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Turn signed integers into unsigned ones, so that small negative numbers stay short."""
    return ((numbers << 1) ^ (numbers >> 63)).astype(np.uint64)


def pack_varints(numbers: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64]) -> list[bytes]:
    """Write many integers as varints, cut into runs.

    Parameters
    ----------
    numbers
        The integers of all runs, one run after the other.
    counts
        How many integers each run has.

    Returns
    -------
    One byte string per run.
    """
    width = np.ones(len(numbers), dtype=np.int64)
    for shift in range(7, 64, 7):
        width += numbers >= np.uint64(1 << shift)
    ends = np.concatenate(([0], np.cumsum(width)))
    packed = np.empty(ends[-1], dtype=np.uint8)
    for group in range(int(width.max(initial=0))):
        there = np.flatnonzero(width > group)
        bits = (numbers[there] >> np.uint64(7 * group)).astype(np.uint8) & 0x7F
        more = (width[there] > group + 1).astype(np.uint8) << 7
        packed[ends[there] + group] = bits | more
    content = packed.tobytes()
    cuts = ends[np.concatenate(([0], np.cumsum(counts)))].tolist()
    return [content[start:end] for start, end in pairwise(cuts)]
