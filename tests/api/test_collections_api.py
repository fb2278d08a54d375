"""Layers as collections, and what the service says about itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from tests_transforms import find_transformer
from twin.errors import StoreExists
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

CHINESE = re.compile("[\u4e00-\u9fff]")
REL = "http://www.opengis.net/def/rel/ogc/1.0"


def hrefs(document):
    """The first link of each relation."""
    return {link["rel"]: link["href"] for link in reversed(document["links"])}


def test_a_collection_says_where_and_since_when_it_is(client, store):
    collection = client.get("/collections/parcels").json()
    to_degrees = find_transformer(store.crs, "OGC:CRS84")
    west, _ = to_degrees.transform(500_000, 3_900_000)
    _, south = to_degrees.transform(504_100, 3_900_000)
    east, _ = to_degrees.transform(504_100, 3_900_100)
    _, north = to_degrees.transform(500_000, 3_900_100)
    box = collection["extent"]["spatial"]["bbox"][0]
    assert box == pytest.approx([west, south, east, north], abs=1e-8)
    assert collection["extent"]["temporal"]["interval"] == [["2020-03-01T00:00:00Z", "2023-03-01T00:00:00Z"]]


def test_the_landing_page_says_where_the_county_lies(client, tmp_path, store, catalog):
    assert "extent" not in client.get("/").json()  # nobody gave the town's outline
    area = shapely.box(500_000, 3_900_000, 504_100, 3_900_100)
    with create_store(tmp_path / "new.gpkg", crs=store.crs, area=area) as new:
        landing = TestClient(create_app(Settings(), new, catalog)).get("/").json()
    assert landing["extent"]["spatial"] == client.get("/collections/parcels").json()["extent"]["spatial"]


def test_a_collection_says_all_that_a_map_needs(client):
    collection = client.get("/collections/wells").json()
    assert (collection["id"], collection["title"], collection["title_zh"]) == ("wells", "Wells", "水井")
    assert (collection["itemType"], collection["x-geometry"], collection["x-dimension"]) == ("feature", "Point", 0)
    assert collection["x-geometries"] == ["Point"]
    assert (collection["x-classification"], collection["x-key"], collection["x-count"]) == ("public", "well_id", 2)
    assert collection["x-revision"] == 3
    assert "1985" in collection["x-heights"]
    assert "x-heights" not in client.get("/collections/parcels").json()
    assert collection["x-style"]["color"].startswith("#")
    assert collection["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def test_every_link_of_a_collection_leads_somewhere(client):
    links = client.get("/collections/parcels").json()["links"]
    assert {"self", "alternate", "items", "describedby", f"{REL}/queryables", f"{REL}/tilesets-vector"} <= {
        link["rel"] for link in links
    }
    for link in links:
        answer = client.get(link["href"], headers={"Accept": link["type"]})
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].partition(";")[0] == link["type"], link


def test_every_link_of_the_landing_page_leads_somewhere(client):
    links = client.get("/").json()["links"]
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= {
        link["rel"] for link in links
    }
    for link in links:
        answer = client.get(link["href"], headers={"Accept": link["type"].partition(";")[0]})
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].partition(";")[0] == link["type"].partition(";")[0], link


def test_queryables_are_the_fields_with_their_code_lists(client):
    answer = client.get("/collections/parcels/queryables")
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    assert schema["$id"] == "http://testserver/collections/parcels/queryables"
    assert schema["properties"]["use"]["enum"] == ["homes", "park"]
    assert schema["properties"]["height_m"]["x-unit"] == "m"
    assert schema["properties"]["geometry"]["format"] == "geometry-multipolygon"
    assert "required" not in schema


def test_the_schema_names_the_key(client):
    """OGC 23-058r1 (draft): roles, order, titles of codes, and what is not allowed."""
    collection = client.get("/collections/parcels").json()
    schema = client.get(hrefs(collection)[f"{REL}/schema"]).json()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["geometry"]["x-ogc-role"] == "primary-geometry"
    order = [one["x-ogc-propertySeq"] for one in schema["properties"].values()]
    assert order == list(range(1, len(order) + 1))
    assert schema["properties"]["use"]["oneOf"] == [
        {"const": "homes", "title": "Homes", "x-title-zh": "居住"},
        {"const": "park", "title": "Park", "x-title-zh": "公园"},
    ]
    assert schema["properties"]["height_m"]["x-ogc-unit"] == "m"
    assert all(CHINESE.search(one["x-title-zh"]) for one in schema["properties"].values())
    assert schema["properties"]["parcel_id"]["x-ogc-role"] == "id"
    assert schema["required"] == ["parcel_id"]


def test_links_follow_the_host_that_the_client_asked(client):
    assert (
        hrefs(client.get("/", headers={"Host": "gis.example:8080"}).json())["data"]
        == "http://gis.example:8080/collections"
    )


PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "gis.example, inner", "X-Forwarded-Prefix": "/twin/"}


def test_a_proxy_is_not_believed_unless_the_settings_say_so(client):
    assert hrefs(client.get("/", headers=PROXY).json())["data"] == "http://testserver/collections"


def test_behind_a_believed_proxy_links_are_those_of_the_proxy(store, catalog):
    service = TestClient(create_app(Settings(trust_proxy=True), store, catalog))
    landing = hrefs(service.get("/", headers=PROXY).json())
    assert landing["data"] == "https://gis.example/twin/collections"
    assert landing["self"] == "https://gis.example/twin/?f=json"
    tiles = service.get("/tiles/parcels.json", headers=PROXY).json()["tiles"]
    assert tiles == ["https://gis.example/twin/tiles/parcels/{z}/{x}/{y}.mvt"]
    assert (
        service.get("/viewer", headers=PROXY, follow_redirects=False).headers["location"]
        == "https://gis.example/twin/viewer/"
    )
    elsewhere = service.get("/collections/", headers=PROXY, follow_redirects=False)
    assert elsewhere.headers["location"] == "https://gis.example/twin/collections"
    problem = service.get("/nothing", headers=PROXY).json()
    assert problem["instance"] == "/twin/nothing"
    assert "https://gis.example/twin/" in problem["detail"]


def test_under_a_root_path_links_begin_with_it(store, catalog):
    service = TestClient(create_app(Settings(), store, catalog), root_path="/twin")
    assert hrefs(service.get("/twin/collections/parcels").json())["items"] == (
        "http://testserver/twin/collections/parcels/items?f=geojson"
    )
    assert hrefs(service.get("/twin/collections?f=json").json())["self"] == "http://testserver/twin/collections?f=json"


def test_a_store_that_another_one_replaces_is_missed_and_then_served(client, store, catalog, make_rows, caplog):
    """A twin made anew has the same revision numbers; neither tiles of the old one nor copies of them are taken."""
    tile, path = "/tiles/wells/0/0/0.mvt", Path(store.url)
    etag = client.get(tile).headers["etag"]
    path.unlink()
    missing = client.get("/collections/wells/items/W1")
    assert (missing.status_code, missing.json()["title"]) == (503, "Store replaced")
    assert client.get("/readyz").status_code == 503
    assert [record.exc_info for record in caplog.records if record.name == "twin.api"] == [None, None]

    wells = catalog.layer("wells")
    other = make_rows(wells, [shapely.Point(500_000, 3_900_000, 1)] * 4, well_id=["V1", "V2", "V3", "V4"])
    with pytest.raises(StoreExists, match="a log of an earlier"):
        create_store(path, crs=other.crs)
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink()
    with create_store(path, crs=other.crs, title="Rebuilt") as rebuilt:
        for key in other.index:
            rebuilt.write(wells, Changes(insert=other.loc[[key]]), author="water", reason="anew")
    assert client.get("/readyz").headers["retry-after"] == "5"  # the request that finds the new one
    assert client.get("/readyz").json() == {"status": "ready", "revision": 4}
    assert client.get("/").json()["title"] == "Rebuilt"
    assert client.get("/collections/wells/items").json()["numberMatched"] == 4
    assert client.get(tile, headers={"If-None-Match": etag}).status_code == 200


def test_readiness_names_the_revision(client):
    assert client.get("/readyz").json() == {"status": "ready", "revision": 4}


def test_readiness_fails_when_the_store_cannot_be_read(client, store):
    Path(store.url).write_bytes(b"no database")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["type"]) == (503, "http://testserver/problems/store-unavailable")
    assert "the store" in answer.json()["detail"]
    assert store.url not in answer.text
    assert client.get("/healthz").json() == {"status": "alive", "worker": "1 of 1"}
