"""Pages by key while others edit, and how the features of all pages are counted."""

from __future__ import annotations

import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from twin.settings import Settings
from twin.store import Changes

ITEMS = "/collections/parcels/items"
#: Ends in the third parcel, 2 km east of the first; the extent goes on for as long again.
WEST_HALF = "bbox=118.4,35,118.5223,35.5"


@pytest.fixture(params=["memory", "database"])
def service(request, store, catalog):
    """The service with the layer in memory, or too large for it."""
    most = 3_000_000 if request.param == "memory" else 1
    with TestClient(create_app(Settings(max_rows_in_memory=most), store, catalog)) as client:
        yield client


def test_edits_between_pages_lose_nothing_and_repeat_nothing(service, store, catalog, make_rows):
    layer = catalog.layer("parcels")

    def add(key):
        square = shapely.MultiPolygon([shapely.box(500_000, 3_901_000, 500_050, 3_901_050)])
        store.write(layer, Changes(insert=make_rows(layer, [square], parcel_id=[key])), author="a", reason="new")

    def remove(key):
        store.write(layer, Changes(delete=(key,)), author="a", reason="gone")

    edits = iter([lambda: add("A0"), lambda: remove("P1"), lambda: add("P2a"), lambda: (remove("P3"), add("Z"))])
    seen, address = [], f"{ITEMS}?limit=1"
    while address:
        page = service.get(address).json()
        seen += [feature["id"] for feature in page["features"]]
        next(edits, lambda: None)()
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    # Before: P/5, P1, P2, P3. What stood on a page is not there again; what came before it is not there either.
    assert seen == ["P/5 东", "P1", "P2", "P2a", "Z"]


def test_counts_are_exact_while_that_is_cheap(service):
    for query, number in (("", 4), ("limit=1", 4), (f"limit=1&{WEST_HALF}", 3), ("limit=1&use=homes", 2)):
        page = service.get(f"{ITEMS}?{query}").json()
        assert page["numberMatched"] == number, query
        assert "x-numberMatchedEstimate" not in page


def test_who_does_not_want_a_count_gets_none(service):
    page = service.get(f"{ITEMS}?limit=1&count=none").json()
    assert not {"numberMatched", "x-numberMatchedEstimate"} & set(page)
    assert page["numberReturned"] == 1
    assert "ogc-numbermatched" not in service.get(f"{ITEMS}?limit=1&count=none&f=csv").headers


def test_many_are_estimated_and_that_is_said(store, catalog, monkeypatch):
    monkeypatch.setattr("api.features.itempages._MOST_COUNTED", 0)
    client = TestClient(create_app(Settings(max_rows_in_memory=1), store, catalog))
    page = client.get(f"{ITEMS}?limit=1").json()
    assert (page["numberMatched"], "x-numberMatchedEstimate" in page) == (4, False)  # of a whole layer it is known
    page = client.get(f"{ITEMS}?limit=1&use=homes&bbox=118,35,119,36").json()
    assert (page["x-numberMatchedEstimate"], "numberMatched" in page) == (4, False)
    # The box holds 2.03 of the 4.1 kilometres of the extent, and four features: two of them are expected.
    page = client.get(f"{ITEMS}?limit=1&{WEST_HALF}").json()
    assert page["x-numberMatchedEstimate"] == 2
    assert "About 2 features" in client.get(f"{ITEMS}?limit=1&{WEST_HALF}&f=html").text
    exact = client.get(f"{ITEMS}?limit=1&{WEST_HALF}&count=exact").json()
    assert (exact["numberMatched"], "x-numberMatchedEstimate" in exact) == (3, False)


def test_other_kinds_of_count_are_refused(service):
    answer = service.get(f"{ITEMS}?count=some")
    assert answer.status_code == 400
    assert "count" in answer.json()["detail"]
