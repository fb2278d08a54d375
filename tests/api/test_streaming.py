"""Answers of a hundred thousand features: in bounded memory, stopped when the client goes, every feature once."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import shapely

from layers import catalog
from tests_server import serving
from twin.store import Changes
from twin.stores import create_store

BUILDINGS = catalog().layer("buildings")
MANY = 100_000
ITEMS = f"/collections/buildings/items?limit={MANY}"
PLANE = "http://www.opengis.net/def/crs/EPSG/0/4490"


@pytest.fixture(scope="module")
def big_town(tmp_path_factory, make_rows):
    """A town of 100,001 houses of eight corners."""
    count = MANY + 1
    x, y = 480_000 + 20.0 * (np.arange(count) % 400), 3_900_000 + 20.0 * (np.arange(count) // 400)
    houses = shapely.force_3d(shapely.buffer(shapely.points(x, y), 8, quad_segs=2), 100.0)
    rows = make_rows(
        BUILDINGS,
        list(shapely.multipolygons(houses, indices=np.arange(count))),
        building_id=[f"B{number:06}" for number in range(count)],
        name=["Long house of the town 长屋"] * count,
    )
    path = tmp_path_factory.mktemp("big") / "big.gpkg"
    with create_store(path, crs=rows.crs) as store:
        store.write(BUILDINGS, Changes(insert=rows), author="survey", reason="many")
    return path


@pytest.fixture(scope="module")
def service(big_town, tmp_path_factory):
    """The service in a process of its own that has the layer in memory, and its log."""
    log = tmp_path_factory.mktemp("log") / "log.txt"
    with serving(big_town, log=log) as (process, root):
        # Of a layer that is not in memory yet a page is never so long; it comes there in the background.
        while fetch(root, "/collections/buildings/items?limit=10001")[0]["ogc-numberreturned"] != "10001":
            time.sleep(0.2)
        yield process.pid, root, log


def fetch(root, target, keep=True):
    """Headers, and the body or its length."""
    connection = http.client.HTTPConnection(urlsplit(root).netloc, timeout=60)
    connection.request("GET", target)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    if keep:
        body = answer.read()
    else:
        body = 0
        while piece := answer.read(1 << 16):
            body += len(piece)
    connection.close()
    return headers, body


def memory_mb(pid, which):
    return int(re.search(rf"{which}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1000


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to measure the peak of memory")
@pytest.mark.parametrize("form", ["json", "jsonfg", "csv", "fgb", "parquet", "gml"])
@pytest.mark.parametrize("crs", ["", f"&crs={PLANE}"], ids=["degrees", "another"])
def test_a_hundred_thousand_features_take_little_memory(service, form, crs):
    pid, root, _ = service
    fetch(root, f"/collections/buildings/items?limit=2000&f={form}{crs}", keep=False)
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak counts from here
    before = memory_mb(pid, "VmRSS")
    headers, size = fetch(root, f"{ITEMS}&f={form}{crs}", keep=False)
    grown = memory_mb(pid, "VmHWM") - before
    print(f"{form} {crs}: {size / 1e6:.0f} MB sent, memory grew by {grown:.0f} MB")
    assert headers["ogc-numberreturned"] == str(MANY)
    assert "content-length" not in headers
    assert size > 3e6
    assert grown < (60 if form == "parquet" else 20)  # which is written in groups of ten thousand


def test_a_client_that_goes_away_stops_the_work(service):
    _, root, log = service
    address = urlsplit(root)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"GET {ITEMS}&f=jsonfg HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    sizes = []
    for _ in range(100):
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        sizes = [line["bytes"] for line in lines if "f=jsonfg" in line["query"] and f"limit={MANY}" in line["query"]]
        if sizes and min(sizes) < 20_000_000:
            break
        time.sleep(0.1)
    assert min(sizes) < 20_000_000, "all of it was written"


def test_the_features_are_all_there_and_the_next_page_has_the_rest(service):
    _, root, _ = service
    page = json.loads(fetch(root, ITEMS)[1])
    assert (page["numberMatched"], page["numberReturned"], len(page["features"])) == (MANY + 1, MANY, MANY)
    keys = [feature["id"] for feature in page["features"]]
    assert keys == sorted(set(keys))
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    rest = json.loads(fetch(root, following.removeprefix(root))[1])
    assert [feature["id"] for feature in rest["features"]] == [f"B{MANY:06}"]
