"""Rows of the layers ``admin_areas`` and ``planning_areas``, and the communities and grid cells in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from sample_gis.boundary import Division
from sample_gis.dice import Dice, Floats, Ints
from sample_gis.names import TOWN_NAMES, village_name
from sample_gis.terrain import Terrain

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_COUNTY_ID = "371321"
_SOURCE = "合成示例数据 synthetic sample, not a real boundary"
#: Cells of the honeycomb in one management grid cell.
_CELLS_PER_GRID = 3

#: When the plan in force and the one before it were approved.
PLANS = {"2010-2020": "2011-03-18", "2018-2035": "2019-06-30"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Communities:
    """Communities and grid cells: the label of each cell of the mesh, -1 outside.

    Parameters
    ----------
    community, grid
        (n,) labels counted over the county from 0; `grid` is -1 outside the urban communities too.
    """

    community: Ints
    grid: Ints


def divide(seed: int, division: Division, terrain: Terrain, sites: Floats) -> tuple[Division, Communities]:
    """Divide the townships into communities and the urban ones into grid cells, then smooth all borders at once."""
    dice = Dice(seed, "communities")
    community = division.subdivide(terrain, sites)
    mesh = division.mesh
    count = int(community.max()) + 1
    size = np.bincount(community[community >= 0], minlength=count)
    built_up = np.bincount(community[division.urban], minlength=count)
    urban = np.append(2 * built_up > size, [False])[community]

    seeds = []
    for label in np.unique(community[urban]).tolist():
        cells = np.flatnonzero(community == label)
        seeds.append(np.sort(cells[dice.order(len(cells))[: -(-len(cells) // _CELLS_PER_GRID)]]))
    grid, _ = mesh.grow(np.where(urban, community + 1, 0), np.concatenate(seeds), mesh.toll)

    areas = (division.township, division.planning, division.urban, division.former_urban)
    relaxed = mesh.relaxed(_combine(*areas), _combine(*areas, community, grid))
    return replace(division, mesh=relaxed), Communities(community=community, grid=grid)


def _combine(*labels: npt.NDArray[Any]) -> Ints:
    """One label for every combination of labels."""
    combined: Ints = np.unique(np.stack(labels, axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    return combined


def admin_rows(seed: int, division: Division, communities: Communities) -> GeoDataFrame:
    """Rows of the layer ``admin_areas``: the county, its townships, communities and grid cells."""
    import pandas as pd

    dice = Dice(seed, "population")
    town_of = _parents(communities.community, division.township)
    community_of = _parents(communities.grid, communities.community)
    town_ids = [f"{_COUNTY_ID}{1 if town == 0 else 99 + town:03d}" for town in range(len(division.seats))]
    community_ids = _numbered([town_ids[town] for town in town_of.tolist()], 3)
    urban = np.isin(np.arange(len(community_ids)), community_of)
    persons = np.where(urban, dice.integers(4_000, 14_000, len(urban)), dice.integers(600, 3_200, len(urban)))
    in_town = np.bincount(town_of, persons, minlength=len(town_ids)).astype(np.int64)
    grids = np.bincount(community_of, minlength=len(urban))
    in_grid = persons[community_of] // grids[community_of]

    township_parents = [_COUNTY_ID] * len(town_ids)
    community_parents = [town_ids[town] for town in town_of.tolist()]
    grid_parents = [community_ids[community] for community in community_of.tolist()]
    outlines = division.mesh.outlines
    county = outlines(np.where(division.county, 0, -1))
    kinds = np.where(urban, "社区", "村").tolist()
    return pd.concat(
        [
            _level("county", [_COUNTY_ID], [None], ["沂南县"], persons.sum(), county),
            _level("township", town_ids, township_parents, TOWN_NAMES, in_town, outlines(division.township)),
            _level(
                "community",
                community_ids,
                community_parents,
                [f"{village_name(number)}{kind}" for number, kind in enumerate(kinds)],
                persons,
                outlines(communities.community),
            ),
            _level(
                "grid",
                _numbered(grid_parents, 2),
                grid_parents,
                [f"第{number:03d}网格" for number in range(1, len(grid_parents) + 1)],
                in_grid,
                outlines(communities.grid),
            ),
        ],
        ignore_index=True,
    )


def _level(
    level: str,
    keys: Sequence[str],
    parents: Sequence[str | None],
    names: Sequence[str],
    population: Ints | int,
    polygons: npt.NDArray[np.object_],
) -> GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(
        {
            "area_id": keys,
            "name": [f"{name}（示例）" for name in names],
            "level": level,
            "parent_id": parents,
            "population": population,
            "area_source": _SOURCE,
        },
        geometry=_multi(polygons),
    )


def planning_rows(division: Division, *, plan: str) -> GeoDataFrame:
    """Rows of the layer ``planning_areas`` from the day a plan was approved: it is in force, the earlier one is not."""
    import geopandas as gpd

    areas = [
        ("urban", "城区", "2010-2020", division.former_urban),
        ("planning", "城市规划区", "2018-2035", division.planning),
        ("urban", "城区", "2018-2035", division.urban),
    ]
    known = [area for area in areas if area[2] <= plan]
    return gpd.GeoDataFrame(
        {
            "area_id": [f"{kind}-{version}" for kind, _, version, _ in known],
            "name": [f"沂南县{name}（示例）" for _, name, _, _ in known],
            "kind": [kind for kind, _, _, _ in known],
            "version": [version for _, _, version, _ in known],
            "status": ["in_force" if version == plan else "superseded" for _, _, version, _ in known],
            "approved_date": np.array([PLANS[version] for _, _, version, _ in known], "datetime64[s]"),
            "document": "示例批复文件",
        },
        geometry=_multi(np.array([division.outline(cells) for _, _, _, cells in known], dtype=object)),
    )


def _parents(child: Ints, parent: Ints) -> Ints:
    """The parent of each child label: that of any of its cells."""
    cells = np.flatnonzero(child >= 0)
    _, first = np.unique(child[cells], return_index=True)
    return parent[cells[first]]


def _numbered(parents: list[str], digits: int) -> list[str]:
    """Keys that count the children of each parent from 1."""
    seen: dict[str, int] = {}
    keys = []
    for parent in parents:
        seen[parent] = seen.get(parent, 0) + 1
        keys.append(f"{parent}{seen[parent]:0{digits}d}")
    return keys


def _multi(polygons: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.multipolygons(polygons[:, None]), dtype=object)
