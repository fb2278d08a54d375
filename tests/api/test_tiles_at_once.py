"""Small tiles of which everything is in memory: made where they are asked for; all others are left to the desk."""

from __future__ import annotations

import http.client
from threading import current_thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import shapely
from fastapi import FastAPI

from api.app import create_app
from tests_server import get, run_server
from tiles.grid import grids_for
from tiles.square import Square
from twin.settings import Settings
from twin.store import Changes

#: The tile at zoom 16 in which each of the parcels lies; 1 km is two tiles, so P1 to P3 have their own.
ZOOM = 16


@pytest.fixture
def addresses(store: Any) -> list[str]:
    """Of the tiles in which P1, P2 and P3 lie."""
    grid = grids_for(store.crs)["WebMercatorQuad"]
    places = [grid.tile_at(118.5 + offset, 35.2295, ZOOM) for offset in (0.0005, 0.0115, 0.0225)]
    return [f"/tiles/parcels/{ZOOM}/{x}/{y}.mvt" for x, y in places]


def close_the_desk(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.state.context.desk, "obtain", lambda *_, **__: pytest.fail("the desk was asked"))


@pytest.fixture
def desk_calls(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the desk is asked for."""
    calls: list[Any] = []
    obtain = app.state.context.desk.obtain
    monkeypatch.setattr(
        app.state.context.desk, "obtain", lambda *asked, **how: (calls.append(asked[0]), obtain(*asked, **how))[1]
    )
    return calls


def test_the_desk_makes_the_first_tile_of_a_zoom_and_no_other(connection, addresses, desk_calls) -> None:
    assert [get(connection, address)[0] for address in addresses] == [200, 200, 200]
    assert len(desk_calls) == 1
    other_zoom = "/tiles/parcels/12/3396/1619.mvt"
    assert get(connection, other_zoom)[0] == 200
    assert len(desk_calls) == 2


@pytest.mark.parametrize("limit", ["_FEW_FEATURES", "_FEW_VERTICES"])
def test_a_large_tile_is_left_to_the_desk(connection, addresses, desk_calls, monkeypatch, limit) -> None:
    get(connection, addresses[0])
    monkeypatch.setattr(f"tiles.square.{limit}", 0)
    assert get(connection, addresses[1])[0] == 200
    assert len(desk_calls) == 2


def test_an_area_that_geos_has_to_mend_is_left_to_the_desk(connection, addresses, store, catalog, parcels, desk_calls):
    x, y = shapely.get_coordinates(parcels.geometry["P2"])[0]
    crossing = shapely.Polygon([(x, y), (x + 90, y + 30), (x, y + 31), (x + 70, y)])
    crossed = parcels.loc[["P2"]].set_geometry([shapely.MultiPolygon([crossing])], crs=parcels.crs)
    store.write(catalog.layer("parcels"), Changes(update=crossed), author="survey", reason="a slip")
    answers = [get(connection, address) for address in addresses]
    assert [status for status, _, _ in answers] == [200, 200, 200]
    assert len(desk_calls) == 2  # the first of the zoom, and the one that is crossed


@pytest.mark.parametrize("asked", [{}, {"Accept_Encoding": "gzip"}, {"If_None_Match": "*"}])
def test_it_is_the_tile_that_the_desk_makes(store, catalog, addresses, monkeypatch, asked) -> None:
    monkeypatch.setattr("api.http.sent._WORTH_COMPRESSING", 100)
    answers = []
    for few in (2_000, -1):
        monkeypatch.setattr("tiles.square._FEW_FEATURES", few)
        app = create_app(Settings(), store, catalog)
        with run_server(app) as root:
            connection = http.client.HTTPConnection(urlsplit(root).netloc)
            get(connection, addresses[0])
            if few > 0:
                close_the_desk(app, monkeypatch)
            status, headers, body = get(connection, addresses[1], **asked)
            again = get(connection, addresses[1], **asked)
            connection.close()
        own = {"date", "x-request-id"}
        answers.append((status, {name: value for name, value in headers.items() if name not in own}, body))
        assert (again[0], again[2]) == (status, body)
    assert answers[0] == answers[1]
    assert (answers[0][0] == 304) == ("If_None_Match" in asked)


def test_what_was_written_is_shown(connection, addresses, store, catalog, parcels, desk_calls) -> None:
    before = [get(connection, address) for address in addresses]
    changed = parcels.loc[["P2"]].assign(name="Renamed")
    store.write(catalog.layer("parcels"), Changes(update=changed), author="survey", reason="renamed")
    after = [get(connection, address) for address in addresses]
    assert [old[1]["etag"] == new[1]["etag"] for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert b"Renamed" in after[1][2]
    assert len(desk_calls) == 2  # one tile of each state


def test_the_store_is_not_asked_where_every_answer_waits_for_it(
    connection, addresses, store, catalog, parcels, monkeypatch
) -> None:
    """A database that is slow, or away, must not stop the answers that need none."""
    get(connection, addresses[0])
    asked, latest = [], type(store).latest
    monkeypatch.setattr(type(store), "latest", lambda *of: (asked.append(current_thread().name), latest(*of))[1])
    changed = parcels.loc[["P2"]].assign(name="Renamed")
    store.write(catalog.layer("parcels"), Changes(update=changed), author="survey", reason="renamed")
    asked.clear()
    assert [get(connection, address)[0] for address in addresses] == [200, 200, 200]
    assert asked
    assert all(name.startswith("desk") for name in asked), asked


def test_what_goes_wrong_is_said_by_the_long_way(connection, addresses, monkeypatch) -> None:
    get(connection, addresses[0])
    monkeypatch.setattr(Square, "tile", lambda *_, **__: 1 / 0)
    status, headers, _ = get(connection, addresses[1])
    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert get(connection, addresses[0])[0] == 200
