"""A honeycomb over the county on which all borders run.

Every area is a set of cells and every border runs along cell sides, so neighbours share their border to the bit and
parents are exactly the union of their children. Three cells meet at a corner, never four, so the outline of a set of
cells never touches itself and every outline is valid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from sample_gis.dice import Dice, Floats, Ints
from sample_gis.graph import make_graph
from sample_gis.noise import Noise
from sample_gis.place import BOX, millimetres, to_storage

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Mask = npt.NDArray[np.bool_]

#: Distance between the centres of neighbouring cells.
SPACING_M = 400.0

# Corners counterclockwise from the south, in steps of half a spacing east and a sixth of a row pair north; side k runs
# from corner k to corner k + 1 and has neighbour k behind it.
_CORNERS = np.array([(0, -2), (1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1)], np.int64)
_NEIGHBOURS = np.array([(1, -3), (2, 0), (1, 3), (-1, 3), (-2, 0), (-1, -3)], np.int64)
_STEP = np.array([SPACING_M / 2, SPACING_M / 12**0.5])


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesh:
    """Cells of the honeycomb.

    Parameters
    ----------
    center
        (n, 2) centres, metres from the seat.
    ring
        (n, 12) positions in `points`: corners and side midpoints counterclockwise.
    neighbour
        (n, 6) cell behind each side, -1 at the rim.
    points
        (m, 2) corners and side midpoints, displaced at random, whole millimetres from the seat.
    toll
        (n, 6) how hard it is to cross a side, the same from both sides.
    area_m2
        (n,) areas in the plane.
    """

    center: Floats
    ring: Ints
    neighbour: Ints
    points: Floats
    toll: Floats
    area_m2: Floats

    @classmethod
    def of(cls, dice: Dice) -> Mesh:
        """Lay the honeycomb over the box of the county."""
        west, south, east, north = BOX
        rows = np.arange(int(south // (3 * _STEP[1])), int(north // (3 * _STEP[1])) + 2)
        columns = np.arange(int(west // SPACING_M), int(east // SPACING_M) + 2)
        row, column = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
        cell = np.stack([2 * column + row % 2, 3 * row], axis=1)

        number = {key: index for index, key in enumerate(map(tuple, cell.tolist()))}
        beside = (cell[:, None] + _NEIGHBOURS).reshape(-1, 2).tolist()
        neighbour = np.array([number.get((i, j), -1) for i, j in beside], np.int64).reshape(-1, 6)

        corner = cell[:, None] + _CORNERS
        middle = corner + np.roll(corner, -1, axis=1)
        nodes = np.stack([2 * corner, middle], axis=2).reshape(-1, 2)
        unique, ring = np.unique(nodes, axis=0, return_inverse=True)
        ring = ring.reshape(-1, 12)
        points = unique / 2 * _STEP
        drift = [Noise.of(dice, 1_700.0)(*points.T) for _ in range(2)]
        points = points + SPACING_M * (0.7 * np.stack(drift, axis=1) + dice.between(-0.1, 0.1, len(unique), 2))
        toll = dice.between(0.6, 1.4, len(unique)) * (1.0 + 1.3 * np.abs(Noise.of(dice, 5_000.0)(*points.T)))
        return cls(
            center=cell * _STEP,
            ring=ring,
            neighbour=neighbour,
            points=millimetres(points),
            toll=toll[ring[:, 1::2]],
            area_m2=_shoelace(points[ring]),
        )

    def locate(self, points: Floats) -> Ints:
        """The cell whose undisplaced hexagon holds each point."""
        from scipy.spatial import KDTree

        return np.asarray(KDTree(self.center).query(points)[1], np.int64)

    def inside_box(self) -> Mask:
        """Cells that lie in the box of the county as a whole."""
        x, y = np.moveaxis(self.points[self.ring], 2, 0)
        west, south, east, north = BOX
        inside: Mask = ((x > west) & (x < east) & (y > south) & (y < north)).all(axis=1)
        return inside

    def shrunk(self, chosen: Mask, *, rings: int = 1) -> Mask:
        """The chosen cells without those at the edge, taken off so many times."""
        for _ in range(rings):
            chosen = chosen & (self.neighbour >= 0).all(axis=1) & chosen[self.neighbour].all(axis=1)
        return chosen

    def connected(self, chosen: Mask, home: int) -> Mask:
        """The chosen cells that hang together with the home cell."""
        from scipy.sparse.csgraph import connected_components

        parts = connected_components(self._graph(np.where(chosen, 1, 0), self.toll), directed=False)[1]
        connected: Mask = chosen & (parts == parts[home])
        return connected

    def grow(self, group: Ints, seeds: Ints, cost: Floats) -> tuple[Ints, Floats]:
        """Let areas grow from seed cells until they meet.

        Parameters
        ----------
        group
            (n,) areas grow within a group only; cells of group 0 stay out.
        seeds
            k cells.
        cost
            (n, 6) cost of crossing each side.

        Returns
        -------
        label, distance
            (n,) which seed (0 to k - 1) a cell belongs to, -1 for none, and how far it is. Every area hangs together.
        """
        from scipy.sparse.csgraph import dijkstra

        found, _, sources = dijkstra(self._graph(group, cost), indices=seeds, min_only=True, return_predecessors=True)
        position = np.full(len(self.center) + 1, -1, np.int64)
        position[seeds] = np.arange(len(seeds))
        return position[np.where(np.isfinite(found), sources, -1)], found

    def relaxed(self, *labels: Ints) -> Mesh:
        """The same mesh with the zigzag taken out of the borders between labels.

        A corner where two labels meet moves between the side midpoints before and after it; one where three meet
        stays. The borders of the first labels are smoothed first and do not depend on the labels that follow.
        """
        size, points, settled = len(self.points), self.points.copy(), np.zeros(len(self.points), bool)
        for label in labels:
            beyond = np.where(self.neighbour < 0, -1, label[self.neighbour])
            cell, side = np.nonzero((label[:, None] != beyond) & (np.arange(len(label))[:, None] > self.neighbour))
            ends = self.ring[cell[:, None], np.stack([2 * side, (2 * side + 2) % 12], axis=1)].ravel()
            middle = self.points[self.ring[cell, 2 * side + 1]].repeat(2, axis=0)
            count = np.bincount(ends, minlength=size)
            total = np.stack([np.bincount(ends, middle[:, axis], minlength=size) for axis in range(2)], axis=1)
            moved = (count == 2) & ~settled
            points[moved] = millimetres(0.2 * points[moved] + 0.4 * total[moved])
            settled |= count > 0
        return replace(self, points=points, area_m2=_shoelace(points[self.ring]))

    def outlines(self, label: Ints) -> npt.NDArray[np.object_]:
        """The polygon of every label 0, 1, 2 … in the storage CRS; each must hang together."""
        beyond = np.where(self.neighbour < 0, -1, label[self.neighbour])
        cell, side = np.nonzero((label[:, None] != beyond) & (label[:, None] >= 0))
        start, middle = self.ring[cell, 2 * side], self.ring[cell, 2 * side + 1]
        end = self.ring[cell, (2 * side + 2) % 12]
        order = np.argsort(label[cell], kind="stable")
        cuts = np.searchsorted(label[cell][order], np.arange(label.max() + 2))
        polygons = []
        for first, last in pairwise(cuts.tolist()):
            edges = order[first:last]
            onward = dict(
                zip(start[edges].tolist(), zip(middle[edges].tolist(), end[edges].tolist(), strict=True), strict=True)
            )
            rings = [self.points[ring] for ring in _trace(onward)]
            outer = [ring for ring in rings if _shoelace(ring[None])[0] > 0]
            holes = [to_storage(ring) for ring in rings if _shoelace(ring[None])[0] < 0]
            if len(outer) != 1:
                raise ValueError("the cells of an area do not hang together")
            polygons.append(shapely.Polygon(to_storage(outer[0]), holes))
        return np.array(polygons, dtype=object)

    def _graph(self, group: Ints, cost: Floats) -> csr_array:
        beside = np.where(self.neighbour < 0, 0, group[self.neighbour])
        cell, side = np.nonzero((group[:, None] == beside) & (group[:, None] > 0))
        return make_graph(len(self.center), np.stack([cell, self.neighbour[cell, side]], axis=1), cost[cell, side])


def _trace(onward: dict[int, tuple[int, int]]) -> Iterator[list[int]]:
    while onward:
        first = at = min(onward)
        ring: list[int] = []
        while at != first or not ring:
            middle, end = onward.pop(at)
            ring += [at, middle]
            at = end
        yield ring


def _shoelace(rings: Floats) -> Floats:
    x, y = np.moveaxis(rings, 2, 0)
    area: Floats = (x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1) / 2
    return area
