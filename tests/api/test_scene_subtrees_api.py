"""Implicit tiling over HTTP: templates that lead to every subtree and square, tags, moments, how it is packed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

import layers
from api.app import create_app
from layers.buildings import BUILDINGS
from scene_files import Glb
from scene_subtrees import CRS, Subtree, houses, read_tiles
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

TILESET = "/scenes/buildings/tileset.json"
ROOT = "/scenes/buildings/buildings/0/0/0.subtree"
#: Of 2,500 houses in 2 km by 2 km: the whole and its quarters.
SQUARES = ("0/0/0", "1/0/0", "1/0/1", "1/1/0", "1/1/1")


@pytest.fixture
def store(tmp_path):
    with create_store(tmp_path / "town.gpkg", crs=CRS) as store:
        when = datetime(2020, 1, 1, tzinfo=UTC)
        store.write(BUILDINGS, Changes(insert=houses(2_500)), author="zhang", reason="survey", effective=when)
        yield store


@pytest.fixture
def client(store):
    return TestClient(create_app(Settings(geoid_offset="-3 m, a test"), store, layers.catalog()))


def read(client, query=""):
    scene = client.get(f"{TILESET}{query}").json()
    return scene, list(read_tiles(scene, lambda path: client.get(f"/scenes/buildings/{path}").content))


def test_every_square_is_found_by_the_templates_and_the_last_ones_have_every_building(client):
    _, tiles = read(client)
    assert sorted(tile.uri for tile in tiles) == [f"buildings/{at}/block.glb" for at in SQUARES]
    found = []
    for tile in tiles:
        answer = client.get(f"/scenes/buildings/{tile.uri}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "model/gltf-binary")
        found += [row["building_id"] for row in Glb.read(answer.content).rows()] if tile.is_last else []
    assert sorted(found) == [f"b{at:05}" for at in range(2_500)]
    assert client.get("/scenes/buildings/buildings/2/1/1/block.glb").status_code == 404


def test_a_subtree_is_plain_bytes_with_a_tag_that_changes_with_its_layer(client, store):
    first = client.get(ROOT)
    assert (first.status_code, first.headers["content-type"]) == (200, "application/octet-stream")
    again = client.get(ROOT, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    store.write(BUILDINGS, Changes(insert=houses(2_500, 2_500)), author="zhang", reason="more")
    after = client.get(ROOT, headers={"If-None-Match": first.headers["etag"]})
    assert after.status_code == 200
    counts = [Subtree.read(each.content).document["tileAvailability"]["availableCount"] for each in (first, after)]
    # 4 km by 2 km: the whole, its western halves south and north, and the quarters of both.
    assert counts == [5, 1 + 2 + 8]


def test_what_a_tileset_was_asked_by_is_in_both_templates(client):
    query = "?datetime=2021-12-31T00%3A00%3A00Z&compress=meshopt"
    scene, tiles = read(client, query)
    (whole,) = scene["root"]["children"]
    assert whole["implicitTiling"]["subtrees"]["uri"] == f"buildings/{{level}}/{{x}}/{{y}}.subtree{query}"
    assert whole["content"]["uri"] == f"buildings/{{level}}/{{x}}/{{y}}/block.glb{query}"
    packed = client.get(f"/scenes/buildings/{tiles[0].uri}").content
    assert "EXT_meshopt_compression" in Glb.read(packed).document["extensionsUsed"]


def test_before_anything_was_there_is_no_square_and_no_subtree(client):
    scene = client.get(f"{TILESET}?datetime=2019-12-31").json()
    assert "children" not in scene["root"]
    assert client.get(f"{ROOT}?datetime=2019-12-31").status_code == 404
    assert client.get(f"{ROOT}?datetime=2020-06-01").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/scenes/buildings/buildings/1/0/0.subtree",
        "/scenes/buildings/buildings/9/0/0.subtree",
        "/scenes/buildings/roads/0/0/0.subtree",
        "/scenes/pipe_segments/pipe_segments/0/0/0.subtree",
        "/scenes/nothing/buildings/0/0/0.subtree",
    ],
)
def test_subtrees_that_are_not_there_are_problems_of_404(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_place_that_is_no_number_is_refused(client):
    assert client.get("/scenes/buildings/buildings/0/0/x.subtree").status_code == 400


def test_the_edition_1_0_lists_its_squares_in_the_tileset(client):
    scene, tiles = read(client, "?edition=1.0")
    assert scene["asset"] == {"version": "1.0"}
    assert {tile.square is None for tile in tiles} == {True}
    assert sorted(tile.uri for tile in tiles) == [f"buildings/{at}/block.b3dm" for at in SQUARES]
