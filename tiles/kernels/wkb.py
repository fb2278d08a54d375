"""Well-known binary taken apart: many geometries at once, as paths.

References
----------
OGC 06-103r4 (Simple features), clause 8: representation of geometry as well-known binary.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Dimension of the geometries of types 1 to 6: point, line, polygon, and many of each.
_DIMENSIONS = np.array([0, 1, 2, 0, 1, 2])
_HEADER, _COUNT, _VERTEX = 5, 4, 16


@compiled
def read_wkb(data: Bytes, begins: Integers, most: int) -> tuple[Bytes, Integers, Integers, Flags, Bytes]:
    """Take little-endian geometries of two dimensions apart.

    Parameters
    ----------
    data
        n geometries, one after the other.
    begins
        Where each of them begins, with the end of the last.
    most
        How many vertices they have at most.

    Returns
    -------
    Dimension of each feature (n; those of other types have no paths), and its paths as `tiles.paths.Paths` holds them:
    first_path, first_vertex, hole, and the bytes of the coordinates.
    """
    count = len(begins) - 1
    dimension = np.zeros(count, dtype=np.uint8)
    first_path = np.zeros(count + 1, dtype=np.int64)
    first_vertex = np.zeros(most + 1, dtype=np.int64)
    hole = np.zeros(most, dtype=np.bool_)
    xy = np.empty(most * _VERTEX, dtype=np.uint8)
    paths = 0
    for feature in range(count):
        at = begins[feature]
        kind = _number(data, at + 1)
        if 1 <= kind <= 6:
            dimension[feature] = _DIMENSIONS[kind - 1]
            parts = 1
            if kind > 3:
                parts, at = _number(data, at + _HEADER), at + _HEADER + _COUNT
            before = paths
            for _ in range(parts):
                paths, at = _read_part(data, at, paths, first_vertex, hole, xy)
            if kind == 4 and paths > before:  # the points of a feature are one path
                first_vertex[before + 1] = first_vertex[paths]
                paths = before + 1
        first_path[feature + 1] = paths
    first_vertex, hole, xy = first_vertex[: paths + 1].copy(), hole[:paths].copy(), xy[: first_vertex[paths] * _VERTEX]
    return dimension, first_path, first_vertex, hole, xy


@compiled
def _read_part(data: Bytes, at: int, paths: int, first_vertex: Integers, hole: Flags, xy: Bytes) -> tuple[int, int]:
    """Read a point, a line or a polygon; return how many paths there are now, and where the next part begins."""
    kind, at = _number(data, at + 1), at + _HEADER
    rings = 1
    if kind == 3:
        rings, at = _number(data, at), at + _COUNT
    for ring in range(rings):
        vertices = 1
        if kind != 1:
            vertices, at = _number(data, at), at + _COUNT
        kept = max(0, vertices - 1) if kind == 3 else vertices
        if kind == 1 and _is_nan(data, at) and _is_nan(data, at + 8):  # an empty point
            kept = 0
        if kept > 0:
            begin = first_vertex[paths]
            xy[begin * _VERTEX : (begin + kept) * _VERTEX] = data[at : at + kept * _VERTEX]
            hole[paths] = ring > 0
            paths += 1
            first_vertex[paths] = begin + kept
        at += vertices * _VERTEX
    return paths, at


@compiled
def _number(data: Bytes, at: int) -> int:
    """Read four bytes as a number."""
    number = 0
    for byte in range(3, -1, -1):
        number = number * 256 + int(data[at + byte])
    return number


@compiled
def _is_nan(data: Bytes, at: int) -> bool:
    """Whether eight bytes as a real are not a number: all bits of the exponent are set, and one of the fraction."""
    if data[at + 7] & 0x7F != 0x7F or data[at + 6] & 0xF0 != 0xF0:
        return False
    fraction = data[at + 6] & 0x0F
    for byte in range(6):
        fraction |= data[at + byte]
    return fraction != 0
