"""Values of attributes as the messages of a tile layer.

References
----------
Mapbox Vector Tile Specification 2.1, 4.1 (field 4 of a layer) and 4.4 (``Value``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiles.kernels.write import varint_size, write_varint
from twin.compiled import compiled, step

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
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


@compiled
def gather_values(used: Codes, values: Bytes, begins: Integers) -> tuple[Bytes, Integers]:
    """Put some of the values one after the other, and say where each begins, with the end of the last."""
    starts = np.zeros(len(used) + 1, dtype=np.int64)
    for place in range(len(used)):
        starts[place + 1] = starts[place] + begins[used[place] + 1] - begins[used[place]]
    data = np.empty(starts[-1], dtype=np.uint8)
    for place in range(len(used)):
        shift = starts[place] - begins[used[place]]
        for byte in range(begins[used[place]], begins[used[place] + 1]):
            data[byte + shift] = values[byte]
    return data, starts


@compiled
def find_values(
    codes: Codes, values: Bytes, begins: Integers, fields: Integers, wanted: Bytes, wanted_begins: Integers
) -> Codes:
    """Find some values among those of features.

    Parameters
    ----------
    codes, values, begins
        Of the features, see `tiles.attributes.Attributes`.
    fields
        m: in which field of the features each value is wanted.
    wanted, wanted_begins
        The m values one after the other, and where each begins, with the end of the last.

    Returns
    -------
    The m codes that the features have for them; -1 where none has it.
    """
    slots = 2
    while slots < 2 * len(fields):
        slots *= 2
    table = np.full(slots, -1, dtype=np.int32)
    for value in range(len(fields)):
        slot = _scatter(wanted, wanted_begins[value], wanted_begins[value + 1]) & (slots - 1)
        while table[slot] >= 0:
            slot = (slot + 1) & (slots - 1)
        table[slot] = value
    found = np.full(len(fields), -1, dtype=np.int32)
    for row in range(len(codes)):
        for column in range(codes.shape[1]):
            code = codes[row, column]
            if code < 0:
                continue
            begin, end = begins[code], begins[code + 1]
            slot = _scatter(values, begin, end) & (slots - 1)
            while table[slot] >= 0:
                value = table[slot]
                first, last = wanted_begins[value], wanted_begins[value + 1]
                if fields[value] == column and _is_same(values, begin, end, wanted, first, last):
                    found[value] = code
                slot = (slot + 1) & (slots - 1)
    return found


@step
def _scatter(data: Bytes, begin: int, end: int) -> int:
    """Make a number of some bytes that is hardly that of others (FNV-1a)."""
    number = np.uint64(0xCBF29CE484222325)
    for at in range(begin, end):
        number = (number ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
    return int(number >> np.uint64(17))


@step
def _is_same(data: Bytes, begin: int, end: int, others: Bytes, first: int, last: int) -> bool:
    same, at = end - begin == last - first, 0
    while same and at < end - begin:
        same = data[begin + at] == others[first + at]
        at += 1
    return same
