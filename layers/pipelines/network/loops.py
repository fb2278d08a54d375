"""The loops of a network: as few as make all others, and short ones.

A network of m segments, n nodes and c parts has m - n + c independent loops. Which are taken is open; the shortest are
what an engineer sees on the map. Finding the very shortest set takes time that grows with the third power of its size.
Here every loop is the shortest that closes with one more link when links are added outwards from the middle of a tree
of shortest ways, which takes hardly more time than the loops have links, and on real networks comes within some percent
of the least total length.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from layers.pipelines.network.chains import Chain, find_chains
from layers.pipelines.network.graph import Network

#: By vertex: the vertices next to it, each by a chain of so many metres.
Ways = dict[int, list[tuple[int, float, int]]]


@dataclass(frozen=True, kw_only=True)
class Loop:
    """A loop.

    Parameters
    ----------
    segments
        Their keys, in the order of the way around.
    length_m
        Of all of them.
    """

    segments: tuple[str, ...]
    length_m: float


def find_loops(network: Network) -> list[Loop]:
    """Find independent loops, the shortest first; closed valves open them."""
    chains = find_chains(network.ends, network.length_m, len(network.vertex_node))
    loops = [
        Loop(
            segments=network.name_segments(np.array([s for chain in around for s in chain], dtype=np.int64)),
            length_m=float(sum(network.length_m[chain].sum() for chain in around)),
        )
        for around in _close(chains)
    ]
    return sorted(loops, key=lambda loop: loop.length_m)


def _close(chains: list[Chain]) -> Iterator[list[list[int]]]:
    """Yield the loops, each as the segments of its chains in order."""
    ways: Ways = {}
    for number, chain in enumerate(chains):
        ways.setdefault(chain.first, []).append((chain.last, chain.length_m, number))
        ways.setdefault(chain.last, []).append((chain.first, chain.length_m, number))
    away_m, tree = _grow_trees(ways)
    so_far: Ways = {vertex: [] for vertex in ways}
    for number in tree:
        _add(so_far, chains[number], number)
    rest = set(range(len(chains))) - tree
    for number in sorted(
        rest, key=lambda n: (away_m[chains[n].first] + away_m[chains[n].last] + chains[n].length_m, n)
    ):
        chain = chains[number]
        back = _find_way(so_far, chain.last, chain.first)
        yield [chain.segments, *_orient(chains, back, chain.last)]
        _add(so_far, chain, number)


def _add(ways: Ways, chain: Chain, number: int) -> None:
    ways[chain.first].append((chain.last, chain.length_m, number))
    if chain.last != chain.first:
        ways[chain.last].append((chain.first, chain.length_m, number))


def _grow_trees(ways: Ways) -> tuple[dict[int, float], set[int]]:
    """Return how far each vertex is from the root of its part, and the chains of the trees of shortest ways."""
    away_m: dict[int, float] = {}
    tree: set[int] = set()
    for root in ways:
        if root in away_m:
            continue
        heap = [(0.0, root, -1)]
        while heap:
            length_m, vertex, by = heapq.heappop(heap)
            if vertex in away_m:
                continue
            away_m[vertex] = length_m
            if by >= 0:
                tree.add(by)
            for other, step_m, number in ways[vertex]:
                if other not in away_m:
                    heapq.heappush(heap, (length_m + step_m, other, number))
    return away_m, tree


def _find_way(ways: Ways, begin: int, end: int) -> list[int]:
    """Return the chains of the shortest way between two vertices that are connected, searched from both."""
    if begin == end:
        return []
    away: tuple[dict[int, float], dict[int, float]] = ({begin: 0.0}, {end: 0.0})
    came: tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]] = ({}, {})
    heaps: tuple[list[tuple[float, int]], list[tuple[float, int]]] = ([(0.0, begin)], [(0.0, end)])
    best_m, meeting = math.inf, begin
    while heaps[0] and heaps[1] and heaps[0][0][0] + heaps[1][0][0] < best_m:
        side = 0 if heaps[0][0][0] <= heaps[1][0][0] else 1
        length_m, vertex = heapq.heappop(heaps[side])
        if length_m > away[side][vertex]:
            continue
        for other, step_m, number in ways[vertex]:
            reached_m = length_m + step_m
            if reached_m < away[side].get(other, math.inf):
                away[side][other] = reached_m
                came[side][other] = (vertex, number)
                heapq.heappush(heaps[side], (reached_m, other))
                if reached_m + away[1 - side].get(other, math.inf) < best_m:
                    best_m, meeting = reached_m + away[1 - side][other], other
    return _follow(came[0], meeting, begin)[::-1] + _follow(came[1], meeting, end)


def _follow(came: dict[int, tuple[int, int]], vertex: int, root: int) -> list[int]:
    way = []
    while vertex != root:
        vertex, number = came[vertex]
        way.append(number)
    return way


def _orient(chains: list[Chain], way: list[int], at: int) -> Iterator[list[int]]:
    """Yield the segments of chains in the order in which a way passes them."""
    for number in way:
        chain = chains[number]
        forth = chain.first == at
        yield chain.segments if forth else chain.segments[::-1]
        at = chain.last if forth else chain.first
