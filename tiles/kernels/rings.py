"""Rings and lines of whole numbers: without idle vertices, and whether a ring is simple.

References
----------
Mapbox Vector Tile Specification 2.1, 4.3.4.4: the rings of a polygon neither cross nor touch themselves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.compiled import step

Vertices = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Longest ring that is held against itself, pair by pair; longer ones are left to a sweep.
_LONGEST = 40


@step
def _turn(xy: Vertices, a: int, b: int, c: int) -> int:
    """Twice the area of a triangle of three vertices: positive where the way a, b, c turns from x towards y."""
    x, y = np.int64(xy[b, 0]), np.int64(xy[b, 1])
    return (x - xy[a, 0]) * (xy[c, 1] - y) - (y - xy[a, 1]) * (xy[c, 0] - x)


@step
def _ahead(xy: Vertices, a: int, b: int, c: int) -> bool:
    """Whether the way from b to c goes on in the direction from a to b, rather than back."""
    x, y = np.int64(xy[b, 0]), np.int64(xy[b, 1])
    return (x - xy[a, 0]) * (xy[c, 0] - x) + (y - xy[a, 1]) * (xy[c, 1] - y) > 0


@step
def _same(xy: Vertices, a: int, b: int) -> bool:
    return xy[a, 0] == xy[b, 0] and xy[a, 1] == xy[b, 1]


@step
def straighten_line(line: Vertices, count: int) -> int:
    """Drop repeated vertices of a line and those in the middle of a straight way, in place; return how many remain."""
    kept = 0
    for vertex in range(count):
        if kept >= 1 and _same(line, kept - 1, vertex):
            continue
        if kept >= 2 and _turn(line, kept - 2, kept - 1, vertex) == 0 and _ahead(line, kept - 2, kept - 1, vertex):
            kept -= 1
        line[kept, 0], line[kept, 1] = line[vertex, 0], line[vertex, 1]
        kept += 1
    return kept


@step
def straighten_ring(ring: Vertices, count: int) -> int:
    """Drop repeated vertices of an open ring, those on a straight way and spikes, in place; return how many remain."""
    kept = 0
    for vertex in range(count):
        while kept >= 1:
            idle = kept >= 2 and _turn(ring, kept - 2, kept - 1, vertex) == 0
            if not idle and not _same(ring, kept - 1, vertex):
                break
            kept -= 1
        ring[kept, 0], ring[kept, 1] = ring[vertex, 0], ring[vertex, 1]
        kept += 1
    # The same where the ring closes.
    first = 0
    while kept - first >= 3:
        if _turn(ring, kept - 2, kept - 1, first) == 0:
            kept -= 1
        elif _turn(ring, kept - 1, first, first + 1) == 0:
            first += 1
        else:
            break
    if kept - first < 3:
        return 0
    if first > 0:
        for vertex in range(first, kept):
            ring[vertex - first, 0], ring[vertex - first, 1] = ring[vertex, 0], ring[vertex, 1]
    return kept - first


@step
def measure_ring(ring: Vertices, count: int) -> tuple[np.int64, bool]:
    """Measure a straightened ring, and see whether it is convex: it turns one way only, and once round.

    Returns
    -------
    Twice its area by the surveyor's formula, exact, and positive for a way from x towards y; whether it is convex.
    """
    x, y = np.int64(ring[count - 1, 0]), np.int64(ring[count - 1, 1])
    dx, dy = x - ring[count - 2, 0], y - ring[count - 2, 1]
    area, positive_turns, changes, was_east = np.int64(0), 0, 0, _goes_east(dx, dy)
    for vertex in range(count):
        next_x, next_y = np.int64(ring[vertex, 0]), np.int64(ring[vertex, 1])
        next_dx, next_dy = next_x - x, next_y - y
        area += x * next_y - next_x * y
        positive_turns += dx * next_dy > dy * next_dx
        goes_east = _goes_east(next_dx, next_dy)
        changes += goes_east != was_east
        x, y, dx, dy, was_east = next_x, next_y, next_dx, next_dy, goes_east
    return area, changes == 2 and positive_turns in (0, count)


@step
def _goes_east(dx: np.int64, dy: np.int64) -> bool:
    return bool((dx > 0) | ((dx == 0) & (dy > 0)))


@step
def reverse_ring(ring: Vertices, count: int) -> None:
    """Turn the way of a ring round, in place."""
    for vertex in range(count // 2):
        other = count - 1 - vertex
        for axis in range(2):
            ring[vertex, axis], ring[other, axis] = ring[other, axis], ring[vertex, axis]


@step
def is_proved_simple(ring: Vertices, count: int) -> bool:
    """Whether a straightened ring is known to be simple: it is short and no two of its edges meet.

    False means that it is not known; long rings are not looked at.
    """
    if count > _LONGEST:
        return False
    for first in range(count - 2):
        # The last edge is a neighbour of the first.
        for second in range(first + 2, count - (first == 0)):
            following = second + 1 if second + 1 < count else 0
            if _edges_meet(ring, first, first + 1, ring, second, following):
                return False
    return True


@step
def _edges_meet(one: Vertices, a: int, b: int, two: Vertices, c: int, d: int) -> bool:
    """Whether the edge a, b of one path shares a point with the edge c, d of another."""
    ax, ay, bx, by = np.int64(one[a, 0]), np.int64(one[a, 1]), np.int64(one[b, 0]), np.int64(one[b, 1])
    cx, cy, dx, dy = np.int64(two[c, 0]), np.int64(two[c, 1]), np.int64(two[d, 0]), np.int64(two[d, 1])
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    turn_c = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    turn_d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    turn_a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    turn_b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    # The boxes meet, so two segments on one line meet as well.
    apart = (turn_c > 0 and turn_d > 0) or (turn_c < 0 and turn_d < 0)
    return not (apart or (turn_a > 0 and turn_b > 0) or (turn_a < 0 and turn_b < 0))


@step
def are_proved_apart(xy: Vertices, start: Integers, hole: Flags, begin: int, end: int) -> bool:
    """Whether simple rings are known to make a valid polygon or multi polygon.

    That is so where the boxes of the exteriors share no point, those of the holes of one exterior neither, and each
    hole lies inside its exterior without touching it. False means that it is not known.

    Parameters
    ----------
    xy, start, hole
        Rings as `tiles.kernels.draw.Drawn` holds them; holes follow their exterior.
    begin, end
        Which rings belong to the feature.
    """
    if end - begin > _LONGEST:
        return False
    exterior = begin
    for path in range(begin, end):
        ring = xy[start[path] : start[path + 1]]
        for other in range(begin, path):
            beside = not hole[other] if not hole[path] else other > exterior
            if beside and _boxes_meet(ring, xy[start[other] : start[other + 1]]):
                return False
        if not hole[path]:
            exterior = path
        elif not _is_inside(ring, xy[start[exterior] : start[exterior + 1]]):
            return False
    return True


@step
def _boxes_meet(one: Vertices, other: Vertices) -> bool:
    west, north, east, south = _box(one)
    left, top, right, bottom = _box(other)
    return west <= right and east >= left and north <= bottom and south >= top


@step
def _box(ring: Vertices) -> tuple[int, int, int, int]:
    west, north = east, south = ring[0, 0], ring[0, 1]
    for vertex in range(1, len(ring)):
        west, north = min(west, ring[vertex, 0]), min(north, ring[vertex, 1])
        east, south = max(east, ring[vertex, 0]), max(south, ring[vertex, 1])
    return west, north, east, south


@step
def _is_inside(ring: Vertices, around: Vertices) -> bool:
    """Whether a ring is known to lie inside another: no two edges meet, and a vertex of it lies inside."""
    if len(ring) + len(around) > _LONGEST:
        return False
    inside = False
    before = len(around) - 1
    for vertex in range(len(around)):
        last = len(ring) - 1
        for here in range(len(ring)):
            if _edges_meet(around, before, vertex, ring, last, here):
                return False
            last = here
        # No edge of the ring around passes through the vertex, as it would meet the ring there.
        x, y = np.int64(ring[0, 0]), np.int64(ring[0, 1])
        ax, ay = np.int64(around[before, 0]), np.int64(around[before, 1])
        bx, by = np.int64(around[vertex, 0]), np.int64(around[vertex, 1])
        if (ay > y) != (by > y):
            inside ^= ((bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0) == (by > ay)
        before = vertex
    return inside
