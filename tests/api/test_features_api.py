"""Features over HTTP: which ones, where, in which order, at which moment."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from tests_transforms import find_transformer
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

ITEMS = "/collections/parcels/items"


def ids(answer):
    return [feature["id"] for feature in answer.json()["features"]]


def following(answer):
    return next((link["href"] for link in answer.json()["links"] if link["rel"] == "next"), None)


def to_degrees(crs, x, y):
    """Longitude and latitude by PROJ itself."""
    return find_transformer(crs, "OGC:CRS84").transform(x, y)


def test_features_come_in_the_order_of_their_keys_with_their_values(client):
    answer = client.get(ITEMS)
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    assert ids(answer) == ["P/5 东", "P1", "P2", "P3"]
    body = answer.json()
    assert (body["type"], body["numberMatched"], body["numberReturned"]) == ("FeatureCollection", 4, 4)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(body["timeStamp"])).total_seconds()) < 60
    assert body["features"][1]["properties"] == {
        "parcel_id": "P1",
        "name": "One",
        "use": "homes",
        "floors": 6,
        "height_m": 18.5,
        "built": "1999-05-01",
        "inhabited": True,
        "checked_at": "2024-03-01T02:00:00.000Z",
        "source_datum": None,
        "accuracy_m": None,
    }


def test_coordinates_are_degrees_to_a_tenth_of_a_millimetre_and_rings_follow_the_right_hand_rule(client, store):
    geometry = client.get(f"{ITEMS}/P2").json()["geometry"]
    assert geometry["type"] == "MultiPolygon"
    ring = np.array(geometry["coordinates"][0][0])
    west, south = to_degrees(store.crs, 501_000, 3_900_000)
    corner = ring[np.argmin(np.hypot(ring[:, 0] - west, ring[:, 1] - south))]
    assert corner == pytest.approx((west, south), abs=6e-10)
    assert (np.round(ring, 9) == ring).all()
    assert shapely.is_ccw(shapely.LinearRing(ring))


def test_heights_stay(client):
    well = client.get("/collections/wells/items/W2").json()
    assert well["geometry"]["type"] == "Point"
    assert well["geometry"]["coordinates"][2] == 91.5


def test_pages_follow_one_another_and_end(client):
    seen, address = [], f"{ITEMS}?limit=3"
    pages = 0
    while address:
        answer = client.get(address)
        seen += ids(answer)
        assert answer.json()["numberMatched"] == 4
        address = following(answer)
        pages += 1
    assert seen == ["P/5 东", "P1", "P2", "P3"]
    assert pages == 2


def test_a_write_between_two_pages_neither_repeats_nor_skips_a_feature(client, store, catalog, parcels):
    first = client.get(f"{ITEMS}?limit=2")  # P/5 东 and P1
    added = parcels.iloc[[0, 0]].assign(parcel_id=["P0", "P2a"])  # one before the place reached, one after it
    added.index = added["parcel_id"].rename(None)
    changes = Changes(insert=added, delete=("P1",))
    store.write(catalog.layer("parcels"), changes, author="survey", reason="meanwhile")
    second = client.get(following(first))
    assert ids(first) + ids(second) == ["P/5 东", "P1", "P2", "P2a"]
    assert ids(client.get(following(second))) == ["P3"]


def test_the_number_matched_is_that_of_the_state_on_the_page(client, store, catalog, monkeypatch):
    count = store.count
    monkeypatch.setattr("api.features.items.hold_items", lambda *_: None)

    def count_after_a_write(layer, query):
        store.write(catalog.layer("parcels"), Changes(delete=("P1", "P2")), author="survey", reason="meanwhile")
        return count(layer, query)

    monkeypatch.setattr(store, "count", count_after_a_write)
    assert client.get(f"{ITEMS}?limit=1").json()["numberMatched"] == 4


def test_a_page_that_fills_the_limit_exactly_has_no_next(client):
    answer = client.get(f"{ITEMS}?limit=4")
    assert answer.json()["numberReturned"] == 4
    assert {link["rel"] for link in answer.json()["links"]} == {"self", "alternate", "collection"}


def test_next_keeps_the_filters(client):
    answer = client.get(f"{ITEMS}?limit=1&use=homes&bbox=118,35,119,36")
    following = next(link["href"] for link in answer.json()["links"] if link["rel"] == "next")
    second = client.get(following)
    assert (ids(answer), ids(second)) == (["P1"], ["P2"])
    assert second.json()["numberMatched"] == 2


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("use=homes", ["P1", "P2"]),
        ("use=homes&floors=6", ["P1"]),
        ("height_m=18.5", ["P1"]),
        ("inhabited=false", ["P3"]),
        ("built=2004-01-01", ["P2"]),
        ("checked_at=2024-03-01T10:00:00%2B08:00", ["P1"]),
        ("parcel_id=P%2F5%20东", ["P/5 东"]),
        ("use=&floors=11", ["P2"]),
        ("floors=99", []),
    ],
)
def test_a_field_filters_by_value(client, asked, found):
    answer = client.get(f"{ITEMS}?{asked}")
    assert ids(answer) == found
    assert answer.json()["numberMatched"] == len(found)


def test_a_box_finds_what_it_touches_and_nothing_ten_centimetres_away(client, store):
    """P1 is 100 m wide from the central meridian on; the box begins east of it."""
    west, south = to_degrees(store.crs, 500_100, 3_900_050)
    ten_centimetres_deg = 0.1 / 91_000
    east = to_degrees(store.crs, 500_500, 3_900_050)[0]
    apart = client.get(f"{ITEMS}?bbox={west + ten_centimetres_deg},{south},{east},{south + 0.0001}")
    touching = client.get(f"{ITEMS}?bbox={west - ten_centimetres_deg},{south},{east},{south + 0.0001}")
    assert (ids(apart), ids(touching)) == ([], ["P1"])


def test_the_side_of_a_box_is_a_parallel_and_not_the_chord_of_its_corners(client, store):
    """A parallel bends: over 0.2 degrees it lies 4.6 m south of the straight line between its ends.

    The box begins half a metre south of the northern side of P1, on the meridian in the middle. By the same bend the
    northern sides, straight in the plane, fall south: 0.2 m at P3, which is met, 0.9 m at P5, which is not.
    """
    south = to_degrees(store.crs, 500_000, 3_900_099.5)[1]
    answer = client.get(f"{ITEMS}?bbox=118.4,{south},118.6,{south + 0.01}")
    assert ids(answer) == ["P1", "P2", "P3"]
    corner = find_transformer("OGC:CRS84", store.crs).transform(118.4, south)
    assert corner[1] - 3_900_099.5 == pytest.approx(9_100**2 * np.tan(np.radians(35.23)) / (2 * 6_371_000), rel=0.02)


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ("-180,-90,180,90", 4),
        ("118.49,35.2,118.56,35.3", 4),
        ("0,0,10,10", 0),
        ("118.51,-90,180,90", 3),
        ("118.52,35,-100,36", 2),
        ("-100,35,118.505,36", 1),
        ("118.5005,35.2295,118.5005,35.2295", 1),
        ("118.5005,35,118.5005,36", 1),
    ],
)
def test_boxes_of_any_size_and_place(client, box, found):
    assert client.get(f"{ITEMS}?bbox={box}").json()["numberMatched"] == found


def test_datetime_gives_the_state_as_it_was_effective_then(client):
    assert ids(client.get(f"{ITEMS}?datetime=2019-12-31")) == []
    assert ids(client.get(f"{ITEMS}?datetime=2021-06-01T00:00:00Z")) == ["P/5 东", "P1", "P2", "P3", "P4"]
    assert ids(client.get(f"{ITEMS}?datetime=2021-06-01T00:00:00Z/..")) == ["P/5 东", "P1", "P2", "P3"]
    assert client.get(f"{ITEMS}/P4?datetime=2021-06-01").json()["id"] == "P4"
    assert client.get(f"{ITEMS}/P4?datetime=2024-01-01").status_code == 404
    assert client.get(f"{ITEMS}/P4").status_code == 404


def test_a_box_in_the_past_looks_where_the_features_were_then(client, store, catalog, parcels):
    """P1 moves 200 km away; a box at its old place finds it as of then, though nothing is there now."""
    moved = parcels.iloc[:1].set_geometry([shapely.MultiPolygon([shapely.box(700_000, 3_900_000, 700_100, 3_900_100)])])
    moved = moved.set_crs(parcels.crs)
    changes = Changes(update=moved, delete=("P2", "P3", "P/5 东"))
    store.write(catalog.layer("parcels"), changes, author="survey", reason="moved")
    box = "118.4,35.2,118.505,35.3"
    assert ids(client.get(f"{ITEMS}?bbox={box}")) == []
    assert ids(client.get(f"{ITEMS}?bbox={box}&datetime=2022-01-01")) == ["P1"]


def test_a_new_revision_appears_without_restart(client, store, catalog):
    assert client.get("/collections/wells/items").json()["numberMatched"] == 2
    store.write(catalog.layer("wells"), Changes(delete=("W1",)), author="water", reason="filled in")
    assert ids(client.get("/collections/wells/items")) == ["W2"]


def test_a_limit_above_the_maximum_is_the_maximum(store, catalog):
    service = TestClient(create_app(Settings(max_items=2), store, catalog))
    answer = service.get(f"{ITEMS}?limit=5000")
    assert (answer.json()["numberReturned"], answer.json()["numberMatched"]) == (2, 4)


def test_a_layer_never_written_is_an_empty_collection(tmp_path, store, catalog):
    with create_store(tmp_path / "empty.gpkg", crs=store.crs) as empty:
        service = TestClient(create_app(Settings(), empty, catalog))
        answer = service.get(f"{ITEMS}?bbox=118,35,119,36")
        assert (answer.json()["features"], answer.json()["numberMatched"]) == ([], 0)
        assert service.get("/collections/parcels").json()["extent"] == {}


def test_a_secret_layer_is_not_there_unless_the_settings_say_so(client, store, catalog):
    for path in (
        "/collections/bunkers",
        "/collections/bunkers/items",
        "/collections/bunkers/items/B1",
        "/tiles/bunkers.json",
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert 'parcels, wells"' in answer.text
    assert "bunkers" not in client.get("/?f=html").text  # nor that somebody wrote it
    assert "bunkers" not in [each["id"] for each in client.get("/collections").json()["collections"]]
    service = TestClient(create_app(Settings(serve_secret=True), store, catalog))
    assert service.get("/collections/bunkers/items/B1").json()["id"] == "B1"
