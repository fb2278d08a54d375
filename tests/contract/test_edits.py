"""Edits of single features, in every kind of store: what is refused, what is written, and that nothing gets lost."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyproj
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from tests_server import run_server
from tests_support import LAYER, make_rows, write
from twin.catalog import Catalog
from twin.errors import Fault
from twin.ingest.edits import Edits, apply_edits
from twin.ingest.given import GivenFeature
from twin.query import Query
from twin.settings import Settings

ITEMS = "/collections/plots/items"
EVERYTHING = Query()
GEOJSON, PATCH = {"Content-Type": "application/geo+json"}, {"Content-Type": "application/merge-patch+json"}
TO_DEGREES = pyproj.Transformer.from_crs("EPSG:4548", "EPSG:4490", always_xy=True)
#: A bow tie, whose halves have no area together.
BOW = {
    "type": "Polygon",
    "coordinates": [[[117, 35.5, 1], [117.1, 35.6, 1], [117.1, 35.5, 1], [117, 35.6, 1], [117, 35.5, 1]]],
}
#: A square of 100 m by the central meridian, some 35.5° north.
CORNERS = [(500_000.0, 3_930_000.0), (500_100.0, 3_930_000.0), (500_100.0, 3_930_100.0), (500_000.0, 3_930_100.0)]


def square(height: float | None = 5.0) -> dict[str, Any]:
    """The square as GeoJSON in degrees."""
    ring = [[*TO_DEGREES.transform(*corner), *([] if height is None else [height])] for corner in CORNERS]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def plot(key: str | None = None, geometry: Any = None, **properties: Any) -> dict[str, Any]:
    named = {} if key is None else {"id": key}
    return {"type": "Feature", **named, "properties": properties, "geometry": geometry or square()}


@pytest.fixture
def client(store: Any) -> Iterator[TestClient]:
    app = create_app(Settings(author="li"), store, Catalog.of([LAYER], []))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def post(client: TestClient, body: Any, path: str = ITEMS) -> Any:
    return client.post(path, json=body, headers=GEOJSON if path == ITEMS else {"Content-Type": "application/json"})


def test_every_edit_is_a_revision_with_author_and_reason_and_the_next_answer_shows_it(client, store) -> None:
    values = {"name": "一号", "floors": 6, "height_m": 18.25, "public": True, "built": "1999-05-01", "use": "home"}
    values["seen_at"] = "2024-03-01T02:00:00.250Z"
    assert post(client, plot("A", **values)).status_code == 201
    assert client.get(f"{ITEMS}/A").json()["properties"] == {
        "plot_id": "A",
        **values,
        "source_datum": None,
        "accuracy_m": None,
    }
    address = f"{ITEMS}/A?reason=%E5%8A%A0%E5%B1%82&effective=2024-05-01"
    changed = client.patch(address, json={"properties": {"floors": 7}}, headers=PATCH)
    assert changed.headers["x-twin-revision"] == "2"
    assert client.get(f"{ITEMS}/A").json()["properties"]["floors"] == 7
    assert client.delete(f"{ITEMS}/A").status_code == 204
    assert client.get(ITEMS).json()["numberMatched"] == 0
    told = [(each.author, each.reason, each.inserted, each.updated, each.deleted) for each in store.revisions()]
    assert told == [("li", "add A", 1, 0, 0), ("li", "加层", 0, 1, 0), ("li", "remove A", 0, 0, 1)]
    assert store.revisions()[1].effective.isoformat() == "2024-04-30T16:00:00+00:00"  # midnight in China


def test_a_place_in_degrees_comes_to_where_the_storage_crs_has_it(client, store) -> None:
    post(client, plot("A"))
    (got,) = store.read(LAYER).geometry
    assert shapely.get_coordinates(got)[:4].ravel() == pytest.approx(np.ravel(CORNERS), abs=1e-4)
    assert shapely.get_coordinates(got, include_z=True)[0, 2] == 5.0


def test_what_comes_back_as_it_was_given_changes_nothing(client, store) -> None:
    """Coordinates that were rounded on the way out do not creep."""
    low, high = (500_000.123456789, 3_930_000.987654321, 1.23456789), (500_020.3, 3_930_070.7, 3)
    odd = shapely.Polygon([low, (500_050.1, 3_930_000.2, 2), high])
    write(store, insert=make_rows(A={"geometry": odd, "floors": 3}))
    got = client.get(f"{ITEMS}/A").json()
    answer = client.put(f"{ITEMS}/A", json=got, headers=GEOJSON)
    assert answer.status_code == 204
    assert "x-twin-revision" not in answer.headers
    assert answer.headers["etag"].partition("-")[0] == client.get(f"{ITEMS}/A").headers["etag"].partition("-")[0]
    got["properties"]["floors"] = 4
    assert client.put(f"{ITEMS}/A", json=got, headers=GEOJSON).headers["x-twin-revision"] == "2"
    assert store.read(LAYER).geometry[0].wkb == odd.wkb


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"floors": "many"}, "floors", "the value is not a whole number"),
        ({"floors": 1.5}, "floors", "the value is not a whole number"),
        ({"floors": True}, "floors", "the value is not a whole number"),
        ({"floors": 10**400}, "floors", "the value is not a whole number"),
        ({"height_m": -1}, "height_m", "the number is out of range"),
        ({"use": "castle"}, "use", "the value is not of the code list"),
        ({"built": "05/06/2020"}, "built", "the value is not a date"),
        ({"name": "x" * 1001}, "name", "the text is too long"),
        ({"name": ["a"]}, "name", "the value is a list or an object"),
        ({"hieght_m": 3}, "hieght_m", "did you mean height_m?"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_field_by_every_way_in(client, store, wrong, field, words) -> None:
    write(store, insert=make_rows(A={"geometry": shapely.force_3d(shapely.Polygon(CORNERS), 1.0)}))
    answers = [
        post(client, plot("B", **wrong)),
        client.put(f"{ITEMS}/A", json=plot(**wrong), headers=GEOJSON),
        client.patch(f"{ITEMS}/A", json={"properties": wrong}, headers=PATCH),
        post(client, {"update": [{"id": "A", "properties": wrong}]}, "/collections/plots/transactions"),
    ]
    for answer in answers:
        assert answer.status_code == 422, answer.text
        (fault,) = answer.json()["errors"]
        assert (fault["field"], fault["row"]) == (field, None)
        assert words in fault["what"]
    assert store.latest() == 1


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "Point", "coordinates": [118.5, 35.5, 1]}, "the geometry type is wrong (found Point)"),
        ({"type": "Circle", "coordinates": [118.5, 35.5]}, "type must be one of Polygon"),
        ({"type": "Polygon", "coordinates": [[[118.5, 35.5], [118.6, 35.5]]]}, "the geometry cannot be read"),
        ({"type": "Polygon", "coordinates": "here"}, "the geometry cannot be read"),
        ([118.5, 35.5], "it must be an object, not a list"),
        (BOW, "the geometry is invalid"),
    ],
)
def test_a_geometry_that_does_not_fit_is_refused_with_what_is_wrong(client, store, geometry, words) -> None:
    answer = post(client, plot("A", geometry))
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]
    assert store.latest() == 0


def test_degrees_in_the_wrong_order_are_refused_with_what_to_do(client) -> None:
    swapped = {"type": "Polygon", "coordinates": [[[y, x, z] for x, y, z in square()["coordinates"][0]]]}
    answer = post(client, plot("A", swapped))
    assert (answer.status_code, answer.json()["title"]) == (400, "Coordinate reference system refused")
    assert "swapped" in answer.json()["detail"]


def test_heights_that_are_there_do_not_get_lost_and_new_ones_may_be_missing(client, store) -> None:
    assert post(client, plot("A", square(height=None))).status_code == 201
    assert client.get(f"{ITEMS}/A").json()["geometry"]["coordinates"][0][0][2] == 0
    lost = client.patch(f"{ITEMS}/A", json={"geometry": square(height=None)}, headers=PATCH)
    assert lost.status_code == 422
    assert "the geometry has no heights, and the feature has" in lost.json()["detail"]


def test_a_key_that_is_there_or_that_nobody_gave_is_told(client) -> None:
    assert post(client, plot("A")).status_code == 201
    taken = post(client, plot("A"))
    assert (taken.status_code, taken.json()["feature"]) == (409, "A")
    assert "change it by PUT or PATCH" in taken.json()["detail"]
    missing = post(client, plot(None))
    assert missing.json()["errors"][0] == {
        "what": "a value is required",
        "file": None,
        "row": None,
        "field": "plot_id",
        "value": None,
        "limit": None,
    }


def test_many_features_are_one_revision_or_none(client, store) -> None:
    collection = {"type": "FeatureCollection", "features": [plot(key, floors=1) for key in "ABC"]}
    answer = post(client, collection)
    assert (answer.status_code, answer.json()) == (
        201,
        {"revision": 1, "inserted": 3, "updated": 0, "deleted": 0, "keys": ["A", "B", "C"]},
    )
    edits = {
        "insert": [plot("D")],
        "replace": [plot("A", name="anew")],
        "update": [{"id": "B", "properties": {"floors": 2}}],
        "delete": ["C"],
    }
    answer = post(client, edits, "/collections/plots/transactions?reason=all")
    assert answer.json() == {"revision": 2, "inserted": 1, "updated": 2, "deleted": 1, "keys": ["D"]}
    rows = store.read(LAYER).data
    assert rows.index.tolist() == ["A", "B", "D"]
    assert rows["floors"].fillna(-1).tolist() == [-1, 2, -1]
    for wrong, status, words in (
        ({"delete": ["A"], "update": [{"id": "B", "properties": {"floors": "x"}}]}, 422, "floors"),
        ({"delete": ["A", "gone"]}, 404, "plots has no feature gone"),
        ({"delete": ["A"], "insert": [plot("B")]}, 409, "plots has B already"),
        ({"delete": ["A"], "update": [{"id": "A", "properties": {}}]}, 422, "changed twice"),
        ({"delete": ["A"], "insert": [plot("E"), plot("E")]}, 422, "the key stands twice"),
    ):
        refused = post(client, wrong, "/collections/plots/transactions")
        assert (refused.status_code, store.latest()) == (status, 2), refused.text
        assert words in refused.json()["detail"]


def test_a_fault_of_many_names_the_list_and_the_number(client) -> None:
    edits = {"insert": [plot("A"), plot("B", use="castle")], "update": []}
    (fault,) = post(client, edits, "/collections/plots/transactions").json()["errors"]
    assert (fault["row"], fault["field"], fault["value"]) == (2, "use", "castle")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "must be a JSON object, not a list"),
        ({"insert": {}}, "insert must be a list, not an object"),
        ({"remove": ["A"]}, "there is no member remove"),
        ({"delete": []}, "there is nothing to do"),
        ({"delete": [None]}, "delete[0] is none"),
        ({"update": [{"properties": {}}]}, "update[0] must have the id"),
        ({"insert": [{"id": "A"}]}, 'insert[0] must be a GeoJSON Feature: an object with "type": "Feature"'),
        ({"insert": [plot("A") | {"properties": 3}]}, "properties of insert[0] must be an object"),
    ],
)
def test_a_transaction_that_is_none_is_told_where_it_is_not(client, body, words) -> None:
    answer = post(client, body, "/collections/plots/transactions")
    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid body")
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["checks", "row_checks"])
def test_what_a_check_found_before_does_not_stand_in_the_way(store, kind) -> None:
    """The two plots that are too low are there already; a third one is refused, and to mend one of them is not."""

    def too_low(rows: Any) -> list[Fault]:
        return [Fault(what="too low", row=row) for row, floors in enumerate(rows["floors"]) if floors < 2]

    strict = replace(LAYER, **{kind: (too_low,)})
    shape = shapely.force_3d(shapely.Polygon(CORNERS), 1.0)
    write(store, insert=make_rows(A={"geometry": shape, "floors": 1}, B={"geometry": shape, "floors": 1}))
    app = create_app(Settings(author="li"), store, Catalog.of([strict], []))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.patch(f"{ITEMS}/A", json={"properties": {"name": "n"}}, headers=PATCH).status_code == 422
        assert client.patch(f"{ITEMS}/A", json={"properties": {"floors": 2}}, headers=PATCH).status_code == 204
        refused = post(client, plot("C", floors=1))
        assert refused.status_code == 422
        assert [fault["what"] for fault in refused.json()["errors"]] == ["too low"]
        assert client.delete(f"{ITEMS}/B").status_code == 204


def test_an_edit_reads_no_more_than_it_changes_where_checks_look_at_rows_by_themselves(store, monkeypatch) -> None:
    shape = shapely.force_3d(shapely.Polygon(CORNERS), 1.0)
    write(store, insert=make_rows(**{f"P{n}": {"geometry": shape, "floors": n} for n in range(9)}))
    asked, read = [], store.read
    monkeypatch.setattr(store, "read", lambda layer, query=EVERYTHING: asked.append(query) or read(layer, query))
    change = GivenFeature(key="P3", values={"name": "n"}, keeps_geometry=True)
    for kind, queries in (("row_checks", 1), ("checks", 2)):
        asked.clear()
        strict = replace(LAYER, **{kind: (lambda rows: [Fault(what="none", row=0)] * (len(rows) == 0),)})
        apply_edits(store, strict, Edits(update=(change,)), crs=store.crs, author="li", dry_run=True)
        assert [query.ids for query in asked] == [("P3",), None][:queries]


def test_eight_who_write_at_once_lose_nothing_and_each_sees_what_he_wrote(store) -> None:
    """Each adds plots of his own and counts up one that all share, by If-Match, until it is his turn."""
    write(store, insert=make_rows(shared={"geometry": shapely.force_3d(shapely.Polygon(CORNERS), 1.0), "floors": 0}))
    app = create_app(Settings(author="li"), store, Catalog.of([LAYER], []))
    with run_server(app) as root, ThreadPoolExecutor(8) as writers:

        def ask(connection: Any, method: str, path: str, body: Any = None, **headers: str) -> Any:
            kind = GEOJSON if method == "POST" else PATCH
            sent = {name.replace("_", "-"): value for name, value in headers.items()} | (kind if body else {})
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            return answer.status, answer.getheader("etag"), answer.read()

        def work(number: int) -> int:
            connection = http.client.HTTPConnection(urlsplit(root).netloc, timeout=60)
            tries = 0
            for turn in range(3):
                path = f"{ITEMS}/w{number}-{turn}"
                assert ask(connection, "POST", ITEMS, plot(f"w{number}-{turn}", floors=turn))[0] == 201
                status, _, body = ask(connection, "GET", path)
                assert (status, json.loads(body)["properties"]["floors"]) == (200, turn)
                done = 412
                while done == 412:
                    tries += 1
                    _, tag, body = ask(connection, "GET", f"{ITEMS}/shared")
                    more = {"properties": {"floors": json.loads(body)["properties"]["floors"] + 1}}
                    done, _, _ = ask(connection, "PATCH", f"{ITEMS}/shared", more, If_Match=tag)
                assert done == 204
            connection.close()
            return tries

        tries = sum(writers.map(work, range(8)))
    rows = store.read(LAYER).data
    assert len(rows) == 1 + 8 * 3
    assert rows.loc["shared", "floors"] == 8 * 3
    assert tries >= 8 * 3
    assert store.latest() == 1 + 2 * 8 * 3
