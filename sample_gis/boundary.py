"""The county and what it is divided into: townships, communities, grid cells; the planning and the urban area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from sample_gis.dice import Dice, Floats, Ints
from sample_gis.mesh import Mask, Mesh
from sample_gis.noise import Noise, smooth_step
from sample_gis.place import AREA_M2, BOX, MOTORWAYS_KM, ORIGIN
from sample_gis.terrain import Terrain

#: The rough outline, invented, kilometres from the seat; noise and the size wanted make the county of it.
_OUTLINE_KM = (
    (-29, 13), (-27, 21), (-21, 25), (-16, 20), (-9, 22), (-7, 15), (1, 15), (6, 11), (12, 9), (19, 13), (21, 7),
    (26, 4), (21, -2), (24, -8), (17, -10), (13, -16), (7, -13), (2, -17), (0, -24), (-5, -28), (-11, -23), (-16, -25),
    (-18, -17), (-24, -13), (-31, -15), (-28, -7), (-22, -3), (-26, 2), (-31, 7),
)  # fmt: skip

#: Townships beside the seat's own street office.
TOWNS = 17

#: Sizes of the planning area, the urban area and the urban area of the superseded plan.
PLANNING_M2, URBAN_M2, FORMER_URBAN_M2 = 78e6, 31e6, 22e6


@dataclass(frozen=True, kw_only=True, eq=False)
class Division:
    """Which cell of the mesh belongs where; -1 where it does not.

    Parameters
    ----------
    mesh
        The honeycomb.
    county, planning, urban, former_urban
        (n,) cells of each area.
    township
        (n,) township of each cell, 0 is the seat's.
    seats
        (1 + TOWNS, 2) where the township seats lie, metres from the seat of the county, which is the first.
    """

    mesh: Mesh
    county: Mask
    planning: Mask
    urban: Mask
    former_urban: Mask
    township: Ints
    seats: Floats

    @classmethod
    def of(cls, seed: int, terrain: Terrain) -> Division:
        """Draw the county, its townships and the areas of the plan."""
        dice = Dice(seed, "boundary")
        mesh = Mesh.of(dice)
        home = int(mesh.locate(np.zeros((1, 2)))[0])
        cost = _cost(mesh, terrain)
        county, depth = _county(mesh, home, dice)
        quiet = shapely.distance(_motorways(), shapely.points(mesh.center)) > 2_000
        seats = _spread(mesh, county & (depth > 2_000) & quiet, TOWNS + 1, home, depth, dice)
        township, _ = mesh.grow(county.astype(np.int64), seats, cost)
        _, distance = mesh.grow(county.astype(np.int64), np.array([home]), cost)
        areas = [_nearest(mesh, distance, size, home) for size in (PLANNING_M2, URBAN_M2, FORMER_URBAN_M2)]
        centers = mesh.center[seats] * (np.arange(len(seats)) > 0)[:, None]
        return cls(
            mesh=mesh,
            county=county,
            planning=areas[0],
            urban=areas[1],
            former_urban=areas[2],
            township=township,
            seats=centers,
        )

    def subdivide(self, terrain: Terrain, sites: Floats) -> Ints:
        """Divide the townships into communities, one around each site within its township; -1 outside the county."""
        cells = self.mesh.locate(sites)
        unique = np.unique(cells)
        label, _ = self.mesh.grow(self.township + 1, unique, _cost(self.mesh, terrain))
        return label

    def outline(self, chosen: Mask) -> shapely.Polygon:
        """The polygon of a set of cells that hangs together, storage CRS."""
        polygon: shapely.Polygon = self.mesh.outlines(np.where(chosen, 0, -1))[0]
        return polygon


def _county(mesh: Mesh, home: int, dice: Dice) -> tuple[Mask, Floats]:
    rough = shapely.Polygon(np.array(_OUTLINE_KM, float) * 1000.0)
    point = shapely.points(mesh.center)
    depth = shapely.distance(rough.exterior, point) * np.where(shapely.contains(rough, point), 1.0, -1.0)
    x, y = mesh.center.T
    depth = depth + 7_000 * Noise.of(dice, 6_000, octaves=4)(x, y)
    west, south, east, north = BOX
    margin = np.minimum(np.minimum(x - west, east - x), np.minimum(y - south, north - y))
    # The border turns away from the box, sooner here and later there, and so is nowhere cut straight.
    margin = margin + 5_000 * Noise.of(dice, 5_000, octaves=3)(x, y) - 900
    depth = depth - 6_000 * (1.0 - smooth_step(0.0, 1_500.0, margin))
    depth[~mesh.inside_box()] = -np.inf
    # Cells that would be cut off or enclosed change sides, so the size is met by trying levels, not by counting.
    level = np.sort(depth[np.isfinite(depth)])[::-1]
    low, high = 0, len(level) - 1
    while low < high:
        middle = (low + high) // 2
        chosen = _whole(mesh, depth >= level[middle], home)
        low, high = (middle + 1, high) if mesh.area_m2[chosen].sum() < AREA_M2 else (low, middle)
    return _whole(mesh, depth >= level[low], home), depth - level[low]


def _motorways() -> shapely.MultiLineString:
    return shapely.MultiLineString([np.array(line) * 1000.0 for line in MOTORWAYS_KM])


def _whole(mesh: Mesh, chosen: Mask, home: int) -> Mask:
    """The part around home, enclaves filled."""
    part = mesh.connected(chosen, home)
    return ~mesh.connected(~part, 0)


def _nearest(mesh: Mesh, distance: Floats, size_m2: float, home: int) -> Mask:
    order = np.argsort(distance, kind="stable")
    count = int(np.searchsorted(np.cumsum(mesh.area_m2[order]), size_m2))
    chosen = np.zeros(len(distance), bool)
    chosen[order[:count]] = True
    return _whole(mesh, chosen, home)


def _spread(mesh: Mesh, allowed: Mask, count: int, home: int, depth: Floats, dice: Dice) -> Ints:
    """Cells far from each other and not too near the border, home first."""
    cells = np.flatnonzero(allowed)
    blur = dice.between(0.6, 1.4, len(cells))
    chosen = [home]
    gap = np.minimum(_distance(mesh, cells, home), 1.8 * depth[cells])
    while len(chosen) < count:
        best = int(cells[np.argmax(gap * blur)])
        chosen.append(best)
        gap = np.minimum(gap, _distance(mesh, cells, best))
    return np.array(chosen)


def _distance(mesh: Mesh, cells: Ints, cell: int) -> Floats:
    x, y = (mesh.center[cells] - mesh.center[cell]).T
    distance: Floats = np.sqrt(x * x + y * y)
    return distance


def _cost(mesh: Mesh, terrain: Terrain) -> Floats:
    """Cost of going from cell to cell: borders come to lie on ridges and along the river."""
    height = terrain.height_m(*(mesh.center + ORIGIN).T)
    side = terrain.river_east_m(mesh.center[:, 1]) > mesh.center[:, 0]
    climb = np.abs(height[:, None] - height[mesh.neighbour])
    crosses = side[:, None] != side[mesh.neighbour]
    cost: Floats = mesh.toll * (1.0 + climb / 12.0 + 6.0 * crosses)
    return cost
