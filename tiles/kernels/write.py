"""The features of a tile as Protocol Buffers.

References
----------
Mapbox Vector Tile Specification 2.1, 4.2 (features), 4.3 (geometry), 4.4 (attributes).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiles.kernels.compiled import compiled, step

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Vertices = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

_MOVE_TO, _LINE_TO, _CLOSE_PATH = 1, 2, 7

#: Most bytes of a number up to 2^35, and of all that a feature holds beside tags and geometry.
_VARINT, _HEAD = 5, 40

#: Scatters the positions of values, which often follow each other (2^48 over the golden ratio).
_SCATTER = 0x9E3779B97F4B


@compiled
def write_features(
    rows: Integers,
    kind: Bytes,
    fid: Integers,
    codes: Codes,
    first_path: Integers,
    last_path: Integers,
    first_vertex: Integers,
    xy: Vertices,
) -> tuple[Bytes, Integers, Codes]:
    """Write features as they stand in a layer message, each with its tag and length.

    Parameters
    ----------
    rows
        k positions in the frame.
    kind, fid, codes
        Of the whole frame: dimension, feature id, and for each key the position of the value; -1 where there is none.
    first_path, last_path, first_vertex, xy
        The k features as paths in tile units, see `tiles.drawing.Drawing`.

    Returns
    -------
    The bytes, where each feature begins among them (k + 1), and the values used in the order of their places.
    """
    count, keys = len(rows), codes.shape[1]
    most = count * (_HEAD + 2 * _VARINT * keys) + 2 * _VARINT * (len(first_vertex) + len(xy))
    data = np.empty(most, dtype=np.uint8)  # memory that is not written to costs nothing
    start = np.empty(count + 1, dtype=np.int64)
    used = np.empty(count * keys, dtype=np.int32)
    slots = 2
    while slots < 2 * count * keys:
        slots *= 2
    local = np.zeros(slots, dtype=np.int32)
    at, places = 0, 0
    for feature in range(count):
        row = rows[feature]
        start[feature] = at
        data[at], data[at + 2] = 0x12, 0x08  # the byte between is left for the length, as below
        at = write_varint(data, at + 3, fid[row])
        data[at] = 0x12
        end, places = _write_tags(data, at + 2, codes, row, local, used, places)
        if end > at + 2:
            at = _write_length(data, at + 1, end)
        data[at], data[at + 1], data[at + 2] = 0x18, kind[row] + 1, 0x22
        end = _write_geometry(data, at + 4, kind[row], first_path[feature], last_path[feature], first_vertex, xy)
        end = _write_length(data, at + 3, end)
        at = _write_length(data, start[feature] + 1, end)
    start[count] = at
    return data[:at], start, used[:places]


@step
def _write_tags(
    data: Bytes, at: int, codes: Codes, row: int, local: Codes, used: Codes, places: int
) -> tuple[int, int]:
    """Write the tags of a feature, and give each value that is new to the tile its place.

    Where a value is found among the places, counted from 1, `local` says: a hash table with room for twice as many.
    Returns the place behind the tags, and how many places are given.
    """
    last = len(local) - 1
    for key in range(codes.shape[1]):
        code = codes[row, key]
        if code < 0:
            continue
        slot = (code * _SCATTER >> 16) & last
        while local[slot] != 0 and used[local[slot] - 1] != code:
            slot = (slot + 1) & last
        if local[slot] == 0:
            used[places] = code
            places += 1
            local[slot] = places
        at = write_varint(data, at, key)
        at = write_varint(data, at, local[slot] - 1)
    return at, places


@step
def _write_geometry(
    data: Bytes, at: int, kind: int, first: int, last: int, first_vertex: Integers, xy: Vertices
) -> int:
    """Write some paths as commands; return the place behind them."""
    x, y = np.int64(0), np.int64(0)
    for path in range(first, last):
        begin, end = first_vertex[path], first_vertex[path + 1]
        moves = end - begin if kind == 0 else 1
        at = write_varint(data, at, _MOVE_TO | moves << 3)
        for vertex in range(begin, end):
            if vertex == begin + moves:
                at = write_varint(data, at, _LINE_TO | (end - vertex) << 3)
            at = write_varint(data, at, _zigzag(xy[vertex, 0] - x))
            at = write_varint(data, at, _zigzag(xy[vertex, 1] - y))
            x, y = np.int64(xy[vertex, 0]), np.int64(xy[vertex, 1])
        if kind == 2:
            data[at] = _CLOSE_PATH | 1 << 3
            at += 1
    return at


@step
def _write_length(data: Bytes, at: int, end: int) -> int:
    """Write how long a message is into the byte left free before it, and return the place behind the message.

    A message whose length takes more than one byte moves on.
    """
    length = end - at - 1
    further = varint_size(length) - 1
    if further:
        for byte in range(end - 1, at, -1):
            data[byte + further] = data[byte]
    write_varint(data, at, length)
    return end + further


@compiled
def count_fitting(order: Integers, rows: Integers, codes: Codes, begins: Integers, sizes: Integers, room: int) -> int:
    """Count how many features, in an order, take no more bytes than there is room, with the values they use.

    Parameters
    ----------
    order
        Positions in `rows`.
    rows, codes
        As in `write_features`.
    begins
        Where the bytes of each value begin.
    sizes
        Bytes of each of `rows` without its values.
    room
        Bytes.
    """
    seen = np.zeros(len(begins) - 1, dtype=np.bool_)
    for place in range(len(order)):
        room -= sizes[order[place]]
        for code in codes[rows[order[place]]]:
            if code >= 0 and not seen[code]:
                seen[code] = True
                room -= begins[code + 1] - begins[code]
        if room < 0:
            return place
    return len(order)


@compiled
def gather_values(used: Codes, pool: Bytes, begins: Integers) -> Bytes:
    """Put the values of a tile one after the other."""
    total = 0
    for code in used:
        total += begins[code + 1] - begins[code]
    data = np.empty(total, dtype=np.uint8)
    at = 0
    for code in used:
        for byte in range(begins[code], begins[code + 1]):
            data[at] = pool[byte]
            at += 1
    return data


@step
def varint_size(number: int) -> int:
    """Count the bytes of a non-negative number in base 128."""
    size = 1
    while number > 0x7F:
        number >>= 7
        size += 1
    return size


@step
def write_varint(data: Bytes, at: int, number: int) -> int:
    """Write a non-negative number in base 128, least significant group first; return the place behind it."""
    while number > 0x7F:
        data[at] = number & 0x7F | 0x80
        number >>= 7
        at += 1
    data[at] = number
    return at + 1


@step
def _zigzag(step: int) -> int:
    return (step << 1) ^ (step >> 63)
