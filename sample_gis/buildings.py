"""The buildings of the county: which ground is built on by which habit, and what each building is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from sample_gis.blocks import CENTER, INDUSTRY, OLD_TOWN, ROW_HOUSES, SLABS, TOWERS, Blocks
from sample_gis.dice import Dice, Floats, Ints
from sample_gis.habits import HABITS, Habit
from sample_gis.mesh import Mask
from sample_gis.place import ORIGIN, millimetres
from sample_gis.plots import Plots, lay_out_blocks, lay_out_villages
from sample_gis.shapes import footprints
from sample_gis.terrain import Terrain

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_HABIT_OF_USE = {
    OLD_TOWN: "old_town",
    SLABS: "slabs",
    TOWERS: "towers",
    CENTER: "center",
    INDUSTRY: "industry",
    ROW_HOUSES: "row_houses",
}

#: Storeys below the ground, and how much of its height a building has in the ground besides: as high-rises must have
#: (JGJ 3-2010, 12.1.8), and never less than frost asks for.
_BASEMENT_M, _FOOTING, _LEAST_M = 3.6, 1 / 15, 1.0

#: No building stands nearer than this to the middle of the river.
_RIVER_M = 130.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Built:
    """n buildings before they become rows; the fields are those of the layer."""

    footprint: npt.NDArray[np.object_]
    ground_m: Floats
    floors: Ints
    height_m: Floats
    use: npt.NDArray[np.object_]
    built_year: Ints
    cim_level: Ints


def build(
    seed: int,
    terrain: Terrain,
    blocks: Blocks,
    villages: Floats,
    *,
    habits: dict[int, str],
    built_blocks: Mask,
    houses: Ints,
    built_villages: Mask,
) -> list[Built]:
    """Build on blocks and in villages.

    Parameters
    ----------
    seed
        Seed of the county.
    terrain
        The ground.
    blocks
        The blocks of all towns.
    villages
        (k, 2) hearts of the villages, metres from the seat.
    habits
        Habit of the blocks that key places take.
    houses
        (k,) about how many plots each village has.
    built_blocks, built_villages
        Which of them are wanted.
    """
    names = np.array([_HABIT_OF_USE[use] for use in blocks.use.tolist()], dtype=object)
    names[list(habits)] = list(habits.values())
    groups = []
    for name, habit in HABITS.items():
        dice = Dice(seed, f"buildings {name}")
        if name == "farmstead":
            plots, wanted = lay_out_villages(dice, habit, villages, houses), built_villages
        else:
            chosen = names == name
            plots, wanted = lay_out_blocks(dice, habit, blocks.ground[chosen]), built_blocks[chosen]
        groups.append(_describe(dice, terrain, habit, plots, wanted))
    return groups


def _describe(dice: Dice, terrain: Terrain, habit: Habit, plots: Plots, wanted: Mask) -> Built:
    """Describe the buildings of the wanted sites; what is drawn for one does not depend on which are wanted."""
    count, sites = len(plots.site), len(wanted)
    low, high = habit.floors
    # The buildings of a block resemble each other: one height for the block, a floor more or less for each.
    floors = dice.integers(low, high + 1, sites)[plots.site] + dice.integers(-1, 2, count)
    year = dice.integers(habit.years[0], habit.years[1] - 3, sites)[plots.site] + dice.integers(0, 5, count)
    plan = np.array(list(habit.plans))[dice.pick(tuple(habit.plans.values()), count)]
    uses = np.array(list(habit.uses), dtype=object)[dice.pick(tuple(habit.uses.values()), count)]
    parapet = dice.between(0.4, 1.4, count)

    river = terrain.river_east_m(plots.center[:, 1]) - plots.center[:, 0]
    kept = np.flatnonzero(wanted[plots.site] & (np.abs(river) > _RIVER_M))
    plots, floors = plots.take(kept), floors[kept].clip(low, high)
    ground = millimetres(terrain.height_m(*(plots.center + ORIGIN).T))
    return Built(
        footprint=footprints(plan[kept], plots.center, plots.axis, plots.size, ground),
        ground_m=ground,
        floors=floors,
        height_m=np.round((floors * habit.storey_m + parapet[kept]) * 10) / 10,
        use=uses[kept],
        built_year=year[kept],
        cim_level=np.where((plots.center * plots.center).sum(axis=1) < 1_000.0**2, 3, 2),
    )


def building_rows(groups: list[Built], roads: npt.NDArray[np.object_], width_m: Floats) -> GeoDataFrame:
    """Rows of the layer ``buildings``: those that keep clear of the roads, numbered."""
    import geopandas as gpd

    footprint = np.concatenate([group.footprint for group in groups])
    clear = _clear_of_roads(footprint, roads, width_m)
    columns = {
        name: np.concatenate([getattr(group, name) for group in groups])[clear]
        for name in ("height_m", "floors", "use", "cim_level", "ground_m", "built_year")
    }
    keys = np.char.mod("B%06d", np.arange(1, int(clear.sum()) + 1))
    below = np.where(columns["floors"] > 9, 1 + (columns["floors"] > 20), 0)
    return gpd.GeoDataFrame(
        {
            "building_id": keys.astype(object),
            "name": None,
            **columns,
            "floors_below": below,
            "foundation_depth_m": _foundations(columns["height_m"], below, known=columns["cim_level"] >= 3),
        },
        geometry=footprint[clear],
    )


def _foundations(height_m: Floats, below: Ints, *, known: Mask) -> Floats:
    """Depths of foundations, to 0.1 m, of buildings of which the drawings were found."""
    depth = np.maximum(height_m * _FOOTING, _LEAST_M) + below * _BASEMENT_M
    return np.where(known, np.round(depth * 10) / 10, np.nan)


def _clear_of_roads(footprint: npt.NDArray[np.object_], roads: npt.NDArray[np.object_], width_m: Floats) -> Mask:
    """Which footprints keep 1.5 m from the carriageways."""
    points, line = shapely.get_coordinates(roads, return_index=True)
    joined = np.flatnonzero(line[:-1] == line[1:])
    segments = shapely.linestrings(np.stack([points[joined], points[joined + 1]], axis=1))
    _, hit = shapely.STRtree(footprint).query(segments, predicate="dwithin", distance=(width_m / 2 + 1.5)[line[joined]])
    clear = np.ones(len(footprint), bool)
    clear[hit] = False
    return clear
