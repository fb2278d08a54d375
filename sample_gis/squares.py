"""How much of an area lies in each square of the storage grid, by clipping edge after edge.

The truth about sheets is worked out with this and not with the geometry library that measures the twin.
"""

from __future__ import annotations

import numpy as np
import shapely

from sample_gis.dice import Floats

#: A square of the storage grid by its south-west corner (east, north), in units of 500 m.
Square = tuple[int, int]
SIDE_M = 500


def share_out(area: shapely.Polygon) -> dict[Square, float]:
    """Square metres of a polygon without holes in each 500 m square it touches, in the plane."""
    ring = shapely.get_coordinates(area.exterior)[:-1]
    low, high = (ring.min(axis=0) // SIDE_M).astype(int), (ring.max(axis=0) // SIDE_M).astype(int)
    found: dict[Square, float] = {}
    for east in range(low[0], high[0] + 1):
        strip = _between(ring, 0, east * SIDE_M)
        for north in range(low[1], high[1] + 1):
            part = _between(strip, 1, north * SIDE_M)
            # Rings of squares that the area only passes by collapse to lines.
            size = _area_m2(part)
            if size > 1.0:
                found[east, north] = size
    return found


def kilometre(square: Square) -> Square:
    """The south-west corner of the 1 km square that holds a square."""
    return square[0] // 2 * 2, square[1] // 2 * 2


def quarters(corner: Square) -> tuple[Square, ...]:
    """The four squares of a 1 km square."""
    east, north = corner
    return (east, north), (east + 1, north), (east, north + 1), (east + 1, north + 1)


def _between(ring: Floats, axis: int, low: float) -> Floats:
    return _beyond(_beyond(ring, axis, low, 1.0), axis, low + SIDE_M, -1.0)


def _beyond(ring: Floats, axis: int, limit: float, sign: float) -> Floats:
    """The part of a ring on one side of a line (Sutherland and Hodgman)."""
    after = np.roll(ring, -1, axis=0)
    here, there = (sign * (points[:, axis] - limit) for points in (ring, after))
    crosses = (here >= 0) != (there >= 0)
    share = np.divide(here, here - there, out=np.zeros(len(ring)), where=crosses)
    meets = ring + share[:, None] * (after - ring)
    points = np.stack([ring, meets], axis=1).reshape(-1, 2)
    clipped: Floats = points[np.stack([here >= 0, crosses], axis=1).ravel()]
    return clipped


def _area_m2(ring: Floats) -> float:
    if not len(ring):
        return 0.0
    x, y = (ring - ring[0]).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)
