"""Values of attributes as the messages of a tile layer.

References
----------
Mapbox Vector Tile Specification 2.1, 4.1 (field 4 of a layer) and 4.4 (``Value``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiles.kernels.compiled import compiled
from tiles.kernels.write import varint_size, write_varint

Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

#: Which field of a ``Value`` follows, with its wire type: the first byte of the message.
TEXT, FLOAT, DOUBLE, SINT, BOOL = 0x0A, 0x15, 0x19, 0x30, 0x38


@compiled
def pack_values(tags: Bytes, bodies: Bytes, begins: Integers) -> tuple[Bytes, Integers]:
    """Wrap values as a layer message holds them.

    Parameters
    ----------
    tags
        n: what each value is.
    bodies, begins
        Their bytes one after the other, and where each begins (n + 1).

    Returns
    -------
    The messages one after the other, and where each begins (n + 1).
    """
    count = len(tags)
    starts = np.zeros(count + 1, dtype=np.int64)
    for value in range(count):
        size = begins[value + 1] - begins[value]
        message = 1 + size + (varint_size(size) if tags[value] == TEXT else 0)
        starts[value + 1] = starts[value] + 1 + varint_size(message) + message
    data = np.empty(starts[count], dtype=np.uint8)
    for value in range(count):
        size = begins[value + 1] - begins[value]
        at = starts[value]
        data[at] = 0x22
        at = write_varint(data, at + 1, 1 + size + (varint_size(size) if tags[value] == TEXT else 0))
        data[at] = tags[value]
        at += 1
        if tags[value] == TEXT:
            at = write_varint(data, at, size)
        for byte in range(size):
            data[at + byte] = bodies[begins[value] + byte]
    return data, starts


@compiled
def pack_integers(numbers: Integers) -> tuple[Bytes, Integers]:
    """Write signed integers as zigzag varints, one after the other, and where each begins (n + 1)."""
    begins = np.zeros(len(numbers) + 1, dtype=np.int64)
    data = np.empty(10 * len(numbers), dtype=np.uint8)
    at = 0
    for position in range(len(numbers)):
        folded = np.uint64((numbers[position] << 1) ^ (numbers[position] >> 63))
        while folded > np.uint64(0x7F):
            data[at] = np.uint8(folded & np.uint64(0x7F)) | np.uint8(0x80)
            folded >>= np.uint64(7)
            at += 1
        data[at] = np.uint8(folded)
        at += 1
        begins[position + 1] = at
    return data[:at], begins
