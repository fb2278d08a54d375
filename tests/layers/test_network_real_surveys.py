"""Real sewers: directions against SWMM's links, traces against networkx."""

from __future__ import annotations

from collections import defaultdict

import networkx as nx
import pytest

from layers.pipelines.network.ends import find_unserved
from layers.pipelines.network.faults import find_flow_faults
from layers.pipelines.network.roles import Role
from layers.pipelines.network.tracing import trace_downstream, trace_upstream
from tests_network import make_network

#: Conduits that SWMM's file names from their lower to their higher end, by how much they climb, cm. All are in one
#: model, of a flat city at the sea. C33 is level.
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
    direction = dict(zip(network.segment_ids, network.directions.way.tolist(), strict=True))
    climbs = CLIMBS_CM[name]
    assert {each: 0 if climbs[each] == 0 else -1 for each in climbs} == {
        each: way for each, way in direction.items() if way != 1
    }


#: Of those that climb: named against the only way to the outfall, and in rings, where several ways lead there. The
#: others climb on the only way: what is in them goes uphill, pressed by what comes after.
BACKWARDS = {"C14", "C23", "C24", "C170", "C202"}
IN_RINGS = {"C33", "C72", "C81", "C166"}


def test_without_inverts_sewers_flow_to_the_outfall_as_swmm_names_them_where_only_one_way_leads_there(sections):
    name, found = sections
    blind = [sewer | {"flow": 0, "fall_m": float("nan")} for sewer in sewers_of(found, surveyed=False)]
    network = make_network(blind, {row[0]: Role.OUTFALL for row in found["OUTFALLS"]})
    ways = dict(zip(network.segment_ids, network.directions.way.tolist(), strict=True))
    beta = name == "swmm_beta"
    assert {each for each, way in ways.items() if way == -1} == (BACKWARDS if beta else set())
    assert list(ways.values()).count(1) == len(ways) - len(BACKWARDS) * beta - list(ways.values()).count(0)
    assert list(ways.values()).count(1) >= 0.75 * len(ways)
    # What is in no ring of networkx has a direction.
    graph = nx.MultiGraph((sewer["start"], sewer["end"], sewer["id"]) for sewer in blind)
    outfalls = [row[0] for row in found["OUTFALLS"]]
    graph.add_edges_from((outfall, "sea", outfall) for outfall in outfalls)
    alone = {graph.get_edge_data(*pair).popitem()[0] for pair in nx.bridges(graph)} - set(outfalls)
    assert {each for each, way in ways.items() if way} == alone


def test_sewers_that_climb_on_the_only_way_out_are_reported(sections):
    name, found = sections
    network = make_network(sewers_of(found, surveyed=False), {row[0]: Role.OUTFALL for row in found["OUTFALLS"]})
    climbing = {each for each, climb_cm in CLIMBS_CM[name].items() if climb_cm > 1} - BACKWARDS - IN_RINGS
    assert set(find_flow_faults(network).contradicted) == climbing


def test_flow_as_swmm_names_it_contradicts_inverts_where_sewers_climb_more_than_a_centimetre(sections):
    name, found = sections
    network = make_network(sewers_of(found, surveyed=True))
    climbing = {each for each, climb_cm in CLIMBS_CM[name].items() if climb_cm > 1}
    assert set(network.name_segments(network.directions.contradicted)) == climbing


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
