"""Whatever is asked for that is not there or cannot be: an answer of the 400s that says why, at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from twin.settings import Settings

HUGE = "9" * 5000
MANY = ",".join(f"l{number}" for number in range(10_000))
SAME = ",".join(["wells"] * 10_000)
LONG = "x" * 5000
FONT = "/fonts/WenQuanYi%20Micro%20Hei"

NUMBERS = [
    "3/8/0", "3/0/8", "25/0/0", "-1/0/0", "3/-1/0", "3/0/-1", f"{HUGE}/0/0", f"3/{HUGE}/0", f"3/0/-{HUGE}", "3.5/0/0",
    "1e1/0/0", "+3/0/0", "%203/0/0", "1_0/0/0", "0x3/0/0", "%D9%A3/0/0", "a/b/c",
]  # fmt: skip
NAMES = [
    "nothing", "parcels,nothing", "parcels,", ",", "bunkers", MANY, SAME, LONG, "%00", "%FF%FE", "parcels%2Fwells"
]  # fmt: skip
QUERIES = [
    "tms=Mars", f"tms={LONG}", "strict=perhaps", "strict=1&strict=0", "datetime=yesterday", "datetime=99999-01-01",
    "x=1",
]  # fmt: skip
ADDRESSES = [
    *(f"/tiles/parcels/{numbers}.mvt" for numbers in NUMBERS),
    *(f"/tiles/WebMercatorQuad/{numbers}" for numbers in NUMBERS),
    *(f"/collections/parcels/tiles/CGCS2000Quad/{numbers}" for numbers in NUMBERS),
    *(f"/tiles/{name}/12/3396/1619.mvt" for name in NAMES),
    *(f"/tiles/{name}.json" for name in NAMES),
    *(f"/tiles/WebMercatorQuad/12/1619/3396?collections={name}" for name in NAMES),
    *(f"/tiles/WebMercatorQuad?collections={name}" for name in NAMES),
    *(f"/collections/{name}/tiles/WebMercatorQuad/12/1619/3396" for name in NAMES),
    *(f"/tiles/parcels/12/3396/1619.mvt?{query}" for query in QUERIES),
    *(f"/tiles/parcels.json?{query}" for query in QUERIES),
    *(f"/tiles/WebMercatorQuad/12/1619/3396?{query}" for query in QUERIES),
    "/tiles/parcels/12/3396/1619.pbf", "/tiles/Mars", "/tiles/Mars/12/1619/3396", "/collections/parcels/tiles/Mars",
    "/collections/parcels/tiles/Mars/12/1619/3396", "/collections/nothing/tiles", "/collections/CGCS2000Quad/0/0/0",
    "/tileMatrixSets/Mars", f"/tileMatrixSets/{LONG}",
    "/archives/none.pmtiles", "/archives/../town.gpkg", "/archives/..%2Ftown.gpkg", "/archives/%2Fetc%2Fpasswd",
    "/archives/town.gpkg", "/archives/.hidden.pmtiles", f"/archives/{LONG}", "/archives/a%00b",
    "/archives/a.pmtiles?x=1",
    "/styles/nothing", "/styles/bunkers", f"/styles/{LONG}", "/styles/map?datetime=x", "/styles/map?f=xml",
    "/fonts/Nothing/0-255.pbf", f"{FONT}/1-256.pbf", f"{FONT}/0-511.pbf", f"{FONT}/-256--1.pbf",
    f"{FONT}/{HUGE}-255.pbf",
    f"{FONT}/1114112-1114367.pbf", f"{FONT}/a-b.pbf", f"{FONT}/%D9%A0-255.pbf", f"{FONT}/0-255.pbf?x=1",
    "/sprites/none.json", "/sprites/marks@3x.png", "/sprites/marks@.json", "/sprites/marks@2x@2x.png",
]  # fmt: skip


@pytest.fixture
def client(store: Any, catalog: Any, tmp_path: Path) -> Iterator[TestClient]:
    """The service with a folder of archives, beside which other files stand."""
    folder = tmp_path / "archives"
    folder.mkdir()
    (folder / "a.pmtiles").write_bytes(b"PMTiles")
    (folder / ".hidden.pmtiles").write_bytes(b"PMTiles")
    with TestClient(create_app(Settings(archives=str(folder)), store, catalog)) as client:
        yield client


def test_what_cannot_be_is_refused_at_once_with_a_reason(client: TestClient) -> None:
    begun = time.perf_counter()
    answers = {address: client.get(address) for address in ADDRESSES}
    assert time.perf_counter() - begun < 0.1 * len(ADDRESSES)
    wrong = [
        (address[:80], answer.status_code, answer.headers.get("content-type"))
        for address, answer in answers.items()
        if not (400 <= answer.status_code < 500 and answer.headers["content-type"] == "application/problem+json")
    ]
    assert wrong == []
    assert all(answer.json()["detail"] for answer in answers.values())
