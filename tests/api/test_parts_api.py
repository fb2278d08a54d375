"""A layer of areas and points is besides a collection for each, because many clients see one kind in a collection."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from twin.catalog import Catalog
from twin.keys import add_key
from twin.settings import Settings
from twin.store import Changes

AREAS, POINTS = ["A1", "A2"], ["B1", "B2", "C1"]
PATCH = {"Content-Type": "application/merge-patch+json"}
POINT = {"type": "Point", "coordinates": [118.5, 35.23]}
AREA = {"type": "Polygon", "coordinates": [[[118.5, 35.23], [118.6, 35.23], [118.6, 35.33], [118.5, 35.23]]]}


@pytest.fixture
def places(catalog):
    parcels = catalog.layer("parcels")
    return replace(parcels, id="places", title="Places", title_zh="场所", also=("Point", "Polygon"))


@pytest.fixture
def client(places, store, make_rows, tmp_path):
    """Two areas and three points, keys mixed; whoever has the key may edit."""
    shapes = {
        "B1": shapely.Point(500_000, 3_900_000),
        "A1": shapely.MultiPolygon([shapely.box(500_000, 3_900_000, 500_100, 3_900_100)]),
        "B2": shapely.Point(501_000, 3_900_000),
        "A2": shapely.box(501_000, 3_900_000, 501_100, 3_900_100),
        "C1": shapely.Point(502_000, 3_900_000),
    }
    rows = make_rows(places, list(shapes.values()), parcel_id=list(shapes), floors=[1, 2, 3, 4, 5])
    store.write(places, Changes(insert=rows), author="survey", reason="first")
    settings = Settings(keys=str(tmp_path / "twin.keys"))
    headers = {"Authorization": f"Bearer {add_key(tmp_path / 'twin.keys', 'zhang')}"}
    with TestClient(create_app(settings, store, Catalog.of([places])), headers=headers) as client:
        yield client


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


def test_they_stand_in_the_list_behind_their_layer(client):
    listed = client.get("/collections").json()["collections"]
    assert [(each["id"], each["title_zh"], each["x-count"], each.get("x-part-of")) for each in listed] == [
        ("places", "场所", 5, None),
        ("places_areas", "场所（面）", 2, "places"),
        ("places_points", "场所（点）", 3, "places"),
    ]
    document = client.get("/collections/places_points").json()
    (whole,) = [link["href"] for link in document["links"] if link["rel"] == "related"]
    assert client.get(whole).json()["id"] == "places"
    page = client.get("/collections/places_points?f=html").text
    assert "Places: points" in page
    assert 'href="http://testserver/collections/places"' in page


@pytest.mark.parametrize("kind", ["queryables", "schema"])
def test_each_has_one_kind_of_geometry(client, kind):
    formats = {
        name: client.get(f"/collections/{name}/{kind}").json()["properties"]["geometry"]["format"]
        for name in ("places", "places_points")
    }
    assert formats == {"places": "geometry-any", "places_points": "geometry-point"}


def test_features_are_shared_out_among_them(client):
    assert ids(client.get("/collections/places/items")) == sorted(AREAS + POINTS)
    for name, keys in (("places_areas", AREAS), ("places_points", POINTS)):
        answer = client.get(f"/collections/{name}/items")
        assert (ids(answer), answer.json()["numberMatched"]) == (keys, len(keys))


def test_they_are_asked_as_layers_are(client):
    address = "/collections/places_points/items"
    assert ids(client.get(address, params={"filter": "floors > 1"})) == ["B2", "C1"]
    assert ids(client.get(address, params={"floors": "5"})) == ["C1"]
    assert ids(client.get(address, params={"sortby": "-floors"})) == ["C1", "B2", "B1"]
    west, south, east, north = 118.5, 35.22, 118.5055, 35.25  # the second point lies 1 km, or 0.011°, east of 118.5
    assert ids(client.get(address, params={"bbox": f"{west - 0.001},{south},{east},{north}"})) == ["B1"]
    first = client.get(address, params={"limit": 2}).json()
    (following,) = [link["href"] for link in first["links"] if link["rel"] == "next"]
    assert (first["numberMatched"], ids(client.get(following))) == (3, ["C1"])
    assert client.get(f"{address}?f=csv").text.count("POINT") == 3


def test_a_feature_is_found_in_its_own_part_only(client):
    feature = client.get("/collections/places_points/items/B1").json()
    (collection,) = [link["href"] for link in feature["links"] if link["rel"] == "collection"]
    assert collection.endswith("/collections/places_points")
    assert client.get("/collections/places_areas/items/A1").status_code == 200
    missing = client.get("/collections/places_points/items/A1")
    assert (missing.status_code, missing.json()["detail"]) == (404, "places_points has no feature A1")


def test_what_is_edited_in_a_part_is_edited_in_its_layer(client, store, places):
    address = "/collections/places_points/items"
    added = client.post(address, json={"type": "Feature", "id": "N1", "properties": {}, "geometry": POINT})
    assert (added.status_code, added.headers["location"]) == (201, f"http://testserver{address}/N1")
    seen = client.get(f"{address}/N1").headers["etag"]
    changed = client.patch(f"{address}/N1", json={"properties": {"name": "新"}}, headers=PATCH | {"If-Match": seen})
    assert changed.status_code == 204, changed.text
    late = client.patch(f"{address}/N1", json={"properties": {"name": "x"}}, headers=PATCH | {"If-Match": seen})
    assert late.status_code == 412
    assert client.delete(f"{address}/B1").status_code == 204
    assert store.read(places).data["name"].dropna().to_dict() == {"N1": "新"}
    assert ids(client.get(address)) == ["B2", "C1", "N1"]
    assert {revision.layer for revision in store.revisions()[-3:]} == {"places"}


def test_nothing_is_brought_into_or_out_of_a_part(client, store):
    before = store.latest()
    address = "/collections/places_points/items"
    wrong = [
        client.post(address, json={"type": "Feature", "id": "N1", "properties": {}, "geometry": AREA}),
        client.patch(f"{address}/B1", json={"geometry": AREA}, headers=PATCH),
    ]
    for answer in wrong:
        assert answer.status_code == 422
        assert "other types belong in places" in answer.json()["detail"]
    for answer in (
        client.delete(f"{address}/A1"),
        client.patch(f"{address}/A1", json={"properties": {"name": "x"}}, headers=PATCH),
        client.post("/collections/places_points/transactions", json={"delete": ["B1", "A1"]}),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (404, "places_points has no feature A1")
    assert store.latest() == before


def test_they_are_feature_types_of_wfs_too(client):
    def ask(**asked):
        return client.get("/wfs", params={"service": "WFS", "version": "2.0.0", **asked}).text

    capabilities = ask(request="GetCapabilities")
    assert "<Name>twin:places_points</Name>" in capabilities.replace("wfs:Name", "Name")
    schema = ask(request="DescribeFeatureType", typeNames="twin:places_points")
    assert 'name="geometry" type="gml:PointPropertyType"' in schema
    hits = [
        ask(request="GetFeature", typeNames=f"twin:{name}", resultType="hits")
        for name in ("places", "places_areas", "places_points")
    ]
    assert [f'numberMatched="{number}"' in answer for number, answer in zip((5, 2, 3), hits, strict=True)] == [True] * 3
    read = ask(request="GetFeature", typeNames="twin:places_points")
    assert read.count("<gml:Point ") == 3
    assert 'gml:id="places_points.B1"' in read
    assert "B1" in ask(request="GetFeature", resourceId="places_points.B1")


def test_maps_show_the_layer_as_a_whole(client):
    assert client.get("/collections/places_points/tiles").status_code == 404
    paths = client.get("/api").json()["paths"]
    assert "/collections/places_points/items" in paths
    assert not [path for path in paths if path.startswith("/collections/places_points/tiles")]
