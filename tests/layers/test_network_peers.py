"""Every query on random networks against networkx, or against the definition followed step by step."""

from __future__ import annotations

import networkx as nx
from hypothesis import given

from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.loops import find_loops
from layers.pipelines.network.paths import find_shortest_path
from layers.pipelines.network.roles import VALVES, Role
from layers.pipelines.network.tracing import trace_connected, trace_downstream, trace_upstream
from tests_network import draw_networks, make_network


def sides_of(number, segment, roles):
    """What a segment ends at: a node of its class, or at a closed valve its own end."""
    for end in ("start", "end"):
        node = segment[end]
        closed = roles[node] == Role.CLOSED_VALVE
        yield (node, segment["class"], (number, end) if closed else None)


def draw_graph(segments, roles, *, directed):
    """The network as a graph of networkx."""
    graph = nx.MultiDiGraph() if directed else nx.MultiGraph()
    for number, segment in enumerate(segments, start=1):
        start, end = sides_of(number, segment, roles)
        graph.add_nodes_from([start, end])
        if not directed or segment["flow"] >= 0:
            graph.add_edge(start, end, key=f"s{number}", length_m=segment["length_m"])
        if directed and segment["flow"] <= 0:
            graph.add_edge(end, start, key=f"s{number}", length_m=segment["length_m"])
    return graph


def segments_from(graph, starts):
    reached = set(starts).union(*(nx.descendants(graph, start) for start in starts))
    return {key for _, _, key in graph.out_edges(reached, keys=True)}


@given(draw_networks())
def test_traces_find_what_networkx_finds(drawn):
    segments, roles = drawn
    network = make_network(segments, roles)
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


def flood(segments, roles, begin, stops):
    """Segments that hang together with some, when nothing goes through the nodes where it stops."""
    found = set(begin)
    while True:
        open_nodes = {
            (segments[each][end], segments[each]["class"])
            for each in found
            for end in ("start", "end")
            if segments[each][end] not in stops
        }
        wider = found | {
            number
            for number, segment in enumerate(segments)
            if {(segment["start"], segment["class"]), (segment["end"], segment["class"])} & open_nodes
        }
        if wider == found:
            return found
        found = wider


def follow_definition(segments, roles, burst, failed):
    """Isolate a segment by the definition: returns what is shut off, which valves to close, and what loses supply."""
    closed = {node for node, role in roles.items() if role == Role.CLOSED_VALVE} - failed
    working = {node for node, role in roles.items() if role == Role.VALVE} - failed
    isolated = flood(segments, roles, {burst}, closed | working)

    def touches(node, within):
        return any(node in (segments[each]["start"], segments[each]["end"]) for each in within)

    others = set(range(len(segments))) - isolated
    to_close = {node for node in working if touches(node, isolated) and touches(node, others)}
    sources = {node for node, role in roles.items() if role == Role.SOURCE}
    shut = {node for node, role in roles.items() if role == Role.CLOSED_VALVE}
    fed = {each for each in range(len(segments)) if any(touches(node, {each}) for node in sources)}
    before = flood(segments, roles, fed, shut)
    at_isolated = {node for node in working if touches(node, isolated)}
    after = flood_without(segments, roles, fed - isolated, shut | at_isolated, isolated)
    return isolated, to_close, before - after - isolated


def flood_without(segments, roles, begin, stops, left_out):
    rest = [
        segment if number not in left_out else segment | {"start": object(), "end": object()}
        for number, segment in enumerate(segments)
    ]
    return flood(rest, roles, begin, stops)


@given(draw_networks())
def test_isolation_follows_its_definition(drawn):
    segments, roles = drawn
    # Where two classes meet at a valve it would have to be two valves.
    segments = [segment | {"class": "JS"} for segment in segments]
    network = make_network(segments, roles)
    used = {segment[end] for segment in segments for end in ("start", "end")}
    working = sorted(node for node in used if roles[node] == Role.VALVE)
    for failed in [set(), set(working[:1])]:
        for burst in range(len(segments)):
            isolated, to_close, cut_off = follow_definition(segments, roles, burst, failed)
            found = isolate(network, f"s{burst + 1}", failed=failed)
            assert set(found.isolated.segments) == {f"s{each + 1}" for each in isolated}
            assert set(found.valves) == to_close
            assert set(found.cut_off.segments) == {f"s{each + 1}" for each in cut_off}
            assert set(found.isolated.nodes) & {*to_close, *found.shut} == set()
            assert set(found.next_ring) == to_close
            for valve, more in found.next_ring.items():
                _, wider, _ = follow_definition(segments, roles, burst, failed | {valve})
                assert set(more) == wider - to_close


def test_every_kind_of_valve_is_one():
    assert {role for role in Role if "VALVE" in role.name} == set(VALVES)
