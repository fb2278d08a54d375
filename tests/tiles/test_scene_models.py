"""Models in scenes: far away a block, near its shell, close by all of it; never both."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest
import shapely

from blocks_models import BALLS, PIECES, make_placed, write_model
from layers.building_elements import BUILDING_ELEMENTS
from layers.building_models import BUILDING_MODELS
from layers.buildings import BUILDINGS
from scene_files import Glb, judge
from tests_frames import make_frame
from tests_transforms import find_transformer
from tiles.scenes.encoding import Encoding
from tiles.scenes.folder import write_scene
from tiles.scenes.shapes import draw_shapes
from tiles.scenes.source import SceneSource
from twin.crs import parse_crs
from twin.errors import SceneNotFound
from twin.frames import Frames
from twin.heights import GeoidOffset
from twin.store import Changes
from twin.stores import create_store

CRS = parse_crs("EPSG:4548")
GEOID = GeoidOffset(offset_m=-3.0, source="a test")
ORIGIN = (632_885.0, 3_936_656.0, 120.0)


def building(name, dx, **more):
    x, y, z = ORIGIN
    outline = shapely.force_3d(shapely.multipolygons([shapely.box(x + dx - 9, y - 5, x + dx + 9, y + 5)]), z=z)
    return {"building_id": name, "geometry": outline, "ground_m": z, "height_m": 6.0} | more


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def store(folder):
    with create_store(folder / "town.gpkg", crs=CRS) as store:
        rows = [building("hall", 0, use="culture"), building("shed", 40, use="warehouse")]
        store.write(BUILDINGS, Changes(insert=make_frame(BUILDINGS, rows, CRS).data), author="zhang", reason="survey")
        write_model(store, CRS, ORIGIN, "hall")
        yield store


def source_of(store, *layers, **more):
    elements = {BUILDING_ELEMENTS.id: BUILDING_ELEMENTS}
    chosen = layers or (BUILDINGS, BUILDING_MODELS)
    return SceneSource(layers=chosen, frames=Frames(store), geoid=GEOID, elements=elements, **more)


def content_of(source, name):
    (path,) = [path for path in source.contents() if path.endswith(name)]
    return path, source.part(path).data


def instances_of(glb: Glb):
    """Of each node that stands again and again: its mesh, translations and features."""
    for node in glb.document["nodes"]:
        if "EXT_mesh_gpu_instancing" in node.get("extensions", {}):
            told = node["extensions"]["EXT_mesh_gpu_instancing"]["attributes"]
            yield node["mesh"], *(glb.accessor(told[each]) for each in ("TRANSLATION", "ROTATION", "_FEATURE_ID_0"))


def test_a_building_with_a_model_is_in_no_square_and_its_block_gives_way_to_the_model(store):
    source = source_of(store)
    squares = [path for path in source.contents() if path.startswith("buildings/")]
    told = [row["building_id"] for path in squares for row in Glb.read(source.part(path).data).rows()]
    assert told == ["shed"]
    scene = json.loads(source.part("tileset.json").data)
    (group,) = [child for child in scene["root"]["children"] if "building_models/" in str(child["content"]["uri"])]
    (model,) = group["children"]
    (whole,) = model["children"]
    names = [tile["content"]["uri"].rsplit("/", 1)[1] for tile in (group, model, whole)]
    assert names == ["block.glb", "shell.glb", "whole.glb"]
    assert [group["refine"], model["refine"]] == ["REPLACE", "REPLACE"]
    assert group["geometricError"] > model["geometricError"] > whole["geometricError"] == 0
    block = Glb.read(source.part(group["content"]["uri"]).data)
    assert [row["building_id"] for row in block.rows()] == ["hall"]


def test_without_models_in_the_scene_every_building_is_a_block_and_a_model_stands_alone_without_buildings(store):
    alone = source_of(store, BUILDINGS)
    (path,) = alone.contents()
    assert [row["building_id"] for row in Glb.read(alone.part(path).data).rows()] == ["hall", "shed"]
    models = source_of(store, BUILDING_MODELS)
    assert [path.rsplit("/", 1)[1] for path in models.contents()] == ["shell.glb", "whole.glb"]
    (group,) = json.loads(models.part("tileset.json").data)["root"]["children"]
    assert "content" not in group


def test_every_element_is_drawn_once_where_it_stands_and_says_what_it_is(store):
    glb = Glb.read(content_of(source_of(store), "whole.glb")[1])
    rows = glb.rows()
    assert {row["global_id"] for row in rows} == {piece[0] for piece in PIECES if piece[2] == "element"}
    assert rows[0] == {
        "element_id": rows[0]["element_id"], "model_id": "hall", "global_id": rows[0]["global_id"], "kind": "element",
        "class": rows[0]["class"], "name": f"一层 {rows[0]['global_id']}", "storey": "1F",
        "properties": ['"Pset.IsExternal":true'],
    }  # fmt: skip
    pieces = {piece[0]: piece for piece in PIECES}
    for points, features, _, _ in glb.parts():
        for feature in np.unique(features).tolist():
            *_, middle, size = pieces[rows[feature]["global_id"]]
            mine = points[features == feature]
            assert mine.min(axis=0).tolist() == pytest.approx(
                [m - s / 2 for m, s in zip(middle, size, strict=True)], abs=1e-4
            )
            assert mine.max(axis=0).tolist() == pytest.approx(
                [m + s / 2 for m, s in zip(middle, size, strict=True)], abs=1e-4
            )
    ((_, places, turns, owners),) = instances_of(glb)
    assert len(owners) == BALLS
    x, y, z = (places + glb.document["nodes"][0]["translation"]).T
    for east, north, up, turn, owner in zip(x, -z, y, turns, owners.astype(int), strict=True):
        name = rows[owner]["global_id"]
        assert (east, north, up) == pytest.approx(pieces[name][3], abs=1e-4)
        # About the axis up, which is y here, by a degree for each piece before it.
        angle = np.radians([piece[0] for piece in PIECES].index(name))
        assert np.abs(turn - [0, np.sin(angle / 2), 0, np.cos(angle / 2)]).max() < 1e-6


def test_the_shell_has_the_large_elements_and_says_less(store):
    rows = Glb.read(content_of(source_of(store), "shell.glb")[1]).rows()
    assert {row["global_id"] for row in rows} == {"south", "north", "east", "west", "glass"}
    assert not any("properties" in row for row in rows)


def test_glass_lets_through_and_walls_do_not(store):
    glb = Glb.read(content_of(source_of(store), "whole.glb")[1])
    looks = {each["name"]: each for each in glb.document["materials"]}
    assert looks["glass"]["alphaMode"] == "BLEND"
    assert looks["glass"]["pbrMetallicRoughness"]["baseColorFactor"][3] == 0.4
    assert "alphaMode" not in looks["plaster"]


def test_a_model_stands_on_the_globe_where_it_was_placed(store):
    source = source_of(store)
    scene = json.loads(source.part("tileset.json").data)
    (group,) = [child for child in scene["root"]["children"] if "building_models/" in str(child["content"]["uri"])]
    matrices = [np.array(tile["transform"]).reshape(4, 4).T for tile in (group, group["children"][0])]
    x, y, z, _ = matrices[0] @ matrices[1] @ [0, 0, 0, 1]
    lon, lat, height_m = find_transformer(4978, 4979).transform(x, y, z)
    east, north = find_transformer("EPSG:4326", "EPSG:4548").transform(lon, lat)
    assert (east, north, height_m + 3.0) == pytest.approx(ORIGIN, abs=1e-3)
    north_of = matrices[0] @ matrices[1] @ [0, 100, 0, 1]
    lon2, lat2, _ = find_transformer(4978, 4979).transform(*north_of[:3])
    assert lon2 == pytest.approx(lon, abs=1e-9)
    assert pyproj.Geod(ellps="WGS84").inv(lon, lat, lon2, lat2)[2] == pytest.approx(100, abs=0.01)


def test_what_is_told_once_is_the_same_as_what_is_drawn_each_time():
    shapes = make_placed(ORIGIN).shapes
    owners = np.arange(len(shapes.meshes))
    once, each = draw_shapes(shapes, owners, repeat=True), draw_shapes(shapes, owners, repeat=False)
    assert sum(part.instances is not None for part in once) == 1
    assert all(part.instances is None for part in each)
    (part,) = [part for part in once if part.instances is not None]
    (drawn,) = [part for part in each if part.name == "green"]
    x, y, z, w = part.instances.rotations.T
    assert np.abs(x).max() == np.abs(y).max() == 0
    cos, sin = w**2 - z**2, 2 * w * z
    stretched = part.mesh.points * part.instances.scales[:, None]
    moved = (
        np.stack(
            [
                cos[:, None] * stretched[..., 0] - sin[:, None] * stretched[..., 1],
                sin[:, None] * stretched[..., 0] + cos[:, None] * stretched[..., 1],
                stretched[..., 2],
            ],
            axis=2,
        )
        + part.instances.translations[:, None]
    )
    assert np.abs(moved.reshape(-1, 3) - drawn.mesh.points).max() < 1e-9


@pytest.mark.needs("node")
@pytest.mark.parametrize("encoding", [Encoding(), Encoding(compress="meshopt"), Encoding(edition="1.0")], ids=repr)
def test_the_judge_of_khronos_finds_no_error_in_models(store, folder, encoding):
    out = folder / f"scene {encoding.edition} {encoding.compress}"
    report = write_scene(source_of(store, encoding=encoding), out)
    assert report.described["layers"]["building_models"]["drawn"] == 1
    files = sorted(path for path in out.rglob("*") if path.suffix in (".glb", ".b3dm"))
    assert [path.stem for path in files] == ["block", "shell", "whole", "block"]
    for at, file in enumerate(files):
        data = file.read_bytes()
        files[at] = out / f"{at}.glb"
        files[at].write_bytes(data[data.index(b"glTF") :])
    assert judge(*files) == {str(file): [] for file in files}
    required = {name for file in files for name in Glb.read(file.read_bytes()).document.get("extensionsRequired", [])}
    assert ("EXT_mesh_gpu_instancing" in required) == (encoding.edition == "1.1")


def test_a_write_changes_the_tags_of_what_it_is_in_only(tmp_path):
    with create_store(tmp_path / "town.gpkg", crs=CRS) as store:
        rows = make_frame(BUILDINGS, [building("hall", 0), building("shed", 40)], CRS).data
        store.write(BUILDINGS, Changes(insert=rows), author="zhang", reason="survey")
        before = source_of(store)
        square = before.contents()[0]
        tag = before.etag(square)
        digest = write_model(store, CRS, ORIGIN, "hall")
        source = source_of(store)
        assert source.etag(square) != tag  # the hall is not in it any more
        names = [square, *(f"building_models/{digest}/{form}.glb" for form in ("block", "shell", "whole"))]
        tags = [source.etag(name) for name in names]
        store.write(BUILDINGS, Changes(update=rows.assign(floors=2)), author="zhang", reason="floors")
        after = [source_of(store).etag(name) for name in names]
        assert [one == other for one, other in zip(tags, after, strict=True)] == [False, False, True, True]


def test_a_file_needs_the_rows_of_its_own_layers_only(store):
    source = source_of(store)
    expected = source.part("tileset.json").data
    for path in [*source.contents(), "tileset.json"]:
        held = source.held(path)
        assert held.part(path).data == source.part(path).data
        assert held.etag(path) == source.etag(path)
    (shell,) = [path for path in source.contents() if path.endswith("shell.glb")]
    assert source.held(shell).frames.frames.keys() == {"building_models", "building_elements"}
    assert source.held().part("tileset.json").data == expected


@pytest.mark.parametrize("path", ["whole.b3dm", "attic.glb", "far.glb"])
def test_what_a_model_has_not_is_not_there(store, path):
    source = source_of(store)
    (found,) = [name for name in source.contents() if name.endswith("whole.glb")]
    with pytest.raises(SceneNotFound):
        source.part(found.replace("whole.glb", path))
    with pytest.raises(SceneNotFound):
        source.part(f"building_models/{'0' * 64}/whole.glb")
