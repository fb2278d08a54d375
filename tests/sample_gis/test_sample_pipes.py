"""The pipelines are whole networks: named ends, sources and outfalls, water that runs downhill, room between them."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import numpy as np
import pytest
import shapely

from layers.pipelines.clearance.pairs import find_conflicts
from layers.pipelines.rules import RULES
from layers.pipelines.rules.judge import judge
from layers.pipelines.rules.survey import Survey
from twin.engine import evaluate
from twin.rules.book import RuleBook

SOURCES = {
    "JP": "waterworks", "TR": "gate_station", "RS": "heat_source", "GD": "substation", "LD": "substation",
    "XX": "exchange",
}  # fmt: skip


@pytest.fixture(scope="module")
def nodes(county, catalog):
    rows = county.layers["pipe_nodes"]
    return rows.reindex(columns=[*catalog.layers["pipe_nodes"].schema.names, "geometry"]).set_index(
        "node_id", drop=False
    )


@pytest.fixture(scope="module")
def segments(county, catalog):
    rows = county.layers["pipe_segments"]
    return rows.reindex(columns=[*catalog.layers["pipe_segments"].schema.names, "geometry"])


def flow_graph(segments, subclass):
    """Every segment of a sub-class from where it flows to where it flows, with its numbers."""
    graph = nx.DiGraph()
    for row in segments[segments["subclass"] == subclass].to_dict("records"):
        ends = (row["from_node"], row["to_node"])
        if row["flow_direction"] == "backward":
            ends = ends[::-1]
        graph.add_edge(*ends, **row)
    return graph


def ends(segments):
    """(m, 2, 3) coordinates of both ends; every segment is straight."""
    return shapely.get_coordinates(segments.geometry.to_numpy(), include_z=True).reshape(-1, 2, 3)


def test_there_are_six_classes_and_eight_sub_classes(segments):
    assert 2_000 < len(segments) < 4_000
    assert set(segments["class"]) == {"JS", "PS", "RQ", "RL", "DL", "TX"}
    assert Counter(segments["subclass"]).keys() == {*SOURCES, "WS", "YS"}


def test_segments_end_at_points_to_the_millimetre_and_use_every_point(nodes, segments):
    for column, name in enumerate(("from_node", "to_node")):
        place = shapely.get_coordinates(nodes.geometry[segments[name]].to_numpy())
        assert (ends(segments)[:, column, :2] == place).all()
    assert set(segments["from_node"]) | set(segments["to_node"]) == set(nodes["node_id"])


def test_points_lie_on_the_ground(county, nodes):
    x, y, z = shapely.get_coordinates(nodes.geometry.to_numpy(), include_z=True).T
    assert np.abs(county.terrain.height_m(x, y) - z).max() < 0.001


def test_ground_is_depth_and_elevation_and_the_axis_follows_from_both(nodes, segments):
    ground = shapely.get_z(nodes.geometry.to_numpy())
    height_mm = segments["diameter_mm"].fillna(segments["height_mm"]).to_numpy()
    gravity = (segments["class"] == "PS").to_numpy()
    assert (segments["depth_ref"] == np.where(gravity, "inner_bottom", "outer_top")).all()
    # From the invert half the opening up to the axis; from the outer top the wall and half the opening down.
    rise_m = np.where(gravity, height_mm / 2, -height_mm / 2 - segments["wall_mm"]) / 1000
    for column, end in enumerate(("from", "to")):
        at = ground[nodes.index.get_indexer(segments[f"{end}_node"])]
        reached = segments[f"{end}_elevation_m"]
        assert np.abs(at - segments[f"{end}_depth_m"] - reached).max() < 0.0011
        assert np.abs(ends(segments)[:, column, 2] - reached - rise_m).max() < 0.0011


def test_sewers_have_no_cycle_and_all_of_them_reach_an_outfall(nodes, segments):
    for subclass in ("WS", "YS"):
        graph = flow_graph(segments, subclass)
        assert nx.is_directed_acyclic_graph(graph)
        last = [node for node in graph if graph.out_degree(node) == 0]
        works = nodes.loc[last, ["appurtenance", "feature"]].fillna("").to_numpy().tolist()
        assert {tuple(each) for each in works} == {("treatment_works", "") if subclass == "WS" else ("", "outfall")}
        # From a manhole one pipe leads away, so whoever goes on from anywhere comes to one of these.
        assert max(degree for _, degree in graph.out_degree()) == 1


def test_inverts_fall_along_the_flow_and_from_pipe_to_pipe(nodes, segments):
    pumps = set(nodes.index[nodes["appurtenance"] == "pump_station"])
    for subclass in ("WS", "YS"):
        graph = flow_graph(segments, subclass)
        for upper, node, pipe in graph.edges(data=True):
            fall = pipe["from_elevation_m"] - pipe["to_elevation_m"]
            length = pipe["geometry"].length
            assert fall >= 0.0006 * length - 0.001, (upper, node)
            if node not in pumps:
                for _, _, next_ in graph.out_edges(node, data=True):
                    assert next_["from_elevation_m"] <= pipe["to_elevation_m"] + 1e-9
                    assert next_["diameter_mm"] >= pipe["diameter_mm"]


def test_manholes_stand_75_m_apart_at_most_and_sewers_have_their_cover(segments):
    sewers = segments[segments["class"] == "PS"]
    assert sewers.length.max() <= 75
    assert sewers["diameter_mm"].min() >= 200
    for end in ("from", "to"):
        # GB 50289-2016, Table 4.1.1: 0.60 m beside carriageways.
        cover = sewers[f"{end}_depth_m"] - (sewers["diameter_mm"] + sewers["wall_mm"]) / 1000
        assert cover.min() > 0.6
        assert sewers[f"{end}_depth_m"].max() < 10


def test_all_that_is_fed_hangs_together_with_a_source(nodes, segments):
    for subclass in ("JP", "TR", "RS", "XX"):
        graph = flow_graph(segments, subclass).to_undirected()
        source = set(nodes.index[nodes["appurtenance"] == SOURCES[subclass]])
        parts = list(nx.connected_components(graph))
        assert all(part & source for part in parts), subclass
    power = segments[segments["class"] == "DL"]
    graph = nx.from_pandas_edgelist(power, "from_node", "to_node")
    substations = set(nodes.index[nodes["appurtenance"] == "substation"])
    assert all(part & substations for part in nx.connected_components(graph))


def test_water_comes_everywhere_with_the_flow_although_valves_are_closed(nodes, segments):
    state = nodes["valve_state"]
    assert (state == "closed").any()
    assert (state == "inoperable").any()
    shut = set(nodes.index[state == "closed"])
    for subclass in ("JP", "TR", "RS"):
        graph = flow_graph(segments, subclass)
        open_ = graph.subgraph(set(graph) - shut)
        reached = set().union(
            *(
                nx.descendants(open_, node) | {node}
                for node in open_
                if nodes["appurtenance"][node] == SOURCES[subclass]
            )
        )
        assert reached == set(open_), subclass


def test_water_mains_are_looped_and_have_valves_hydrants_and_houses(nodes, segments):
    graph = flow_graph(segments, "JP").to_undirected()
    assert len(nx.cycle_basis(graph)) > 5
    found = Counter(nodes["appurtenance"][sorted(graph)])
    assert found["valve_well"] > 50
    assert found["hydrant"] > 10
    assert found["meter"] > 100


def test_some_house_connections_are_abandoned_and_some_ducts_empty(nodes, segments):
    idle = segments[segments["status"] != "in_service"]
    assert Counter(idle["class"].str.cat(idle["status"], " ")).keys() == {
        *("JS abandoned", "RQ abandoned", "RL abandoned", "TX empty"),
    }
    assert (idle.loc[idle["status"] == "empty", ["cables", "used_holes"]] == 0).all(axis=None)
    # Each leads to one house, or cabinet, to which nothing else does.
    degree = Counter([*segments["from_node"], *segments["to_node"]])
    assert {degree[node] for node in idle["to_node"]} == {1}
    left = nodes["status"][idle.loc[idle["status"] == "abandoned", "to_node"]]
    assert set(left) == {"abandoned"}


def test_gas_is_let_down_before_it_comes_to_houses(nodes, segments):
    gas = segments[segments["class"] == "RQ"]
    low = gas["pressure_class"] == "low"
    assert (nodes["appurtenance"][gas["from_node"][low]] == "regulator").all()
    assert (nodes["appurtenance"][gas["to_node"][low]] == "meter").all()
    assert not (nodes["appurtenance"][gas["to_node"][~low]] == "meter").any()


def test_wells_are_as_deep_as_what_meets_there(nodes, segments):
    sewage = segments[segments["class"] == "PS"]
    lowest = Counter()
    for end in ("from", "to"):
        for node, depth in zip(sewage[f"{end}_node"], sewage[f"{end}_depth_m"], strict=True):
            lowest[node] = max(lowest[node], depth)
    manholes = nodes[nodes["appurtenance"].isin(["manhole", "drop_manhole"]).to_numpy(bool)]
    assert len(manholes) > 100
    assert all(abs(row.well_depth_m - lowest[row.node_id]) < 0.001 for row in manholes.itertuples())


def test_pipelines_lie_along_roads_and_not_under_houses(county, segments):
    roads = shapely.STRtree(county.layers["roads"].geometry.to_numpy())
    _, apart = roads.query_nearest(segments.geometry.centroid.to_numpy(), return_distance=True, all_matches=False)
    assert apart.max() < 40
    houses = shapely.STRtree(county.layers["buildings"].geometry.to_numpy())
    hit, _ = houses.query(segments.geometry.to_numpy(), predicate="crosses")
    assert len(np.unique(hit)) < 0.01 * len(segments)


def test_few_pairs_are_too_close_and_some_are(segments):
    conflicts = find_conflicts(segments)
    assert 0 < len(conflicts) < 0.02 * len(segments)


def test_no_rule_of_acceptance_finds_anything_but_pairs_that_are_too_close(nodes, segments):
    whole = Survey(
        nodes=nodes.reset_index(drop=True),
        judged=len(nodes),
        segments=segments,
        paths=np.full(len(segments), None, dtype=object),
        others=nodes.index[:0],
    )
    found = judge(whole, RuleBook(rules=RULES))
    assert found.counts.keys() >= {"PT-DEGREE", "LN-REF", "ATTR-MATERIAL", "LN-LONG"}
    assert {finding.rule for finding in found.findings} <= {"CLR-H", "CLR-V", "GRAV-TURN"}


def test_devices_stand_at_points_of_the_segments_that_they_watch(county, nodes, segments):
    devices = county.layers["monitoring_devices"]
    assert set(devices["status"]) == {"in_service", "planned", "out_of_service"}
    rows = segments.set_index("segment_id")
    for device in devices.to_dict("records"):
        watched = rows.loc[device["segment_ids"].split(";")]
        assert set(watched["class"]) == {device["class"]}
        assert device["node_id"] in {*watched["from_node"], *watched["to_node"]}
        assert device["geometry"].equals(nodes.geometry[device["node_id"]])


def test_monitored_is_the_length_that_devices_in_service_name(county, catalog, loaded, segments):
    devices = county.layers["monitoring_devices"]
    named = devices["segment_ids"][devices["status"] == "in_service"].str.split(";").explode()
    coordinates = ends(segments)
    length = np.sqrt(((coordinates[:, 1] - coordinates[:, 0]) ** 2).sum(axis=1))
    counted = (segments["class"].isin(["JS", "RQ", "DL"]) & (segments["status"] == "in_service")).to_numpy()
    assert (segments["class"].isin(["JS", "RQ", "DL"]) & ~counted).sum() > 10
    watched = counted & segments["segment_id"].isin(named).to_numpy()
    measure = evaluate(catalog.indicators["pipe_monitoring"], catalog, loaded).measure
    assert 0.1 < measure.value < 0.9
    assert measure.value == pytest.approx(length[watched].sum() / length[counted].sum(), abs=1e-4)
