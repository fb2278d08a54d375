"""TileJSON says what each zoom leaves out: counted in the background, and the same as in the tiles themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import mapbox_vector_tile
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tiles.counting import ZoomCounter
from tiles.grid import grids_for
from tiles.source import VectorSource
from twin.frames import Frames
from twin.settings import Settings
from twin.store import Changes

TILEJSON = "/tiles/parcels,wells.json"


@pytest.fixture
def client(store: Any, catalog: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The service over the town, which begins to count at once."""
    monkeypatch.setattr("api.app.ZoomCounter", lambda: ZoomCounter(pause_s=0))
    with TestClient(create_app(Settings(), store, catalog)) as client:
        yield client


def wait_for(client: TestClient, address: str) -> dict[str, Any]:
    """The document when everything is counted."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        described: dict[str, Any] = client.get(address).json()
        if described["x-zooms-complete"]:
            return described
        time.sleep(0.05)
    raise AssertionError("it is never complete")


def features_of(client: TestClient, described: dict[str, Any], limits: dict[str, Any], query: str) -> tuple[int, int]:
    """Features in all tiles of a level, decoded, and how many of the tiles hold something."""
    features = tiles = 0
    for x in range(limits["minTileCol"] - 1, limits["maxTileCol"] + 2):
        for y in range(limits["minTileRow"] - 1, limits["maxTileRow"] + 2):
            address = described["tiles"][0]
            for name, number in (("{z}", limits["tileMatrix"]), ("{x}", str(x)), ("{y}", str(y))):
                address = address.replace(name, number)
            content = client.get(f"{address}{'&' if '?' in address else '?'}{query}").content
            if not content.startswith(b"{"):  # no such tile
                tiles += bool(content)
                features += sum(len(layer["features"]) for layer in mapbox_vector_tile.decode(content).values())
    return features, tiles


@pytest.mark.parametrize("grid", ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad"])
def test_what_is_counted_is_what_the_tiles_hold(client: TestClient, grid: str) -> None:
    described = wait_for(client, f"{TILEJSON}?tms={grid}")
    tileset = client.get(f"/tiles/{grid}?collections=parcels,wells").json()
    levels = {level["tileMatrix"]: level for level in tileset["tileMatrixSetLimits"]}
    assert described["x-zooms"][0]["zoom"] == described["minzoom"]
    assert described["x-zooms"][-1]["zoom"] == (13 if grid == "WorldCRS84Quad" else 14)
    for zoom in described["x-zooms"]:
        limits = levels[str(zoom["zoom"])]
        drawn, tiles = features_of(client, described, limits, "")
        everything, _ = features_of(client, described, limits, "strict=true")
        assert (zoom["tiles"], zoom["features_out"], zoom["features_in"]) == (tiles, drawn, everything)
        assert zoom["features_in"] == zoom["features_out"] + sum(zoom["left_out"].values())
    # From afar the four squares of 100 m share a pixel.
    assert described["x-zooms"][0]["left_out"]["pixel"] == 3


def test_tilejson_does_not_wait_and_changes_when_more_is_counted(client: TestClient) -> None:
    first = client.get(TILEJSON)
    assert first.json()["x-zooms"] == []
    wait_for(client, TILEJSON)
    last = client.get(TILEJSON, headers={"If-None-Match": first.headers["etag"]})
    assert (last.status_code, last.headers["etag"] == first.headers["etag"]) == (200, False)
    again = client.get(TILEJSON, headers={"If-None-Match": last.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_write_is_counted_anew(client: TestClient, store: Any, catalog: Any) -> None:
    before = wait_for(client, TILEJSON)["x-zooms"]
    store.write(catalog.layer("wells"), Changes(delete=("W1",)), author="survey", reason="gone")
    assert client.get(TILEJSON).json()["x-zooms"] == []
    after = wait_for(client, TILEJSON)["x-zooms"]
    assert before[0]["features_in"] - after[0]["features_in"] == 1


def test_a_counter_that_is_closed_counts_no_more(store: Any, catalog: Any) -> None:
    counter = ZoomCounter(pause_s=30)
    grid = grids_for(store.crs)["WebMercatorQuad"]
    source = VectorSource(layers=(catalog.layer("parcels"),), frames=Frames(store), grid=grid)
    assert counter.look_up(source).zooms == ()
    begun = time.monotonic()
    counter.close()
    counter._worker.shutdown(wait=True)
    assert time.monotonic() - begun < 5
    assert counter.look_up(source).zooms == ()
