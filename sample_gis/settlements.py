"""Where people live: street grids of the seat and the towns, villages between them; and the motorways."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sample_gis.boundary import Division
from sample_gis.dice import Dice, Floats, Ints
from sample_gis.mesh import Mask
from sample_gis.place import MOTORWAYS_KM, ORIGIN
from sample_gis.terrain import Terrain
from sample_gis.warp import Warp

_MOTORWAY_STEP_M = 700.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Town:
    """The street grid of a town on the planner's sheet; towns are numbered as their townships, 0 is the seat.

    Parameters
    ----------
    x, y
        (n,) and (m,) where the streets run, metres on the sheet.
    number
        (n, m) number of each crossing among all `Settlements.sheet` points, -1 where the grid has none.
    """

    x: Floats
    y: Floats
    number: Ints

    @property
    def blocks(self) -> Ints:
        """(k, 4) crossings around each block, counterclockwise from the south-west."""
        n = self.number
        around = np.stack([n[:-1, :-1], n[1:, :-1], n[1:, 1:], n[:-1, 1:]], axis=-1).reshape(-1, 4)
        return around[(around >= 0).all(axis=1)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Settlements:
    """Every point that roads connect.

    Parameters
    ----------
    sheet
        (n, 2) on the planner's sheet: first the crossings of the towns, then the motorway points, then the villages.
    towns
        The street grids.
    motorways
        Points in the order of travel, as positions in `sheet`.
    villages
        Positions of the villages in `sheet`.
    """

    sheet: Floats
    towns: tuple[Town, ...]
    motorways: tuple[Ints, ...]
    villages: Ints

    @classmethod
    def of(cls, seed: int, division: Division, terrain: Terrain, warp: Warp) -> Settlements:
        """Lay out the towns, the motorways and the villages."""
        dice = Dice(seed, "settlements")
        towns: list[Town] = []
        crossings: list[Floats] = []
        for index, seat in enumerate(division.seats):
            town, points = _lay_out(dice, warp, division, index, seat, sum(map(len, crossings)))
            towns.append(town)
            crossings.append(points)
        count = sum(map(len, crossings))
        highway, motorways = _motorways(division, warp, count)
        fixed = np.concatenate([*crossings, highway])
        villages = _villages(dice, division, terrain, warp, fixed)
        return cls(
            sheet=np.concatenate([fixed, villages]),
            towns=tuple(towns),
            motorways=motorways,
            villages=np.arange(len(fixed), len(fixed) + len(villages)),
        )


def _lay_out(dice: Dice, warp: Warp, division: Division, index: int, seat: Floats, offset: int) -> tuple[Town, Floats]:
    middle = warp.flatten(seat)
    if index == 0:
        x, y = (middle[axis] + _lines(dice, 20, 170.0, 300.0) for axis in range(2))
        points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
        keep = division.urban[division.mesh.locate(warp.bend(points).reshape(-1, 2))].reshape(points.shape[:2])
    else:
        x, y = (middle[axis] + _lines(dice, int(dice.integers(2, 4, 1)[0]), 130.0, 220.0) for axis in range(2))
        points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
        keep = dice.unit(*points.shape[:2]) < 0.93
        keep[len(x) // 2 - 1 : len(x) // 2 + 2, len(y) // 2 - 1 : len(y) // 2 + 2] = True
    keep = _without_stubs(keep)
    number = np.where(keep, np.cumsum(keep.ravel()).reshape(keep.shape) - 1 + offset, -1)
    return Town(x=x, y=y, number=number), points[keep]


def _lines(dice: Dice, count: int, low: float, high: float) -> Floats:
    """Where parallel streets run: `count` either side of the middle one."""
    steps = dice.between(low, high, 2 * count)
    return np.concatenate([-np.cumsum(steps[:count])[::-1], [0.0], np.cumsum(steps[count:])])


def _without_stubs(keep: Mask) -> Mask:
    """Take away crossings that no block touches."""
    block = keep[:-1, :-1] & keep[1:, :-1] & keep[1:, 1:] & keep[:-1, 1:]
    padded = np.pad(block, 1)
    return padded[:-1, :-1] | padded[1:, :-1] | padded[1:, 1:] | padded[:-1, 1:]


def _motorways(division: Division, warp: Warp, offset: int) -> tuple[Floats, tuple[Ints, ...]]:
    """Points every 700 m or so along each motorway, as far as it stays in the county."""
    points: list[tuple[float, float]] = []
    lines = []
    for vertices in (np.array(line) * 1000.0 for line in MOTORWAYS_KM):
        legs = []
        for start, end in pairwise(vertices):
            length = np.sqrt(((end - start) ** 2).sum())
            share = np.arange(int(length // _MOTORWAY_STEP_M)) / int(length // _MOTORWAY_STEP_M)
            legs.append(start + share[:, None] * (end - start))
        line = np.concatenate([*legs, vertices[-1:]])
        inside = division.county[division.mesh.locate(warp.bend(line))]
        lines.append(line[_longest_run(inside)])
    for line in lines:
        points += [point for point in map(tuple, line.tolist()) if point not in points]
    numbers = tuple(np.array([points.index(tuple(point)) + offset for point in line.tolist()]) for line in lines)
    return np.array(points), numbers


def _longest_run(inside: Mask) -> slice:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
    runs = edges.reshape(-1, 2)
    first, last = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return slice(int(first), int(last))


def _villages(dice: Dice, division: Division, terrain: Terrain, warp: Warp, fixed: Floats) -> Floats:
    """Villages a kilometre or so apart, closer in the plain than in the hills, away from towns and motorways."""
    cells = np.flatnonzero(division.mesh.shrunk(division.county))
    home = cells[dice.integers(0, len(cells), 16_000)]
    place = division.mesh.center[home] + dice.between(-200.0, 200.0, len(home), 2)
    height = terrain.height_m(*(place + ORIGIN).T)
    dry = np.abs(terrain.river_east_m(place[:, 1]) - place[:, 0]) > 420
    usable = dry & (height < 330) & division.county[division.mesh.locate(place)]
    gap = np.clip(820 + 3.2 * (height - 130), 820, 1_300)[usable]
    sheet = warp.flatten(place[usable])

    taken = np.concatenate([fixed, np.zeros((2_000, 2))])
    reach = np.concatenate([np.full(len(fixed), 520.0), np.zeros(2_000)])
    count = len(fixed)
    for point, room in zip(sheet, gap, strict=True):
        x, y = (taken[:count] - point).T
        least = np.minimum(reach[:count], room)
        if count < len(taken) and (x * x + y * y > least * least).all():
            taken[count], reach[count] = point, room
            count += 1
    return taken[len(fixed) : count]
