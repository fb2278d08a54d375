"""Key public places: schools, hospitals, parks … on the blocks of the towns, sights and service areas outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_gis.blocks import CENTER, INDUSTRY, Blocks, unit_vector
from sample_gis.boundary import Division
from sample_gis.dice import Dice, Floats
from sample_gis.names import TOWN_NAMES
from sample_gis.place import ORIGIN, millimetres, to_storage
from sample_gis.place_lists import HILLS, SEAT_PLACES, SERVICE_AREAS, TOWN_PLACES
from sample_gis.roads import Network
from sample_gis.settlements import Settlements
from sample_gis.terrain import Terrain
from sample_gis.warp import Warp

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Sixteen directions round the compass; whole numbers, so that no sine is needed.
_ROUND = unit_vector(
    np.array(
        [
            *((5, 0), (5, 2), (4, 4), (2, 5), (0, 5), (-2, 5), (-4, 4), (-5, 2)),
            *((-5, 0), (-5, -2), (-4, -4), (-2, -5), (0, -5), (2, -5), (4, -4), (5, -2)),
        ],
        float,
    )
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """A key place.

    Parameters
    ----------
    name, category
        What it is.
    town
        The town it belongs to, -1 for none.
    parts
        Rings counterclockwise, metres from the seat.
    """

    name: str
    category: str
    town: int
    parts: tuple[Floats, ...]

    @cached_property
    def center(self) -> Floats:
        """Middle of the box around the place."""
        points = np.concatenate(self.parts)
        middle: Floats = (points.min(axis=0) + points.max(axis=0)) / 2
        return middle

    @cached_property
    def reach_m(self) -> float:
        """How far the place reaches from its center."""
        away = np.concatenate(self.parts) - self.center
        return float(np.sqrt((away * away).sum(axis=1)).max())


def choose_places(
    seed: int,
    division: Division,
    settlements: Settlements,
    network: Network,
    blocks: Blocks,
    terrain: Terrain,
    warp: Warp,
) -> tuple[tuple[Place, ...], dict[int, str]]:
    """Choose the key places; the second result says which block is built on by which habit because of them."""
    dice = Dice(seed, "places")
    habits: dict[int, str] = {}
    places = [
        *_seat_places(dice, blocks, habits),
        *_town_places(blocks, habits),
        *_industrial_parks(blocks, habits),
        *_hill_sights(dice, division, terrain),
        *_service_areas(settlements, warp),
        _airfield(division, settlements, network, terrain, warp),
    ]
    return tuple(places), habits


def _seat_places(dice: Dice, blocks: Blocks, habits: dict[int, str]) -> Iterator[Place]:
    center = blocks.center
    free = np.flatnonzero((blocks.town == 0) & (blocks.use != INDUSTRY))
    free = free[dice.order(len(free))]
    # The civic places stand near the heart of the town, schools and parks anywhere in it.
    for category, habit, size, names in SEAT_PLACES:
        limit = 1_300 if habit == "civic" or category == "square" else 3_200
        for name in names:
            usable = [block for block in free.tolist() if block not in habits]
            first = next(block for block in usable if (center[block] ** 2).sum() < limit**2)
            away = ((center[usable] - center[first]) ** 2).sum(axis=1)
            taken = [usable[index] for index in np.argsort(away, kind="stable")[:size]]
            habits.update(dict.fromkeys(taken, habit))
            yield _on_blocks(f"{name}（示例）", category, 0, blocks, taken)


def _town_places(blocks: Blocks, habits: dict[int, str]) -> Iterator[Place]:
    for town in range(1, int(blocks.town.max()) + 1):
        own = np.flatnonzero(blocks.town == town)
        order = np.argsort(blocks.use[own] != CENTER, kind="stable")
        for block, (category, habit, name) in zip(own[order].tolist(), TOWN_PLACES, strict=False):
            if category != "square" or town % 2:
                habits[block] = habit
                yield _on_blocks(f"{TOWN_NAMES[town]}{name}（示例）", category, town, blocks, [block])


def _industrial_parks(blocks: Blocks, habits: dict[int, str]) -> Iterator[Place]:
    """Three blocks side by side each, in the corners of the seat."""
    for name, direction in (("经济开发区产业园", (1, -2)), ("食品加工产业园", (2, 1)), ("新材料产业园", (-1, -1))):
        free = np.array([block for block in np.flatnonzero(blocks.town == 0).tolist() if block not in habits])
        center = blocks.center[free]
        outward = center[:, 0] * direction[0] + center[:, 1] * direction[1]
        heart = center[np.argmax(np.where(blocks.use[free] == INDUSTRY, outward, -np.inf))]
        nearest = free[np.argsort(((center - heart) ** 2).sum(axis=1), kind="stable")[:3]].tolist()
        habits.update(dict.fromkeys(nearest, "industry"))
        yield _on_blocks(f"{name}（示例）", "industrial_park", 0, blocks, nearest)


def _hill_sights(dice: Dice, division: Division, terrain: Terrain) -> Iterator[Place]:
    """The highest places of the county, apart from each other and from the towns."""
    mesh = division.mesh
    inner = np.flatnonzero(mesh.shrunk(division.county))
    to_seat = (mesh.center[inner, None] - division.seats[None]) ** 2
    inner = inner[to_seat.sum(axis=2).min(axis=1) > 1_800.0**2]
    height = terrain.height_m(*(mesh.center[inner] + ORIGIN).T)
    taken: list[Floats] = []
    for index in np.argsort(-height, kind="stable").tolist():
        center = mesh.center[inner[index]]
        if len(taken) < len(HILLS) and all(((center - other) ** 2).sum() > 4_500.0**2 for other in taken):
            taken.append(center)
    for name, center in zip(HILLS, taken, strict=True):
        radius = dice.between(220.0, 330.0, 1)[0] * dice.between(0.75, 1.1, len(_ROUND), 1)
        ring = millimetres(center + radius * _ROUND)
        yield Place(name=f"{name}风景区（示例）", category="sight", town=-1, parts=(ring,))


def _service_areas(settlements: Settlements, warp: Warp) -> Iterator[Place]:
    """One yard on either side of a motorway, between two of its points."""
    first, second = settlements.motorways
    for name, line, at in zip(SERVICE_AREAS, (first, second, second), (15, 20, 60), strict=True):
        start, end = warp.bend(settlements.sheet[line[[at, at + 1]]])
        along = unit_vector(end - start)
        across = np.array([-along[1], along[0]])
        yards = tuple(_rectangle((start + end) / 2 + side * 85.0 * across, along, 190.0, 110.0) for side in (-1.0, 1.0))
        yield Place(name=f"{name}（示例）", category="service_area", town=-1, parts=yards)


def _airfield(division: Division, settlements: Settlements, network: Network, terrain: Terrain, warp: Warp) -> Place:
    """A small airfield where the plain is emptiest."""
    share = np.linspace(0.0, 1.0, 9)[:, None, None]
    start, end = (settlements.sheet[network.edge[:, side]] for side in (0, 1))
    roads = warp.bend(start + share * (end - start)).reshape(-1, 2)
    mesh = division.mesh
    inner = np.flatnonzero(mesh.shrunk(division.county, rings=3))
    inner = inner[terrain.height_m(*(mesh.center[inner] + ORIGIN).T) < 170]
    tree = shapely.STRtree(np.asarray(shapely.points(roads), dtype=object))
    _, gap = tree.query_nearest(shapely.points(mesh.center[inner]), all_matches=False, return_distance=True)
    ring = _rectangle(mesh.center[inner[np.argmax(gap)]], np.array([1.0, 0.0]), 800.0, 180.0)
    return Place(name="沂城通用机场（示例）", category="airport", town=-1, parts=(ring,))


def _rectangle(center: Floats, along: Floats, length_m: float, width_m: float) -> Floats:
    across = np.array([-along[1], along[0]])
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float) / 2
    return millimetres(center + signs[:, :1] * length_m * along + signs[:, 1:] * width_m * across)


def _on_blocks(name: str, category: str, town: int, blocks: Blocks, taken: list[int]) -> Place:
    parts = tuple(blocks.ground[block] for block in taken)
    return Place(name=name, category=category, town=town, parts=parts)


def place_rows(places: tuple[Place, ...]) -> GeoDataFrame:
    """Rows of the layer ``key_places``."""
    import geopandas as gpd

    return gpd.GeoDataFrame(
        {
            "place_id": place_keys(places),
            "name": [place.name for place in places],
            "category": [place.category for place in places],
            "address": ["山东省临沂市沂南县（示例数据）"] * len(places),
        },
        geometry=[
            shapely.MultiPolygon([shapely.Polygon(to_storage(part)) for part in place.parts]) for place in places
        ],
    )


def place_keys(places: tuple[Place, ...]) -> list[str]:
    """The key of each place."""
    return [f"K{number:03d}" for number in range(1, len(places) + 1)]
