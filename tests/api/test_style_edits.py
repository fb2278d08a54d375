"""Map styles that people made: kept by whoever may edit, checked, and right wherever clients see the service."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from twin.keys import add_key
from twin.settings import Settings

BASE = "http://127.0.0.1:8000"
MINE = {
    "version": 8,
    "name": "Night 夜",
    "metadata": {"mine": True},
    "glyphs": f"{BASE}/fonts/{{fontstack}}/{{range}}.pbf",
    "sources": {"parcels": {"type": "vector", "url": f"{BASE}/tiles/parcels.json"}},
    "layers": [
        {"id": "sky", "type": "background"},
        {"id": "parcels", "type": "fill", "source": "parcels", "source-layer": "parcels"},
    ],
}


@pytest.fixture
def book(tmp_path):
    return tmp_path / "styles"


@pytest.fixture
def client(store, catalog, book) -> Iterator[TestClient]:
    settings = Settings(author="zhang", styles=str(book), trust_proxy=True)
    with TestClient(create_app(settings, store, catalog), base_url=BASE) as client:
        yield client


def test_a_style_is_added_listed_read_replaced_and_removed(client, book):
    answer = client.put("/styles/night", json=MINE)
    assert (answer.status_code, answer.headers["location"]) == (201, f"{BASE}/styles/night")
    assert [each["id"] for each in client.get("/styles").json()["styles"]] == ["night", "map", "parcels", "wells"]
    read = client.get("/styles/night")
    assert read.headers["content-type"] == "application/vnd.mapbox.style+json"
    assert read.json() == MINE | {"metadata": {"mine": True, "twin:author": "zhang"}}
    assert client.put("/styles/night", json=MINE | {"name": "Later"}).status_code == 204
    assert client.get("/styles/night").json()["name"] == "Later"
    assert "Later" in client.get("/styles/night", headers={"Accept": "text/html"}).text
    assert client.delete("/styles/night").status_code == 204
    assert client.get("/styles/night").status_code == 404
    assert client.delete("/styles/night").status_code == 404
    assert list(book.iterdir()) == []


def test_a_style_without_a_name_gets_one(client):
    answer = client.post("/styles", json=MINE)
    assert answer.status_code == 201
    assert client.get(answer.headers["location"]).json()["name"] == "Night 夜"


def test_addresses_are_those_under_which_the_client_sees_the_service(client):
    client.put("/styles/night", json=MINE)
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "maps.example", "X-Forwarded-Prefix": "/twin"}
    seen = client.get("/styles/night", headers=headers).json()
    assert seen["sources"]["parcels"]["url"] == "https://maps.example/twin/tiles/parcels.json"
    assert seen["glyphs"] == "https://maps.example/twin/fonts/{fontstack}/{range}.pbf"


def changed(*path, to):
    style = copy.deepcopy(MINE)
    place = style
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    return style


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        changed("version", to=7),
        changed("sources", to=[]),
        changed("sources", "parcels", to="parcels"),
        changed("sources", "parcels", "url", to="https://elsewhere.example/tiles.json"),
        changed("sources", "parcels", "url", to="//elsewhere.example/tiles.json"),
        changed("sources", "parcels", "url", to=f"{BASE}.elsewhere.example/"),
        changed("sources", "parcels", "tiles", to=["mapbox://tiles"]),
        changed("sources", "parcels", "tiles", to=5),
        changed("sources", "parcels", "tiles", to=[5]),
        changed("glyphs", to=5),
        changed("glyphs", to="https://elsewhere.example/{fontstack}/{range}.pbf"),
        changed("sprite", to="https://elsewhere.example/sprite"),
        changed("metadata", to="mine"),
        changed("layers", to={}),
        changed("layers", 0, "id", to="parcels"),
        changed("layers", 0, "type", to=None),
        changed("layers", 1, "source", to="roads"),
        changed("layers", 1, "source", to=["parcels"]),
        changed("name", to="x" * 1_000_001),
        changed("name", to="\ud800"),
    ],
)
def test_what_is_no_style_of_ours_is_refused(client, book, wrong):
    answer = client.put("/styles/night", content=json.dumps(wrong))
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert not book.exists()


@pytest.mark.parametrize("name", ["map", "parcels"])
def test_what_is_made_from_layers_is_not_replaced(client, name):
    assert client.put(f"/styles/{name}", json=MINE).status_code == 409
    assert client.delete(f"/styles/{name}").status_code == 409


@pytest.mark.parametrize("name", ["a.b", "a b", "x" * 65, "%2e%2e"])
def test_a_name_that_could_lead_elsewhere_is_refused(client, name):
    assert client.put(f"/styles/{name}", json=MINE).status_code == 400


def test_a_style_of_somebody_has_no_moment(client):
    client.put("/styles/night", json=MINE)
    assert client.get("/styles/night?datetime=2021-01-01").status_code == 400


def test_without_a_folder_none_is_kept(store, catalog):
    with TestClient(create_app(Settings(author="zhang"), store, catalog), base_url=BASE) as client:
        answer = client.put("/styles/night", json=MINE)
        assert answer.status_code == 409
        assert "styles" in answer.json()["detail"]


def test_only_who_has_a_key_keeps_and_removes(store, catalog, book, tmp_path):
    keys = tmp_path / "twin.keys"
    key = add_key(keys, "li")
    settings = Settings(host="0.0.0.0", keys=str(keys), styles=str(book))
    with TestClient(create_app(settings, store, catalog), base_url="http://twin.example") as client:
        ours = changed("sources", "parcels", "url", to="/tiles/parcels.json") | {
            "glyphs": "/fonts/{fontstack}/{range}.pbf"
        }
        for call in (lambda **more: client.put("/styles/night", **more), lambda **more: client.post("/styles", **more)):
            assert call(json=ours).status_code == 401
            assert call(json=ours, headers={"Authorization": "Bearer wrong"}).status_code == 401
            assert call(json=ours, headers={"Authorization": f"Bearer {key}"}).status_code == 201
        assert client.delete("/styles/night").status_code == 401
        assert client.get("/styles/night").json()["metadata"]["twin:author"] == "li"
    with TestClient(create_app(Settings(host="0.0.0.0", styles=str(book)), store, catalog)) as client:
        assert client.put("/styles/night", json=ours).status_code == 403
        assert client.delete("/styles/night").status_code == 403
