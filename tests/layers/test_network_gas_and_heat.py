"""Real gas, heat and water networks: parts and loops against networkx, directions against Kirchhoff."""

from __future__ import annotations

import json
from dataclasses import dataclass

import geopandas
import networkx as nx
import numpy as np
import pytest

from layers.pipelines.network.ends import find_unserved
from layers.pipelines.network.inference import Origin
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.loops import find_loops
from layers.pipelines.network.roles import Role
from layers.pipelines.network.tracing import trace_connected
from tests_network import make_network
from tests_waternets import network_of, read_inp


def read_pandapipes(path):
    """The tables of a pandapipes file, as lists of rows by column; the index of a row is its number."""
    tables = {}
    for name, thing in json.loads(path.read_text())["_object"].items():
        if isinstance(thing, dict) and thing.get("_class") == "DataFrame":
            table = json.loads(thing["_object"])
            rows = zip(table["index"], table["data"], strict=True)
            tables[name] = {key: dict(zip(table["columns"], row, strict=True)) for key, row in rows}
    return tables


def pipes_of(tables, pipe_class):
    """Pipes of the tables as segments."""
    ends = {key: (row["from_junction"], row["to_junction"]) for key, row in tables["pipe"].items()}
    length_m = {key: row["length_km"] * 1000 for key, row in tables["pipe"].items()}
    return [
        {"id": f"p{key}", "start": str(start), "end": str(end), "length_m": length_m[key], "class": pipe_class}
        for key, (start, end) in ends.items()
    ]


def graph_of(pipes):
    graph = nx.MultiGraph()
    graph.add_edges_from((pipe["start"], pipe["end"], pipe["id"], {"length": pipe["length_m"]}) for pipe in pipes)
    return graph


def test_every_customer_of_the_gas_network_is_connected_with_its_station(shared_data):
    tables = read_pandapipes(shared_data / "networks/gas/gas_net_schutterwald_1bar.json")
    pipes = pipes_of(tables, "RQ")
    (station,) = (str(row["junction"]) for row in tables["ext_grid"].values())
    network = make_network(pipes, {station: Role.SOURCE})
    reached = set(trace_connected(network, node_id=station).nodes)
    assert reached == nx.node_connected_component(graph_of(pipes), station)
    assert {str(row["junction"]) for row in tables["sink"].values()} <= reached
    assert find_unserved(network) == []


def test_loops_of_the_gas_network_are_as_many_and_each_is_one(shared_data):
    pipes = pipes_of(read_pandapipes(shared_data / "networks/gas/gas_net_schutterwald_1bar.json"), "RQ")
    graph, loops = graph_of(pipes), find_loops(make_network(pipes))
    assert len(loops) == len(graph.edges) - len(graph) + nx.number_connected_components(graph)
    for loop in loops:
        around = nx.MultiGraph((u, v, key) for u, v, key in graph.edges(keys=True) if key in set(loop.segments))
        assert {degree for _, degree in around.degree} == {2}


@pytest.mark.parametrize("name", ["Net3", "ZJ"])
def test_loops_are_hardly_longer_than_the_shortest_there_can_be(shared_data, name):
    model = read_inp(shared_data / "networks/water" / f"{name}.inp")
    graph = nx.Graph()
    for _, link in model.links():
        graph.add_edge(link.start_node_name, link.end_node_name, length=getattr(link, "length", 0.0))
    least = nx.minimum_cycle_basis(graph, weight="length")
    least_m = sum(
        graph.edges[pair]["length"] for cycle in least for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True)
    )
    loops = [loop for loop in find_loops(network_of(model)) if len(loop.segments) > 2]
    assert sum(loop.length_m for loop in loops) <= 1.1 * least_m


def test_the_heat_network_is_parted_by_its_valves_as_networkx_parts_it(shared_data):
    tables = read_pandapipes(shared_data / "networks/heat/sw_heat.json")
    pipes, valves = pipes_of(tables, "RL"), {}
    for key, row in tables["valve"].items():
        valves[f"v{key}"] = Role.VALVE
        for end in ("from", "to"):
            node = str(row[f"{end}_junction"])
            pipes.append({"id": f"v{key} {end}", "start": node, "end": f"v{key}", "length_m": 0.0, "class": "RL"})
    network, graph = make_network(pipes, valves), graph_of(pipes)
    whole = {frozenset(part) for part in nx.connected_components(graph)}
    assert {frozenset(trace_connected(network, node_id=min(part)).nodes) for part in whole} == whole
    beside = {node: {valve for valve in graph.neighbors(node) if valve in valves} for node in graph}
    graph.remove_nodes_from(valves)
    for part in nx.connected_components(graph):
        found = isolate(network, node_id=min(part))
        assert set(found.isolated.nodes) == part
        assert set(found.valves) == set().union(*(beside[node] for node in part))


@dataclass
class Real:
    """A real network: its pipes, where it is fed, and what is taken where."""

    pipes: list
    source: str
    taken: dict


