"""Scenes as files: where they stand on the earth, what features say, what judges find, what a tree must be."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
import shapely

import layers
from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS
from layers.pipelines.codes.classes import CLASSES
from scene_files import Glb, judge
from tests_frames import make_frame
from tests_pipe_rows import CRS, make_main
from tests_transforms import find_transformer
from tiles.scenes.folder import write_scene
from tiles.scenes.forms import CLOSE, FAR, NEAR, forms_of
from tiles.scenes.plan import MOST_FROM_FAR
from tiles.scenes.source import SceneSource
from tiles.scenes.stage import Stage
from tiles.scenes.tileset import describe_scene
from twin.errors import InvalidParameter, SceneNotFound
from twin.frames import Frames
from twin.heights import GeoidOffset
from twin.stores import open_store

FORMS = {form.name: form for form in (FAR, NEAR, CLOSE)}
GEOID = GeoidOffset(offset_m=-2.95, source="a test")
#: Corners and the middle of the county, in EPSG:4548.
PLACES = {"south-west": (604_000, 3_911_000), "middle": (632_885, 3_936_657), "north-east": (662_000, 3_966_000)}


def make_stage(rows) -> Stage:
    return Stage.of(make_frame(PIPE_SEGMENTS, rows, CRS), GEOID)


def pipe(name, line, **more):
    row = {"segment_id": name, "from_node": f"{name}a", "to_node": f"{name}b", "class": "JS", "depth_ref": "center"}
    return row | {"from_depth_m": 1.0, "to_depth_m": 1.0, "diameter_mm": 300, "geometry": line} | more


def to_earth(stage: Stage, local: np.ndarray) -> np.ndarray:
    """Geocentric coordinates of places of a tile, by the matrix that the tileset has."""
    matrix = np.array(describe_scene({"a": stage.plan})["root"]["children"][0]["transform"]).reshape(4, 4).T
    return (np.column_stack([local, np.ones(len(local))]) @ matrix.T)[:, :3]


@pytest.fixture(scope="module")
def county_stage() -> Stage:
    """A pipe at each of three places, and two thousand between them that make the squares small."""
    rows = [pipe(name, f"LINESTRING Z ({x} {y} 120.5, {x + 40} {y + 30} 119.25)") for name, (x, y) in PLACES.items()]
    random = np.random.default_rng(1)
    for number, (x, y) in enumerate(random.uniform((604_000, 3_911_000), (662_000, 3_966_000), (2_500, 2)).tolist()):
        rows.append(pipe(f"p{number}", f"LINESTRING Z ({x} {y} 100, {x + 20} {y} 100)"))
    return make_stage(rows)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", PLACES)
def test_axes_are_within_a_centimetre_of_the_layer_after_the_way_over_the_globe(county_stage, name, form):
    cell = next(
        cell
        for cell in county_stage.plan.cells.values()
        if form in forms_of(county_stage.plan.solids, quartered=bool(cell.parts))
        and county_stage.frame.data.index.get_loc(name) in county_stage.plan.solids.rows[cell.numbers]
    )
    glb = Glb.read(county_stage.draw(cell, form))
    at = next(number for number, row in enumerate(glb.rows()) if row["segment_id"] == name)
    vertices = np.concatenate([points[features == at] for points, features, _, _ in glb.parts()])
    back = find_transformer(4978, 4979)
    lon, lat, height_m = back.transform(*to_earth(county_stage, vertices).T)
    x, y = find_transformer("EPSG:4326", "EPSG:4548").transform(lon, lat)
    found = np.column_stack([x, y, height_m - GEOID.offset_m])
    for end in shapely.get_coordinates(county_stage.frame.data.loc[name].geometry, include_z=True):
        ring = found[np.linalg.norm(found - end, axis=1) < 1.0]
        # The middle of a ring is the axis, wherever its points are; and these are half a diameter away from it.
        middle = np.unique(ring.round(4), axis=0).mean(axis=0)
        assert np.abs(middle - end).max() < 0.01
        reach = np.linalg.norm(ring - end, axis=1)
        assert reach.max() == pytest.approx(0.0 if form is FAR else 0.15, abs=0.002)


def corners_of(box) -> np.ndarray:
    """The eight corners of a bounding volume."""
    middle, half = np.array(box[:3]), np.array(box[3:]).reshape(3, 3)
    return np.array([middle + np.array(signs) @ half for signs in product((-1, 1), repeat=3)])


def test_the_box_of_the_scene_holds_the_county_and_little_more(county_stage):
    corners = corners_of(describe_scene({"a": county_stage.plan})["root"]["boundingVolume"]["box"])
    lon, lat, height_m = find_transformer(4978, 4979).transform(*corners.T)
    west, south = find_transformer("EPSG:4548", "EPSG:4326").transform(604_000, 3_911_000)
    east, north = find_transformer("EPSG:4548", "EPSG:4326").transform(662_040, 3_966_030)
    assert west - 0.02 < lon.min() < west
    assert east < lon.max() < east + 0.02
    assert south - 0.02 < lat.min() < south
    assert north < lat.max() < north + 0.02
    # The earth falls away by 125 m over 40 km from the middle.
    assert height_m.min() < 100 - 2.95
    assert 120.5 - 2.95 < height_m.max() < 120.5 + 300


def test_the_height_above_the_ellipsoid_is_the_national_height_with_the_offset():
    stage = make_stage([pipe("a", "LINESTRING Z (600000 3940000 119, 600009 3940000 120)")])
    ((points, *_),) = Glb.read(stage.draw(stage.plan.root, FAR)).parts()
    height_m = find_transformer(4978, 4979).transform(*to_earth(stage, points).T)[2]
    assert height_m.tolist() == pytest.approx([119 - 2.95, 120 - 2.95], abs=0.001)


def test_colours_are_those_of_the_standard_as_light():
    """CJJ 61-2017, Appendix B; glTF wants the linear share of light, by the curve of IEC 61966-2-1."""
    rows = [pipe(c.code, "LINESTRING Z (600000 3940000 9, 600009 3940000 9)", **{"class": c.code}) for c in CLASSES]
    stage = make_stage(rows)
    table = {
        "JS": (0, 255, 255), "PS": (76, 57, 38), "RQ": (255, 0, 255), "RL": (255, 128, 0), "DL": (255, 0, 0),
        "TX": (0, 255, 0), "GY": (0, 0, 0), "QT": (102, 0, 204),
    }  # fmt: skip
    glb = Glb.read(stage.draw(stage.plan.root, CLOSE))
    named = glb.rows()
    found = {named[features[0]]["class"]: color for _, features, _, color in glb.parts()}
    assert found.keys() == table.keys()
    for code, (red, green, blue) in table.items():
        shown = [12.92 * s if s <= 0.0031308 else 1.055 * s ** (1 / 2.4) - 0.055 for s in found[code][:3]]
        assert [round(255 * s) for s in shown] == [red, green, blue]
        assert found[code][3] == 1.0


def test_each_vertex_knows_its_feature_and_the_feature_what_the_layer_says():
    rows = [
        pipe(
            "a",
            "LINESTRING Z (600000 3940000 9, 600009 3940000 9)",
            owner="沂南县水务局",
            material="QM",
            built_year=2012,
        ),
        pipe("b", "LINESTRING Z (600000 3940050 9, 600009 3940050 9)", survey_date="2021-05-18", note="'\"<>"),
    ]
    stage = make_stage(rows)
    glb = Glb.read(stage.draw(stage.plan.root, CLOSE))
    told = glb.rows()
    common = {"class": "JS", "depth_ref": "center", "from_depth_m": 1.0, "to_depth_m": 1.0, "diameter_mm": 300.0}
    common |= {"status": "in_service"}
    assert told == [
        common
        | {"segment_id": "a", "from_node": "aa", "to_node": "ab", "owner": "沂南县水务局", "material": "QM"}
        | {"built_year": 2012},
        common | {"segment_id": "b", "from_node": "ba", "to_node": "bb", "survey_date": "2021-05-18", "note": "'\"<>"},
    ]
    for points, features, corners, _ in glb.parts():
        assert (features[corners] == features[corners][:, :1]).all()
        assert points[features == 1][:, 1].mean() - points[features == 0][:, 1].mean() == pytest.approx(50, abs=0.1)


def test_from_far_features_say_their_key_and_their_codes():
    stage = make_stage([pipe("a", "LINESTRING Z (600000 3940000 9, 600009 3940000 9)", owner="沂南县水务局")])
    (told,) = Glb.read(stage.draw(stage.plan.root, FAR)).rows()
    assert told == {"segment_id": "a", "class": "JS", "depth_ref": "center", "status": "in_service"}


def test_a_field_in_which_nothing_stands_is_not_in_the_tile_and_what_stands_is_described():
    stage = make_stage([pipe("a", "LINESTRING Z (600000 3940000 9, 600009 3940000 9)")])
    schema = Glb.read(stage.draw(stage.plan.root, NEAR)).document["extensions"]["EXT_structural_metadata"]["schema"]
    properties = schema["classes"]["pipe_segments"]["properties"]
    assert "owner" not in properties
    assert properties["diameter_mm"] == {"name": "Diameter 管径 (mm)", "type": "SCALAR", "componentType": "FLOAT64"}
    assert schema["enums"]["class"]["values"] == [{"name": "JS", "value": 1, "description": "Water supply 给水"}]


def boxes_of(tile, inherited=None):
    """Each tile with a content, with the transform that counts and the boxes of all above it."""
    transform = tile.get("transform", inherited)
    if "content" in tile:
        yield tile
    for child in tile.get("children", []):
        yield from boxes_of(child, transform)


def test_the_tree_gets_finer_downwards_and_boxes_hold_what_is_drawn(county_stage):
    scene = describe_scene({"pipes": county_stage.plan})
    assert scene["asset"]["version"] == "1.1"

    def look(tile):
        for child in tile.get("children", []):
            assert child["geometricError"] < tile["geometricError"] or tile["refine"] == "ADD"
            look(child)
        if not tile.get("children"):
            assert tile["geometricError"] == 0

    look(scene["root"])
    outer = np.array(scene["root"]["boundingVolume"]["box"])
    for tile in boxes_of(scene["root"]):
        inner = to_earth(county_stage, corners_of(tile["boundingVolume"]["box"])) - outer[:3]
        half_axes = outer[3:].reshape(3, 3)
        assert (np.abs(inner @ half_axes.T) <= (half_axes**2).sum(axis=1) * (1 + 1e-6) + 0.02).all()
        _, z, x, y, name = tile["content"]["uri"].removesuffix(".glb").split("/")
        cell = county_stage.plan.cells[int(z), int(x), int(y)]
        box = np.array(tile["boundingVolume"]["box"])
        middle, half = box[:3], np.diag(box[3:].reshape(3, 3))
        for points, _, _, _ in Glb.read(county_stage.draw(cell, FORMS[name])).parts():
            assert (np.abs(points - middle) <= half + 0.001).all()


def test_every_solid_stands_in_one_square_of_the_last_level(county_stage):
    leaves = [cell for cell in county_stage.plan.cells.values() if not cell.parts]
    numbers = np.sort(np.concatenate([cell.numbers for cell in leaves]))
    assert len(leaves) > 1
    assert numbers.tolist() == list(range(2_503))


def test_a_square_that_is_quartered_shows_the_widest_only():
    rows = [
        pipe(
            f"p{at:05}", f"LINESTRING Z ({600_000 + at} 3940000 9, {600_000 + at} 3940009 9)", diameter_mm=100 + at % 7
        )
        for at in range(MOST_FROM_FAR + 500)
    ]
    stage = make_stage(rows)
    assert stage.plan.root.parts
    shown = Glb.read(stage.draw(stage.plan.root, FAR)).rows()
    assert len(shown) == MOST_FROM_FAR
    widths = {f"p{at:05}": 100 + at % 7 for at in range(len(rows))}
    least = min(widths[row["segment_id"]] for row in shown)
    assert sum(width > least for width in widths.values()) <= len(shown)
    assert {each["segment_id"] for each in shown} >= {name for name, width in widths.items() if width > least}


@pytest.fixture(scope="module")
def sample_scene(sample_store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene") / "underground"
    with open_store(str(sample_store)) as store:
        source = SceneSource(layers=(PIPE_SEGMENTS, PIPE_NODES), frames=Frames(store), geoid=GEOID)
        return folder, write_scene(source, folder)


@pytest.mark.needs("node")
def test_the_judge_of_khronos_finds_no_error_and_nothing_to_warn_of(sample_scene):
    folder, _ = sample_scene
    files = sorted(folder.rglob("*.glb"))
    assert {file.stem for file in files} == set(FORMS)
    assert judge(*files) == {str(file): [] for file in files}


@pytest.mark.needs("node")
def test_the_judge_of_khronos_sees_a_fault(sample_scene, tmp_path):
    folder, _ = sample_scene
    data = next(folder.rglob("near.glb")).read_bytes()
    (tmp_path / "bad.glb").write_bytes(data.replace(b'"count":', b'"count":9', 1))
    assert judge(tmp_path / "bad.glb")[str(tmp_path / "bad.glb")]


def test_a_folder_has_every_file_that_its_tileset_names_and_says_what_it_left_out(sample_scene):
    folder, report = sample_scene
    scene = json.loads((folder / "tileset.json").read_text("utf-8"))
    named = {tile["content"]["uri"] for tile in boxes_of(scene["root"])}
    assert named == {str(file.relative_to(folder)) for file in folder.rglob("*.glb")}
    assert report.files == len(named) + 1
    assert report.bytes == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    told = scene["extras"]["layers"]
    assert told == report.described["layers"]
    assert told["pipe_segments"] | {"revision": 0} == {
        "revision": 0, "features": 2905, "drawn": 2905, "left_out": {}, "assumed": {},
    }  # fmt: skip
    assert told["pipe_nodes"]["drawn"] + told["pipe_nodes"]["left_out"]["no well"] == told["pipe_nodes"]["features"]
    assert (scene["extras"]["geoid_offset_m"], scene["extras"]["geoid_source"]) == (-2.95, "a test")


def test_every_pipe_of_the_sample_is_in_the_closest_tiles_once(sample_scene):
    folder, _ = sample_scene
    keys = [
        row["segment_id"]
        for file in (folder / "pipe_segments").rglob("close.glb")
        for row in Glb.read(file.read_bytes()).rows()
    ]
    assert len(keys) == len(set(keys)) == 2905


def test_a_scene_is_there_already_or_is_something_else(tmp_path):
    make_main(tmp_path / "main.gpkg")
    with open_store(str(tmp_path / "main.gpkg")) as store:
        source = SceneSource(layers=(PIPE_SEGMENTS,), frames=Frames(store), geoid=GEOID)
        write_scene(source, tmp_path / "scene")
        with pytest.raises(InvalidParameter, match="give --overwrite"):
            write_scene(source, tmp_path / "scene")
        (tmp_path / "scene" / "mine.txt").write_text("old")
        write_scene(source, tmp_path / "scene", overwrite=True)
        assert not (tmp_path / "scene" / "mine.txt").exists()
        (tmp_path / "photos").mkdir()
        with pytest.raises(InvalidParameter, match="is no scene"):
            write_scene(source, tmp_path / "photos", overwrite=True)
        nodes = SceneSource(layers=(PIPE_NODES,), frames=Frames(store), geoid=GEOID)
        with pytest.raises(InvalidParameter, match="no solid to draw in pipe_nodes"):
            write_scene(nodes, tmp_path / "nothing")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["main.gpkg", "photos", "scene"]


def test_a_layer_of_which_nothing_says_what_it_is_in_space_is_refused(tmp_path):
    make_main(tmp_path / "main.gpkg")
    with open_store(str(tmp_path / "main.gpkg")) as store, pytest.raises(InvalidParameter, match="roads"):
        SceneSource(layers=(layers.catalog().layer("roads"),), frames=Frames(store), geoid=GEOID)


@pytest.mark.parametrize(
    "path", ["pipe_segments/0/0/0/nowhere.glb", "pipe_segments/9/0/0/far.glb", "roads/0/0/0/far.glb", "x", "", "../etc"]
)
def test_a_path_that_the_tileset_does_not_name_is_not_found(tmp_path, path):
    make_main(tmp_path / "main.gpkg")
    with open_store(str(tmp_path / "main.gpkg")) as store:
        source = SceneSource(layers=(PIPE_SEGMENTS,), frames=Frames(store), geoid=GEOID)
        with pytest.raises(SceneNotFound):
            source.part(path)
