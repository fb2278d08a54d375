"""A service that finds on the shelf what tiles are drawn from sends the same, and reads no rows for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tiles.grid import grids_for
from tiles.shelf import Shelf
from twin.catalog import Catalog
from twin.crs import CRS84
from twin.layer import Style
from twin.settings import Settings
from twin.store import Store
from twin.stores.sql_store import SqlStore

#: Where the first parcel lies.
ADDRESSES = [
    f"/tiles/parcels,wells/{z}/{x}/{y}.mvt"
    for z in (10, 13, 16)
    for x, y in [grids_for(CRS84)["WebMercatorQuad"].tile_at(118.5005, 35.2295, z)]
]


@pytest.fixture
def named(catalog: Catalog) -> Catalog:
    """The layers of the town, parcels with names."""
    parcels = replace(catalog.layer("parcels"), style=Style(label="name", label_zoom=9))
    return Catalog.of([parcels, catalog.layer("wells")], [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


def answers(store: Store, catalog: Catalog, shelf: Shelf | None) -> list[tuple[int, str, bytes]]:
    with TestClient(create_app(Settings(), store, catalog, shelf=shelf)) as client:
        tiles = [client.get(address) for address in ADDRESSES]
        # What is large is drawn from its rows near the tile until it is here as a whole.
        client.app.state.context.frames.get(catalog.layer("parcels"))  # type: ignore[attr-defined]
    if shelf is not None:
        shelf.write()
    return [(tile.status_code, tile.headers["etag"], tile.content) for tile in tiles]


def test_tiles_and_tags_are_the_same_and_no_rows_are_read(
    store: Store, named: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = answers(store, named, None)
    assert {status for status, _, _ in plain} == {200}
    assert answers(store, named, Shelf(folder, room_bytes=10_000_000)) == plain
    monkeypatch.setattr("tiles.source._LARGE", 1)
    monkeypatch.setattr(SqlStore, "read", lambda *_, **__: pytest.fail("rows were read"))
    assert answers(store, named, Shelf(folder, room_bytes=10_000_000)) == plain


def test_features_are_read_when_somebody_asks_for_them(store: Store, named: Catalog, folder: Path) -> None:
    def features(shelf: Shelf | None) -> dict[str, Any]:
        with TestClient(create_app(Settings(), store, named, shelf=shelf)) as client:
            client.get(ADDRESSES[0])
            found: dict[str, Any] = json.loads(client.get("/collections/parcels/items").content)
        return found["features"]

    answers(store, named, Shelf(folder, room_bytes=10_000_000))
    assert features(Shelf(folder, room_bytes=10_000_000)) == features(None)
