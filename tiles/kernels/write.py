"""The features of a tile as Protocol Buffers.

References
----------
Mapbox Vector Tile Specification 2.1, 4.2 (features), 4.3 (geometry), 4.4 (attributes).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tiles.kernels.sketch import DRAWN, EXTENT
from twin.compiled import compiled, step

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Vertices = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

_MOVE_TO, _LINE_TO, _CLOSE_PATH = 1, 2, 7

#: Most bytes of a number up to 2^35, and of all that a feature holds beside tags and geometry.
_VARINT, _HEAD = 5, 40

#: Scatters the positions of values, which often follow each other (2^48 over the golden ratio).
_SCATTER = 0x9E3779B97F4B


class Tags(NamedTuple):
    """What features are tagged with: for n features their numbers and, for each key, the position of its value.

    Parameters
    ----------
    fid
        n feature ids.
    codes
        (n, keys); -1 where there is no value.
    values, begins
        All values, as a layer message holds them, one after the other; where each begins, with the end of the last.
    keys
        The keys as a layer message holds them.
    """

    fid: Integers
    codes: Codes
    values: Bytes
    begins: Integers
    keys: Bytes


class TilePaths(NamedTuple):
    """Of k features the first path and the one behind the last; of paths the first vertex; whole numbers."""

    first: Integers
    last: Integers
    first_vertex: Integers
    xy: Vertices


@compiled
def write_layer(
    name: Bytes, rows: Integers, state: Bytes, paths: TilePaths, kind: Bytes, tags: Tags
) -> tuple[Bytes, Integers, int]:
    """Write a layer message with its tag and length.

    Parameters
    ----------
    name
        What stands before the features: version and name of the layer.
    rows, state
        k positions of features, and what becomes of each; those that are drawn are written.
    paths
        The k features in tile units.
    kind, tags
        Dimension and attributes, of all features.

    Returns
    -------
    The message, empty if nothing is drawn; where each feature begins and the last one ends, counted from the first;
    how many are written.
    """
    count, keys = len(rows), tags.codes.shape[1]
    drawn = len(paths.first_vertex) + len(paths.xy)
    data = np.empty(count * (_HEAD + 2 * _VARINT * keys) + 2 * _VARINT * drawn, dtype=np.uint8)
    start = np.empty(count + 1, dtype=np.int64)
    used = np.empty(count * keys, dtype=np.int32)
    slots = 2
    while slots < 2 * count * keys:
        slots *= 2
    local = np.zeros(slots, dtype=np.int32)
    # Taken out of their tuples here, because that is counted in every turn of the loop it stands in.
    fid, codes, firsts, lasts, first_vertex, xy = (
        tags.fid, tags.codes, paths.first, paths.last, paths.first_vertex, paths.xy
    )  # fmt: skip
    at, places, written = 0, 0, 0
    for feature in range(count):
        start[feature] = at
        if state[feature] != DRAWN:
            continue
        row = rows[feature]
        written += 1
        data[at], data[at + 2] = 0x12, 0x08  # the byte between is left for the length, as below
        at = write_varint(data, at + 3, fid[row])
        data[at] = 0x12
        end, places = _write_tags(data, at + 2, codes, row, local, used, places)
        if end > at + 2:
            at = _write_length(data, at + 1, end)
        data[at], data[at + 1], data[at + 2] = 0x18, kind[row] + 1, 0x22
        first, last = firsts[feature], lasts[feature]
        end = _write_geometry(data, at + 4, kind[row], first, last, first_vertex, xy)
        end = _write_length(data, at + 3, end)
        at = _write_length(data, start[feature] + 1, end)
    start[count] = at
    if written == 0:
        return data[:0], start, 0
    return _write_message(name, data[:at], used[:places], tags), start, written


@compiled
def _write_message(name: Bytes, features: Bytes, used: Codes, tags: Tags) -> Bytes:
    """Put the parts of a layer message together: name, features, keys, the values used, and how wide a tile is."""
    values, begins = tags.values, tags.begins
    size = len(name) + len(features) + len(tags.keys) + 1 + varint_size(EXTENT)
    for code in used:
        size += begins[code + 1] - begins[code]
    data = np.empty(1 + varint_size(size) + size, dtype=np.uint8)
    data[0] = 0x1A
    at = write_varint(data, 1, size)
    at = _append(data, at, name, 0, len(name))
    at = _append(data, at, features, 0, len(features))
    at = _append(data, at, tags.keys, 0, len(tags.keys))
    for code in used:
        at = _append(data, at, values, begins[code], begins[code + 1])
    data[at] = 0x28
    write_varint(data, at + 1, EXTENT)
    return data


@step
def _append(data: Bytes, at: int, source: Bytes, begin: int, end: int) -> int:
    # What is not negative is not looked at whether it counts from the end.
    to, start = np.uint64(at), np.uint64(begin)
    for byte in range(np.uint64(end - begin)):
        data[to + byte] = source[start + byte]
    return at + end - begin


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
        As in `write_layer`.
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
