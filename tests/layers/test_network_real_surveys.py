"""Real sewers, a gas and a heat network: directions against SWMM's links, connectivity and loops against networkx."""

from __future__ import annotations

import json
from collections import defaultdict

import networkx as nx
import pytest

from layers.pipelines.network.ends import find_unserved
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.loops import find_loops
from layers.pipelines.network.roles import Role
from layers.pipelines.network.tracing import trace_connected, trace_downstream, trace_upstream
from tests_network import make_network
from tests_waternets import network_of, read_inp

#: Conduits that SWMM's file names from their lower to their higher end, by how much they climb, cm. All are in one
#: model, of a flat city at the sea; under dynamic waves SWMM turns such conduits round, as we do. C33 is level.
CLIMBS_CM = {
    "swmm_gamma": {},
    "swmm_state_plane": {},
    "swmm_full_features_network_xy": {},
    "swmm_beta": {
        "C14": 19,
        "C20": 19,
        "C23": 187,
        "C24": 17,
        "C31": 31,
        "C41": 10,
        "C63": 82,
        "C70": 265,
        "C72": 280,
        "C80": 10,
        "C81": 1,
        "C91": 3,
        "C128": 48,
        "C130": 177,
        "C159": 47,
        "C161": 96,
        "C166": 1,
        "C169": 24,
        "C170": 41,
        "C179": 13,
        "C202": 222,
        "C203": 4,
        "C33": 0,
    },
}


def read_swmm(path):
    """The sections of a SWMM file as lists of words."""
    sections = defaultdict(list)
    for line in path.read_text("latin-1").splitlines():
        words = line.partition(";")[0].split()
        if words and words[0].startswith("["):
            name = words[0].strip("[]").upper()
        elif words:
            sections[name].append(words)
    return sections


def sewers_of(sections, *, surveyed):
    """Conduits with their fall, and what joins them otherwise with its direction; conduits have theirs if surveyed."""
    height = {row[0]: float(row[1]) for kind in ("JUNCTIONS", "OUTFALLS", "STORAGE") for row in sections[kind]}
    sewers = [
        {
            "id": row[0],
            "start": row[1],
            "end": row[2],
            "length_m": float(row[3]),
            "class": "PS",
            "fall_m": height[row[1]] + float(row[5]) - height[row[2]] - float(row[6]),
            "flow": int(surveyed),
        }
        for row in sections["CONDUITS"]
    ]
    others = [row for kind in ("PUMPS", "ORIFICES", "WEIRS") for row in sections[kind]]
    return sewers + [{"id": row[0], "start": row[1], "end": row[2], "class": "PS", "flow": 1} for row in others]


@pytest.fixture(params=list(CLIMBS_CM))
def sections(request, shared_data):
    return request.param, read_swmm(shared_data / "networks/drainage" / f"{request.param}.inp")


def test_sewers_flow_as_swmm_names_them_but_where_they_climb(sections):
    name, found = sections
    network = make_network(sewers_of(found, surveyed=False))
    direction = dict(zip(network.segment_ids, network.direction.tolist(), strict=True))
    climbs = CLIMBS_CM[name]
    assert {each: 0 if climbs[each] == 0 else -1 for each in climbs} == {
        each: way for each, way in direction.items() if way != 1
    }


def test_flow_as_swmm_names_it_contradicts_inverts_where_sewers_climb_more_than_a_centimetre(sections):
    name, found = sections
    network = make_network(sewers_of(found, surveyed=True))
    climbing = {each for each, climb_cm in CLIMBS_CM[name].items() if climb_cm > 1}
    assert set(network.name_segments(network.contradicted)) == climbing


def test_traces_along_swmm_links_are_those_of_networkx_and_lead_to_the_outfall(sections):
    _, found = sections
    outfalls = {row[0]: Role.OUTFALL for row in found["OUTFALLS"]}
    sewers = sewers_of(found, surveyed=True)
    network = make_network(sewers, outfalls)
    graph = nx.DiGraph((sewer["start"], sewer["end"]) for sewer in sewers)
    for node in list(graph)[::7]:
        assert set(trace_downstream(network, node_id=node).nodes) == {node, *nx.descendants(graph, node)}
        assert set(trace_upstream(network, node_id=node).nodes) == {node, *nx.ancestors(graph, node)}
    drains = set(outfalls).union(*(nx.ancestors(graph, outfall) for outfall in outfalls if outfall in graph))
    lost = {name for part in find_unserved(network) for name in part.segments}
    assert lost == {sewer["id"] for sewer in sewers if sewer["end"] not in drains}


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
