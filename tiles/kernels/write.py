"""The features of a tile as Protocol Buffers.

References
----------
Mapbox Vector Tile Specification 2.1, 4.2 (features), 4.3 (geometry), 4.4 (attributes).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiles.kernels.compiled import compiled

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Vertices = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

_MOVE_TO, _LINE_TO, _CLOSE_PATH = 1, 2, 7


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
    local: Codes,
) -> tuple[Bytes, Integers, Codes]:
    """Write features as they stand in a layer message, each with its tag and length.

    Parameters
    ----------
    rows
        k positions in the frame.
    kind, fid, codes
        Of the whole frame: dimension, feature id, and for each key the position of the value; -1 where there is none.
    first_path, last_path, first_vertex, xy
        The k features as paths in tile units, see `tiles.geometry.Drawing`.
    local
        For each value of the frame 0; overwritten by its place among the values of the tile, counted from 1.

    Returns
    -------
    The bytes, where each feature begins among them (k + 1), and the values used in the order of their places.
    """
    count, keys = len(rows), codes.shape[1]
    start = np.empty(count + 1, dtype=np.int64)
    used = np.empty(min(count * keys, len(local)), dtype=np.int32)
    sizes = np.empty((count, 3), dtype=np.int64)
    places, total = 0, 0
    for feature in range(count):
        row = rows[feature]
        tags = 0
        for key in range(keys):
            code = codes[row, key]
            if code < 0:
                continue
            if local[code] == 0:
                used[places] = code
                places += 1
                local[code] = places
            tags += varint_size(key) + varint_size(local[code] - 1)
        geometry = _geometry_size(kind[row], first_vertex[first_path[feature] : last_path[feature] + 1], xy)
        size = 1 + varint_size(fid[row]) + 2 + 1 + varint_size(geometry) + geometry
        if tags:
            size += 1 + varint_size(tags) + tags
        sizes[feature, 0], sizes[feature, 1], sizes[feature, 2] = size, tags, geometry
        start[feature] = total
        total += 1 + varint_size(size) + size
    start[count] = total
    data = np.empty(total, dtype=np.uint8)
    for feature in range(count):
        row = rows[feature]
        size, tags, geometry = sizes[feature]
        at = start[feature]
        data[at] = 0x12
        at = write_varint(data, at + 1, size)
        data[at] = 0x08
        at = write_varint(data, at + 1, fid[row])
        if tags:
            data[at] = 0x12
            at = write_varint(data, at + 1, tags)
            for key in range(keys):
                if codes[row, key] >= 0:
                    at = write_varint(data, at, key)
                    at = write_varint(data, at, local[codes[row, key]] - 1)
        data[at], data[at + 1], data[at + 2] = 0x18, kind[row] + 1, 0x22
        at = write_varint(data, at + 3, geometry)
        _write_geometry(data, at, kind[row], first_vertex[first_path[feature] : last_path[feature] + 1], xy)
    return data, start, used[:places]


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


@compiled
def varint_size(number: int) -> int:
    """Count the bytes of a non-negative number in base 128."""
    size = 1
    while number > 0x7F:
        number >>= 7
        size += 1
    return size


@compiled
def write_varint(data: Bytes, at: int, number: int) -> int:
    """Write a non-negative number in base 128, least significant group first; return the place behind it."""
    while number > 0x7F:
        data[at] = number & 0x7F | 0x80
        number >>= 7
        at += 1
    data[at] = number
    return at + 1


@compiled
def _zigzag(step: int) -> int:
    return (step << 1) ^ (step >> 63)


@compiled
def _geometry_size(kind: int, starts: Integers, xy: Vertices) -> int:
    size, x, y = 0, np.int64(0), np.int64(0)
    for path in range(len(starts) - 1):
        vertices = starts[path + 1] - starts[path]
        size += varint_size(vertices << 3) if kind == 0 else 1 + varint_size((vertices - 1) << 3)
        size += 1 if kind == 2 else 0
        for vertex in range(starts[path], starts[path + 1]):
            size += varint_size(_zigzag(xy[vertex, 0] - x)) + varint_size(_zigzag(xy[vertex, 1] - y))
            x, y = np.int64(xy[vertex, 0]), np.int64(xy[vertex, 1])
    return size


@compiled
def _write_geometry(data: Bytes, at: int, kind: int, starts: Integers, xy: Vertices) -> None:
    x, y = np.int64(0), np.int64(0)
    for path in range(len(starts) - 1):
        vertices = starts[path + 1] - starts[path]
        at = write_varint(data, at, _MOVE_TO | (vertices if kind == 0 else 1) << 3)
        for vertex in range(starts[path], starts[path + 1]):
            if kind > 0 and vertex == starts[path] + 1:
                at = write_varint(data, at, _LINE_TO | (vertices - 1) << 3)
            at = write_varint(data, at, _zigzag(xy[vertex, 0] - x))
            at = write_varint(data, at, _zigzag(xy[vertex, 1] - y))
            x, y = np.int64(xy[vertex, 0]), np.int64(xy[vertex, 1])
        if kind == 2:
            data[at] = _CLOSE_PATH | 1 << 3
            at += 1
