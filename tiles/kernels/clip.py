"""Paths cut to the square of a tile.

References
----------
Sutherland, Hodgman: Reentrant polygon clipping, CACM 1974. Liang, Barsky: A new concept and method for line clipping,
ACM TOG 1984.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled, step

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@compiled
def outside(x: float, y: float, low: float, high: float) -> int:
    """On which sides of the square a point lies outside: bits 1 west, 2 east, 4 north, 8 south; 0 inside."""
    return (1 if x < low else 0) | (2 if x > high else 0) | (4 if y < low else 0) | (8 if y > high else 0)


#: How many times as many vertices a ring has at most once it is cut: each side of the square adds half as many.
MOST_TIMES = 6


@step
def clip_ring(ring: Floats, count: int, other: Floats, low: float, high: float) -> int:
    """Cut a ring to the square.

    Where the square cuts a ring in several pieces, they stay joined along its edge; what is to become of that is for
    the caller to see.

    Parameters
    ----------
    ring
        The vertices, without the closing one, and room for `MOST_TIMES` as many. Is overwritten by what is left.
    count
        How many vertices the ring has.
    other
        As much room again.
    low, high
        The square, on both axes.

    Returns
    -------
    How many vertices are left: 0 where nothing is.
    """
    count = _drop_far(ring, count, low, high)
    sides = 0
    for vertex in range(count):
        sides |= outside(ring[vertex, 0], ring[vertex, 1], low, high)
    for axis in range(2):
        for side in range(2):
            if count < 3:
                return 0
            if not sides & 1 << (2 * axis + side):
                continue
            count = _clip_side(ring, count, other, axis, high if side else low, 1.0 if side else -1.0)
            for vertex in range(count):
                ring[vertex, 0], ring[vertex, 1] = other[vertex, 0], other[vertex, 1]
    return count if count >= 3 else 0


@step
def _drop_far(ring: Floats, count: int, low: float, high: float) -> int:
    """Drop vertices whose neighbours lie beyond the same side as they do: they only shape what is cut off."""
    kept = 0
    for vertex in range(count):
        if kept > 0 and vertex < count - 1:
            before = outside(ring[kept - 1, 0], ring[kept - 1, 1], low, high)
            here = outside(ring[vertex, 0], ring[vertex, 1], low, high)
            after = outside(ring[vertex + 1, 0], ring[vertex + 1, 1], low, high)
            if before & here & after:
                continue
        ring[kept, 0], ring[kept, 1] = ring[vertex, 0], ring[vertex, 1]
        kept += 1
    return kept


@step
def _clip_side(ring: Floats, count: int, cut: Floats, axis: int, limit: float, sign: float) -> int:
    """Keep what lies on the inner side of one edge of the square: ``sign * coordinate <= sign * limit``."""
    kept = 0
    last = count - 1
    last_in = sign * ring[last, axis] <= sign * limit
    for vertex in range(count):
        here_in = sign * ring[vertex, axis] <= sign * limit
        if here_in != last_in:
            share = (limit - ring[last, axis]) / (ring[vertex, axis] - ring[last, axis])
            cut[kept, axis] = limit
            cut[kept, 1 - axis] = ring[last, 1 - axis] + share * (ring[vertex, 1 - axis] - ring[last, 1 - axis])
            kept += 1
        if here_in:
            cut[kept, 0], cut[kept, 1] = ring[vertex, 0], ring[vertex, 1]
            kept += 1
        last, last_in = vertex, here_in
    return kept


@step
def clip_line(line: Floats, count: int, pieces: Floats, begins: Integers, low: float, high: float) -> int:
    """Cut a line to the square.

    Parameters
    ----------
    line, count
        Its vertices, and how many they are.
    pieces
        Room for the vertices of all pieces, twice as many at most.
    begins
        Room for where each piece begins, with the end of the last; the first is 0.
    low, high
        The square, on both axes.

    Returns
    -------
    How many pieces there are.
    """
    made, length = 0, 0
    for vertex in range(1, count):
        x0, y0, x1, y1, crosses = clip_segment(
            line[vertex - 1, 0], line[vertex - 1, 1], line[vertex, 0], line[vertex, 1], low, high
        )
        if crosses:
            if length == begins[made]:
                pieces[length, 0], pieces[length, 1] = x0, y0
                length += 1
            pieces[length, 0], pieces[length, 1] = x1, y1
            length += 1
        leaves = not crosses or x1 != line[vertex, 0] or y1 != line[vertex, 1] or vertex == count - 1
        if leaves and length > begins[made]:
            made += 1
            begins[made] = length
    return made


@step
def clip_segment(
    x0: float, y0: float, x1: float, y1: float, low: float, high: float
) -> tuple[float, float, float, float, bool]:
    """Cut a segment to the square; the last value says whether anything is left of it."""
    dx, dy = x1 - x0, y1 - y0
    begin, end = 0.0, 1.0
    for run, room in ((-dx, x0 - low), (dx, high - x0), (-dy, y0 - low), (dy, high - y0)):
        if run == 0.0:
            if room < 0.0:
                return x0, y0, x1, y1, False
        elif run < 0.0:
            begin = max(begin, room / run)
        else:
            end = min(end, room / run)
    if begin > end:
        return x0, y0, x1, y1, False
    # The ends stay what they are where nothing is cut off, so that pieces join to the last bit.
    bx, by = (x0, y0) if begin == 0.0 else (x0 + begin * dx, y0 + begin * dy)
    ex, ey = (x1, y1) if end == 1.0 else (x0 + end * dx, y0 + end * dy)
    return bx, by, ex, ey, True


@step
def clip_points(points: Floats, count: int, low: float, high: float) -> int:
    """Keep the points inside the square, in place; return how many remain."""
    kept = 0
    for point in range(count):
        if outside(points[point, 0], points[point, 1], low, high) == 0:
            points[kept, 0], points[kept, 1] = points[point, 0], points[point, 1]
            kept += 1
    return kept
