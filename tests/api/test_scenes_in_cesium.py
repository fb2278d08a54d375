"""CesiumJS draws scenes from the service, and the feature at a pixel is the one that lies there."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

import layers
import tests_browser
from api.app import create_app
from blocks_cesium import open_scene, to_earth
from layers.buildings import BUILDINGS
from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS
from tests_frames import make_frame
from tests_pipe_rows import CRS, nodes, segments
from tests_server import run_server
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

VENDOR = Path(tests_browser.__file__).parents[1] / "vendor"
#: A water main above a sewer that crosses it at M, and a well at the end of the sewer.
PLACES = {"A": (0, 0), "B": (40, 0), "C": (20, -20), "D": (20, 20)}


@pytest.fixture
def service(tmp_path):
    well = {"appurtenance": "manhole", "well_depth_m": 4.0, "well_shape": "round", "well_width_mm": 1000, "class": "PS"}
    pipes = segments(
        PLACES,
        A_B={"diameter_mm": 600, "owner": "沂南县水务局"},
        C_D={"diameter_mm": 800, "class": "PS", "from_depth_m": 3.0, "to_depth_m": 3.0},
    )
    outline = "MULTIPOLYGON Z (((X0 Y2 99, X8 Y2 99, X8 Y22 99, X0 Y22 99, X0 Y2 99)))"
    house = {"building_id": "clinic", "use": "medical", "name": "卫生院", "height_m": 6.0, "ground_m": 100.0}
    house["geometry"] = outline.replace("X", "50000").replace("Y22", "3940022").replace("Y2", "3940012")
    given = ((PIPE_NODES, nodes(PLACES, {"D": well})), (PIPE_SEGMENTS, pipes), (BUILDINGS, [house]))
    with create_store(tmp_path / "pipes.gpkg", crs=CRS) as store:
        for layer, rows in given:
            store.write(layer, Changes(insert=make_frame(layer, rows, CRS).data), author="zhang", reason="survey")
        settings = Settings(geoid_offset="-3 m, a test")
        with run_server(create_app(settings, store, layers.catalog())) as address:
            yield address


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("query", ["", "?edition=1.0", "?compress=meshopt", "?edition=1.0&compress=meshopt"])
def test_cesium_draws_pipes_wells_and_blocks_and_picks_what_lies_at_a_pixel(service, tmp_path, query):
    tileset = f"{service}/scenes/all/tileset.json{query}"
    with open_scene(tileset, to_earth(20, 0, 99), 60, tmp_path) as (page, pick_place):

        def pick(x, y, height_m):
            return pick_place(to_earth(x, y, height_m))

        main, cyan = pick(10, 0, 99.3)
        crossing, _ = pick(20, 0, 99.3)
        sewer, brown = pick(20, -10, 97.4)
        well, _ = pick(20, 20, 100)
        roof, red = pick(4, 17, 106)
        nothing, white = pick(10, 10, 99)
        (tmp_path / "seen.png").write_bytes(page.take_picture())
    assert (main["segment_id"], main["class"], main["owner"]) == ("A-B", "JS", "沂南县水务局")
    assert (main["diameter_mm"], main["from_depth_m"]) == (600, 1)
    assert crossing["segment_id"] == "A-B"
    assert (sewer["segment_id"], sewer["class"], sewer["from_depth_m"]) == ("C-D", "PS", 3)
    assert (well["node_id"], well["well_depth_m"]) == ("D", 4)
    assert (roof["building_id"], roof["use"], roof["name"], roof["height_m"]) == ("clinic", "medical", "卫生院", 6)
    assert red[0] > 2 * max(red[1:])
    assert nothing == {}
    assert white == [255, 255, 255]
    assert cyan[0] < 60 < 120 < min(cyan[1:])
    assert brown[0] > brown[1] > brown[2] < 80


@pytest.mark.parametrize("name", ["cesium", "gltf-validator"])
def test_the_files_of_the_judges_are_the_published_ones(name):
    folder = VENDOR / name
    told = dict(re.findall(r"`([^`]+)` \| `([0-9a-f]{64})`", (folder / "README.md").read_text()))
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    assert files.keys() - {"README.md"} == told.keys()
    assert {file: files[file] for file in told} == told
