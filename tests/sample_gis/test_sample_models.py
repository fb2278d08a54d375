"""`twin sample --models`: three models, the same each time, on their lots, with the listed faults and no others."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

import ifcopenshell
import ifcopenshell.validate
import numpy as np
import pytest
import shapely

from bim.georeference.choosing import assess_levels, declare_place
from bim.georeference.declared import read_declaration
from bim.ifc.reading import read_ifc
from bim.model import Model
from bim.placing import place_points
from sample_gis.models.models import Authored, author_models, write_models
from sample_gis.models.plan import WALKED, plan_floor
from sample_gis.models.programs import arrange_centre, arrange_hospital, arrange_school

#: What seed 2022 gives, on every machine.
DIGESTS = {"school": "df0609d6ee862ca7", "hospital": "8f184a2188cde804", "service_centre": "71536bfdf02f39da"}
PROGRAMS = {"school": arrange_school, "hospital": arrange_hospital, "service_centre": arrange_centre}


@pytest.fixture(scope="module")
def authored(sample_models) -> dict[str, Authored]:
    return {model.name: model for model in sample_models}


@pytest.fixture(scope="module")
def folder(authored, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_models(tuple(authored.values()), folder)
    return folder


@pytest.fixture(scope="module")
def read(folder) -> dict[str, Model]:
    return {name: read_ifc(folder / f"{name}.ifc") for name in DIGESTS}


def test_the_files_are_the_same_on_every_machine(authored):
    assert {name: hashlib.sha256(model.data).hexdigest()[:16] for name, model in authored.items()} == DIGESTS


def test_they_are_the_same_when_they_are_written_again(county, authored):
    assert [model.data for model in author_models(county)] == [model.data for model in authored.values()]


def test_each_has_another_schema_and_hundreds_of_elements(authored):
    assert [model.schema for model in authored.values()] == ["IFC4", "IFC2X3", "IFC4X3_ADD2"]
    assert [sum(model.products.values()) for model in authored.values()] == [1482, 2625, 1963]


def test_the_list_says_what_is_in_the_files(folder, authored):
    listed = json.loads((folder / "models.json").read_text("utf-8"))
    for entry in listed:
        data = (folder / entry["file"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert sum(entry["products"].values()) == sum(authored[entry["file"][:-4]].products.values())
    files = {path.name for path in folder.iterdir()}
    assert files == {
        "models.json",
        "requirements.ids",
        "rules.toml",
        "school.ifc",
        "hospital.ifc",
        "service_centre.ifc",
        "service_centre.toml",
    }


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", DIGESTS)
def test_the_schema_allows_all_but_what_is_listed(folder, authored, name):
    log: Any = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(ifcopenshell.open(folder / f"{name}.ifc"), log, express_rules=True)
    planted = [fault for fault in authored[name].faults if fault.kind == "schema"]
    assert len(log.statements) == len(planted)
    for fault in planted:
        assert fault.elements[0] in log.statements[0]["message"]


@pytest.mark.parametrize("name", DIGESTS)
def test_every_product_that_has_a_shape_is_drawn(read, name):
    outcomes = read[name].elements.groupby("outcome")["class"].unique()
    assert set(outcomes.index) == {"shape", "none"}
    assert set(outcomes["none"]) == {"IfcSite", "IfcBuilding", "IfcBuildingStorey", "IfcRoof", "IfcStair"}


def test_walls_and_columns_fill_different_places_and_rooms_lie_between_them(authored):
    for name, arrange in PROGRAMS.items():
        lot = authored[name].lot
        floor = plan_floor(arrange(lot, 1), is_ground=True)
        solids = [*(wall.solid for wall in floor.walls), *floor.columns]
        assert [pair for pair in itertools.combinations(solids, 2) if pair[0].meets(pair[1])] == []
        boxes = shapely.box(*np.array([(r.west, r.south, r.east, r.north) for r in solids]).T)
        outline = shapely.Polygon(lot.outline_mm[0], lot.outline_mm[1:])
        assert outline.covers(shapely.union_all(boxes))
        rooms = shapely.box(*np.array([(r.west, r.south, r.east, r.north) for r in floor.clear]).T)
        walls = shapely.union_all(boxes[: len(floor.walls)])
        assert shapely.area(shapely.intersection(rooms, walls)).max() == 0
        # Nothing else is in a storey, but for half walls' widths where a corridor has a wall along a part of its side.
        assert outline.area * 0.995 < shapely.union_all([*boxes, *rooms]).area <= outline.area


def test_every_room_that_people_do_not_walk_through_has_a_door(authored):
    for name, arrange in PROGRAMS.items():
        floor = plan_floor(arrange(authored[name].lot, 2), is_ground=False)
        doors = {n for wall in floor.walls for each in wall.openings if each.kind == "door" for n in wall.rooms}
        shut = [room.name for n, room in enumerate(floor.rooms) if room.use not in WALKED and n not in doors]
        assert shut == []


@pytest.mark.parametrize("name", DIGESTS)
def test_the_corners_of_the_slab_stand_on_the_footprint(county, folder, read, authored, name):
    model, lot = read[name], authored[name].lot
    declaration = folder / f"{name}.toml"
    place = (
        declare_place(model.levels, read_declaration(declaration))
        if declaration.exists()
        else assess_levels(model.levels)
    )
    assert not [finding for finding in place.findings if finding.severity != "note"]
    slab = model.elements.index[model.elements["predefined_type"] == "BASESLAB"][0]
    instance = model.shapes.elements.tolist().index(slab)
    vertices, _ = model.shapes.place(instance)
    placed = place_points(vertices, place.chosen, county.crs)
    footprint = county.layers["buildings"].set_index("building_id").geometry[lot.building_id]
    # The model has true metres and whole millimetres, the footprint metres of the county's grid: 2 mm in 50 m. What the
    # declaration mends has its middle where the map says, and its corners off by the factor of the grid, 2 cm in 100 m.
    corners = shapely.points(shapely.get_coordinates(footprint))
    apart = shapely.distance(corners, shapely.MultiPoint(placed[:, :2]))
    assert apart.max() < (0.009 if declaration.exists() else 0.0035)
    assert placed[:, 2].max() == pytest.approx(lot.ground_m, abs=2e-4)


def test_the_centre_is_not_placed_without_its_declaration(read):
    place = assess_levels(read["service_centre"].levels)
    assert place.chosen is None
    assert [finding.id for finding in place.findings if finding.severity == "error"] == ["national-coordinates"]


@pytest.mark.parametrize("name", ["school", "hospital"])
def test_elements_share_a_place_only_where_it_is_listed(read, authored, name):
    # Everything in these two lies along the axes of the model, so boxes around elements are the elements. Slabs have
    # holes, rooms are no matter, and doors and windows fill what was cut out of walls.
    kinds, keys, shapes = read[name].elements["class"], read[name].elements["element_id"], read[name].shapes
    apart = {"IfcSpace", "IfcOpeningElement", "IfcSlab", "IfcDoor", "IfcWindow"}
    solid = [number for number, row in enumerate(shapes.elements) if kinds[row] not in apart]
    boxes = np.array([(points.min(axis=0), points.max(axis=0)) for points, _ in map(shapes.place, solid)])
    found = set()
    for one in range(len(solid)):
        shared = np.minimum(boxes[one, 1], boxes[one + 1 :, 1]) - np.maximum(boxes[one, 0], boxes[one + 1 :, 0])
        for other in np.flatnonzero(shared.min(axis=1) > 0.01) + one + 1:
            found.add(frozenset(keys[shapes.elements[solid[n]]] for n in (one, other)))
    planted = {frozenset(fault.elements) for fault in authored[name].faults if fault.kind in {"clash", "duplicate"}}
    assert found - _joints(read[name]) == planted


def _joints(model: Model) -> set[frozenset[str]]:
    """Pairs of pipes of one kind: they run into each other where they are joined."""
    pipes = model.elements[model.elements["class"] == "IfcFlowSegment"]
    pipes = pipes[pipes["name"].str.startswith("排水")]
    return {frozenset(pair) for pair in itertools.combinations(pipes["element_id"], 2)}


def test_what_is_required_is_there_but_where_it_is_listed(read, authored):
    for name, model in authored.items():
        assert _find_lacking(read[name]) == {
            key for fault in model.faults if fault.kind == "requirement" for key in fault.elements
        }


def _find_lacking(model: Model) -> set[str]:
    """Elements that lack what `requirements.ids` asks for, by another way than IDS."""
    elements, wanted = (
        model.elements,
        {"IfcDoor": "FireRating", "IfcWindow": "ThermalTransmittance", "IfcWall": "IsExternal"},
    )
    said = set(zip(model.properties["row"], model.properties["name"], strict=True))
    made = set(model.materials["row"])
    lacking = set()
    for row, (kind, key, long_name, storey) in enumerate(
        zip(elements["class"], elements["element_id"], elements["long_name"], elements["storey"], strict=True)
    ):
        has = (
            (kind not in wanted or (row, wanted[kind]) in said)
            and (kind != "IfcWall" or row in made)
            and (kind != "IfcSpace" or isinstance(long_name, str))
            and (kind != "IfcColumn" or storey >= 0)
        )
        if not has:
            lacking.add(key)
    return lacking
