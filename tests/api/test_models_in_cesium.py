"""CesiumJS draws a block from far and its model from near, and knows an element at a pixel by its GlobalId."""

from __future__ import annotations

import json

import pytest
import shapely

import layers
from api.app import create_app
from blocks_cesium import open_scene, to_earth
from blocks_models import write_model
from layers.buildings import BUILDINGS
from tests_frames import make_frame
from tests_pipe_rows import CRS
from tests_server import run_server
from twin.crs import parse_crs
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store


@pytest.fixture
def service(tmp_path):
    outline = shapely.force_3d(shapely.multipolygons([shapely.box(499_990, 3_939_994, 500_010, 3_940_006)]), z=100)
    hall = {"building_id": "hall", "geometry": outline, "ground_m": 100.0, "height_m": 6.0, "use": "medical"}
    with create_store(tmp_path / "town.gpkg", crs=parse_crs(CRS)) as store:
        rows = make_frame(BUILDINGS, [hall], CRS).data
        store.write(BUILDINGS, Changes(insert=rows), author="zhang", reason="survey")
        write_model(store, parse_crs(CRS), (500_000.0, 3_940_000.0, 100.0), "hall")
        settings = Settings(geoid_offset="-3 m, a test")
        with run_server(create_app(settings, store, layers.catalog())) as address:
            yield address


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("query", ["", "?edition=1.0", "?compress=meshopt"])
def test_from_near_there_is_the_model_and_from_far_the_block(service, tmp_path, query):
    tileset = f"{service}/scenes/all/tileset.json{query}"
    with open_scene(tileset, to_earth(0, 0, 100), 25, tmp_path) as (page, pick):
        wall, grey = pick(to_earth(0, 6, 106))
        glass, blue = pick(to_earth(-5.5, -3, 106))
        (tmp_path / "near.png").write_bytes(page.take_picture())
        nothing, _ = pick(to_earth(0, -9, 100))
    assert (wall["global_id"], wall["class"], wall["storey"], wall["name"]) == ("north", "IfcWall", "1F", "一层 north")
    if query == "?edition=1.0":
        assert json.loads(wall["properties"]) == {"Pset": {"IsExternal": True}}
    else:
        assert wall["properties"] == ['"Pset.IsExternal":true']
    assert max(grey) - min(grey) < 40
    assert glass["global_id"] == "glass"
    assert blue[2] > blue[0] + 40
    assert nothing == {}
    with open_scene(tileset, to_earth(0, 0, 100), 400, tmp_path) as (page, pick):
        block, red = pick(to_earth(0, 0, 106))
        (tmp_path / "far.png").write_bytes(page.take_picture())
    assert (block["building_id"], block["use"]) == ("hall", "medical")
    assert red[0] > 2 * max(red[1:])


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("query", ["", "?compress=meshopt"])
def test_what_stands_again_and_again_is_known_one_by_one(service, tmp_path, query):
    tileset = f"{service}/scenes/building_models/tileset.json{query}"
    with open_scene(tileset, to_earth(0, 0, 100), 25, tmp_path) as (page, pick):
        # Under the glass, which is in the way of what is picked.
        page.evaluate(
            "scene.primitives.get(0).style = new Cesium.Cesium3DTileStyle({show: '${global_id} !== \\'glass\\''})"
        )
        page.evaluate("scene.render()")
        found = [pick(to_earth(east, north, 101.2))[0].get("global_id") for east, north in ((-5, 0), (4, 0), (2, 5))]
        (tmp_path / "balls.png").write_bytes(page.take_picture())
    assert found[:2] == ["ball00", "ball09"]
    assert found[2] == "ball57"
