"""Other people's clients and validators on our service."""

from __future__ import annotations

import ogcapi_registry
import pytest
from owslib.ogcapi.features import Features
from owslib.ogcapi.processes import Processes

TILES = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"


@pytest.fixture
def root(host):
    """Where the service runs."""
    return f"http://{host}"


def test_owslib_finds_the_layers_and_pages_through_their_features(root):
    service = Features(root)
    assert service.links[0]["rel"] == "self"
    assert service.api()["openapi"].startswith("3.0")
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.conformance()["conformsTo"]
    assert service.feature_collections() == ["parcels", "wells"]
    collection = service.collection("parcels")
    assert collection["extent"]["spatial"]["bbox"][0][0] == pytest.approx(118.5, abs=1e-6)
    assert service.collection_queryables("parcels")["properties"]["floors"]["type"] == "integer"
    first = service.collection_items("parcels", limit=3)
    assert [feature["id"] for feature in first["features"]] == ["P/5 东", "P1", "P2"]
    assert (first["numberMatched"], first["numberReturned"]) == (4, 3)
    near = service.collection_items("parcels", bbox=[118.49, 35.2, 118.505, 35.3])
    assert [feature["id"] for feature in near["features"]] == ["P1"]
    then = service.collection_items("parcels", datetime_="2021-06-01")
    assert then["numberMatched"] == 5
    assert service.collection_item("wells", "W1")["geometry"]["coordinates"][2] == 87.25


def test_owslib_follows_a_layer_to_its_tiles(root):
    service = Features(root)
    (tiles,) = (link["href"] for link in service.collection("parcels")["links"] if link["rel"] == TILES)
    listed = service._request(path=tiles.removeprefix(f"{root}/"))["tilesets"]
    assert [tileset["dataType"] for tileset in listed] == ["vector"] * 4


def test_owslib_executes_an_indicator(root):
    service = Processes(root)
    assert [process["id"] for process in service.processes()] == ["park_share"]
    assert "use" in service.process("park_share")["inputs"]
    result = service.execute("park_share", inputs={"use": "homes"})
    assert result["result"]["value"]["value"] == 0.5  # two of the four


def test_the_registry_of_ogc_apis_finds_the_description_complete(client):
    document, declared = client.get("/api").json(), client.get("/conformance").json()["conformsTo"]
    assert ogcapi_registry.validate_document(document).is_valid
    found = ogcapi_registry.validate_ogc_api(document, declared)
    # It takes the address of one feature for that of the list, and misses the parameters of the list there.
    ours = [error for error in found.errors if "/items/{feature_id}" not in error["path"]]
    assert ours == []


def test_the_registry_of_ogc_apis_knows_every_class_of_features_tiles_and_processes(client):
    declared = client.get("/conformance").json()["conformsTo"]
    report = ogcapi_registry.validate_conformance(declared)
    parts = ("ogcapi-features-1", "ogcapi-tiles-1", "ogcapi-processes-1")
    assert {known.spec for known in report.recognised} >= set(parts)
    assert [uri for uri in report.unrecognised if any(f"/{part}/" in uri for part in parts)] == []
