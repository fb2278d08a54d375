"""The service over layers that are too large for memory."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.ops.desk import Desk
from tests_cli import twin
from twin.errors import StoreUnavailable
from twin.settings import Settings
from twin.store import Changes
from twin.stores.sql_store import SqlStore

TILE = "/tiles/parcels/12/3396/1619.mvt"
TILEJSON = "/tiles/parcels.json"


@pytest.fixture
def large(store: Any, catalog: Any) -> Iterator[TestClient]:
    """The service of the town, for which four parcels are too many, and three."""
    with TestClient(create_app(Settings(max_rows_in_memory=2), store, catalog)) as client:
        yield client


def test_a_tile_is_the_same_and_the_layer_stays_out_of_memory(client: TestClient, large: TestClient) -> None:
    wanted, answer = client.get(TILE), large.get(TILE)
    assert answer.content == wanted.content
    assert answer.headers["x-twin-features"] == wanted.headers["x-twin-features"]
    frames = large.app.state.context.frames  # type: ignore[attr-defined]
    assert frames.peek(large.app.state.context.catalog.layer("parcels")) is None  # type: ignore[attr-defined]


def test_a_tile_is_not_sent_again_before_something_changed(large: TestClient, store: Any, catalog: Any) -> None:
    tag = large.get(TILE).headers["etag"]
    assert large.get(TILE, headers={"If-None-Match": tag}).status_code == 304
    store.write(catalog.layer("parcels"), Changes(delete=("P1",)), author="me", reason="gone")
    again = large.get(TILE, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert again.headers["x-twin-features"] == "parcels;in=3;out=3"


def test_tilejson_says_what_differs(client: TestClient, large: TestClient) -> None:
    assert "x-pushed-down" not in client.get(TILEJSON).json()
    described = large.get(TILEJSON).json()
    assert list(described["x-pushed-down"]) == ["parcels"]
    assert "borders are judged by those that are drawn" in " ".join(described["x-pushed-down"]["parcels"])
    assert described["bounds"] == pytest.approx(client.get(TILEJSON).json()["bounds"])
    assert described["x-zooms"] == []
    assert not described["x-zooms-complete"]


def test_everything_of_too_many_features_is_refused(large: TestClient) -> None:
    answer = large.get("/tiles/parcels/9/424/202.mvt?strict=true")
    assert answer.status_code == 400
    assert "more than 2 features of parcels; ask for a finer one" in answer.json()["detail"]


def test_a_damaged_geometry_costs_its_own_feature_only(large: TestClient, store: Any) -> None:
    with closing(sqlite3.connect(store.url)) as connection, connection:
        for side in ("IsEmpty", "MinX", "MaxX", "MinY", "MaxY"):
            connection.create_function(f"ST_{side}", 1, lambda _: 0)
        connection.execute("UPDATE parcels SET geom = x'4750000100' WHERE name = 'One'")
        connection.execute("UPDATE rtree_parcels_geom SET minx = -1e9, maxx = 1e9, miny = -1e9, maxy = 1e9")
    assert large.get(TILE).headers["x-twin-features"] == "parcels;in=3;out=3;broken=1"


def test_a_past_state_has_its_own_box(client: TestClient, large: TestClient) -> None:
    address = "/collections/parcels/items?bbox=118.4,35.2,118.6,35.3&datetime=2021-01-01T00:00:00Z"
    assert large.get(address).json()["numberMatched"] == client.get(address).json()["numberMatched"] == 5


def test_a_database_that_gives_up_is_an_answer_of_its_own(large: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: object) -> None:
        raise StoreUnavailable("the database gave up, because it took too long")

    monkeypatch.setattr(SqlStore, "tally", give_up)
    answer = large.get(TILE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    monkeypatch.undo()
    assert large.get(TILE).status_code == 200


def test_long_work_aside_keeps_nobody_waiting() -> None:
    release = threading.Event()

    async def run() -> None:
        desk = Desk(100)
        long = [asyncio.ensure_future(desk.obtain(n, lambda: release.wait(20), aside=True)) for n in range(20)]
        await asyncio.sleep(0)
        assert await asyncio.wait_for(desk.obtain("short", lambda: "done"), 10) == "done"
        release.set()
        assert all(await asyncio.gather(*long))
        desk.close()

    asyncio.run(run())


def test_doctor_says_which_layers_are_served_from_the_database(
    sample_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look() -> dict[str, str]:
        told = json.loads(twin("doctor", "--store", sample_store, "--json"))
        return {each["part"]: each["finding"] for each in told if "layer" in each["part"]}

    assert look() == {}
    monkeypatch.setenv("TWIN_MAX_ROWS_IN_MEMORY", "5000")
    assert list(look()) == ["layer buildings"]
    assert look()["layer buildings"].startswith("tiles are served from the database (6,358 rows > max_rows_in_memory")


def test_wfs_holds_no_more_than_its_page(large: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    keys, read = SqlStore.keys, SqlStore.read
    monkeypatch.setattr(SqlStore, "keys", lambda *a, **k: noted(held, keys(*a, **k)))
    monkeypatch.setattr(SqlStore, "read", lambda *a, **k: noted(held, read(*a, **k)))
    monkeypatch.setattr(SqlStore, "scan", None)
    asked = {"service": "WFS", "request": "GetFeature", "typeNames": "parcels", "count": "1", "sortBy": "floors DESC"}
    answer = large.get("/wfs", params=asked)
    assert 'numberMatched="4" numberReturned="1"' in answer.text
    assert "parcels.P2" in answer.text
    assert max(held) <= 2  # one more than is sent shows that there are more


def noted(held: list[int], some: Any) -> Any:
    held.append(len(some))
    return some
