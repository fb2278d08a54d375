"""Whatever is sent as an edit: it is done or refused in plain words, and nothing of it stays half done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from twin.settings import Settings

ITEMS = "/collections/parcels/items"
KINDS = {"POST": "application/geo+json", "PUT": "application/geo+json", "PATCH": "application/merge-patch+json"}
NAMES = ["parcel_id", "name", "use", "floors", "height_m", "built", "inhabited", "checked_at", "accuracy_m", "other"]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["park", "2001-02-03", "2024-02-30", "NaN", "1e999", "\x00", "是", "-", "12,345", "P1"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
NUMBERS = st.sampled_from([118.5, 118.51, 35.2, 35.21, 0, -1e308, 1e400, 500_000.0, 3_900_000.0]) | st.floats(
    allow_nan=False
)
POSITIONS = st.lists(NUMBERS, max_size=5)
COORDINATES = st.recursive(POSITIONS, lambda inner: st.lists(inner, max_size=5), max_leaves=12) | VALUES
GEOMETRIES = st.fixed_dictionaries(
    {"type": st.sampled_from(["MultiPolygon", "Polygon", "Point", "GeometryCollection", "Feature"]) | VALUES},
    optional={"coordinates": COORDINATES, "geometries": VALUES, "bbox": VALUES},
)
FEATURES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.just("Feature") | VALUES,
        "id": VALUES,
        "properties": st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5) | VALUES,
        "geometry": GEOMETRIES | VALUES,
        "features": VALUES,
    },
)
LISTS = ("insert", "replace", "update", "delete", "other")
TRANSACTIONS = st.fixed_dictionaries(
    {}, optional={name: st.lists(FEATURES | VALUES, max_size=3) | VALUES for name in LISTS}
)
TRIANGLE = [[[[118.5, 35.2], [118.51, 35.2], [118.51, 35.21], [118.5, 35.2]]]]


@pytest.fixture
def editor(store: Any, catalog: Any) -> Iterator[TestClient]:
    app = create_app(Settings(), store, catalog)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def check(editor: TestClient, store: Any, method: str, path: str, body: bytes, kind: str) -> None:
    before = store.latest()
    answer = editor.request(method, path, content=body, headers={"Content-Type": kind})
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
        assert store.latest() == before
    assert editor.get(ITEMS).status_code == 200


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(sorted(KINDS)), body=FEATURES | VALUES)
def test_features(editor, store, method, body) -> None:
    path = ITEMS if method == "POST" else f"{ITEMS}/P1"
    check(editor, store, method, path, json.dumps(body).encode(), KINDS[method])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=TRANSACTIONS)
def test_transactions(editor, store, body) -> None:
    check(editor, store, "POST", "/collections/parcels/transactions", json.dumps(body).encode(), "application/json")


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"[" * 100_000, b'{"type": NaN}', b'{"a": 1e5}' * 2, b'"\\ud800"', b'{"id": "\\ud800"}', b"nul"],
)
def test_bytes_that_are_no_json(editor, store, body) -> None:
    check(editor, store, "POST", ITEMS, body, "application/geo+json")


@pytest.mark.parametrize("key", ["\ud800", "a\x00b", "x" * 2000, "../P1", "a/b", " P1 ", "P1"])
@pytest.mark.parametrize("geometry", [None, {"type": "MultiPolygon", "coordinates": TRIANGLE}])
def test_keys_of_all_kinds(editor, store, key, geometry) -> None:
    sent = {"type": "Feature", "id": key, "properties": {}, "geometry": geometry}
    check(editor, store, "POST", ITEMS, json.dumps(sent).encode(), "application/geo+json")
