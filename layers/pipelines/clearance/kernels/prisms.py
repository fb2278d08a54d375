"""How far straight pieces of pipe are from upright prisms: foundations, from their footprint down."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from layers.pipelines.clearance.kernels.solids import gap_between
from layers.pipelines.clearance.limits import TOUCH_M
from twin.compiled import compiled, step

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@compiled
def gaps_to_prisms(
    pipe: Numbers, prism: Numbers, edges: Floats, pieces: Numbers, sizes: Floats, is_round: npt.NDArray[np.bool_],
    walls: Floats, rings: Numbers, low: Floats, high: Floats, gaps: Floats,
) -> None:  # fmt: skip
    """Find the clear distance of the solids of r pipes and prisms, infinite where they are not near.

    A piece that touches no wall of a prism is, as far as it is at the prism's height, wholly within its outline or
    wholly outside: both a round piece and a box are convex. So a single point of it tells which.

    Parameters
    ----------
    pipe, prism
        (r,) which pipe is held against which prism.
    edges, pieces
        (n, 6) x, y, z of start and end of straight pieces, and (m + 1,) where those of each pipe begin.
    sizes, is_round
        Of m pipes: (m, 2) half the outer width and height; whether round.
    walls, rings
        (w, 4) x, y of start and end of the sides of outlines, holes and all, and (k + 1,) where those of each prism
        begin.
    low, high
        (k,) heights of bottom and top.
    gaps
        (r,) room for what is found; negative where they share room, by about how much.
    """
    frame_a, frame_b = np.empty((5, 3)), np.empty((5, 3))
    wall, flat = np.empty(6), np.empty(2)
    for row in range(len(pipe)):
        p, k = pipe[row], prism[row]
        size, round_ = sizes[p], is_round[p]
        flat[0], flat[1] = 0.0, (high[k] - low[k]) / 2
        gap = np.inf
        for e in range(pieces[p], pieces[p + 1]):
            edge = edges[e]
            for w in range(rings[k], rings[k + 1]):
                if _apart(edge, size[0] + size[1], walls[w]):
                    continue
                wall[0], wall[1], wall[3], wall[4] = walls[w, 0], walls[w, 1], walls[w, 2], walls[w, 3]
                wall[2] = wall[5] = (low[k] + high[k]) / 2
                gap = min(gap, gap_between(edge, size, round_, wall, flat, False, frame_a, frame_b))
            if gap >= -TOUCH_M:
                gap = min(gap, _gap_within(edge, size, round_, walls[rings[k] : rings[k + 1]], low[k], high[k]))
        gaps[row] = gap


@step
def _apart(edge: Floats, reach: float, wall: Floats) -> bool:
    """Whether a piece is farther from a wall than its reach, as their boxes show."""
    for axis in range(2):
        if min(edge[axis], edge[axis + 3]) - reach > max(wall[axis], wall[axis + 2]):
            return True
        if max(edge[axis], edge[axis + 3]) + reach < min(wall[axis], wall[axis + 2]):
            return True
    return False


@step
def _gap_within(edge: Floats, size: Floats, round_: bool, walls: Floats, low: float, high: float) -> float:
    """How much of the height of a prism a piece takes that touches no wall of it, negative; infinite if it does not.

    The lowest and the highest point of the piece, and a point between them that is at the height of the prism.
    """
    first, last = (0, 3) if edge[2] <= edge[5] else (3, 0)
    rise = size[1]
    dx = dy = 0.0
    if not round_:  # corners of the box: its height is across the axis
        level = math.hypot(edge[3] - edge[0], edge[4] - edge[1])
        length = math.sqrt(level * level + (edge[5] - edge[2]) ** 2)
        if length > 0:
            rise = size[1] * level / length
        if level > 0:
            slope = abs(edge[5] - edge[2]) / length
            dx = (edge[last] - edge[first]) / level * slope * size[1]
            dy = (edge[last + 1] - edge[first + 1]) / level * slope * size[1]
    bottom, top = edge[first + 2] - rise, edge[last + 2] + rise
    shared = min(top, high) - max(bottom, low)
    if shared <= 0:
        return np.inf
    share = (max(bottom, low) - bottom) / (top - bottom)
    x0, y0 = edge[first] + dx, edge[first + 1] + dy
    x1, y1 = edge[last] - dx, edge[last + 1] - dy
    return -shared if _is_within(x0 + share * (x1 - x0), y0 + share * (y1 - y0), walls) else np.inf


@step
def _is_within(x: float, y: float, walls: Floats) -> bool:
    """Whether a point is within an outline: a ray to the east crosses its sides an odd number of times."""
    within = False
    for w in range(len(walls)):
        ax, ay, bx, by = walls[w, 0], walls[w, 1], walls[w, 2], walls[w, 3]
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            within = not within
    return within
