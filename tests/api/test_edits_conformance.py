"""The abstract tests of OGC 20-002 (draft), by their names; see docs/conformance.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests_transforms import find_transformer
from twin.catalog import Catalog
from twin.settings import Settings

PARCELS, WELLS = "/collections/parcels/items", "/collections/wells/items"
GEOJSON, PATCH = {"Content-Type": "application/geo+json"}, {"Content-Type": "application/merge-patch+json"}
REPRESENTATION = {"Prefer": "return=representation"}
EPSG_4490 = "http://www.opengis.net/def/crs/EPSG/0/4490"


def ring(west: float, south: float, side: float = 0.001) -> list[Any]:
    east, north = round(west + side, 6), round(south + side, 6)
    return [[[[west, south], [east, south], [east, north], [west, north], [west, south]]]]


def feature(**changed: Any) -> dict[str, Any]:
    """A parcel as a client sends it, with every value that a GET gives."""
    properties = {"name": "New 新", "use": "park", "floors": 3, "height_m": 9.5, "built": "2001-02-03"}
    geometry = {"type": "MultiPolygon", "coordinates": ring(118.501, 35.201)}
    return {"type": "Feature", "properties": properties, "geometry": geometry} | changed


def well(x: float = 118.5, y: float = 35.2) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [x, y, 12.5]}}


def same(sent: dict[str, Any], got: dict[str, Any]) -> None:
    """What was sent is what is there, to 0.1 mm."""
    assert {name: got["properties"][name] for name in sent["properties"]} == sent["properties"]
    flat = [
        json.loads(f"[{str(each).translate(str.maketrans('', '', '[]()'))}]")
        for each in (sent["geometry"]["coordinates"], got["geometry"]["coordinates"])
    ]
    assert got["geometry"]["type"] == sent["geometry"]["type"]
    assert flat[1] == pytest.approx(flat[0], abs=1e-9)


@pytest.fixture
def editor(store: Any, catalog: Catalog) -> Iterator[TestClient]:
    """A client on the machine of the service, whose wells get keys by themselves."""
    layers = [replace(layer, makes_keys=layer.id == "wells") for layer in catalog.layers.values()]
    app = create_app(Settings(author="zhang"), store, Catalog.of(layers, catalog.indicators.values()))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def test_conf_create_replace_delete_options(editor) -> None:
    answer = editor.options(PARCELS)
    assert (answer.status_code, answer.headers["accept-post"]) == (200, "application/geo+json, application/json")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))
    for key in ("P1", "W9"):  # one that is there, and one that is not: QGIS asks about one where a layer is empty
        answer = editor.options(f"{PARCELS}/{key}")
        assert {"GET", "PUT", "PATCH", "DELETE"} <= set(answer.headers["allow"].split(", "))
    assert editor.options("/collections/nothing/items").status_code == 404


def test_conf_create_replace_delete_create(editor) -> None:
    before = {each["id"] for each in editor.get(WELLS).json()["features"]}
    answer = editor.post(WELLS, json=well(), headers=GEOJSON)
    assert (answer.status_code, answer.content) == (201, b"")
    got = editor.get(answer.headers["location"]).json()
    assert got["id"] not in before
    assert answer.headers["location"] == f"http://127.0.0.1{WELLS}/{got['id']}"
    same(well(), got)
    for sent in (feature(id="P 9/东"), feature(properties=feature()["properties"] | {"parcel_id": "P9"})):
        answer = editor.post(PARCELS, json=sent, headers=GEOJSON)
        assert answer.status_code == 201
        got = editor.get(answer.headers["location"]).json()
        assert got["id"] == sent.get("id", "P9")
        same(sent, got)


@pytest.mark.parametrize(("method", "path"), [("POST", PARCELS), ("PUT", f"{PARCELS}/P1"), ("PATCH", f"{PARCELS}/P1")])
def test_conf_content_type_is_needed(editor, method, path) -> None:
    """The tests create-content-type, replace-content-type and update-content-type."""
    answer = editor.request(method, path, content=json.dumps(feature(id="P1")))
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (400, "invalid-body")
    answer = editor.request(method, path, content="<a/>", headers={"Content-Type": "application/gml+xml"})
    assert answer.status_code == 415
    assert "application/gml+xml" in answer.json()["detail"]


def test_conf_create_replace_delete_replace(editor) -> None:
    answer = editor.put(f"{PARCELS}/P1", json=feature(), headers=GEOJSON)
    assert answer.status_code == 204
    got = editor.get(f"{PARCELS}/P1").json()
    same(feature(), got)
    assert got["properties"]["inhabited"] is None  # which was not sent


def test_conf_create_replace_delete_replace_rid(editor) -> None:
    for sent in (feature(id="P999"), feature(properties={"parcel_id": "P999"})):
        answer = editor.put(f"{PARCELS}/P1", json=sent, headers=GEOJSON)
        assert answer.status_code == 422
        assert "the key is P1, and cannot be changed (found P999)" in answer.json()["detail"]
    assert editor.get(f"{PARCELS}/P999").status_code == 404
    assert editor.put(f"{PARCELS}/P1", json=feature(id="P1"), headers=GEOJSON).status_code == 204


def test_conf_create_replace_delete_replace_exceptions(editor) -> None:
    for headers in (GEOJSON, GEOJSON | {"If-Match": '"xyz"'}):
        assert editor.put(f"{PARCELS}/P900", json=feature(), headers=headers).status_code == 404
    assert editor.get(f"{PARCELS}/P900").status_code == 404


def test_conf_create_replace_delete_delete(editor) -> None:
    assert editor.delete(f"{PARCELS}/P1").status_code == 204
    assert editor.get(f"{PARCELS}/P1").status_code == 404
    assert editor.get(f"{PARCELS}/P1?datetime=2021-01-01").status_code == 200  # it was there then
    assert editor.delete(f"{PARCELS}/P1").status_code == 404


def test_conf_update_options(editor) -> None:
    answer = editor.options(f"{PARCELS}/P1")
    assert "PATCH" in answer.headers["allow"]
    assert answer.headers["accept-patch"] == "application/merge-patch+json"


def test_conf_update_update(editor) -> None:
    before = editor.get(f"{PARCELS}/P1").json()
    moved = {"type": "MultiPolygon", "coordinates": ring(118.6, 35.3)}
    patch = {"properties": {"name": "改", "height_m": None, "use": "park"}, "geometry": moved}
    assert editor.patch(f"{PARCELS}/P1", json=patch, headers=PATCH).status_code == 204
    after = editor.get(f"{PARCELS}/P1").json()
    same(patch, after)
    others = [name for name in before["properties"] if name not in patch["properties"]]
    assert [after["properties"][name] for name in others] == [before["properties"][name] for name in others]


def test_conf_update_update_rid(editor) -> None:
    for patch in ({"id": "P999"}, {"properties": {"parcel_id": "P999"}}):
        assert editor.patch(f"{PARCELS}/P1", json=patch, headers=PATCH).status_code == 422
    assert editor.get(f"{PARCELS}/P999").status_code == 404


def test_conf_optimistic_locking_etags_get_etag(editor) -> None:
    for key in ("P1", "P2", "P3"):
        assert editor.get(f"{PARCELS}/{key}").headers["etag"].startswith('"')


@pytest.mark.parametrize(
    ("method", "body", "headers"),
    [("PUT", feature(), GEOJSON), ("PATCH", {"properties": {"name": "改"}}, PATCH), ("DELETE", None, {})],
)
def test_conf_optimistic_locking_etags(editor, method, body, headers) -> None:
    """The tests replace, update and delete."""
    path = f"{PARCELS}/P1"
    before = editor.get(path)
    refused = editor.request(method, path, json=body, headers=headers | {"If-Match": '"0"'})
    assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (412, "precondition-failed")
    assert editor.get(path).content == before.content
    seen = f'"another", {before.headers["etag"]}'
    done = editor.request(method, path, json=body, headers=headers | {"If-Match": seen})
    assert done.status_code == 204
    if method == "DELETE":
        assert editor.get(path).status_code == 404
        assert editor.delete(f"{PARCELS}/P2").status_code == 204  # without a condition
        return
    assert done.headers["etag"] != before.headers["etag"]
    again = editor.request(method, path, json=body, headers=headers | {"If-Match": before.headers["etag"]})
    assert again.status_code == 412
    once_more = editor.request(method, path, json=body, headers=headers | {"If-Match": done.headers["etag"]})
    assert once_more.status_code == 204
    assert editor.request(method, path, json=body, headers=headers).status_code == 204


def test_conf_return_resource_representation(editor) -> None:
    """The tests prefer, representation, minimal, content-negotiation and preference-applied."""
    asked = GEOJSON | REPRESENTATION
    answer = editor.post(WELLS, json=well(), headers=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/geo+json")
    assert answer.headers["preference-applied"] == "return=representation"
    same(well(), answer.json())
    assert answer.json() == editor.get(answer.headers["location"]).json()
    answer = editor.put(f"{PARCELS}/P1", json=feature(), headers=asked)
    assert answer.status_code == 200
    same(feature(), answer.json())
    answer = editor.patch(f"{PARCELS}/P1", json={"properties": {"name": "改"}}, headers=PATCH | REPRESENTATION)
    assert answer.json()["properties"]["name"] == "改"
    for prefer in ({}, {"Prefer": "return=minimal"}):
        answer = editor.post(WELLS, json=well(), headers=GEOJSON | prefer)
        assert (answer.status_code, answer.content) == (201, b"")


def test_conf_features_endpoints(editor) -> None:
    collections = [each["id"] for each in editor.get("/collections").json()["collections"]]
    assert "parcels" in collections
    for each in editor.get(PARCELS).json()["features"]:
        assert editor.get(f"{PARCELS}/{each['id'].replace('/', '%2F')}").status_code == 200


def test_conf_features_crs(editor) -> None:
    """The storage CRS is a transverse Mercator of 118.5° with east first; EPSG:4490 has latitude first."""
    pole = find_transformer("EPSG:4326", "+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=GRS80")
    place = [118.6123, 35.2345]
    wells = {}
    for name, crs, coordinates in (
        ("CRS84", None, place),
        ("4490", EPSG_4490, place[::-1]),
        ("storage", "http://127.0.0.1/crs/storage", pole.transform(*place)),
    ):
        sent = well() | {"geometry": {"type": "Point", "coordinates": [*coordinates, 7.0]}}
        for written in {crs, f"<{crs}>"} if crs else {None}:
            headers = GEOJSON | ({"Content-Crs": written} if written else {})
            answer = editor.post(WELLS, json=sent, headers=headers)
            assert answer.status_code == 201, answer.text
            wells[name] = editor.get(answer.headers["location"]).json()["geometry"]["coordinates"]
    for got in wells.values():
        assert got == pytest.approx([*place, 7.0], abs=2e-9)
    wrong = editor.post(
        WELLS, json=well(), headers=GEOJSON | {"Content-Crs": "<http://www.opengis.net/def/crs/EPSG/0/1>"}
    )
    assert (wrong.status_code, wrong.json()["parameter"]) == (400, "Content-Crs")


def test_conf_features_schema(editor) -> None:
    """The schema says that there are no other properties."""
    assert editor.get("/collections/parcels/schema").json()["additionalProperties"] is False
    answer = editor.post(PARCELS, json=feature(id="P9", properties={"nmae": "x"}), headers=GEOJSON)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["field"], fault["value"]) == ("nmae", "x")
    assert "did you mean name?" in fault["what"]


def test_conf_features_json_merge_patch(editor) -> None:
    """A geometry is given anew as a whole; its type may be left out where a layer has but one."""
    patch = {"geometry": {"coordinates": [118.7, 35.3, 3.25]}}
    assert editor.patch(f"{WELLS}/W1", json=patch, headers=PATCH).status_code == 204
    got = editor.get(f"{WELLS}/W1").json()["geometry"]
    assert got["coordinates"] == pytest.approx([118.7, 35.3, 3.25], abs=1e-9)


def test_what_is_declared_can_be_done(editor, client, store, catalog) -> None:
    part4 = {
        each for each in editor.get("/conformance").json()["conformsTo"] if "features-4" in each or "common-5" in each
    }
    classes = {each.rsplit("/")[-1] for each in part4}
    assert classes == {
        "create-replace-delete",
        "update",
        "optimistic-locking-etags",
        "return-resource-representation-in-response",
        "features",
    }
    with TestClient(create_app(Settings(host="0.0.0.0"), store, catalog)) as open_to_others:
        declared = open_to_others.get("/conformance").json()["conformsTo"]
    assert not part4 & set(declared)
