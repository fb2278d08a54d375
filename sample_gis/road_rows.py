"""Rows of the layers ``roads`` and ``road_nodes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from sample_gis.dice import Dice, Floats, Ints
from sample_gis.names import TOWN_NAMES, street_name
from sample_gis.place import to_storage
from sample_gis.roads import ARTERIAL, CLASSES, LANES, MOTORWAY, SECONDARY, VILLAGE, WIDTH_M, Network
from sample_gis.settlements import Settlements
from sample_gis.warp import Warp

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Distance of the vertices of a curved road, on the planner's sheet.
_VERTEX_M = 60.0


def draw_roads(settlements: Settlements, network: Network, warp: Warp) -> npt.NDArray[np.object_]:
    """Draw each road as a bent line from node to node, storage CRS."""
    start, end = (settlements.sheet[network.edge[:, side]] for side in (0, 1))
    away = end - start
    steps = np.ceil(np.sqrt((away * away).sum(axis=1)) / _VERTEX_M).astype(np.int64).clip(min=1)
    drawn = np.empty(len(steps), dtype=object)
    for count in np.unique(steps).tolist():
        rows = steps == count
        share = (np.arange(count + 1) / count)[:, None]
        # Both roads at a node take its position from the node itself, never from the arithmetic along the road.
        points = start[rows, None] + share * away[rows, None]
        points[:, -1] = end[rows]
        drawn[rows] = shapely.linestrings(to_storage(warp.bend(points)))
    return drawn


def road_rows(seed: int, network: Network, drawn: npt.NDArray[np.object_]) -> GeoDataFrame:
    """Rows of the layer ``roads``."""
    import geopandas as gpd

    dice = Dice(seed, "road surfaces")
    rough = (network.rank == VILLAGE) & (dice.unit(len(network.rank)) < 0.15)
    surface = np.select([rough, network.rank <= VILLAGE + 1], ["gravel", "concrete"], "asphalt")
    number = np.searchsorted(network.node, network.edge)
    return gpd.GeoDataFrame(
        {
            "road_id": _keys("R", len(network.edge)),
            "name": road_names(network.line),
            "class": np.array(CLASSES, dtype=object)[network.rank],
            "width_m": WIDTH_M[network.rank],
            "lanes": LANES[network.rank],
            "surface": surface.astype(object),
            "from_node": _keys("N", len(network.node))[number[:, 0]],
            "to_node": _keys("N", len(network.node))[number[:, 1]],
        },
        geometry=shapely.multilinestrings(drawn[:, None]),
    )


def node_rows(network: Network, settlements: Settlements, warp: Warp) -> GeoDataFrame:
    """Rows of the layer ``road_nodes``: one for every end of a road, with the number of roads that meet there."""
    import geopandas as gpd

    degree = network.degree()
    motorway = np.isin(network.node, network.edge[network.rank == MOTORWAY])
    main = np.isin(network.rank, [SECONDARY, ARTERIAL])
    mains = np.bincount(network.edge[main].ravel(), minlength=int(network.node[-1]) + 1)[network.node]
    crossing = np.where(motorway, "interchange", "intersection")
    kind = np.select([degree > 2, degree == 2], [crossing, "joint"], "end")
    return gpd.GeoDataFrame(
        {
            "node_id": _keys("N", len(network.node)),
            "name": None,
            "kind": kind.astype(object),
            "degree": degree,
            "signalised": (mains >= 3) & (kind == "intersection"),
        },
        geometry=shapely.points(to_storage(warp.bend(settlements.sheet[network.node]))),
    )


def _keys(letter: str, count: int) -> npt.NDArray[np.object_]:
    return np.array([f"{letter}{number:05d}" for number in range(1, count + 1)], dtype=object)


def road_names(line: Ints) -> npt.NDArray[np.object_]:
    """Names of the streets of n lines (`Network.line`), None of country roads."""

    def name(town: int, runs_north: int, number: int) -> str | None:
        if town == -1:
            return None
        if town < -1:
            return f"示例高速{'一二三'[-2 - town]}号线"
        own = "" if town == 0 else TOWN_NAMES[town].rstrip("镇")
        return own + street_name(number, north_south=bool(runs_north))

    return np.array([name(*key) for key in line.tolist()], dtype=object)


def points_along(
    network: Network, settlements: Settlements, warp: Warp, ranks: tuple[int, ...], shares: tuple[float, ...]
) -> Floats:
    """(k, 2) points at these shares of the way along every road of some classes, metres from the seat."""
    edge = network.edge[np.isin(network.rank, ranks)]
    start, end = settlements.sheet[edge[:, 0]], settlements.sheet[edge[:, 1]]
    return warp.bend(np.concatenate([start + share * (end - start) for share in shares]))
