"""The features of a layer of a vector tile as columns, and paths of columns as the words of an SVG.

References
----------
Mapbox Vector Tile Specification 2.1, 4.1 to 4.4. SVG 1.1, 8.3 "Path data".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled, step

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

_MOVE_TO, _LINE_TO, _CLOSE_PATH = 1, 2, 7
_NAME, _FEATURE, _KEY, _VALUE = 1, 2, 3, 4
_TAGS, _KIND, _GEOMETRY = 2, 3, 4
#: Most letters of a coordinate with what separates it: a sign, ten digits, a letter or a space.
_LETTERS = 12
_ZERO, _SPACE, _MINUS, _M, _L, _Z = 48, 32, 45, 77, 76, 90


class TileColumns(NamedTuple):
    """n features of a layer of a tile.

    Parameters
    ----------
    kind
        n: 1 points, 2 lines, 3 areas.
    codes
        (n, keys) positions of values; -1 where a feature has none.
    first_path
        n + 1; points are paths of one vertex.
    first_vertex
        Of each path, with the end of the last.
    xy
        Vertices in units of the tile from its top left corner.
    box
        (n, 4) west, north, east, south.
    names, values
        (keys, 2) and (values, 2): where each stands in the bytes of the tile.
    """

    kind: Bytes
    codes: Integers
    first_path: Integers
    first_vertex: Integers
    xy: Integers
    box: Integers
    names: Integers
    values: Integers


@step
def _varint(data: Bytes, at: int) -> tuple[int, int]:
    """Read a number; where the next field begins."""
    number = shift = 0
    while data[at] > 0x7F:
        number |= int(data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | int(data[at]) << shift, at + 1


@step
def _field(data: Bytes, at: int) -> tuple[int, int, int]:
    """Read the head of a field of bytes or of a number: its tag, where its content begins, where it ends."""
    head, at = _varint(data, at)
    if head & 7 == 0:
        return head >> 3, at, _varint(data, at)[1]
    if head & 7 == 1:
        return head >> 3, at, at + 8
    if head & 7 == 5:
        return head >> 3, at, at + 4
    size, at = _varint(data, at)
    return head >> 3, at, at + size


@compiled
def find_layers(data: Bytes) -> Integers:
    """Find the layers of a tile: rows of where each begins and ends, and where its name does."""
    found = np.empty((len(data) // 4 + 1, 4), dtype=np.int64)
    count = at = 0
    while at < len(data):
        _, begin, end = _field(data, at)
        inner = begin
        while inner < end:
            tag, first, last = _field(data, inner)
            if tag == _NAME:
                found[count] = begin, end, first, last
            inner = last
        count, at = count + 1, end
    return found[:count]


@compiled
def read_features(data: Bytes, begin: int, end: int) -> TileColumns:
    """Read the layer between two places of a tile."""
    count = np.zeros(5, dtype=np.int64)
    at = begin
    while at < end:
        tag, _, last = _field(data, at)
        if tag < len(count):
            count[tag] += 1
        at = last
    features, keys = count[_FEATURE], count[_KEY]
    names, values = np.empty((keys, 2), dtype=np.int64), np.empty((count[_VALUE], 2), dtype=np.int64)
    kind, codes = np.zeros(features, dtype=np.uint8), np.full((features, keys), -1, dtype=np.int64)
    box = np.empty((features, 4), dtype=np.int64)
    first_path = np.zeros(features + 1, dtype=np.int64)
    # A vertex takes two bytes at least, and so does a path.
    first_vertex = np.zeros((end - begin) // 2 + 1, dtype=np.int64)
    xy = np.empty(((end - begin) // 2 + 1, 2), dtype=np.int64)
    count[:] = 0
    paths = vertices = 0
    at = begin
    while at < end:
        tag, first, last = _field(data, at)
        if tag == _KEY:
            names[count[tag]] = first, last
        elif tag == _VALUE:
            values[count[tag]] = first, last
        elif tag == _FEATURE:
            row = count[tag]
            begin_geometry, end_geometry = _read_feature(data, first, last, row, kind, codes)
            paths, vertices = _follow(
                data, begin_geometry, end_geometry, kind[row] == 1, paths, first_vertex, vertices, xy
            )
            first_path[row + 1] = paths
            own = xy[first_vertex[first_path[row]] : vertices]
            box[row] = own[:, 0].min(), own[:, 1].min(), own[:, 0].max(), own[:, 1].max()
        if tag < len(count):
            count[tag] += 1
        at = last
    return TileColumns(kind, codes, first_path, first_vertex[: paths + 1], xy[:vertices], box, names, values)


@step
def _read_feature(data: Bytes, at: int, end: int, row: int, kind: Bytes, codes: Integers) -> tuple[int, int]:
    """Read type and attributes of a feature; where its geometry begins and ends."""
    begin_geometry = end_geometry = at
    while at < end:
        part, begin, stop = _field(data, at)
        if part == _KIND:
            kind[row] = data[begin]
        elif part == _TAGS:
            while begin < stop:
                key, begin = _varint(data, begin)
                codes[row, key], begin = _varint(data, begin)
        elif part == _GEOMETRY:
            begin_geometry, end_geometry = begin, stop
        at = stop
    return begin_geometry, end_geometry


@step
def _follow(
    data: Bytes, at: int, end: int, apart: bool, paths: int, first_vertex: Integers, vertices: int, xy: Integers
) -> tuple[int, int]:
    """Follow the commands of a feature; how many paths and vertices there are then. Points stand apart."""
    x = y = 0
    while at < end:
        command, at = _varint(data, at)
        if command & 7 == _CLOSE_PATH:
            continue
        if command & 7 == _MOVE_TO:
            paths += 1
        for step_taken in range(command >> 3):
            dx, at = _varint(data, at)
            dy, at = _varint(data, at)
            x, y = x + (dx >> 1 ^ -(dx & 1)), y + (dy >> 1 ^ -(dy & 1))
            xy[vertices] = x, y
            vertices += 1
            if apart and step_taken:
                paths += 1
            first_vertex[paths] = vertices
    return paths, vertices


@compiled
def write_paths(rows: Integers, tile: TileColumns) -> Bytes:
    """Write the lines or areas of some features as the data of one SVG path, in units of the tile."""
    vertices = 0
    for row in rows:
        vertices += tile.first_vertex[tile.first_path[row + 1]] - tile.first_vertex[tile.first_path[row]]
    paths = 0
    for row in rows:
        paths += tile.first_path[row + 1] - tile.first_path[row]
    text = np.empty(2 * _LETTERS * vertices + paths, dtype=np.uint8)
    at = 0
    for row in rows:
        for path in range(tile.first_path[row], tile.first_path[row + 1]):
            first = tile.first_vertex[path]
            for vertex in range(first, tile.first_vertex[path + 1]):
                text[at] = _M if vertex == first else _L
                at = _write_number(text, at + 1, tile.xy[vertex, 0])
                text[at] = _SPACE
                at = _write_number(text, at + 1, tile.xy[vertex, 1])
            if tile.kind[row] == 3:
                text[at] = _Z
                at += 1
    return text[:at]


@step
def _write_number(text: Bytes, at: int, number: int) -> int:
    if number < 0:
        text[at] = _MINUS
        at, number = at + 1, -number
    digits, rest = 1, number
    while rest > 9:
        digits, rest = digits + 1, rest // 10
    for place in range(digits - 1, -1, -1):
        text[at + place] = _ZERO + number % 10
        number //= 10
    return at + digits
