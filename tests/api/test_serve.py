"""`twin serve` as its users meet it: a process, a port, other programs that read from it."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

import pyogrio
import pytest
import shapely

from layers import catalog
from tests_server import serving
from twin.store import Changes
from twin.stores import open_store

STATIONS = catalog().layer("weather_stations")


def get(address):
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_serves_logs_shows_new_revisions_and_stops_in_good_order(county, stop):
    with serving(county) as (process, root):
        assert get(f"{root}/")["title"] == "Served county"
        assert get(f"{root}/collections/weather_stations/items")["numberMatched"] == 2
        with open_store(county, write=True) as store:
            store.write(STATIONS, Changes(delete=("S2",)), author="weather", reason="closed")
        assert get(f"{root}/collections/weather_stations/items")["numberMatched"] == 1
        process.send_signal(stop)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    log = [json.loads(line) for line in errors.splitlines()]
    assert [(line["path"], line["status"]) for line in log] == [
        ("/", 200),
        ("/collections/weather_stations/items", 200),
        ("/collections/weather_stations/items", 200),
    ]


def test_a_client_that_stays_connected_does_not_wait_for_its_own_acknowledgements(county):
    with serving(county) as (_, root):
        connection = http.client.HTTPConnection(root.removeprefix("http://"))
        waits = []
        for _ in range(30):
            started = time.perf_counter()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            waits.append(time.perf_counter() - started)
        connection.close()
    assert statistics.median(waits) < 0.03  # a delayed acknowledgement alone takes 0.04 s


def test_a_port_that_is_taken_is_said_so(county):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "twin.cli", "serve", "--store", str(county), "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_is_not_there_is_said_so(tmp_path):
    command = [sys.executable, "-m", "twin.cli", "serve", "--store", str(tmp_path / "none.gpkg"), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "none.gpkg" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif("OAPIF" not in pyogrio.list_drivers(), reason="this GDAL has no OAPIF driver")
def test_gdal_reads_the_collection_page_by_page(county, make_rows):
    """GDAL follows the links itself: landing page, description, collection, items, next."""
    points = [shapely.Point(500_000 + 10 * i, 3_910_000, i) for i in range(250)]
    more = make_rows(
        STATIONS,
        points,
        station_id=[f"T{i:03}" for i in range(250)],
        name=["more"] * 250,
        status=["in_service"] * 250,
        kind=["manual"] * 250,
    )
    with open_store(county, write=True) as store:
        store.write(STATIONS, Changes(insert=more), author="weather", reason="many")
    near_two = (118.4, 35.2, 118.7, 35.25)
    with serving(county) as (_, root):
        layers = {name for name, _ in pyogrio.list_layers(f"OAPIF:{root}")}
        read = pyogrio.read_dataframe(f"OAPIF:{root}", layer="weather_stations", PAGE_SIZE=100)
        near = pyogrio.read_dataframe(f"OAPIF:{root}", layer="weather_stations", bbox=near_two)
    assert {"weather_stations", "topo_sheets", "buildings"} <= layers
    assert len(read) == 252
    assert sorted(read["station_id"]) == ["S1", "S2", *(f"T{i:03}" for i in range(250))]
    first = read.set_index("station_id").loc["S1"]
    assert first["name"] == "North 北站"
    assert (first.geometry.x, first.geometry.z) == (118.5, 120.5)
    assert sorted(near["station_id"]) == ["S1", "S2"]


@pytest.mark.skipif("OGCAPI" not in pyogrio.list_drivers(), reason="this GDAL has no OGCAPI driver")
@pytest.mark.parametrize("form", ["MVT", "GEOJSON"])
def test_gdal_finds_the_tiles_and_reads_them(county, form):
    """From the collection to its tile sets, the grid, the limits and the tiles; GDAL takes the grid in degrees."""
    with serving(county) as (_, root):
        address = f"OGCAPI:{root}/collections/weather_stations"
        read = pyogrio.read_dataframe(address, layer="Zoom level 12", API="TILES", VECTOR_FORMAT=form)
    assert sorted(read["station_id"]) == ["S1", "S2"]
    assert read.set_index("station_id").loc["S1"].geometry.x == pytest.approx(118.5, abs=1e-4)
