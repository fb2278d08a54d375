"""The county size: the same county with every building in it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from layers.pipelines.clearance.pairs import find_conflicts
from sample_gis import County, generate


@pytest.fixture(scope="module")
def whole() -> County:
    return generate("county")


def test_it_has_more_than_300_000_buildings(whole):
    assert len(whole.layers["buildings"]) >= 300_000


def test_no_two_of_its_buildings_touch(whole):
    footprints = whole.layers["buildings"].geometry.to_numpy()
    # Boxes of neighbours overlap often, footprints never: first the cheap question, then the exact one.
    first, second = shapely.STRtree(footprints).query(footprints)
    first, second = first[first < second], second[first < second]
    assert not shapely.intersects(footprints[first], footprints[second]).any()


def test_it_has_more_than_150_000_segments_of_pipelines(whole):
    nodes, segments = whole.layers["pipe_nodes"], whole.layers["pipe_segments"]
    assert len(segments) > 150_000
    assert segments["segment_id"].is_unique
    assert set(segments["from_node"]) | set(segments["to_node"]) == set(nodes["node_id"])
    assert segments.length.max() <= 75
    sewers = segments[segments["class"] == "PS"]
    assert (sewers["from_elevation_m"] > sewers["to_elevation_m"]).all()


def test_few_pairs_of_its_segments_are_too_close(whole, catalog):
    segments = whole.layers["pipe_segments"]
    segments = segments.reindex(columns=[*catalog.layers["pipe_segments"].schema.names, "geometry"])
    assert 0 < len(find_conflicts(segments)) < 0.02 * len(segments)


def test_all_of_them_are_fed_or_drain(whole):
    nodes, segments = whole.layers["pipe_nodes"], whole.layers["pipe_segments"]
    number = {name: at for at, name in enumerate(nodes["node_id"])}
    start, end = (segments[name].map(number).to_numpy() for name in ("from_node", "to_node"))
    graph = coo_array((np.ones(len(start)), (start, end)), shape=(len(number), len(number)))
    part = connected_components(graph, directed=False)[1]
    anchors = ["waterworks", "gate_station", "heat_source", "substation", "exchange", "treatment_works"]
    anchored = nodes["appurtenance"].isin(anchors) | (nodes["feature"] == "outfall")
    assert set(part[anchored.to_numpy()]) == set(part)


def test_the_small_county_is_a_part_of_it(county, whole):
    small, all_of_them = (
        set(shapely.to_wkb(it.layers["buildings"].geometry.to_numpy()).tolist()) for it in (county, whole)
    )
    assert small < all_of_them


def test_what_is_wrong_is_the_same_in_both_sizes(county, whole):
    assert county.truth == whole.truth
    for layer in ("roads", "road_nodes", "topo_sheets", "key_places", "cell_sites", "signal_samples"):
        assert county.layers[layer].equals(whole.layers[layer]), layer
    assert county.area.equals(whole.area)


def test_it_has_a_few_hundred_communities_and_the_same_townships(county, whole):
    levels = whole.layers["admin_areas"]["level"]
    assert 300 < (levels == "community").sum() < 600
    townships = [it.layers["admin_areas"].query("level == 'township'").geometry for it in (county, whole)]
    assert townships[0].geom_equals(townships[1]).all()


def test_a_size_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="small or county"):
        generate("huge")
