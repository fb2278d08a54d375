"""What is asked of networks, followed step by step as it is defined; slow, for small networks.

Segments and roles are those of `tests_network`; a segment is known by its place in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import networkx as nx

from layers.pipelines.network.inference import BOTH
from layers.pipelines.network.roles import Role

Segments = Sequence[Mapping[str, Any]]
Roles = Mapping[str, Role]
#: A node as the segments of a class see it, and at a closed valve the end of a segment.
Vertex = tuple[str, str, tuple[int, str] | None]


def sides_of(number: int, segment: Mapping[str, Any], roles: Roles) -> Iterator[Vertex]:
    """What a segment ends at: a node of its class, or at a closed valve its own end."""
    for end in ("start", "end"):
        node = segment[end]
        closed = roles[node] == Role.CLOSED_VALVE
        yield (node, segment["class"], (number, end) if closed else None)


def draw_graph(segments: Segments, roles: Roles, *, directed: bool) -> Any:
    """The network as a graph of networkx; the keys of edges are s1, s2 and so on."""
    graph = nx.MultiDiGraph() if directed else nx.MultiGraph()
    for number, segment in enumerate(segments, start=1):
        start, end = sides_of(number, segment, roles)
        graph.add_nodes_from([start, end])
        if not directed or segment["flow"] != -1:
            graph.add_edge(start, end, key=f"s{number}", length_m=segment["length_m"])
        if directed and segment["flow"] != 1:
            graph.add_edge(end, start, key=f"s{number}", length_m=segment["length_m"])
    return graph


def is_anchor(vertex: Vertex, roles: Roles) -> bool:
    """Whether a vertex is a source, or of drainage an outfall."""
    return roles[vertex[0]] == (Role.OUTFALL if vertex[1] == "PS" else Role.SOURCE)


def find_flows(segments: Segments, roles: Roles) -> tuple[list[int], list[str]]:
    """Which way each segment flows (1, -1, 0), and from what that is known."""
    graph = draw_graph(segments, roles, directed=False)
    ways, origins = [], []
    for number, segment in enumerate(segments, start=1):
        way, origin = 0 if segment["flow"] == BOTH else segment["flow"], "SURVEYED" if segment["flow"] else "UNKNOWN"
        if not segment["flow"] and segment["class"] != "DL":
            start, end = sides_of(number, segment, roles)
            rest = graph.copy()
            rest.remove_edge(start, end, key=f"s{number}")
            at_start, at_end = (
                any(
                    is_anchor(vertex, roles) or roles[vertex[0]] == Role.BORDER
                    for vertex in nx.node_connected_component(rest, side)
                )
                for side in (start, end)
            )
            if at_start != at_end:
                way, origin = (1 if at_start else -1) * (-1 if segment["class"] == "PS" else 1), "SOURCES"
        ways.append(way)
        origins.append(origin)
    return _pass_checks(segments, roles, ways, origins)


def _pass_checks(segments: Segments, roles: Roles, ways: list[int], origins: list[str]) -> tuple[list[int], list[str]]:
    while True:
        found = {
            theirs[1]: -ours[0] * theirs[2]
            for pair in _list_checks(segments, roles, ways).values()
            if len(pair) == 2
            for ours, theirs in (pair, pair[::-1])
            if ours[0] and origins[theirs[1]] == "UNKNOWN"
        }
        if not found:
            return ways, origins
        for number, way in found.items():
            ways[number], origins[number] = way, "CHECK_VALVE"


def _list_checks(segments: Segments, roles: Roles, ways: Sequence[int]) -> dict[tuple[str, str], list[Any]]:
    """At each check valve of a class: whether each segment flows away from it (1, -1, 0), which, and at what end."""
    found: dict[tuple[str, str], list[Any]] = {}
    for number, segment in enumerate(segments):
        for end, turn in (("start", 1), ("end", -1)):
            if roles[segment[end]] == Role.CHECK_VALVE:
                at = found.setdefault((segment[end], segment["class"]), [])
                at.append((ways[number] * turn, number, turn))
    return found


def find_one_way(segments: Segments, roles: Roles, ways: Sequence[int]) -> set[str]:
    """Check valves whose way is known."""
    checks = _list_checks(segments, roles, ways).items()
    return {node for (node, _), pair in checks if sorted(each[0] for each in pair) == [-1, 1]}


def isolate_by_definition(
    segments: Segments, roles: Roles, burst: int, failed: Collection[str]
) -> tuple[set[int], dict[Role, set[str]], set[int]]:
    """Isolate a segment of a network of one class.

    Returns what is shut off, the valves of each role at its border, and what loses supply beyond.
    """
    ways, _ = find_flows(segments, roles)
    one_way = find_one_way(segments, roles, ways)
    bounds = (Role.VALVE, Role.CLOSED_VALVE)

    def reaches(from_end: int, node: str, to_end: int, closed: Collection[str]) -> bool:
        """Whether water comes from one segment to another that ends at the same node."""
        if node in one_way and node not in failed:
            return leads(from_end, node) <= 0 <= leads(to_end, node) and node not in closed
        return node not in closed

    def leads(number: int, node: str) -> int:
        """1 where a segment flows away from a check valve, -1 where it flows there."""
        ends = {1 if segments[number]["start"] == node else 0, -1 if segments[number]["end"] == node else 0} - {0}
        return 0 if len(ends) == 2 else ways[number] * ends.pop()

    shutting = {node for node, role in roles.items() if role in bounds} - set(failed)
    isolated = spread(segments, {burst}, lambda old, node, new: reaches(new, node, old, shutting))
    around = {
        role: {
            node
            for node, its in roles.items()
            if its == role and touches(segments, node, isolated) and touches(segments, node, others(segments, isolated))
        }
        - set(failed)
        for role in (Role.VALVE, Role.CLOSED_VALVE, Role.CHECK_VALVE)
    }
    around[Role.CHECK_VALVE] &= one_way
    drains = segments[0]["class"] == "PS"

    def supply(without: set[int], closed: set[str]) -> set[int]:
        anchors = {node for node in roles if is_anchor((node, segments[0]["class"], None), roles)}
        fed = {n for n in others(segments, without) if anchors & {segments[n]["start"], segments[n]["end"]}}
        return spread(
            segments,
            fed,
            lambda old, node, new: (
                new not in without and (reaches(new, node, old, closed) if drains else reaches(old, node, new, closed))
            ),
        )

    closed = {node for node, role in roles.items() if role == Role.CLOSED_VALVE}
    at_it = {n for n in {*shutting, *one_way, *failed} if touches(segments, n, isolated)}
    return isolated, around, supply(set(), closed) - supply(isolated, closed | at_it) - isolated


def others(segments: Segments, some: Collection[int]) -> set[int]:
    """All segments but some."""
    return set(range(len(segments))) - set(some)


def touches(segments: Segments, node: str, some: Collection[int]) -> bool:
    """Whether any of some segments ends at a node."""
    return any(node in (segments[each]["start"], segments[each]["end"]) for each in some)


def spread(segments: Segments, begin: Collection[int], may: Callable[[int, str, int], bool]) -> set[int]:
    """Add to segments those that they lead to at common nodes, as long as there are any."""
    found = set(begin)
    while True:
        wider = found | {
            new
            for old in found
            for new in others(segments, found)
            for node in {segments[old]["start"], segments[old]["end"]} & {segments[new]["start"], segments[new]["end"]}
            if may(old, node, new)
        }
        if wider == found:
            return found
        found = wider
