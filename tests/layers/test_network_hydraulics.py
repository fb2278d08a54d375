"""Isolation and connectivity of real water networks, against WNTR: its segmentation by valves, and its hydraulics."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from layers.pipelines.network.inference import Origin
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.paths import find_shortest_path
from layers.pipelines.network.tracing import trace_connected
from tests_waternets import network_of, read_inp, valve_name

#: WNTR fits a curve to a pump of which it knows one point.
pytestmark = pytest.mark.filterwarnings("ignore:Covariance of the parameters could not be estimated")

#: Water that flows at less than this, m³/s, does not flow.
STILL = 1e-6


@pytest.fixture(scope="module", params=["Net3", "ky4", "L-TOWN"])
def model(request, shared_data):
    return read_inp(shared_data / "networks/water" / f"{request.param}.inp")


@pytest.fixture(scope="module")
def valves(model):
    """Two valves fewer than links at each node, at random but the same each time."""
    import wntr

    return wntr.network.generate_valve_layer(model, "strategic", 2, seed=6)


def test_a_burst_is_shut_off_as_wntr_divides_the_network(model, valves):
    import wntr

    node_part, link_part, _ = wntr.metrics.topographic.valve_segments(model.to_graph(), valves)
    network = network_of(model, valves)
    parts = {"links": link_part.groupby(link_part).groups, "nodes": node_part.groupby(node_part).groups}
    ends = [(valve_name(v.link, v.node), {link_part[v.link], node_part[v.node]}) for v in valves.itertuples()]
    seen = set()
    for link in model.link_name_list:
        part = link_part[link]
        if part in seen:
            continue
        seen.add(part)
        found = isolate(network, link)
        assert {name for name in found.isolated.segments if "|" not in name} == set(parts["links"][part])
        assert {name for name in found.isolated.nodes if "|" not in name} == set(parts["nodes"].get(part, ()))
        assert set(found.valves) == {name for name, sides in ends if part in sides and len(sides) == 2}
    assert len(seen) > 10


def test_lengths_of_ways_and_parts_are_those_of_networkx(model):
    network, graph = network_of(model), nx.MultiGraph()
    for name, link in model.links():
        graph.add_edge(link.start_node_name, link.end_node_name, key=name, length=getattr(link, "length", 0.0))
    source = model.reservoir_name_list[0]
    away = nx.single_source_dijkstra_path_length(graph, source, weight="length")
    assert set(trace_connected(network, node_id=source).nodes) == set(away)
    for node in model.node_name_list[::40]:
        path = find_shortest_path(network, source, node)
        assert (path and path.length_m) == (pytest.approx(away[node]) if node in away else None)


@pytest.fixture(scope="module")
def net3(shared_data):
    """Net3 as it stands at its beginning, all its links open and nothing that would switch them."""
    model = read_inp(shared_data / "networks/water/Net3.inp")
    model.options.time.duration = 0
    for name in model.control_name_list:
        model.remove_control(name)
    for _, link in model.links():
        link.initial_status = "Open"
    return model


def simulate(model, closed):
    """Flow in each link, m³/s, and what each junction gets of what it wants, with some links closed."""
    import wntr

    for name, link in model.links():
        link.initial_status = "Closed" if name in closed else "Open"
    model.reset_initial_values()
    found = wntr.sim.WNTRSimulator(model).run_sim()
    return found.link["flowrate"].iloc[0].abs(), found.node["demand"].iloc[0]


@pytest.mark.parametrize("seed", [6, 61, 2017])
def test_no_water_flows_where_the_valves_are_closed_and_everybody_else_has_theirs(net3, seed):
    import wntr

    valves = wntr.network.generate_valve_layer(net3, "strategic", 2, seed=seed)
    network = network_of(net3, valves)
    _, wanted = simulate(net3, set())
    junctions = set(net3.junction_name_list)
    tried = 0
    for burst in net3.pipe_name_list[::6]:
        found = isolate(network, burst)
        if found.sources:  # no valve parts it from a tank: nothing is claimed
            continue
        tried += 1
        dry = {*found.isolated.nodes, *found.cut_off.nodes} & junctions
        closed = {valve.partition("|")[0] for valve in found.valves}
        flow, got = simulate(net3, closed)
        inside = [name for name in found.isolated.segments if "|" not in name]
        assert flow[inside].max() < STILL
        assert got[list(dry)].abs().sum() < STILL
        rest = sorted(junctions - dry)
        assert got[rest].to_numpy() == pytest.approx(wanted[rest].to_numpy(), abs=STILL)
    assert tried > 5


def test_with_a_valve_left_open_water_still_flows(net3):
    import wntr

    valves = wntr.network.generate_valve_layer(net3, "strategic", 2, seed=6)
    network = network_of(net3, valves)
    found = next(
        each
        for each in (isolate(network, burst) for burst in net3.pipe_name_list)
        if each.feeding and not each.sources and any("|" not in node for node in each.isolated.nodes)
    )
    left_open = found.feeding[0]
    closed = {valve.partition("|")[0] for valve in found.valves if valve != left_open}
    flow, _ = simulate(net3, closed - {left_open.partition("|")[0]})
    assert flow[left_open.partition("|")[0]] > STILL


def test_water_flows_as_is_inferred_where_only_one_way_leads_from_sources(model, tmp_path):
    """At every hour of a day, with tanks that fill and empty, pumps that switch and valves that regulate."""
    import wntr

    model = read_inp(model.name)
    network = network_of(model)
    directions = network.directions
    inferred = np.flatnonzero(directions.origin == Origin.SOURCES)
    model.options.time.duration = 24 * 3600
    found = wntr.sim.EpanetSimulator(model).run_sim(file_prefix=str(tmp_path / "model"))
    flow = found.link["flowrate"][list(network.name_segments(inferred))].to_numpy() * directions.way[inferred]
    assert flow.shape[0] >= 25
    assert flow.min() > -STILL
    assert (flow.max(axis=0) > STILL).mean() > 0.95  # the others lead to where nobody takes anything
    # As many are bridges of which networkx finds sources at one side only.
    graph = nx.MultiGraph((link.start_node_name, link.end_node_name) for _, link in model.links())
    sources = {*model.reservoir_name_list, *model.tank_name_list}
    bridges = 0
    for pair in list(nx.bridges(graph)):
        graph.remove_edge(*pair)
        sides = [bool(sources & nx.node_connected_component(graph, end)) for end in pair]
        graph.add_edge(*pair)
        bridges += sides[0] != sides[1]
    assert len(inferred) == bridges > 10
