"""Tiles over HTTP: addresses, entity tags, emptiness."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing

import mapbox_vector_tile
import pytest

from twin.store import Changes


def tile_of(longitude, latitude, zoom):
    """The tile number by the formula of the slippy map."""
    y = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    return int((longitude + 180) / 360 * 2**zoom), int(y * 2**zoom)


X, Y = tile_of(118.5005, 35.2295, 12)
TILE = f"/tiles/parcels/12/{X}/{Y}.mvt"


def test_a_tile_holds_the_features(client):
    answer = client.get(TILE)
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layers = mapbox_vector_tile.decode(answer.content)
    names = {feature["properties"]["name"] for feature in layers["parcels"]["features"]}
    assert {"One", "Two", "Three"} <= names
    assert "Four" not in names


def test_several_layers_stand_in_one_tile(client):
    layers = mapbox_vector_tile.decode(client.get(TILE.replace("parcels", "parcels,wells")).content)
    assert set(layers) == {"parcels", "wells"}


def test_a_copy_that_is_current_is_not_sent_again_until_the_next_revision(client, store, catalog):
    etag = client.get(TILE).headers["etag"]
    again = client.get(TILE, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    store.write(catalog.layer("parcels"), Changes(delete=("P1",)), author="survey", reason="pulled down")
    changed = client.get(TILE, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert b"One" not in changed.content


def test_a_tile_says_how_many_features_it_holds_and_what_became_of_the_others(client):
    assert client.get(TILE).headers["x-twin-features"] == "parcels;in=4;out=4"
    # At zoom 2 a pixel is 20 km wide: the four squares of 100 m share one.
    far = client.get("/tiles/parcels,wells/2/3/1.mvt")
    assert far.headers["x-twin-features"] == "parcels;in=4;out=1;pixel=3, wells;in=2;out=2"
    strict = client.get("/tiles/parcels/2/3/1.mvt?strict=true")
    assert strict.headers["x-twin-features"] == "parcels;in=4;out=4"
    assert len(mapbox_vector_tile.decode(strict.content)["parcels"]["features"]) == 4


def test_an_empty_tile_is_204(client):
    answer = client.get("/tiles/parcels/12/0/0.mvt")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_tile_of_the_past_shows_the_features_of_then(client):
    x, y = tile_of(118.5335, 35.2295, 12)
    assert b"Four" in client.get(f"/tiles/parcels/12/{x}/{y}.mvt?datetime=2021-01-01").content


@pytest.mark.parametrize("path", ["/tiles/parcels/3/8/0.mvt", "/tiles/parcels/99/0/0.mvt", "/tiles/parcels/a/0/0.mvt"])
def test_a_tile_that_the_grid_does_not_have_is_400(client, path):
    assert client.get(path).status_code == 400


def test_tilejson_leads_to_the_tiles_of_the_same_moment(client):
    described = client.get("/tiles/parcels,wells.json?datetime=2021-01-01").json()
    assert described["tilejson"] == "3.0.0"
    assert [layer["id"] for layer in described["vector_layers"]] == ["parcels", "wells"]
    x, y = tile_of(118.5335, 35.2295, 12)
    address = described["tiles"][0].replace("{z}", "12").replace("{x}", str(x)).replace("{y}", str(y))
    assert b"Four" in client.get(address).content


def test_tilejson_says_what_tiles_leave_out(client):
    rules = client.get("/tiles/parcels.json").json()["x-rules"]
    assert (rules["strict"], rules["budget_bytes"]) == (False, 500_000)
    assert {"simplify", "pixel", "collapsed", "coalesced", "budget"} <= set(rules)
    strict = client.get("/tiles/parcels.json?strict=true").json()
    assert strict["x-rules"] == {"strict": True}
    assert strict["tiles"][0].endswith("?strict=true")


@pytest.mark.parametrize(
    ("ids", "status"), [(["parcels"] * 2, 400), (["wells"] * 2_000, 400), (["wells"] * 10_000, 414)]
)
def test_a_layer_named_twice_is_refused(client, ids, status):
    answer = client.get(f"/tiles/{','.join(ids)}/3/6/3.mvt")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_an_unknown_grid_is_404_and_named_with_those_there_are(client):
    answer = client.get("/tiles/parcels/3/6/3.mvt?tms=Mars")
    assert answer.status_code == 404
    assert "CGCS2000Quad" in answer.json()["detail"]


def test_tiles_are_described_without_reading_the_layers(client):
    frames = client.app.state.context.frames
    described = client.get("/tiles/parcels,wells.json").json()
    # From 35.22905 N on the meridian: 4,100 m of 90.93 km a degree east, 1,000 m of 110.94 km a degree north.
    assert described["bounds"] == pytest.approx([118.5, 35.22905, 118.54509, 35.23806], abs=3e-4)
    assert not any(frames.peek(layer) for layer in client.app.state.context.served.layers.values())
    client.get(TILE.replace("parcels", "parcels,wells"))
    assert client.get("/tiles/parcels,wells.json").json()["bounds"] == pytest.approx(described["bounds"], abs=1e-9)


@pytest.mark.parametrize("large", [1, 20_000], ids=["large layer", "small layer"])
def test_a_tile_does_without_a_geometry_that_another_program_damaged_and_says_so(client, store, monkeypatch, large):
    monkeypatch.setattr("tiles.source._LARGE", large)
    with closing(sqlite3.connect(store.url)) as connection, connection:
        for side in ("IsEmpty", "MinX", "MaxX", "MinY", "MaxY"):
            connection.create_function(f"ST_{side}", 1, lambda _: 0)
        connection.execute("UPDATE parcels SET geom = x'4750000100' WHERE name = 'One'")
        connection.execute("UPDATE rtree_parcels_geom SET minx = -1e9, maxx = 1e9, miny = -1e9, maxy = 1e9")
    answer = client.get(TILE)
    assert answer.headers["x-twin-features"] == "parcels;in=3;out=3;broken=1"
    drawn = mapbox_vector_tile.decode(answer.content)["parcels"]["features"]
    names = {feature["properties"]["name"] for feature in drawn}
    assert "One" not in names
    assert {"Two", "Three"} <= names
    refused = client.get("/collections/parcels/items")
    assert refused.status_code == 503
    assert "parcels P1 has a geometry that is damaged" in refused.json()["detail"]
