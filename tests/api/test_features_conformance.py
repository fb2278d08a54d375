"""The abstract tests of OGC API – Features Parts 1 and 2 that no other test proves already; see docs/conformance.md."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"
ITEMS = "/collections/parcels/items"
FEATURES = "http://www.opengis.net/spec/ogcapi-features"


@pytest.fixture
def collections(client):
    return client.get("/collections").json()


def test_conf_core_conformance_success(client):
    declared = client.get("/conformance").json()["conformsTo"]
    part_1 = {f"{FEATURES}-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")}
    assert part_1 | {f"{FEATURES}-2/1.0/conf/crs"} <= set(declared)
    assert not any("gmlsf" in one for one in declared)


def test_conf_core_root_success_and_api_definition_success(client):
    links = {link["rel"]: link for link in client.get("/").json()["links"]}
    assert {"service-desc", "service-doc", "conformance", "data"} <= set(links)
    description = client.get(links["service-desc"]["href"])
    assert description.headers["content-type"] == links["service-desc"]["type"]
    assert description.json()["openapi"].startswith("3.0")


def test_conf_core_fc_md_success_and_items_links(client, collections):
    assert {link["rel"] for link in collections["links"]} >= {"self", "alternate"}
    for collection in collections["collections"]:
        assert {"id", "title", "links", "extent", "crs", "itemType"} <= set(collection)
        items = [link for link in collection["links"] if link["rel"] == "items"]
        assert {link["type"] for link in items} >= {"application/geo+json", "text/html"}
        for link in items:
            assert client.get(link["href"]).headers["content-type"].partition(";")[0] == link["type"]


def test_conf_core_sfc_md_success(client, collections):
    """The resource of a collection says the same as the list of them."""
    for listed in collections["collections"]:
        collection = client.get(f"/collections/{listed['id']}").json()
        for name in ("id", "title", "description", "extent", "itemType", "storageCrs"):
            assert collection.get(name) == listed.get(name)
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        assert (-180 <= west <= east <= 180, -90 <= south <= north <= 90) == (True, True)
        assert collection["extent"]["spatial"]["crs"] == CRS84


def test_conf_core_fc_time_stamp_and_numbers(client):
    page = client.get(f"{ITEMS}?limit=3").json()
    assert page["numberReturned"] == len(page["features"]) == 3
    assert page["numberMatched"] == 4
    assert abs((datetime.now(UTC) - datetime.fromisoformat(page["timeStamp"])).total_seconds()) < 60


def test_conf_core_f_success_and_f_links(client):
    answer = client.get(f"{ITEMS}/P1")
    assert answer.headers["content-type"] == "application/geo+json"
    feature = answer.json()
    links = {link["rel"]: link["href"] for link in feature["links"]}
    assert {"self", "alternate", "collection"} <= set(links)
    assert client.get(links["collection"]).json()["id"] == "parcels"
    (listed,) = [one for one in client.get(ITEMS).json()["features"] if one["id"] == "P1"]
    assert {name: feature[name] for name in listed} == listed


@pytest.mark.parametrize("query", ["limit=none", "limit=0", "bbox=1,2,3", "datetime=yesterday", "crs=none", "nobody=1"])
def test_conf_core_query_parameters_that_are_invalid_or_unknown_are_400(client, query):
    assert client.get(f"{ITEMS}?{query}").status_code == 400


def test_conf_crs_uri_and_storage_crs(client, collections):
    """/conf/crs/crs-uri, default-crs, storageCrs: URIs; the defaults are among them; the storage CRS too."""
    for listed in collections["collections"]:
        offered = [uri for entry in listed["crs"] for uri in (collections["crs"] if entry == "#/crs" else [entry])]
        assert CRS84 in offered
        assert all(uri.startswith("http://") for uri in offered)
        assert len(set(offered)) == len(offered)
        assert listed.get("storageCrs", CRS84) in offered
        if listed["id"] == "wells":
            assert "http://www.opengis.net/def/crs/OGC/0/CRS84h" in offered


def test_conf_crs_parameter_in_every_crs_that_is_listed(client, collections):
    """/conf/crs/crs-parameter, crs-transform, ogc-crs-header: every listed CRS is given, and said to be."""
    for uri in collections["crs"]:
        for path in (ITEMS, f"{ITEMS}/P1"):
            answer = client.get(path, params={"crs": uri})
            assert (answer.status_code, answer.headers["content-crs"]) == (200, f"<{uri}>")


def test_conf_crs_parameter_default(client):
    for path in (ITEMS, f"{ITEMS}/P1", "/collections/wells/items"):
        plain, named = client.get(path), client.get(path, params={"crs": CRS84})
        assert plain.headers["content-crs"] == named.headers["content-crs"] == f"<{CRS84}>"
        pages = [answer.json() for answer in (plain, named)]
        assert pages[0].get("features") == pages[1].get("features")
        assert pages[0].get("geometry") == pages[1].get("geometry")


@pytest.mark.parametrize("name", ["crs", "bbox-crs"])
@pytest.mark.parametrize("uri", [EPSG.format(2343), EPSG.format(0), "EPSG:4490", "nothing"])
def test_conf_crs_parameters_that_are_invalid_are_400(client, name, uri):
    answer = client.get(ITEMS, params={"bbox": "118,35,119,36", name: uri})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == name


def test_conf_bbox_crs_parameter_and_its_default(client):
    """/conf/crs/bbox-crs-parameter, bbox-crs-parameter-default: the same box in any CRS finds the same features."""
    expected = [one["id"] for one in client.get(ITEMS, params={"bbox": "118.49,35.2,118.515,35.3"}).json()["features"]]
    assert 0 < len(expected) < 4
    for uri, box in (
        (CRS84, "118.49,35.2,118.515,35.3"),
        (EPSG.format(4490), "35.2,118.49,35.3,118.515"),
        (EPSG.format(4326), "35.2,118.49,35.3,118.515"),
    ):
        found = client.get(ITEMS, params={"bbox": box, "bbox-crs": uri}).json()["features"]
        assert [one["id"] for one in found] == expected, uri
