"""Boxes and cylinders of known sizes, as bodies that are compared."""

from __future__ import annotations

import numpy as np

from bim.clash.bodies import Bodies
from bim.clash.measuring import find_meetings

_BOX = np.array([(0, 2, 1), (0, 3, 2), (4, 5, 6), (4, 6, 7), (0, 1, 5), (0, 5, 4),
                 (1, 2, 6), (1, 6, 5), (2, 3, 7), (2, 7, 6), (3, 0, 4), (3, 4, 7)])  # fmt: skip
#: One metre each way.
UNIT = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def box(low, high):
    """The corners and triangles of a box."""
    (a, b, c), (d, e, f) = low, high
    return np.array([(a, b, c), (d, b, c), (d, e, c), (a, e, c), (a, b, f), (d, b, f), (d, e, f), (a, e, f)]), _BOX


def open_box(low, high):
    """A box without its lid."""
    points, corners = box(low, high)
    return points, np.delete(corners, [2, 3], axis=0)


def cylinder(radius_m, start_x, stop_x, *, sides=64):
    """A prism of many sides along the x axis."""
    turn = 2 * np.pi * np.arange(sides) / sides
    ring = np.column_stack([np.zeros(sides), radius_m * np.cos(turn), radius_m * np.sin(turn)])
    ends = np.array([(start_x, 0, 0), (stop_x, 0, 0)], dtype=float)
    points = np.concatenate([ring + ends[0], ring + ends[1], ends])
    one, next_ = np.arange(sides), np.roll(np.arange(sides), -1)
    walls = np.concatenate(
        [np.column_stack([one, next_, next_ + sides]), np.column_stack([one, next_ + sides, one + sides])]
    )
    lids = [np.column_stack([np.full(sides, 2 * sides), next_, one]),
            np.column_stack([np.full(sides, 2 * sides + 1), one + sides, next_ + sides])]  # fmt: skip
    return points, np.concatenate([walls[:, ::-1], *(lid[:, ::-1] for lid in lids)])


def turned(mesh, degrees, about=(0.0, 0.0, 0.0)):
    """The same turned around a vertical axis."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return (mesh[0] - about) @ turn.T + about, mesh[1]


def meet(*meshes, tolerance_m=0.01, clearance_m=0.0, apart=()):
    """What comes of comparing all bodies with one another."""
    bodies = Bodies.of(meshes)
    everything = np.ones(len(bodies), bool)
    return find_meetings(
        bodies, everything, everything, np.array(apart, np.int64).reshape(-1, 2),
        tolerance_m=tolerance_m, clearance_m=clearance_m,
    )  # fmt: skip
