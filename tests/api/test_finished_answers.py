"""What every answer ends with: entity tag, what caches may do, compression; documents are not made twice."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard
from fastapi import Response
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from api.app import create_app
from api.http.recall import Recall
from blocks_models import add_model
from tests_addresses import address_of
from tests_server import get, run_server
from twin.settings import Settings
from twin.store import Changes

#: What is the same until something is written.
LASTING = (
    "/",
    "/?f=html",
    "/conformance",
    "/api",
    "/docs",
    "/collections",
    "/collections/parcels",
    "/collections/parcels/queryables",
    "/collections/parcels/schema",
    "/collections/parcels/tiles",
    "/collections/parcels/tiles/StorageQuad",
    "/tiles",
    "/tiles/WebMercatorQuad?datetime=2021-06-01",
    "/tileMatrixSets",
    "/tileMatrixSets/CGCS2000Quad",
    "/indicators",
)
#: What is never the same.
FRESH = ("/healthz", "/readyz", "/metrics", "/jobs")
UNPACK: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}
Answer = tuple[int, dict[str, str], bytes]


def without_own(answer: Answer) -> Answer:
    own = {"date", "x-request-id", "access-control-allow-origin", "access-control-expose-headers"}
    status, headers, body = answer
    return status, {name: value for name, value in headers.items() if name not in own}, body


def close_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.finish.Finish.__call__", lambda *_: pytest.fail("it went the long way"))


@pytest.mark.parametrize("headers", [{}, {"Accept_Encoding": "gzip, br"}, {"Accept_Encoding": "zstd"}])
@pytest.mark.parametrize("path", LASTING)
def test_a_document_is_sent_again_as_it_was_sent_first(connection, monkeypatch, path, headers) -> None:
    first = get(connection, path, **headers)
    close_the_long_way(monkeypatch)
    again = get(connection, path, **headers)
    assert first[0] == 200
    assert without_own(again) == without_own(first)
    assert again[1]["x-request-id"] != first[1]["x-request-id"]
    assert again[1]["access-control-allow-origin"] == "*"
    asked = get(connection, path, If_None_Match=again[1]["etag"], **headers)
    assert (asked[0], asked[1]["etag"], asked[2]) == (304, again[1]["etag"], b"")
    assert {part.strip() for part in asked[1]["vary"].split(",")} <= {"Accept", "Accept-Encoding"}


@pytest.mark.parametrize("path", ["/", "/collections", "/collections/parcels", "/collections/parcels?f=html", "/api"])
def test_after_a_write_the_next_document_is_right(connection, store, catalog, path) -> None:
    before = get(connection, path)
    store.write(catalog.layer("parcels"), Changes(delete=("P1",)), author="survey", reason="gone")
    after = get(connection, path)
    assert without_own(after) == without_own(get(connection, path))
    assert (before[2] == after[2]) == (before[1]["etag"] == after[1]["etag"]) == (path in ("/", "/api"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html"},
        {"Host": "other.example"},
        {"Accept_Encoding": "zstd"},
        {"Authorization": "Basic eDp5"},
        {"Cookie": "a=b"},
    ],
)
def test_another_request_is_not_answered_with_what_is_remembered(connection, monkeypatch, headers) -> None:
    get(connection, "/")
    seen: list[bytes | None] = []
    answer = Recall.answer
    monkeypatch.setattr(Recall, "answer", lambda *given: seen.append(answer(*given)) or seen[-1])
    assert get(connection, "/", **headers)[0] == 200
    assert seen == [None]


def test_every_form_and_address_has_links_of_its_own(connection) -> None:
    for _ in range(2):
        page, plain = get(connection, "/", Accept="text/html"), get(connection, "/", Accept="application/json")
        other = get(connection, "/", Host="other.example:81")
        assert page[1]["content-type"] == "text/html; charset=utf-8"
        assert page[1]["etag"] != plain[1]["etag"]
        assert json.loads(plain[2])["links"][0]["href"] == f"http://{connection.host}:{connection.port}/?f=json"
        assert json.loads(other[2])["links"][0]["href"] == "http://other.example:81/?f=json"


def test_documents_behind_a_proxy_are_remembered_for_each_address(store, catalog, monkeypatch) -> None:
    ways = (
        {"X_Forwarded_Host": "maps.example", "X_Forwarded_Proto": "https", "X_Forwarded_Prefix": "/gis"},
        {"Forwarded": 'for=1.2.3.4;host="maps.example:8443";proto=https'},
    )
    with run_server(create_app(Settings(trust_proxy=True), store, catalog)) as root:
        connection = http.client.HTTPConnection(urlsplit(root).netloc)
        first = [get(connection, "/collections", **way) for way in ways]
        close_the_long_way(monkeypatch)
        again = [get(connection, "/collections", **way) for way in ways]
        connection.close()
    own = [json.loads(answer[2])["links"][0]["href"] for answer in again]
    assert own == ["https://maps.example/gis/collections?f=json", "https://maps.example:8443/collections?f=json"]
    assert [without_own(answer) for answer in again] == [without_own(answer) for answer in first]


def get_raw(client: TestClient, path: str, coding: str | None) -> tuple[Any, bytes]:
    with client.stream("GET", path, headers={"Accept-Encoding": coding or "identity"}) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    "path", ["/collections", "/docs", "/indicators/park_share", "/problems", "/static/twin.css", "/pieces", "/own"]
)
def test_whatever_is_large_is_compressed_as_the_client_prefers(app, path) -> None:
    add = partial(app.get, include_in_schema=False)
    add("/pieces")(lambda: StreamingResponse(iter([b"a,b\n"] * 1000), media_type="text/csv"))
    add("/own")(lambda: Response("x" * 5000, media_type="text/plain", headers={"ETag": '"mine"'}))
    client = TestClient(app)
    plain = get_raw(client, path, None)
    tags = set()
    for coding, unpack in UNPACK.items():
        answer, raw = get_raw(client, path, coding)
        assert answer.headers.get("content-encoding") == coding
        assert "Accept-Encoding" in answer.headers["vary"]
        assert unpack(raw) == plain[1]
        assert coding is None or len(raw) < len(plain[1])
        assert int(answer.headers.get("content-length", len(raw))) == len(raw)
        tags.add(answer.headers.get("etag", "").removeprefix("W/"))
    assert len(tags) == 1


@pytest.mark.parametrize(
    ("path", "media_type"), [("/sprites/marks.png", "image/png"), ("/healthz", "application/json")]
)
def test_what_is_small_or_packed_already_is_sent_as_it_is(client, path, media_type) -> None:
    answer, raw = get_raw(client, path, "gzip")
    assert answer.headers["content-type"] == media_type
    assert "content-encoding" not in answer.headers
    assert raw == get_raw(client, path, None)[1]


def test_errors_are_not_kept(client) -> None:
    for path in ("/nothing", "/collections/nothing", "/collections?f=xml"):
        assert client.get(path).headers["cache-control"] == "no-store"


def addresses(client: TestClient) -> list[str]:
    paths = {path for path, item in client.get("/api").json()["paths"].items() if "get" in item}
    paths -= {path for path in paths if "{jobID}" in path}  # there is none
    return [address_of(path) for path in sorted(paths)]


@pytest.mark.parametrize("accept", ["application/json, */*;q=0.1", "text/html, */*;q=0.1"])
def test_every_answer_that_may_be_kept_can_be_asked_for_again(store, catalog, parcels, tmp_path, accept) -> None:
    (tmp_path / "town.pmtiles").write_bytes(b"PMTiles")
    settings = Settings(archives=str(tmp_path), geoid_offset="0 m, a test")
    client = TestClient(create_app(settings, store, add_model(store, catalog, parcels.crs)))
    for path in addresses(client):
        first = client.get(path, headers={"Accept": accept})
        assert first.status_code == 200, path
        control = first.headers["cache-control"]
        assert (control == "no-store") == (path in FRESH), path
        if control != "no-store":
            again = client.get(path, headers={"Accept": accept, "If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b""), path
            for name in ("etag", "cache-control", "vary"):
                assert again.headers.get(name) == first.headers.get(name), (path, name)
