"""The shortest way through a network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from layers.pipelines.network.arrays import Ints
from layers.pipelines.network.graph import Network
from layers.pipelines.network.links import Links
from layers.pipelines.network.tracing import find_vertices

#: How far the first search goes; each next one goes four times as far.
_FIRST_M, _FARTHER = 500.0, 4.0


@dataclass(frozen=True, kw_only=True)
class Path:
    """A way through a network.

    Parameters
    ----------
    segments, nodes
        Their keys in the order of the way; there is one node more than segments.
    length_m
        Of the segments.
    """

    segments: tuple[str, ...]
    nodes: tuple[str, ...]
    length_m: float


def find_shortest_path(network: Network, from_node: str, to_node: str, *, with_flow: bool = False) -> Path | None:
    """Find the shortest way between two nodes, None where there is none.

    Parameters
    ----------
    network
        The network; the way goes through no closed valve.
    from_node, to_node
        Keys of the nodes.
    with_flow
        Whether the way may only go where what is inside flows.
    """
    begin, end = find_vertices(network, from_node, "from_node"), find_vertices(network, to_node, "to_node")
    links = network.along if with_flow else network.anyway
    vertices = _find_way(links, begin, end)
    if vertices is None:
        return None
    segments = np.array([links.segment_between(*pair) for pair in pairwise(vertices)], np.int64)
    return Path(
        segments=network.name_segments(segments),
        nodes=network.name_nodes(network.vertex_node[vertices]),
        length_m=float(network.length_m[segments].sum()),
    )


def _find_way(links: Links, begin: Ints, end: Ints) -> list[int] | None:
    from scipy.sparse.csgraph import dijkstra

    if not links.reach(begin)[end].any():
        return None
    radius_m = _FIRST_M  # most ways are short, and a search costs as much as it sees
    while True:
        away_m, before, _ = dijkstra(
            links.matrix, indices=begin, min_only=True, return_predecessors=True, limit=radius_m
        )
        nearest = end[away_m[end].argmin()]
        if np.isfinite(away_m[nearest]):
            way = [int(nearest)]
            while before[way[-1]] >= 0:
                way.append(int(before[way[-1]]))
            return way[::-1]
        radius_m *= _FARTHER
