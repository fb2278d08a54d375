"""Clashes of the sample's models: those that were put in on purpose, and what else the models have."""

from __future__ import annotations

import shutil

import pytest
import shapely

import layers
from bim.clash import building_clashes
from tests_frames import make_frame
from twin.asking import ask
from twin.store import Changes
from twin.stores import open_store

CATALOG = layers.catalog()
PLANTED = ("clash", "duplicate")
#: Risers through the roof, and drains that are let into the riser that they join.
ELSE = {("IfcFlowSegment", "IfcSlab"): 4, ("IfcFlowSegment", "IfcFlowSegment"): 2}


@pytest.fixture(scope="module")
def store(sample_made, tmp_path_factory):
    path = shutil.copy(sample_made[0], tmp_path_factory.mktemp("clashes") / "county.gpkg")
    with open_store(path, write=True) as store:
        yield store


def test_what_was_planted_is_found_and_nothing_else_but_what_is_explained(store, sample_models):
    found = [shape.properties for shape in ask(building_clashes, CATALOG, store).answer.shapes]
    pairs = {frozenset((each["first_guid"], each["second_guid"])): each for each in found}
    planted = {frozenset(fault.elements) for model in sample_models for fault in model.faults if fault.kind in PLANTED}
    assert len(planted) == 5
    assert planted <= pairs.keys()
    classes = [(each["first_class"], each["second_class"]) for pair, each in pairs.items() if pair not in planted]
    assert {pair: classes.count(pair) for pair in classes} == ELSE
    assert {each["building_id"] for each in found} == {model.lot.building_id for model in sample_models[:2]}


def test_the_double_wall_is_as_thick_as_the_wall_and_the_pipe_as_the_pipe(store, sample_models):
    found = ask(building_clashes, CATALOG, store, parameters={"model": "school"}).answer.shapes
    thick = {shape.properties["second_class"]: shape.properties["measured_m"] for shape in found}
    assert thick == {"IfcWall": pytest.approx(-0.24, abs=5e-4), "IfcPipeSegment": pytest.approx(-0.1, abs=1e-3)}


def test_a_main_through_the_footings_of_the_school_is_found(store, sample_models):
    """A main of DN600 in the middle of a footing: what they share is 600 mm thick, or as the footing is."""
    layer = CATALOG.layer("building_elements")
    elements = store.read(layer).data
    footings = elements[(elements["model_id"] == "school") & (elements["class"] == "IfcFooting")]
    pads = footings[footings["name"].str.contains("独立基础")]
    first = pads.iloc[0]
    height = (first["bottom_m"] + first["top_m"]) / 2
    middle = first.geometry.centroid
    line = shapely.LineString([(middle.x - 200, middle.y, height), (middle.x + 200, middle.y, height)])
    main = {"segment_id": "main", "from_node": "M1", "to_node": "M2", "class": "JS", "diameter_mm": 600,
            "depth_ref": "outer_top", "from_depth_m": 1.0, "to_depth_m": 1.0, "geometry": line}  # fmt: skip
    pipes = CATALOG.layer("pipe_segments")
    store.write(pipes, Changes(insert=make_frame(pipes, [main], store.crs).data), author="zhang", reason="planned")
    found = ask(building_clashes, CATALOG, store, parameters={"model": "school", "against": "pipes"}).answer.shapes
    hit = {shape.properties["first_id"]: shape.properties for shape in found}
    assert {each["second_id"] for each in hit.values()} == {"main"}
    crossed = footings[shapely.distance(footings.geometry.to_numpy(), shapely.force_2d(line)) < 0.25]
    assert first.name in hit
    assert hit[first.name]["measured_m"] == pytest.approx(-min(0.6, first["top_m"] - first["bottom_m"]), abs=0.01)
    near = {name for name, row in crossed.iterrows() if row["bottom_m"] < height + 0.2 and row["top_m"] > height - 0.2}
    assert near <= hit.keys()
