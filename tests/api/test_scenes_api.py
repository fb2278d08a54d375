"""Scenes over HTTP."""

from __future__ import annotations

import json
import struct

import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from scene_files import Glb
from twin.catalog import Catalog
from twin.settings import Settings
from twin.store import Changes

OFFSET = "-2.5 m, a test"


@pytest.fixture
def client(store, catalog):
    return TestClient(create_app(Settings(geoid_offset=OFFSET), store, catalog))


def contents_of(tile):
    if "content" in tile:
        yield tile["content"]["uri"]
    for child in tile.get("children", []):
        yield from contents_of(child)


def test_scenes_are_all_layers_with_solids_and_each_by_itself_but_no_secret_one(client):
    document = client.get("/scenes").json()
    assert [scene["id"] for scene in document["scenes"]] == ["all", "wells"]
    for scene in document["scenes"]:
        (link,) = scene["links"]
        assert client.get(link["href"]).status_code == 200


def test_the_tileset_says_what_is_drawn_with_which_offset_and_leads_to_every_tile(client):
    answer = client.get("/scenes/all/tileset.json")
    assert answer.headers["content-type"] == "application/json"
    scene = answer.json()
    assert scene["asset"] == {"version": "1.1"}
    assert (scene["extras"]["geoid_offset_m"], scene["extras"]["geoid_source"]) == (-2.5, "a test")
    assert scene["extras"]["layers"]["wells"]["drawn"] == 2
    uris = list(contents_of(scene["root"]))
    assert uris == [f"wells/0/0/0/{form}.glb" for form in ("far", "near", "close")]
    for uri in uris:
        tile = client.get(f"/scenes/all/{uri}")
        assert (tile.status_code, tile.headers["content-type"]) == (200, "model/gltf-binary")
        assert [row["well_id"] for row in Glb.read(tile.content).rows()] == ["W1", "W2"]


def test_without_a_geoid_offset_a_scene_is_refused_with_what_to_set(store, catalog):
    client = TestClient(create_app(Settings(), store, catalog))
    answer = client.get("/scenes/all/tileset.json")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json()["type"].endswith("/problems/geoid-offset-missing")
    assert "set geoid_offset (or TWIN_GEOID_OFFSET)" in answer.json()["detail"]
    document = client.get("/scenes").json()
    assert document["scenes"] == []
    assert "geoid_offset" in document["note"]
    assert "geoid_offset" in client.get("/scenes?f=html").text


@pytest.mark.parametrize(
    "path",
    [
        "/scenes/parcels/tileset.json",
        "/scenes/bunkers/tileset.json",
        "/scenes/nothing/tileset.json",
        "/scenes/all/bunkers/0/0/0/far.glb",
        "/scenes/all/wells/0/0/1/far.glb",
        "/scenes/all/wells/0/0/0/farther.glb",
        "/scenes/all/other.json",
    ],
)
def test_what_is_not_there_is_a_problem_of_404(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_place_that_is_no_number_and_an_unknown_parameter_are_refused(client):
    assert client.get("/scenes/all/wells/0/0/x/far.glb").status_code == 400
    answer = client.get("/scenes/all/tileset.json?when=2020")
    assert (answer.status_code, answer.json()["parameter"]) == (400, "when")


def test_secret_layers_are_in_scenes_where_the_installation_serves_them(store, catalog):
    settings = Settings(geoid_offset=OFFSET, serve_secret=True)
    client = TestClient(create_app(settings, store, catalog))
    assert "bunkers" in [scene["id"] for scene in client.get("/scenes").json()["scenes"]]


def test_a_client_that_has_a_file_is_told_so_until_something_is_written(client, store, catalog, make_rows):
    for path in ("/scenes/wells/tileset.json", "/scenes/wells/wells/0/0/0/near.glb"):
        first = client.get(path)
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "public, no-cache"
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    layer = catalog.layers["wells"]
    more = make_rows(layer, [shapely.Point(500_100, 3_900_000, 90)], well_id=["W9"])
    store.write(layer, Changes(insert=more), author="survey", reason="more")
    after = client.get(path, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert [row["well_id"] for row in Glb.read(after.content).rows()] == ["W1", "W2", "W9"]


def test_a_write_to_another_layer_changes_no_tag(client, store, catalog, make_rows):
    path = "/scenes/wells/wells/0/0/0/near.glb"
    tag = client.get(path).headers["etag"]
    layer = catalog.layers["bunkers"]
    more = make_rows(layer, [shapely.Point(500_100, 3_900_000, 90)], well_id=["B9"])
    store.write(layer, Changes(insert=more), author="survey", reason="more")
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_another_offset_is_another_file(store, catalog):
    tags = set()
    for offset in ("-2.5 m, a test", "-2.6 m, a test"):
        client = TestClient(create_app(Settings(geoid_offset=offset), store, catalog))
        tags.add(client.get("/scenes/wells/wells/0/0/0/near.glb").headers["etag"])
    assert len(tags) == 2


def test_a_moment_is_handed_on_to_the_tiles(client):
    before = client.get("/scenes/wells/tileset.json?datetime=1999-12-31").json()
    assert "children" not in before["root"]
    scene = client.get("/scenes/wells/tileset.json?datetime=2999-12-31").json()
    uris = list(contents_of(scene["root"]))
    assert uris[0] == "wells/0/0/0/far.glb?datetime=2999-12-31"
    assert client.get(f"/scenes/wells/{uris[0]}").status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "zstd", "identity"])
def test_tiles_are_compressed_as_the_client_likes(client, coding):
    answer = client.get("/scenes/wells/wells/0/0/0/close.glb", headers={"Accept-Encoding": coding})
    assert answer.headers.get("content-encoding", "identity") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    if coding != "zstd":  # which the client does not know
        assert struct.unpack_from("<4sII", answer.content)[2] == len(answer.content)


def test_a_twin_of_layers_without_solids_has_no_scene(store, catalog):
    flat = Catalog.of([catalog.layers["parcels"]])
    client = TestClient(create_app(Settings(geoid_offset=OFFSET), store, flat))
    assert client.get("/scenes").json()["scenes"] == []
    assert client.get("/scenes/all/tileset.json").status_code == 404


def test_people_find_the_scenes_from_the_first_page(client):
    assert "/scenes" in json.dumps(client.get("/").json())
    assert "/scenes/wells/tileset.json" in client.get("/scenes?f=html").text
