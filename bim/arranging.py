"""Areas between lines of many shapes at once: shapes are laid beside each other, so that one noding serves them all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

#: How far shapes lie apart, in steps of the grid.
_APART = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrangement:
    """Points of m shapes on a grid, laid beside each other.

    Parameters
    ----------
    grid_m
        The step of the grid: what is nearer is one.
    shifts
        (m, 2) how far each shape is moved, in steps.
    starts
        (m,) where each begins then, from west to east.
    """

    grid_m: float
    shifts: Floats
    starts: Floats

    @classmethod
    def of(cls, points: Floats, shapes: Numbers, grid_m: float) -> tuple[Arrangement, Floats]:
        """Lay out (n, 2) points in metres, each of a shape: in the order of the shapes, each of which has some.

        Returns
        -------
        Arrangement, ndarray
            And where the points are in it.
        """
        steps = np.rint(points / grid_m)
        firsts = np.flatnonzero(np.diff(shapes, prepend=-1))
        low, high = np.minimum.reduceat(steps, firsts), np.maximum.reduceat(steps, firsts)
        widths = high[:, 0] - low[:, 0] + _APART
        starts = np.cumsum(widths) - widths
        shifts = np.column_stack([starts, np.zeros(len(starts))]) - low
        return cls(grid_m=grid_m, shifts=shifts, starts=starts), steps + shifts[shapes]

    def shape_of(self, geometries: Geometries) -> Numbers:
        """(k,) the shape that each geometry of the arrangement belongs to."""
        found: Numbers = np.searchsorted(self.starts, shapely.bounds(geometries)[:, 0], side="right") - 1
        return found

    def bring_back(self, geometries: Geometries, shapes: Numbers) -> Geometries:
        """Geometries of the arrangement where their shapes are, in metres."""
        points, at = shapely.get_coordinates(geometries, return_index=True)
        in_metres = (points - self.shifts[shapes[at]]) / round(1 / self.grid_m)  # the nearest numbers there are
        out: Geometries = shapely.set_coordinates(geometries.copy(), in_metres)
        return out


def node(lines: Floats) -> Geometries:
    """Cut (k, 2, 2) lines of an arrangement where they meet: they end on the grid, but may meet beside it."""
    noded: Geometries = shapely.get_parts(shapely.union_all(shapely.linestrings(lines)))
    return noded


def is_thin(areas: Geometries) -> npt.NDArray[np.bool_]:
    """Which areas of an arrangement are narrower than a step of the grid."""
    thin: npt.NDArray[np.bool_] = 2 * shapely.area(areas) < shapely.length(areas)
    return thin