@pytest.fixture(scope="module", params=["gas of a town", "heat of a town", "gas drawn in CAD"])
def real(request, shared_data):
    folder = shared_data / "networks"
    if request.param == "gas of a town":
        tables = read_pandapipes(folder / "gas/gas_net_schutterwald_1bar.json")
        (source,) = (str(row["junction"]) for row in tables["ext_grid"].values())
        taken = {str(row["junction"]): row["mdot_kg_per_s"] for row in tables["sink"].values()}
        return Real(pipes_of(tables, "RQ"), source, taken)
    if request.param == "heat of a town":
        tables = read_pandapipes(folder / "heat/sw_heat.json")
        valves = [
            {"id": row["name"], "start": str(row["from_junction"]), "end": str(row["to_junction"])}
            for row in tables["valve"].values()
        ]
        pipes = pipes_of(tables, "RL") + [valve | {"length_m": 1.0, "class": "RL"} for valve in valves]
        (source,) = (str(row["flow_junction"]) for row in tables["circ_pump_pressure"].values())
        taken = {str(row["from_junction"]): row["controlled_mdot_kg_per_s"] for row in tables["heat_consumer"].values()}
        return Real(pipes, source, taken)
    lines = geopandas.read_file(folder / "gas/gas_leitung/gas_leitung.shp").geometry.explode()
    pipes = []
    for number, line in enumerate(lines):  # ends meet to the millimetre
        start, end = (str(tuple(np.round(line.coords[at][:2], 3) + 0.0)) for at in (0, -1))
        pipes.append({"id": f"g{number}", "start": start, "end": end, "length_m": line.length, "class": "RQ"})
    largest = max(nx.connected_components(graph_of(pipes)), key=len)
    return Real(pipes, min(largest), dict.fromkeys(largest, 1.0))


def test_what_is_connected_is_so_by_networkx(real):
    network, graph = make_network(real.pipes), graph_of(real.pipes)
    for part in nx.connected_components(graph):
        found = trace_connected(network, node_id=min(part))
        assert set(found.nodes) == part
        assert found.length_m == pytest.approx(graph.subgraph(part).size(weight="length"))


def test_a_burst_is_shut_off_and_cuts_off_as_networkx_parts_the_network(real):
    """With a valve in the middle of every fifth pipe, the first of which is stuck and the second closed."""
    parted, roles = [], {real.source: Role.SOURCE} | dict.fromkeys(set(real.taken) - {real.source}, Role.CUSTOMER)
    for number, pipe in enumerate(real.pipes):
        if number % 5:
            parted.append(pipe)
            continue
        roles[f"V{number}"] = {0: Role.STUCK_VALVE, 5: Role.CLOSED_VALVE}.get(number, Role.VALVE)
        half = pipe | {"length_m": pipe["length_m"] / 2}
        parted += [half | {"id": f"{pipe['id']} {end}", end: f"V{number}"} for end in ("end", "start")]
    network, graph = make_network(parted, roles), graph_of(parted)
    bounds = {node for node, role in roles.items() if role in (Role.VALVE, Role.CLOSED_VALVE)}
    shut = {node for node, role in roles.items() if role == Role.CLOSED_VALVE}
    rooms = graph.subgraph(set(graph) - bounds)
    supplied = nx.node_connected_component(graph.subgraph(set(graph) - shut), real.source)
    cut_anything = 0
    for room in nx.connected_components(rooms):
        found = isolate(network, node_id=min(room))
        around = {valve for valve in bounds if room & set(graph[valve])}
        inner = {valve for valve in around if set(graph[valve]) <= room}
        assert set(found.isolated.nodes) == room | inner
        assert set(found.valves) == around - inner - shut
        assert set(found.unusable) == {node for node in room if roles.get(node) == Role.STUCK_VALVE}
        assert set(found.isolated.customers) == {node for node in room if roles.get(node) == Role.CUSTOMER}
        pipes = {key for _, _, key in graph.edges(room, keys=True)}
        assert found.isolated.length_m == pytest.approx(sum(p["length_m"] for p in parted if p["id"] in pipes))
        if real.source in room:
            continue
        after = nx.node_connected_component(graph.subgraph(set(graph) - shut - room - around), real.source)
        lost = supplied - after - room - around
        assert set(found.cut_off.nodes) - bounds == lost - bounds
        assert set(found.cut_off.customers) == {node for node in lost if roles.get(node) == Role.CUSTOMER}
        cut_anything += bool(lost - bounds)
    assert cut_anything


def test_flow_by_the_laws_of_kirchhoff_goes_as_is_inferred(real):
    """Customers take what they take and pipes resist by their length: flow solves a system of equations."""
    from scipy.sparse.linalg import spsolve

    network, graph = make_network(real.pipes, {real.source: Role.SOURCE}), graph_of(real.pipes)
    part = sorted(nx.node_connected_component(graph, real.source) - {real.source})
    for _, _, each in graph.edges(data=True):
        each["conductance"] = 1 / max(each["length"], 0.01)
    laplacian = nx.laplacian_matrix(graph, nodelist=part, weight="conductance").astype(float).tolil()
    laplacian.setdiag([graph.degree(node, weight="conductance") for node in part])  # that of the source included
    head = spsolve(laplacian.tocsc(), [-real.taken.get(node, 0.0) for node in part])
    height = dict(zip(part, head, strict=True)) | {real.source: 0.0}
    inferred = np.flatnonzero(network.directions.origin == Origin.SOURCES)
    by_id = {pipe["id"]: pipe for pipe in real.pipes}
    fall = np.array([height[by_id[n]["start"]] - height[by_id[n]["end"]] for n in network.segment_ids[inferred]])
    assert (fall * network.directions.way[inferred]).min() > -1e-9 * np.ptp(head)
    assert (fall * network.directions.way[inferred] > 0).mean() > 0.5
    root = graph.copy()
    alone = sum(1 for pair in nx.bridges(root) if pair[0] in height and pair[0] != pair[1])
    assert len(inferred) == alone > 10
