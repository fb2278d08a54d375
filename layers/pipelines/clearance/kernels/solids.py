"""How far two straight pieces of pipe are from one another as solids: round ones, and ducts of rectangular section."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from layers.pipelines.clearance.kernels.edges import meet_in_space
from twin.compiled import step

Floats = npt.NDArray[np.float64]

#: Halvings of the way along an edge: more digits than a double has.
_HALVINGS = 60


@step
def gap_between(
    a: Floats, size_a: Floats, round_a: bool, b: Floats, size_b: Floats, round_b: bool, frame_a: Floats, frame_b: Floats
) -> float:
    """Clear distance of the outer walls of two pieces; negative where they share room, by about how much.

    A round piece is all that is within its radius of the axis, so that bends are filled; a duct is a box, upright
    across its axis.

    Parameters
    ----------
    a, b
        x, y, z of start and end of the axis, in metres.
    size_a, size_b, round_a, round_b
        Half of the outer width and height, both the radius of a round one.
    frame_a, frame_b
        (5, 3) room for the frames of boxes: centre, three directions, half sizes.
    """
    if round_a and round_b:
        return math.sqrt(meet_in_space(a, b)) - size_a[0] - size_b[0]
    if not round_a:
        _frame(a, size_a, frame_a)
    if not round_b:
        _frame(b, size_b, frame_b)
    if round_a:
        return _edge_to_box(a, frame_b) - size_a[0]
    if round_b:
        return _edge_to_box(b, frame_a) - size_b[0]
    return _between_boxes(frame_a, frame_b)


@step
def _frame(edge: Floats, size: Floats, frame: Floats) -> None:
    """Write centre, directions (along, across and level, up) and half sizes of the box about an edge."""
    dx, dy, dz = edge[3] - edge[0], edge[4] - edge[1], edge[5] - edge[2]
    level, length = math.hypot(dx, dy), math.sqrt(dx * dx + dy * dy + dz * dz)
    cos, sin = (dx / level, dy / level) if level > 0 else (1.0, 0.0)  # of the bearing
    run, rise = (level / length, dz / length) if length > 0 else (1.0, 0.0)
    for k in range(3):
        frame[0, k] = (edge[k] + edge[3 + k]) / 2
    frame[1, 0], frame[1, 1], frame[1, 2] = cos * run, sin * run, rise
    frame[2, 0], frame[2, 1], frame[2, 2] = -sin, cos, 0.0
    frame[3, 0], frame[3, 1], frame[3, 2] = -cos * rise, -sin * rise, run
    frame[4, 0], frame[4, 1], frame[4, 2] = length / 2, size[0], size[1]


@step
def _along(frame: Floats, k: int, x: float, y: float, z: float) -> float:
    """How far a vector goes in a direction of a frame."""
    return frame[1 + k, 0] * x + frame[1 + k, 1] * y + frame[1 + k, 2] * z


@step
def _edge_to_box(edge: Floats, frame: Floats) -> float:
    """Distance of an edge from a box, 0 if they meet; the squared distance is convex along the edge."""
    x, y, z = edge[0] - frame[0, 0], edge[1] - frame[0, 1], edge[2] - frame[0, 2]
    dx, dy, dz = edge[3] - edge[0], edge[4] - edge[1], edge[5] - edge[2]
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        t = (low + high) / 2
        falling = 0.0
        for k in range(3):
            at, by = _along(frame, k, x + t * dx, y + t * dy, z + t * dz), _along(frame, k, dx, dy, dz)
            falling += by * (at - min(max(at, -frame[4, k]), frame[4, k]))
        if falling > 0:
            high = t
        else:
            low = t
    t = (low + high) / 2
    squared = 0.0
    for k in range(3):
        at = _along(frame, k, x + t * dx, y + t * dy, z + t * dz)
        beyond = at - min(max(at, -frame[4, k]), frame[4, k])
        squared += beyond * beyond
    return math.sqrt(squared)


@step
def _between_boxes(a: Floats, b: Floats) -> float:
    """How far two boxes are apart along the direction that parts them most; negative where none does.

    References
    ----------
    S. Gottschalk, M. C. Lin, D. Manocha, OBBTree (1996): fifteen directions are enough.
    """
    x, y, z = b[0, 0] - a[0, 0], b[0, 1] - a[0, 1], b[0, 2] - a[0, 2]
    most = -np.inf
    for i in range(3):
        most = max(most, _apart(a, b, x, y, z, a[1 + i, 0], a[1 + i, 1], a[1 + i, 2]))
        most = max(most, _apart(a, b, x, y, z, b[1 + i, 0], b[1 + i, 1], b[1 + i, 2]))
        for j in range(3):
            px = a[1 + i, 1] * b[1 + j, 2] - a[1 + i, 2] * b[1 + j, 1]
            py = a[1 + i, 2] * b[1 + j, 0] - a[1 + i, 0] * b[1 + j, 2]
            pz = a[1 + i, 0] * b[1 + j, 1] - a[1 + i, 1] * b[1 + j, 0]
            length = math.sqrt(px * px + py * py + pz * pz)
            if length > 1e-9:  # else they are parallel, and the others are enough
                most = max(most, _apart(a, b, x, y, z, px / length, py / length, pz / length))
    return most


@step
def _apart(a: Floats, b: Floats, x: float, y: float, z: float, px: float, py: float, pz: float) -> float:
    reach = 0.0
    for k in range(3):
        reach += a[4, k] * abs(_along(a, k, px, py, pz)) + b[4, k] * abs(_along(b, k, px, py, pz))
    return abs(x * px + y * py + z * pz) - reach
