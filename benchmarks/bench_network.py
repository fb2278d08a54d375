"""The pipe network of a county, 150,000 segments, against networkx: built, traced, searched, isolated.

Streets in a grid with a water main in each, survey points every few metres, a valve in each main, house connections,
and two waterworks; it flows away from the first of them. Each query is asked of the same random segments by both.
networkx isolates by the obvious search that stops at valves, and finds what is cut off by another from the works;
ours says besides which valves come next if one fails.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import networkx as nx
import numpy as np
from support import print_ratio

from layers.pipelines.network.ends import find_dead_ends, find_unserved
from layers.pipelines.network.graph import Network, NodeTable, SegmentTable, build_network
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.loops import find_loops
from layers.pipelines.network.paths import find_shortest_path
from layers.pipelines.network.roles import Role
from layers.pipelines.network.tracing import trace_connected, trace_downstream, trace_upstream

SIDE, POINTS = 110, 6
ASKED = 15
#: Of the peer's time.
LIMIT = 0.25


def make_county() -> tuple[NodeTable, SegmentTable]:
    """Make the survey of the network."""
    rng = np.random.default_rng(61)
    start, end, length_m, roles = [], [], [], [Role.PLAIN] * (SIDE * SIDE)
    for row in range(SIDE):
        for column in range(SIDE):
            for other in ((row + 1, column), (row, column + 1)):
                if max(other) < SIDE and rng.random() < 0.9:
                    chain = [row * SIDE + column]
                    for point in range(POINTS - 1):
                        chain.append(len(roles))
                        roles.append(Role.VALVE if point == 0 else Role.PLAIN)
                    chain.append(other[0] * SIDE + other[1])
                    start += chain[:-1]
                    end += chain[1:]
                    length_m += rng.uniform(5, 30, POINTS).tolist()
    for tap in range(10_000):
        start.append(int(rng.integers(SIDE * SIDE, len(roles) - tap)))
        end.append(len(roles))
        roles.append(Role.CUSTOMER)
        length_m.append(8.0)
    roles[0] = roles[SIDE * SIDE - 1] = Role.SOURCE
    names = np.array([f"JS{number:06d}" for number in range(len(roles))], dtype=object)
    count = len(start)
    return NodeTable(ids=names, roles=np.array(roles, np.int64)), SegmentTable(
        ids=np.array([f"P{number:06d}" for number in range(count)], dtype=object),
        start=names[start],
        end=names[end],
        classes=np.full(count, "JS", dtype=object),
        circulates=np.zeros(count, bool),
        length_m=np.array(length_m),
        flow=np.ones(count, np.int8),
        fall_m=np.full(count, np.nan),
    )


class Peer:
    """The same in networkx."""

    def __init__(self, nodes: NodeTable, segments: SegmentTable) -> None:
        self.graph, self.flow = nx.MultiGraph(), nx.MultiDiGraph()
        self.role = dict(zip(nodes.ids, nodes.roles, strict=True))
        self.ends = {}
        rows = (segments.ids, segments.start, segments.end, segments.length_m.tolist(), segments.flow.tolist())
        for name, start, end, length_m, flow in zip(*rows, strict=True):
            self.graph.add_edge(start, end, key=name, length_m=length_m)
            self.flow.add_edge(*((start, end) if flow > 0 else (end, start)), key=name, length_m=length_m)
            self.ends[name] = (start, end)

    def trace(self, name: str, graph: nx.MultiDiGraph | nx.MultiGraph) -> set[str]:
        node = self.ends[name][1]
        return {key for *_, key in graph.edges({node, *nx.descendants(graph, node)}, keys=True)}

    def isolate(self, name: str) -> tuple[set[str], set[str]]:
        """Valves to close, and nodes that are cut off."""
        isolated, valves = self.flood(self.ends[name], {n for n, role in self.role.items() if role == Role.VALVE})
        supplied, _ = self.flood((n for n, role in self.role.items() if role == Role.SOURCE), valves)
        return valves, set(self.graph) - supplied - isolated - valves

    def flood(self, begin: Iterable[str], stops: set[str]) -> tuple[set[str], set[str]]:
        """Nodes that one gets to without passing through those where it stops, and these."""
        seen, waiting = set(), list(begin)
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                if node not in stops:
                    waiting.extend(self.graph[node])
        return seen - stops, seen & stops


def build(nodes: NodeTable, segments: SegmentTable) -> Network:
    """Build a network with all that queries need."""
    network = build_network(nodes, segments)
    for made in (network.along, network.against, network.anyway, network.zones.supplied):
        assert made is not None
    assert network.segment_index.get_loc(segments.ids[0]) == network.node_index.get_loc(segments.start[0]) == 0
    return network


def time_s(make: Callable[..., Any], *what: Any) -> tuple[float, Any]:
    """Time on the processor, which other programs do not lengthen."""
    start = time.process_time()
    made = make(*what)
    return time.process_time() - start, made


def main() -> None:
    """Print the ratios."""
    nodes, segments = make_county()
    print(f"{len(segments.ids):,} segments, {len(nodes.ids):,} nodes")
    builds = [(time_s(build, nodes, segments), time_s(Peer, nodes, segments)) for _ in range(3)]
    (_, network), (_, peer) = builds[-1]
    ours_s, peer_s = (statistics.median(each[side][0] for each in builds) for side in (0, 1))
    print_ratio("build", ours_s, peer_s, peer="networkx", limit=LIMIT)
    rng = np.random.default_rng(7)
    places = rng.choice(segments.ids, ASKED).tolist()
    targets = rng.choice(nodes.ids[: SIDE * SIDE], ASKED).tolist()
    upward = peer.flow.reverse(copy=False)
    queries: dict[str, tuple[Callable[[str, str], Any], Callable[[str, str], Any]]] = {
        "upstream": (lambda s, _: trace_upstream(network, s), lambda s, _: peer.trace(s, upward)),
        "downstream": (lambda s, _: trace_downstream(network, s), lambda s, _: peer.trace(s, peer.flow)),
        "connected": (lambda s, _: trace_connected(network, s), lambda s, _: peer.trace(s, peer.graph)),
        "shortest path": (
            lambda s, t: find_shortest_path(network, peer.ends[s][0], t).length_m,
            lambda s, t: nx.bidirectional_dijkstra(peer.graph, peer.ends[s][0], t, weight="length_m")[0],
        ),
        "isolation": (lambda s, _: isolate(network, s), lambda s, _: peer.isolate(s)),
    }
    for name, (ours, theirs) in queries.items():
        asked = [(time_s(ours, s, t), time_s(theirs, s, t)) for s, t in zip(places, targets, strict=True)]
        if name == "isolation":
            for (_, mine), (_, (valves, cut_off)) in asked:
                assert (set(mine.valves), set(mine.cut_off.nodes)) == (valves, cut_off)
        medians = [statistics.median(each[side][0] for each in asked) for side in (0, 1)]
        print_ratio(name, *medians, peer="networkx", limit=LIMIT)
        print(f"{'':<44} slowest {max(each[0][0] for each in asked) * 1e3:.1f} ms")
    for name, query in (("dead ends", find_dead_ends), ("unserved", find_unserved), ("loops", find_loops)):
        print(f"{name:<44} {time_s(query, network)[0] * 1e3:9.1f} ms")


if __name__ == "__main__":
    main()
