"""CityJSON files become models; sizes are worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from bim.cityjson.measures import measure_volumes
from bim.cityjson.reading import MEASURES, read_cityjson
from bim.georeference.choosing import assess_levels, require_place
from bim.placed import place_model
from bim.placing import place_points
from cityjson_files import BOX, MEANING, box_vertices, building, city, save, save_sequence, solid
from twin.crs import parse_crs
from twin.errors import NotGeoreferenced, SourceError


def read(folder: Path, objects, vertices=None, **members):
    return read_cityjson(save(folder / "甲.city.json", city(objects, vertices, **members)))


def read_or_refusal(file):
    try:
        return read_cityjson(file)
    except SourceError as refusal:
        return refusal.detail


def figures(model, row=0):
    """Numbers that a row has about its geometry."""
    rows = model.properties[(model.properties["set"] == MEASURES) & (model.properties["row"] == row)]
    return {name: number for name, number in zip(rows["name"], rows["number"], strict=True) if not math.isnan(number)}


def test_a_box_has_the_volume_and_areas_of_a_box(tmp_path):
    model = read(tmp_path, {"B1": building(solid(semantics=MEANING), attributes={"name": "一号楼", "年代": 1998})})

    assert figures(model) == pytest.approx(
        {
            "RoofSurface.area_m2": 10 * 6,
            "GroundSurface.area_m2": 10 * 6,
            "WallSurface.area_m2": 2 * (10 + 6) * 3,
            "volume_m3": 10 * 6 * 3,
        }
    )
    (row,) = model.elements.to_dict("records")
    assert (row["element_id"], row["class"], row["name"], row["outcome"]) == ("B1", "IfcBuilding", "一号楼", "shape")
    assert row["representations"] == "LoD 2.2 (Solid)"
    assert row["origin_z_m"] == 100.0
    told = model.properties.set_index(["set", "name"])
    assert told.loc[("CityJSON", "年代"), "number"] == 1998
    assert told.loc[("RoofSurface 1", "slope"), "number"] == 0.5


def test_a_box_stands_where_its_file_says(tmp_path):
    model = read(tmp_path, {"B1": building(solid())})
    place = require_place(assess_levels(model.levels), "甲.city.json")
    storage = parse_crs("EPSG:4548")

    placed = place_model(model, place, storage, ("B1",))

    points, _ = placed.shapes.place(0)
    corners = placed.locate(points, storage)
    assert corners.min(axis=0) == pytest.approx([632_000, 3_936_000, 100], abs=1e-3)
    assert corners.max(axis=0) == pytest.approx([632_010, 3_936_006, 103], abs=1e-3)
    assert place_points(points[:0], place, storage).shape == (0, 3)


def test_a_courtyard_is_no_roof(tmp_path):
    corners = [[0, 0, 0], [9_000, 0, 0], [9_000, 9_000, 0], [0, 9_000, 0]]
    court = [[3_000, 3_000, 0], [6_000, 3_000, 0], [6_000, 6_000, 0], [3_000, 6_000, 0]]
    roof = {
        "type": "MultiSurface",
        "lod": "2",
        "boundaries": [[[0, 1, 2, 3], [4, 7, 6, 5]]],
        "semantics": {"surfaces": [{"type": "RoofSurface"}], "values": [0]},
    }

    model = read(tmp_path, {"B1": building(roof)}, corners + court)

    assert figures(model) == pytest.approx({"RoofSurface.area_m2": 81 - 9})
    assert len(model.shapes.triangles) == 8


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
def test_faces_keep_looking_outside_whichever_way_they_lie(tmp_path, axes):
    vertices = np.array(box_vertices())[:, axes].tolist()

    model = read(tmp_path, {"B1": building(solid())}, vertices)

    assert measure_volumes(model.shapes) == pytest.approx([180])
    points, triangles = model.shapes.place(0)
    middle = points.mean(axis=0)
    faces = points[triangles]
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    assert (np.einsum("ij,ij->i", normals, faces.mean(axis=1) - middle) > 0).all()


def test_a_solid_that_is_inside_out_is_turned_and_told(tmp_path):
    shell = [[ring[::-1] for ring in face] for face in BOX]

    model = read(tmp_path, {"B1": building(solid(shell))})

    assert figures(model) == {"volume_m3": pytest.approx(180)}
    assert "1 solids were inside out: their faces were turned" in model.notes


def test_a_shell_within_a_solid_is_taken_from_its_volume(tmp_path):
    inner = box_vertices(1_000, 1_000, 1_000, dx=2_000, dy=2_000, dz=1_000)
    shell = [[[index + 8 for index in reversed(ring)] for ring in face] for face in BOX]
    hollow = {"type": "Solid", "lod": "2", "boundaries": [BOX, shell]}

    model = read(tmp_path, {"B1": building(hollow)}, box_vertices() + inner)

    assert figures(model) == {"volume_m3": pytest.approx(180 - 4)}


def test_an_open_box_has_no_volume(tmp_path):
    model = read(tmp_path, {"B1": building(solid(BOX[1:]))})

    assert figures(model) == {}


def test_the_highest_level_of_detail_is_drawn_and_all_are_told(tmp_path):
    flat = {"type": "MultiSurface", "lod": "0.2", "boundaries": [[[0, 1, 2, 3]]]}
    model = read(tmp_path, {"B1": building(flat, solid(lod="1.2"), solid(lod="2.2", semantics=MEANING))})

    assert model.elements["representations"].tolist() == ["LoD 0.2 (MultiSurface), LoD 1.2 (Solid), LoD 2.2 (Solid)"]
    assert len(model.shapes.triangles) == 12
    assert "levels of detail: LoD 0.2 of 1, LoD 1.2 of 1, LoD 2.2 of 1 objects" in model.notes


def test_a_building_stands_aside_for_parts_with_more_detail(tmp_path):
    flat = {"type": "MultiSurface", "lod": "0", "boundaries": [[[0, 1, 2, 3]]]}
    model = read(
        tmp_path,
        {"B1": building(flat, children=["B1-0"]), "B1-0": building(solid(), kind="BuildingPart", parents=["B1"])},
    )

    assert model.elements["outcome"].tolist() == ["empty", "shape"]
    assert model.elements["why"].tolist()[0] == "its parts have more detail"
    assert model.elements["parent"].tolist() == [-1, 0]
    assert model.elements["building"].tolist() == [0, 0]


def test_storeys_and_rooms_of_version_2_are_those_of_a_building(tmp_path):
    model = read(
        tmp_path,
        {
            "room": building(solid(lod="3"), kind="BuildingRoom", parents=["storey"]),
            "storey": {"type": "BuildingStorey", "parents": ["B1"], "children": ["room"]},
            "B1": {"type": "Building", "children": ["storey"]},
        },
    )

    assert model.elements["class"].tolist() == ["IfcSpace", "IfcBuildingStorey", "IfcBuilding"]
    assert model.elements["storey"].tolist() == [1, 1, -1]
    assert model.elements["building"].tolist() == [2, 2, 2]


def test_a_template_is_one_mesh_for_all_its_instances(tmp_path):
    instance = {"type": "GeometryInstance", "template": 0}
    turned = [0, -2, 0, 5, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
    model = read(
        tmp_path,
        {
            "B1": building(instance | {"boundaries": [0], "transformationMatrix": np.eye(4).ravel().tolist()}),
            "B2": building(instance | {"boundaries": [1], "transformationMatrix": turned}),
        },
        [[0, 0, 0], [100_000, 0, 0]],
        **{
            "geometry-templates": {
                "templates": [solid(lod="3")],
                "vertices-templates": [
                    [0, 0, 0],
                    [1, 0, 0],
                    [1, 1, 0],
                    [0, 1, 0],
                    [0, 0, 1],
                    [1, 0, 1],
                    [1, 1, 1],
                    [0, 1, 1],
                ],
            }
        },
    )

    assert (len(model.shapes.vertex_offsets) - 1, len(model.shapes.meshes)) == (1, 2)
    points, _ = model.shapes.place(1)
    # Turned a quarter, twice as large, 5 m east of the vertex that is 100 m east of the first.
    assert points.min(axis=0) == pytest.approx([632_103, 3_936_000, 100])
    assert points.max(axis=0) == pytest.approx([632_105, 3_936_002, 102])


def test_colours_come_from_materials_and_else_from_what_surfaces_are(tmp_path):
    material = {"theme": {"values": [[0, None, None, None, None, None]]}}
    model = read(
        tmp_path,
        {"B1": building(solid(semantics=MEANING, material=material))},
        appearance={"materials": [{"name": "glass", "diffuseColor": [0.1, 0.2, 0.3], "transparency": 0.75}]},
    )

    looks = dict(zip(model.shapes.look_names, model.shapes.looks.tolist(), strict=True))
    assert looks["GroundSurface"] == pytest.approx([0.1, 0.2, 0.3, 0.25])
    assert looks["RoofSurface"][3] == 1.0


def test_a_sequence_is_the_same_model_as_a_whole_file(tmp_path):
    boxes = {f"B{number}": box_vertices(x=number * 20_000) for number in range(3)}
    whole = read(
        tmp_path,
        {
            name: building(solid([[[index + 8 * place for index in ring] for ring in face] for face in BOX]))
            for place, name in enumerate(boxes)
        },
        [vertex for vertices in boxes.values() for vertex in vertices],
    )
    sequence = read_cityjson(
        save_sequence(tmp_path / "甲.jsonl", *(({name: building(solid())}, box) for name, box in boxes.items()))
    )

    assert sequence.source.schema == "CityJSONSeq 2.0"
    for one, other in ((whole, sequence),):
        assert one.elements["element_id"].tolist() == other.elements["element_id"].tolist()
        assert np.array_equal(one.shapes.vertices, other.shapes.vertices)
        assert np.array_equal(one.shapes.triangles, other.shapes.triangles)


def test_version_1_has_coordinates_without_a_transform_and_numbers_for_levels(tmp_path):
    said = city({"B1": building(solid(lod=1))}, (np.array(box_vertices()) / 1000 + [632_000, 3_936_000, 100]).tolist())
    said |= {"version": "1.0", "metadata": {"referenceSystem": "urn:ogc:def:crs:EPSG::4548"}}
    del said["transform"]

    model = read_cityjson(save(tmp_path / "a.json", said))

    assert figures(model)["volume_m3"] == pytest.approx(180)
    assert require_place(assess_levels(model.levels), "a.json").crs.to_epsg() == 4548


def test_feet_become_metres(tmp_path):
    crs = "https://www.opengis.net/def/crs/EPSG/0/2263"  # New York in US survey feet
    model = read(tmp_path, {"B1": building(solid())}, crs=crs, translate=(980_000, 200_000, 10))

    assert figures(model)["volume_m3"] == pytest.approx(180 * (1200 / 3937) ** 3)
    place = require_place(assess_levels(model.levels), "a")
    assert place_points(model.shapes.place(0)[0], place, place.crs)[0, :2] == pytest.approx([980_000, 200_000])


def test_heights_of_another_datum_are_told(tmp_path):
    crs = "https://www.opengis.net/def/crs/EPSG/0/7415"
    model = read(tmp_path, {"B1": building(solid())}, crs=crs, translate=(85_000, 446_000, 0))

    (finding,) = assess_levels(model.levels).findings
    assert (finding.id, finding.measured) == ("vertical-datum", "NAP height")


def test_a_file_without_a_crs_is_refused_with_the_command_that_mends_it(tmp_path):
    model = read(tmp_path, {"B1": building(solid())}, crs=None)

    with pytest.raises(NotGeoreferenced, match=r"twin bim 甲.city.json --georef"):
        require_place(assess_levels(model.levels), model.source.name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "FeatureCollection"}, "is no CityJSON: its type is 'FeatureCollection'"),
        ({"type": "CityJSONFeature"}, "a sequence without its header"),
        ({"version": "3.0"}, "version '3.0' is none of 1.0, 1.1, 2.0"),
        ({"version": "0.9"}, "cjio a.json upgrade"),
        ({"transform": None}, "transform is missing"),
        (
            {"transform": {"scale": [0, 1, 1], "translate": [0, 0, 0]}},
            "transform.scale has a factor that is not above 0",
        ),
        ({"transform": {"scale": [1, 1], "translate": [0, 0, 0]}}, "transform.scale are not three numbers"),
        ({"CityObjects": []}, "CityObjects is missing"),
        ({"CityObjects": {"B1": {}}}, "'B1' has no type"),
        ({"CityObjects": {"R": {"type": "Road"}}}, "has no building: it has 1 Road"),
        (
            {"CityObjects": {"B": {"type": "BuildingPart", "parents": ["A"]}}},
            "B names A in parents, which is not there",
        ),
        ({"vertices": [[0, 0]]}, "vertices are not three numbers each"),
        ({"vertices": [[0, 0, "x"]]}, "vertices are not three numbers each"),
        ({"metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4490"}}, "is in degrees"),
    ],
)
def test_what_is_no_city_model_is_refused_with_what_to_do(tmp_path, change, words):
    file = save(tmp_path / "a.json", city({"B1": building(solid())}) | change)

    with pytest.raises(SourceError) as refusal:
        read_cityjson(file)

    assert words in refusal.value.detail


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"type": "CityJSON", "version"', "it is cut off"),
        ("[1]", "does not begin with {"),
        ('{"type": "CityJSON" x}', "this is no JSON"),
    ],
)
def test_what_is_cut_off_or_no_json_is_refused(tmp_path, text, words):
    (tmp_path / "a.json").write_text(text)

    with pytest.raises(SourceError, match=r"a\.json") as refusal:
        read_cityjson(tmp_path / "a.json")

    assert words in refusal.value.detail


def test_a_sequence_that_is_cut_off_names_its_line(tmp_path):
    file = save_sequence(tmp_path / "a.jsonl", ({"B1": building(solid())}, box_vertices()), ({"B2": building()}, []))
    file.write_bytes(file.read_bytes()[:-9])

    with pytest.raises(SourceError, match=r"a\.jsonl line 3: this is no JSON, or it is cut off"):
        read_cityjson(file)


_SHELLS = {
    "an index that is not there": ([*BOX[:5], [[0, 3, 99]]], "surface 5: there is no vertex 99: there are 16"),
    "a negative index": ([*BOX[:5], [[0, 3, -1]]], "surface 5: there is no vertex -1"),
    "no rings": ([*BOX[:5], []], "surface 5: it has no rings"),
    "a ring of two": ([*BOX[:5], [[0, 3, 0, 3]]], "surface 5: its ring has fewer than three"),
    "a ring without area": ([*BOX[:5], [[0, 1, 0, 3, 0]]], None),
    "texts": ([*BOX[:5], [["a", "b", "c"]]], "surface 5: a ring is no list of integers"),
    "too shallow": ([0, 1, 2], "surface 0: it has no rings"),
    "nothing": ([], None),
    "null": (None, None),
}


@pytest.mark.parametrize("name", _SHELLS)
def test_a_broken_surface_is_told_and_the_rest_goes_in(tmp_path, name):
    shell, words = _SHELLS[name]
    good = building(solid([[[index + 8 for index in ring] for ring in face] for face in BOX]))
    broken = {"type": "Solid", "lod": "2", "boundaries": [shell]}

    model = read(tmp_path, {"bad": building(broken), "good": good}, box_vertices() + box_vertices(x=50_000))

    bad, other = model.elements.to_dict("records")
    assert other["outcome"] == "shape"
    assert figures(model, 1) == {"volume_m3": pytest.approx(180)}
    assert words is None or words in bad["why"]


def test_rings_that_cross_are_cut_where_they_do(tmp_path):
    bow = {"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2, 3]]]}
    model = read(tmp_path, {"B1": building(bow)}, [[0, 0, 0], [2_000, 2_000, 0], [2_000, 0, 0], [0, 2_001, 0]])

    points, triangles = model.shapes.place(0)
    assert len(points) == 5  # the fifth is where they cross, at 1 m, 1 m and a little
    assert points[4] == pytest.approx([632_001.0002, 3_936_001.0002, 100], abs=1e-3)
    assert len(triangles) == 2


@pytest.mark.parametrize(
    ("corner", "area"), [([8_000, 8_000, 0], 64), ([2_000, 2_000, 0], 16), ([4_000, 4_000, 0], 32)]
)
def test_four_corners_are_cut_along_the_diagonal_that_lies_inside(tmp_path, corner, area):
    """A square, an arrowhead, and a triangle with a corner on its side; the third one comes first."""
    face = {"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2, 3]]]}
    face["semantics"] = {"surfaces": [{"type": "RoofSurface"}], "values": [0]}

    model = read(tmp_path, {"B1": building(face)}, [[8_000, 0, 0], corner, [0, 8_000, 0], [0, 0, 0]])

    points, triangles = model.shapes.place(0)
    sides = points[triangles]
    ups = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])[:, 2]
    assert (ups > 0).all()
    assert figures(model) == pytest.approx({"RoofSurface.area_m2": area})


def test_random_damage_is_refused_or_told_and_never_a_crash(tmp_path):
    generator = np.random.default_rng(7)
    text = json.dumps(city({"B1": building(solid(semantics=MEANING), attributes={"a": 1})}))
    for number in range(300):
        at, length = generator.integers(0, len(text), 2)
        filler = generator.choice(["", "[]", "null", "-7", '"x"', "{}", "1e400", "0"])
        file = tmp_path / f"{number}.json"
        file.write_text(text[:at] + filler + text[at + length % 6 :])
        outcome = read_or_refusal(file)
        assert file.name in outcome if isinstance(outcome, str) else len(outcome.elements) == 1
