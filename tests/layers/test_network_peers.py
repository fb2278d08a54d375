"""Every query on random networks against networkx, or against the definition followed step by step."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from layers.pipelines.network.inference import Origin
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.loops import find_loops
from layers.pipelines.network.paths import find_shortest_path
from layers.pipelines.network.roles import VALVES, Role
from layers.pipelines.network.tracing import trace_connected, trace_downstream, trace_upstream
from net_definition import draw_graph, find_flows, find_one_way, isolate_by_definition, sides_of
from tests_network import draw_networks, make_network


def with_ways(segments, roles):
    """Segments that flow as is inferred."""
    ways, _ = find_flows(segments, roles)
    return [segment | {"flow": way} for segment, way in zip(segments, ways, strict=True)]


def segments_from(graph, starts):
    reached = set(starts).union(*(nx.descendants(graph, start) for start in starts))
    return {key for _, _, key in graph.out_edges(reached, keys=True)}


@given(draw_networks())
def test_traces_find_what_networkx_finds(drawn):
    segments, roles = drawn
    network = make_network(segments, roles)
    segments = with_ways(segments, roles)
    forth = draw_graph(segments, roles, directed=True)
    for number, segment in enumerate(segments, start=1):
        start, end = sides_of(number, segment, roles)
        name = f"s{number}"
        lower = [end, start][: 2 - abs(segment["flow"])] if segment["flow"] >= 0 else [start]
        upper = [start, end][: 2 - abs(segment["flow"])] if segment["flow"] >= 0 else [end]
        assert set(trace_downstream(network, name).segments) == segments_from(forth, lower) | {name}
        assert set(trace_upstream(network, name).segments) == segments_from(forth.reverse(), upper) | {name}
        both = draw_graph(segments, roles, directed=False).to_directed()
        assert set(trace_connected(network, name).segments) == segments_from(both, [start, end])
    for node in {vertex[0] for vertex in forth}:
        starts = [vertex for vertex in forth if vertex[0] == node]
        assert set(trace_downstream(network, node_id=node).segments) == segments_from(forth, starts)


@given(draw_networks())
def test_the_shortest_path_is_as_long_as_that_of_networkx(drawn):
    segments, roles = drawn
    network = make_network(segments, roles)
    segments = with_ways(segments, roles)
    for directed in (False, True):
        graph = draw_graph(segments, roles, directed=directed)
        away = dict(nx.all_pairs_dijkstra_path_length(graph, weight="length_m"))
        nodes = sorted({vertex[0] for vertex in graph})
        for begin in nodes:
            for end in nodes:
                found = find_shortest_path(network, begin, end, with_flow=directed)
                expected = [away[a][b] for a in away if a[0] == begin for b in away[a] if b[0] == end]
                assert (found and found.length_m) == (min(expected) if expected else None)


@given(draw_networks())
def test_loops_are_independent_closed_and_as_many_as_there_can_be(drawn):
    segments, roles = drawn
    graph = draw_graph(segments, roles, directed=False)
    loops = find_loops(make_network(segments, roles))
    assert len(loops) == len(graph.edges) - len(graph) + nx.number_connected_components(graph)
    basis = []
    for loop in loops:
        around = nx.MultiGraph((u, v, key) for u, v, key in graph.edges(keys=True) if key in loop.segments)
        assert len(set(loop.segments)) == len(loop.segments)
        assert all(degree == 2 for _, degree in around.degree)
        assert nx.is_connected(around)
        assert loop.length_m == sum(segments[int(key[1:]) - 1]["length_m"] for key in loop.segments)
        vector = sum(1 << int(key[1:]) for key in loop.segments)
        for other in basis:  # by elimination over two elements
            vector = min(vector, vector ^ other)
        assert vector
        basis = sorted([*basis, vector], reverse=True)


@given(draw_networks(), st.sampled_from(["JS", "PS"]))
def test_isolation_follows_its_definition(drawn, pipe_class):
    segments, roles = drawn
    # Where two classes meet at a valve it would have to be two valves.
    segments = [segment | {"class": pipe_class} for segment in segments]
    network = make_network(segments, roles)
    used = {segment[end] for segment in segments for end in ("start", "end")}
    working = sorted(node for node in used if roles[node] == Role.VALVE)
    checks = sorted(find_one_way(segments, roles, find_flows(segments, roles)[0]))
    for failed in [set(), {*working[:1], *checks[:1]}]:
        for burst in range(len(segments)):
            isolated, border, cut_off = isolate_by_definition(segments, roles, burst, failed)
            found = isolate(network, f"s{burst + 1}", failed=failed)
            assert set(found.isolated.segments) == {f"s{each + 1}" for each in isolated}
            assert set(found.valves) == border[Role.VALVE]
            assert set(found.shut) == border[Role.CLOSED_VALVE]
            assert set(found.holding) == border[Role.CHECK_VALVE]
            assert set(found.cut_off.segments) == {f"s{each + 1}" for each in cut_off}
            for part, which in ((found.isolated, isolated), (found.cut_off, cut_off)):
                assert part.length_m == sum(segments[each]["length_m"] for each in which)
                inside = {segments[each][end] for each in which for end in ("start", "end")}
                assert set(part.customers) == {n for n in set(part.nodes) & inside if roles[n] == Role.CUSTOMER}
            assert set(found.isolated.nodes) & {*found.valves, *found.shut, *found.holding} == set()
            assert set(found.next_ring) == border[Role.VALVE]
            for valve, more in found.next_ring.items():
                _, wider, _ = isolate_by_definition(segments, roles, burst, failed | {valve})
                assert set(more) == wider[Role.VALVE] - border[Role.VALVE]


@given(draw_networks())
def test_directions_follow_their_definition(drawn):
    segments, roles = drawn
    network = make_network(segments, roles)
    ways, origins = find_flows(segments, roles)
    found = network.directions
    assert [Origin(each).name for each in found.origin] == origins
    assert found.way.tolist() == ways
    one_way = {node for node, each in zip(network.vertex_node, found.one_way, strict=True) if each}
    assert set(network.node_ids[list(one_way)]) == find_one_way(segments, roles, ways)


def test_every_kind_of_valve_is_one():
    assert {role for role in Role if "VALVE" in role.name} == set(VALVES)
