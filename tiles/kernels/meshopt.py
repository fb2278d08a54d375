"""Arrays of meshes made small as EXT_meshopt_compression has them, so that clients unpack them as fast as they arrive.

References
----------
EXT_meshopt_compression, appendix A: bitstream, attribute data (version 0) and index sequences (version 1).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled, step

Bytes = npt.NDArray[np.uint8]

#: How many bytes a block of vertices has at most, how many vertices, and how many of them make a group.
_BLOCK_BYTES, _BLOCK, _GROUP = 8192, 256, 16
_ATTRIBUTES, _SEQUENCE = 0xA0, 0xD1
#: Bytes at the end that a reader may run over.
_TAIL_ATTRIBUTES, _TAIL_SEQUENCE = 32, 4
#: From this distance on an index is told from the other of two baselines.
_FAR = 30


@compiled
def pack_attributes(rows: Bytes) -> Bytes:
    """Pack the attributes of n vertices.

    Parameters
    ----------
    rows
        (n, s) the bytes of each vertex, s a multiple of 4.
    """
    count, stride = rows.shape
    most = min(_BLOCK_BYTES // stride // _GROUP * _GROUP, _BLOCK)
    # No group takes more than its 16 bytes and 2 bits.
    groups = (count + _GROUP - 1) // _GROUP + (count + most - 1) // most
    out = np.zeros(1 + groups * stride * (_GROUP + 1) + max(stride, _TAIL_ATTRIBUTES), np.uint8)
    out[0] = _ATTRIBUTES
    at = 1
    deltas = np.zeros(_BLOCK, np.uint8)
    for first in range(0, count, most):
        end = min(first + most, count)
        for byte in range(stride):
            deltas[:] = 0
            before = np.int64(rows[max(first - 1, 0), byte])
            for row in range(first, end):
                value = np.int64(rows[row, byte])
                delta = (value - before) & 0xFF
                deltas[row - first] = (delta << 1 & 0xFF) ^ (0xFF if delta & 0x80 else 0)
                before = value
            at = _pack_groups(deltas, (end - first + _GROUP - 1) // _GROUP, out, at)
    at += max(_TAIL_ATTRIBUTES - stride, 0)
    if count:
        out[at : at + stride] = rows[0]
    return out[: at + stride]


@step
def _pack_groups(deltas: Bytes, groups: int, out: Bytes, at: int) -> int:
    """Write groups of 16 bytes with 0, 2, 4 or 8 bits each, whichever is least; return where they end."""
    head = at
    at += (groups + 3) // 4
    for group in range(groups):
        first = group * _GROUP
        two, four = 4, 8
        some = False
        for place in range(first, first + _GROUP):
            some = some or deltas[place] > 0
            two += deltas[place] >= 3
            four += deltas[place] >= 15
        kind = 0
        if some:
            kind = 1 if two <= min(four, _GROUP) else 2 if four <= _GROUP else 3
        out[head + group // 4] |= np.uint8(kind << (group % 4 * 2))
        if kind == 3:
            for place in range(first, first + _GROUP):
                out[at] = deltas[place]
                at += 1
        elif kind:
            at = _pack_group(deltas, first, 2 * kind, out, at)
    return at


@step
def _pack_group(deltas: Bytes, first: int, bits: int, out: Bytes, at: int) -> int:
    """Write 16 bytes with so many bits each; those that do not fit follow whole."""
    most, in_byte = (1 << bits) - 1, 8 // bits
    for begin in range(first, first + _GROUP, in_byte):
        packed = 0
        for place in range(begin, begin + in_byte):
            packed = packed << bits | min(int(deltas[place]), most)
        out[at] = packed
        at += 1
    for place in range(first, first + _GROUP):
        if deltas[place] >= most:
            out[at] = deltas[place]
            at += 1
    return at


@compiled
def pack_sequence(numbers: npt.NDArray[np.int64]) -> Bytes:
    """Pack n numbers of vertices in the order given."""
    out = np.zeros(1 + len(numbers) * 5 + _TAIL_SEQUENCE, np.uint8)
    out[0] = _SEQUENCE
    at = 1
    last = np.zeros(2, np.int64)
    current = 0
    for number in numbers:
        if abs(number - last[current]) >= _FAR:
            current = 1 - current
        delta = number - last[current]
        rest = (2 * delta if delta >= 0 else -2 * delta - 1) << 1 | current
        while rest > 127:
            out[at] = rest & 127 | 128
            rest >>= 7
            at += 1
        out[at] = rest
        at += 1
        last[current] = number
    return out[: at + _TAIL_SEQUENCE]
