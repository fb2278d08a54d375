"""Rings that cross, or lie over one another, become the outline of what they fill.

References
----------
ISO/IEC 14496-22 (OpenType), 5.3.4 "glyf": what rings wind around is filled (non-zero rule).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled, step

Floats = npt.NDArray[np.float64]

#: Places closer than this are one.
_SAME_PX = 1e-6


class _Lines(NamedTuple):
    """Lines by columns, with their boxes and how far they go east on their way north, and north on their way east."""

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    west: Floats
    south: Floats
    east: Floats
    north: Floats
    eastward: Floats
    northward: Floats


@compiled
def trim_lines(lines: Floats) -> Floats:
    """Keep what bounds the area around which rings wind; what runs inside it, or bounds nothing, is left out.

    Parameters
    ----------
    lines
        Those that the rings consist of, in pixels: rows of x0, y0, x1, y1.
    """
    x0, y0, x1, y1 = lines[:, 0].copy(), lines[:, 1].copy(), lines[:, 2].copy(), lines[:, 3].copy()
    east, north = np.maximum(x0, x1), np.maximum(y0, y1)
    west, south = np.minimum(x0, x1), np.minimum(y0, y1)
    columns = _Lines(x0, y0, x1, y1, west, south, east, north, (x1 - x0) / (y1 - y0), (y1 - y0) / (x1 - x0))
    cuts = np.empty(3 * len(lines) + 2)
    kept = np.empty((2 * len(lines) + 2, 4))
    used = 0
    for line in range(len(lines)):
        count = _cut(columns, line, cuts)
        if used + count > len(kept):
            kept = np.concatenate((kept, np.empty((count + len(kept), 4))))
        for piece in range(count - 1):
            begin, end = cuts[piece], cuts[piece + 1]
            if end - begin > _SAME_PX and _bounds(columns, line, (begin + end) / 2):
                kept[used, 0] = x0[line] + begin * (x1[line] - x0[line])
                kept[used, 1] = y0[line] + begin * (y1[line] - y0[line])
                kept[used, 2] = x0[line] + end * (x1[line] - x0[line])
                kept[used, 3] = y0[line] + end * (y1[line] - y0[line])
                used += 1
    return kept[:used]


@step
def _cut(lines: _Lines, line: int, cuts: Floats) -> int:
    """Find where other lines meet one, as parts of its length in order, 0 and 1 among them; return how many."""
    x0, y0 = lines.x0[line], lines.y0[line]
    dx, dy = lines.x1[line] - x0, lines.y1[line] - y0
    length = np.hypot(dx, dy)
    if length == 0:
        return 0
    west, east = lines.west[line] - _SAME_PX, lines.east[line] + _SAME_PX
    south, north = lines.south[line] - _SAME_PX, lines.north[line] + _SAME_PX
    near = _SAME_PX / length
    cuts[0], cuts[1], count = 0.0, 1.0, 2
    for other in range(len(lines.x0)):
        if lines.west[other] > east or lines.east[other] < west:
            continue
        if lines.south[other] > north or lines.north[other] < south:
            continue
        ax, ay, bx, by = lines.x0[other] - x0, lines.y0[other] - y0, lines.x1[other] - x0, lines.y1[other] - y0
        # How far to the left the other begins and ends, and where.
        a, b = (dx * ay - dy * ax) / length, (dx * by - dy * bx) / length
        at_a, at_b = (dx * ax + dy * ay) / length**2, (dx * bx + dy * by) / length**2
        if abs(a) <= _SAME_PX and near < at_a < 1 - near:
            count = _insert(cuts, count, at_a)
        if abs(b) <= _SAME_PX and near < at_b < 1 - near:
            count = _insert(cuts, count, at_b)
        if min(a, b) < -_SAME_PX and max(a, b) > _SAME_PX:
            crossing = at_a + a / (a - b) * (at_b - at_a)
            if near < crossing < 1 - near:
                count = _insert(cuts, count, crossing)
    return count


@step
def _insert(cuts: Floats, count: int, cut: float) -> int:
    """Put a cut in its place among the others; return how many there are then."""
    place = count
    while cuts[place - 1] > cut:
        cuts[place] = cuts[place - 1]
        place -= 1
    cuts[place] = cut
    return count + 1


@step
def _bounds(lines: _Lines, line: int, part: float) -> bool:
    """Whether the rings wind around what lies on one side of a place on a line, and not around the other side."""
    dx, dy = lines.x1[line] - lines.x0[line], lines.y1[line] - lines.y0[line]
    x, y = lines.x0[line] + part * dx, lines.y0[line] + part * dy
    if abs(dx) <= abs(dy):
        beyond, here = _wind(lines.x0, lines.y0, lines.y1, lines.eastward, x, y)
    else:
        beyond, here = _wind(lines.y0, lines.x0, lines.x1, lines.northward, y, x)
    return (beyond == 0) != (here == 0)


@step
def _wind(x0: Floats, y0: Floats, y1: Floats, slope: Floats, x: float, y: float) -> tuple[int, int]:
    """How often the rings wind around what lies just beyond a place of a line, and just before it."""
    beyond = before = 0
    for line in range(len(x0)):
        begun, ended = y0[line] <= y, y1[line] <= y
        meets = x0[line] + (y - y0[line]) * slope[line]
        is_beyond, is_here = meets > x + _SAME_PX, meets > x - _SAME_PX
        beyond += int(begun & is_beyond) - int(ended & is_beyond)
        before += int(begun & is_here) - int(ended & is_here)
    return beyond, before
