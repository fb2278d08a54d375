"""Outlines of buildings: a few plans, stretched, turned and set on the ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from sample_gis.dice import Floats, Ints
from sample_gis.place import to_storage

BOX, BAR, ELL, CUP, COURT = range(5)

#: Plans in the unit square: shell counterclockwise, then an optional courtyard clockwise.
_PLANS: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)),),
    (((-0.5, 0.0), (0.5, 0.0), (0.5, 0.5), (-0.5, 0.5)),),
    (((-0.5, -0.5), (-0.15, -0.5), (-0.15, 0.05), (0.5, 0.05), (0.5, 0.5), (-0.5, 0.5)),),
    (((-0.5, -0.5), (-0.2, -0.5), (-0.2, 0.1), (0.2, 0.1), (0.2, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)),),
    (
        ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)),
        ((-0.22, -0.2), (-0.22, 0.18), (0.22, 0.18), (0.22, -0.2)),
    ),
)


def footprints(plan: Ints, center: Floats, axis: Floats, size: Floats, height_m: Floats) -> npt.NDArray[np.object_]:
    """Draw n footprints.

    Parameters
    ----------
    plan
        (n,) which plan.
    center
        (n, 2) middle, metres from the seat.
    axis
        (n, 2) unit vector along the width.
    size
        (n, 2) width and depth in metres.
    height_m
        (n,) height of the ground, the z of every vertex.

    Returns
    -------
    array
        n MultiPolygons Z in the storage CRS.
    """
    drawn = np.empty((len(plan), 1), dtype=object)
    for number, rings in enumerate(_PLANS):
        rows = np.flatnonzero(plan == number)
        placed = [_place(np.array(ring), center[rows], axis[rows], size[rows], height_m[rows]) for ring in rings]
        drawn[rows, 0] = shapely.polygons(placed[0], holes=np.stack(placed[1:], axis=1) if placed[1:] else None)
    return np.asarray(shapely.multipolygons(drawn), dtype=object)


def _place(ring: Floats, center: Floats, axis: Floats, size: Floats, height_m: Floats) -> Floats:
    across = np.stack([-axis[:, 1], axis[:, 0]], axis=1)
    local = ring[None] * size[:, None]
    points = center[:, None] + local[..., :1] * axis[:, None] + local[..., 1:] * across[:, None]
    z = np.broadcast_to(height_m[:, None, None], (*points.shape[:2], 1))
    ring = np.concatenate([to_storage(points), z], axis=2)
    return np.concatenate([ring, ring[:, :1]], axis=1)
