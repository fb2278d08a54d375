"""The road network is noded: roads meet at their ends and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sample_gis.roads import CLASSES
from sample_gis.warp import Warp


@pytest.fixture(scope="module")
def roads(county):
    return county.layers["roads"]


@pytest.fixture(scope="module")
def nodes(county):
    return county.layers["road_nodes"].set_index("node_id")


def test_roads_run_from_node_to_node_to_the_bit(roads, nodes):
    lines = shapely.get_parts(roads.geometry.to_numpy())
    assert len(lines) == len(roads)
    assert (shapely.get_point(lines, 0) == nodes.geometry[roads["from_node"]].to_numpy()).all()
    assert (shapely.get_point(lines, -1) == nodes.geometry[roads["to_node"]].to_numpy()).all()


def test_roads_touch_each_other_only_at_nodes(roads, nodes):
    lines = shapely.get_parts(roads.geometry.to_numpy())
    first, second = shapely.STRtree(lines).query(lines, predicate="intersects")
    first, second = first[first < second], second[first < second]
    shared = shapely.intersection(lines[first], lines[second])
    assert set(shapely.get_type_id(shared)) <= {0, 4}  # points, never stretches
    known = set(map(tuple, shapely.get_coordinates(nodes.geometry.to_numpy())))
    assert set(map(tuple, shapely.get_coordinates(shared))) <= known


def test_no_road_crosses_itself(roads):
    assert shapely.is_simple(roads.geometry.to_numpy()).all()


def test_degree_is_the_number_of_road_ends(roads, nodes):
    ends = np.concatenate([roads["from_node"], roads["to_node"]])
    names, count = np.unique(ends, return_counts=True)
    assert nodes["degree"].to_dict() == dict(zip(names.tolist(), count.tolist(), strict=True))


def test_kinds_of_node_follow_their_degree(nodes):
    assert (nodes["degree"][nodes["kind"] == "end"] == 1).all()
    assert (nodes["degree"][nodes["kind"] == "joint"] == 2).all()
    assert (nodes["degree"][nodes["kind"].isin(["intersection", "interchange"])] >= 3).all()
    assert nodes["signalised"].sum() > 50


def test_every_road_can_be_reached_from_every_other(roads, nodes):
    start, end = (nodes.index.get_indexer(roads[name]) for name in ("from_node", "to_node"))
    graph = coo_array((np.ones(len(roads)), (start, end)), shape=(len(nodes), len(nodes)))
    assert connected_components(graph, directed=False)[0] == 1


def test_there_are_roads_of_every_class_and_motorways_meet_others_at_interchanges_only(roads, nodes):
    assert set(roads["class"]) == set(CLASSES)
    motorway = roads["class"] == "motorway"
    on, off = (set(rows["from_node"]) | set(rows["to_node"]) for rows in (roads[motorway], roads[~motorway]))
    assert on & off
    assert (nodes["kind"][sorted(on & off)] == "interchange").all()


def test_roads_curve_gently(roads):
    lines = shapely.get_parts(roads.geometry.to_numpy())
    detour = shapely.length(lines) / shapely.distance(shapely.get_point(lines, 0), shapely.get_point(lines, -1))
    assert detour.max() < 1.15
    assert (detour > 1.0001).mean() > 0.2


def test_the_bend_of_the_sheet_can_be_undone():
    warp = Warp.of(2022)
    sheet = np.array([[0.0, 0.0], [12_345.0, -6_789.0], [-28_000.0, 20_000.0]])
    county = warp.bend(sheet)
    assert county[0].tolist() == [0.0, 0.0]
    assert np.abs(county[1:] - sheet[1:]).max() > 1.0
    assert np.abs(warp.flatten(county) - sheet).max() < 1e-6


def test_the_bend_never_folds_the_sheet_over():
    warp = Warp.of(2022)
    grid = np.stack(np.meshgrid(np.arange(-30_000, 25_000, 250.0), np.arange(-26_000, 24_000, 250.0)), axis=-1)
    east, north = ((warp.bend(grid + step) - warp.bend(grid)) for step in ([1.0, 0.0], [0.0, 1.0]))
    assert (east[..., 0] * north[..., 1] - east[..., 1] * north[..., 0]).min() > 0.2
