"""Imported models as CityJSON 2.0: valid, with shapes, storeys and elements, and the same when they come back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import layers
from bim.cityjson.exporting import export_buildings
from bim.cityjson.measures import measure_volumes
from bim.cityjson.reading import read_cityjson
from bim.georeference.choosing import assess_levels, declare_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.importing import Order, import_model
from cityjson_files import BOX, MEANING, box_vertices, building, city, save, solid
from cityjson_schemas import break_schema
from tests_models import write_building
from twin.crs import parse_crs
from twin.stores import create_store

CATALOG = layers.catalog()
CRS = parse_crs("EPSG:4548")
PLACE = Declaration(
    name="a.toml", crs="EPSG:4548", easting_m=632_885.0, northing_m=3_936_656.0, height_m=120.0, scale="grid"
)


def enter(store, file, model, place):
    return import_model(store, CATALOG, file, model, place, Order(author="测试"))


def enter_city(store, file):
    model = read_cityjson(file)
    return enter(store, file, model, assess_levels(model.levels))


def new_store(folder):
    return create_store(str(folder / "county.gpkg"), crs=CRS)


@pytest.fixture
def store(tmp_path):
    with new_store(tmp_path) as store:
        yield store


def moved(by):
    return [[[index + by for index in ring] for ring in face] for face in BOX]


@pytest.fixture
def house(tmp_path):
    """A house of LoD 2.2 with a storey, which has a room of LoD 3, and a canopy that is a surface."""
    canopy = {"type": "MultiSurface", "lod": "2", "boundaries": [[[16, 17, 18, 19]]]}
    objects = {
        "house": building(
            solid(semantics=MEANING),
            attributes={"name": "学校", "roofType": "flat"},
            children=["storey", "canopy"],
        ),
        "storey": {"type": "BuildingStorey", "parents": ["house"], "children": ["room"]},
        "room": building(solid(moved(8), lod="3"), kind="BuildingRoom", parents=["storey"]),
        "canopy": building(canopy, kind="BuildingInstallation", parents=["house"]),
    }
    inside = box_vertices(x=1_000, y=1_000, z=200, dx=4_000, dy=3_000, dz=2_500)
    roof = [[10_000, 0, 2_900], [12_000, 0, 2_900], [12_000, 6_000, 2_900], [10_000, 6_000, 2_900]]
    return save(tmp_path / "房.city.json", city(objects, [*box_vertices(), *inside, *roof]))


@pytest.fixture
def school(tmp_path):
    return write_building(tmp_path / "学校.ifc")


def write(store, path, **options):
    done = export_buildings(store, CATALOG, path, **options)
    return done, [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def objects_of(said):
    """All city objects of a document, or of the features of a sequence."""
    return {name: each for one in said for name, each in one["CityObjects"].items()}


@pytest.mark.parametrize("suffix", [".city.json", ".city.jsonl"])
def test_a_city_model_goes_out_with_its_own_objects_and_surfaces(store, house, tmp_path, suffix):
    imported = enter_city(store, house)

    done, said = write(store, tmp_path / f"out{suffix}")

    assert [break_schema(one) for one in said] == [[]] * len(said)
    (key,) = imported.buildings
    found = objects_of(said)
    assert {name.rpartition(".")[2]: each["type"] for name, each in found.items()} == {
        key: "Building",
        "storey": "BuildingStorey",
        "room": "BuildingRoom",
        "canopy": "BuildingInstallation",
    }
    assert (done.buildings, done.modelled, done.elements, done.assumed) == (1, 1, 3, 0)
    assert found["房.room"]["parents"] == ["房.storey"]
    assert found["房.storey"]["parents"] == [key]
    lods = {name: [(each["type"], each["lod"]) for each in one.get("geometry", [])] for name, one in found.items()}
    assert lods == {
        key: [("Solid", "2.2")],
        "房.storey": [],
        "房.room": [("Solid", "3")],
        "房.canopy": [("MultiSurface", "2")],
    }
    meaning = found[key]["geometry"][0]["semantics"]
    assert sorted(each["type"] for each in meaning["surfaces"]) == ["GroundSurface", "RoofSurface", "WallSurface"]
    kinds = [meaning["surfaces"][value]["type"] for value in meaning["values"][0]]
    assert sorted(kinds) == ["GroundSurface"] * 2 + ["RoofSurface"] * 2 + ["WallSurface"] * 8
    assert found[key]["attributes"]["globalId"] == "house"
    assert found[key]["attributes"]["roofType"] == "flat"
    assert found[key]["attributes"]["name"] == "学校"
    assert found[key]["attributes"]["measuredHeight"] == 3.0


def measure(model):
    """Of each object by its GlobalId: class, box and volume, to a millimetre."""
    shapes = model.shapes
    volumes = measure_volumes(shapes)
    ids = [json_id.rpartition(".")[2] for json_id in model.elements["global_id"]]
    out = {}
    for one, row in enumerate(shapes.elements):
        points, _ = shapes.place(one)
        volume = volumes[shapes.meshes[one]]
        name = ids[row] if model.elements["class"].iloc[row] != "IfcBuilding" else "building"
        out[name] = [
            *points.min(axis=0),
            *points.max(axis=0),
            -1.0 if np.isnan(volume) else volume,
        ]
    return out


def test_what_went_out_comes_in_as_it_was(store, house, tmp_path):
    enter_city(store, house)
    path = tmp_path / "out.city.jsonl"
    write(store, path)

    before, after = read_cityjson(house), read_cityjson(path)

    assert sorted(after.elements["class"]) == sorted(before.elements["class"])
    first, second = measure(before), measure(after)
    assert first.keys() == second.keys()
    for name, numbers in first.items():
        assert second[name] == pytest.approx(numbers, abs=2e-4, rel=2e-5), name


def test_rows_of_buildings_are_the_same_after_a_journey(store, house, tmp_path):
    enter_city(store, house)
    path = tmp_path / "out.city.json"
    write(store, path)
    (tmp_path / "other").mkdir()

    with new_store(tmp_path / "other") as other:
        enter_city(other, path)
        rows = [each.read(CATALOG.layer("buildings")).data.iloc[0] for each in (store, other)]

    assert [row["name"] for row in rows] == ["学校"] * 2
    assert [row["footprint_basis"] for row in rows] == ["section"] * 2
    assert [row["cim_level"] for row in rows] == [5] * 2
    for name in ("height_m", "ground_m", "footprint_m2"):
        assert rows[0][name] == pytest.approx(rows[1][name], abs=2e-3)
    assert rows[0].geometry.bounds == pytest.approx(rows[1].geometry.bounds, abs=1e-3)


def test_elements_of_ifc_go_out_with_class_storey_and_properties(store, school, tmp_path):
    model = read_ifc(school)
    imported = enter(store, school, model, declare_place(model.levels, PLACE))

    done, said = write(store, tmp_path / "out.city.json")

    assert break_schema(said[0]) == []
    (key,) = imported.buildings
    found = objects_of(said)
    shown = model.elements[model.elements["outcome"] == "shape"]
    walls = [each for each in found.values() if each["attributes"].get("ifcClass") == "IfcWall"]
    assert len(walls) == (shown["class"] == "IfcWall").sum() > 0
    assert {each["type"] for each in walls} == {"BuildingConstructiveElement"}
    assert {found[each["parents"][0]]["type"] for each in walls} == {"BuildingStorey"}
    assert {each["attributes"]["globalId"] for each in walls} == set(
        shown.loc[shown["class"] == "IfcWall", "global_id"]
    )
    storeys = [each for each in found.values() if each["type"] == "BuildingStorey"]
    assert len(storeys) == 2
    assert {each["parents"][0] for each in storeys} == {key}
    assert {geometry["type"] for each in walls for geometry in each["geometry"]} == {"Solid"}
    assert done.modelled == 1
    # The shapes stand where the declaration puts them: the least corner of all vertices, by the rows of elements.
    transform = said[0]["transform"]
    places = np.array(said[0]["vertices"]) * transform["scale"] + transform["translate"]
    rows = store.read(CATALOG.layer("building_elements")).data
    drawn = rows[~rows["kind"].isin(["site", "opening", "other"]) & rows["shape_digest"].notna()]
    assert places[:, 2].min() == pytest.approx(drawn["bottom_m"].min(), abs=2e-3)
    assert places[:, 2].max() == pytest.approx(drawn["top_m"].max(), abs=2e-3)
    west, south, east, north = drawn.total_bounds
    assert [*places[:, :2].min(axis=0), *places[:, :2].max(axis=0)] == pytest.approx(
        [west, south, east, north], abs=2e-3
    )


def test_models_can_be_left_out(store, house, tmp_path):
    enter_city(store, house)

    done, said = write(store, tmp_path / "out.city.json", shapes=False)

    (only,) = objects_of(said).values()
    assert only["geometry"][0]["lod"] == "1.2"
    assert done.modelled == 0


def test_cjio_reads_what_is_written_and_writes_it_again(store, house, school, tmp_path):
    enter_city(store, house)
    model = read_ifc(school)
    enter(store, school, model, declare_place(model.levels, PLACE))
    path, again = tmp_path / "out.city.json", tmp_path / "again.city.jsonl"
    write(store, path)

    # In a process of its own: importing it changes how the json module of its process writes numbers.
    cjio = Path(sys.executable).with_name("cjio")
    subprocess.run([cjio, path, "export", "jsonl", again], check=True, capture_output=True)

    ours, back = read_cityjson(path), read_cityjson(again)
    assert sorted(back.elements["element_id"]) == sorted(ours.elements["element_id"])
    assert len(back.shapes.triangles) == len(ours.shapes.triangles) > 100
    volumes = [np.nansum(measure_volumes(each.shapes)) for each in (ours, back)]
    assert volumes[0] == pytest.approx(volumes[1], rel=1e-6)
