"""The road network: streets of the towns, roads from town to town and to every village, motorways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_gis.dice import Dice, Ints
from sample_gis.graph import make_graph
from sample_gis.mesh import Mask
from sample_gis.settlements import Settlements, Town

#: Road classes from the least to the greatest; a road keeps the greatest that it is given.
CLASSES = (
    "village_road", "township_road", "county_road", "local", "secondary", "arterial", "provincial_road", "motorway",
)  # fmt: skip
VILLAGE, TOWNSHIP, COUNTY, LOCAL, SECONDARY, ARTERIAL, PROVINCIAL, MOTORWAY = range(len(CLASSES))

#: Width of the carriageway in metres and lanes in both directions, by class.
WIDTH_M = np.array([4.5, 6.5, 9.0, 9.0, 18.0, 32.0, 24.0, 28.0])
LANES = np.array([1, 2, 2, 2, 4, 6, 4, 4])

#: Every so many motorway points one has an interchange.
_INTERCHANGE_EVERY = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """The roads as a graph; every crossing is a node.

    Parameters
    ----------
    node
        (k,) positions in `Settlements.sheet` of the nodes that have roads.
    edge
        (m, 2) positions in `Settlements.sheet` of the ends of each road.
    rank
        (m,) position of each road's class in `CLASSES`.
    line
        (m, 3) the street a road belongs to: town, 1 for one that runs north or 0, and its number; the town is -1 for
        country roads, and -2 and less for the motorways.
    """

    node: Ints
    edge: Ints
    rank: Ints
    line: Ints

    @classmethod
    def of(cls, seed: int, settlements: Settlements) -> Network:
        """Choose the roads among all that could be."""
        from scipy.sparse.csgraph import connected_components

        dice = Dice(seed, "roads")
        size = len(settlements.sheet)
        planned = [_streets(dice, index, town) for index, town in enumerate(settlements.towns)]
        for index, points in enumerate(settlements.motorways):
            pairs = np.stack([points[:-1], points[1:]], axis=1)
            planned.append((pairs, *_same(pairs, MOTORWAY, -2 - index)))
        country = _country(settlements)
        country = country[~_among(country, np.concatenate([edge for edge, _, _ in planned]))]
        planned.append((country, *_same(country, -1, -1)))

        edge, rank, line = (np.concatenate(column) for column in zip(*planned, strict=True))
        rank = _connect(dice, settlements, edge, rank)
        kept = rank >= 0
        part = connected_components(make_graph(size, edge[kept], np.ones(kept.sum())), directed=False)[1]
        kept &= part[edge[:, 0]] == part[edge[0, 0]]
        return cls(node=np.unique(edge[kept]), edge=edge[kept], rank=rank[kept], line=line[kept])

    def degree(self) -> Ints:
        """How many road ends each node has."""
        degree: Ints = np.bincount(self.edge.ravel())[self.node]
        return degree


def _streets(dice: Dice, index: int, town: Town) -> tuple[Ints, Ints, Ints]:
    """The streets of a town, their classes and lines; some local ones are left out, so there are T-junctions too."""
    n, m = town.number.shape
    by_line = np.array([ARTERIAL, LOCAL, SECONDARY, LOCAL] if index == 0 else [SECONDARY, LOCAL, LOCAL, LOCAL])
    column, row = np.arange(n), np.arange(m)
    north = np.stack([town.number[:, :-1], town.number[:, 1:]], axis=-1)
    east = np.stack([town.number[:-1], town.number[1:]], axis=-1)
    edge = np.concatenate([north.reshape(-1, 2), east.reshape(-1, 2)])
    number = np.concatenate([column.repeat(m - 1), np.tile(row, n - 1)])
    runs_north = np.arange(len(edge)) < n * (m - 1)
    rank = by_line[np.abs(number - np.where(runs_north, n // 2, m // 2)) % 4]
    line = np.stack([np.full(len(edge), index), runs_north, number], axis=1)
    there = (edge >= 0).all(axis=1)
    edge, rank, line = edge[there], rank[there], line[there]

    degree = np.bincount(edge.ravel())
    kept = np.ones(len(edge), bool)
    for street in dice.order(len(edge))[: len(edge) // 3].tolist():
        ends = edge[street]
        if rank[street] == LOCAL and (degree[ends] > 3).all():
            kept[street] = False
            degree[ends] -= 1
    return edge[kept], rank[kept], line[kept]


def _same(pairs: Ints, rank: int, line: int) -> tuple[Ints, Ints]:
    return np.full(len(pairs), rank), np.tile([line, 0, 0], (len(pairs), 1))


def _country(settlements: Settlements) -> Ints:
    """Roads that could run between villages, towns and interchanges: the Gabriel graph, in which no two cross."""
    from scipy.spatial import Delaunay

    sheet = settlements.sheet
    triangles = Delaunay(sheet).simplices
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(np.int64)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)

    opposite = np.concatenate([triangles[:, 2], triangles[:, 0], triangles[:, 1]])
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    to_a, to_b = sheet[sides[:, 0]] - sheet[opposite], sheet[sides[:, 1]] - sheet[opposite]
    seen_wide = np.sort(sides[(to_a * to_b).sum(axis=1) < 0], axis=1)
    pairs = pairs[~_among(pairs, seen_wide)]

    home = np.full(len(sheet), -1)
    for index, town in enumerate(settlements.towns):
        home[town.number[town.number >= 0]] = index
    closed = np.zeros(len(sheet), bool)
    for line in settlements.motorways:
        home[line] = len(settlements.towns)
        closed[line] = np.arange(len(line)) % _INTERCHANGE_EVERY != 2
    same = (home[pairs[:, 0]] >= 0) & (home[pairs[:, 0]] == home[pairs[:, 1]])
    x, y = (sheet[pairs[:, 0]] - sheet[pairs[:, 1]]).T
    possible: Ints = pairs[~same & ~closed[pairs].any(axis=1) & (x * x + y * y < 4_000.0**2)]
    return possible


def _connect(dice: Dice, settlements: Settlements, edge: Ints, rank: Ints) -> Ints:
    """Give classes to the country roads that are wanted; the others stay at -1."""
    from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

    size = len(settlements.sheet)
    x, y = (settlements.sheet[edge[:, 0]] - settlements.sheet[edge[:, 1]]).T
    length = np.sqrt(x * x + y * y) * np.where(rank == MOTORWAY, 50.0, 1.0)
    graph = make_graph(size, edge, length)
    number = {pair: index for index, pair in enumerate(map(tuple, np.sort(edge, axis=1).tolist()))}
    seats = np.array([town.number[town.number.shape[0] // 2, town.number.shape[1] // 2] for town in settlements.towns])

    wanted = rank.copy()
    wanted[(rank < 0) & (dice.unit(len(rank)) < 0.3)] = VILLAGE
    tree = minimum_spanning_tree(graph).tocoo()
    for pair in zip(tree.row.tolist(), tree.col.tolist(), strict=True):
        index = number[min(pair), max(pair)]
        wanted[index] = max(wanted[index], VILLAGE)

    # Every village has its way to the nearest town; the more villages use a road, the better it is.
    distance, before, _ = dijkstra(graph, directed=False, indices=seats, min_only=True, return_predecessors=True)
    users = np.isin(np.arange(size), settlements.villages).astype(np.int64)
    for node in np.argsort(-np.where(np.isfinite(distance), distance, -1), kind="stable").tolist():
        at = int(before[node])
        if at >= 0 and users[node]:
            index = number[min(node, at), max(node, at)]
            least = VILLAGE if users[node] < 2 else TOWNSHIP if users[node] < 7 else COUNTY
            wanted[index] = max(wanted[index], least)
            users[at] += users[node]

    # Every town has a good road to the seat and to its neighbours.
    between, back = dijkstra(graph, directed=False, indices=seats, return_predecessors=True)
    for town in range(len(seats)):
        near = np.argsort(between[town][seats], kind="stable")[1:4].tolist()
        for other, least in [(0, PROVINCIAL if town % 2 else COUNTY), *((index, COUNTY) for index in near)]:
            at = int(seats[other])
            while back[town][at] >= 0:
                node, at = at, int(back[town][at])
                index = number[min(node, at), max(node, at)]
                if rank[index] < 0:
                    wanted[index] = max(wanted[index], least)
    return wanted


def _among(pairs: Ints, others: Ints) -> Mask:
    """Which pairs stand among the others, whatever their direction."""
    size = 1 + max(int(pairs.max()), int(others.max()))
    low, high = np.sort(pairs, axis=1).T
    other_low, other_high = np.sort(others, axis=1).T
    found: Mask = np.isin(low * size + high, other_low * size + other_high)
    return found
