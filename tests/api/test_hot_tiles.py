"""Tiles that were sent before, over a real connection: the same answers as by the long way, and no other."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from api.app import create_app
from api.http.plain import PlainRequest
from tests_server import get, run_server
from tiles.square import Square, Tile
from twin.settings import Settings
from twin.store import Changes

TILE = "/tiles/parcels/12/3396/1619.mvt"
EMPTY = "/tiles/parcels/12/0/0.mvt"
#: Headers that differ by request, or stand in an answer by the long way only where its origin is asked about.
OWN = {"date", "x-request-id", "vary", "access-control-allow-origin", "access-control-expose-headers"}


def close_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.tiles.tilesets.send_tile", lambda *_: pytest.fail("it went the long way"))


@pytest.mark.parametrize("path", [TILE, f"{TILE}?strict=true", f"{TILE}?datetime=2021-01-01", EMPTY])
def test_a_tile_is_sent_again_as_it_was_sent_first(connection, monkeypatch, path) -> None:
    status, headers, body = get(connection, path)
    close_the_long_way(monkeypatch)
    again = get(connection, path)
    assert (again[0], again[2]) == (status, body)
    assert {name: value for name, value in again[1].items() if name not in OWN} == {
        name: value for name, value in headers.items() if name not in OWN
    }
    assert again[1]["x-request-id"] != headers["x-request-id"]
    assert again[1]["access-control-allow-origin"] == "*"
    assert "X-Twin-Features" in again[1]["access-control-expose-headers"]
    assert "Accept-Encoding" in again[1]["vary"]


@pytest.mark.parametrize("path", [TILE, EMPTY])
@pytest.mark.parametrize("asked", [{}, {"Accept_Encoding": "gzip"}, {"If_None_Match": "*"}])
def test_a_tile_is_made_by_the_short_way_as_by_the_long_one(store, catalog, monkeypatch, path, asked) -> None:
    monkeypatch.setattr("api.http.sent._WORTH_COMPRESSING", 100)
    answers = []
    for address in (f"{path}?tms=WebMercatorQuad", path):  # which mean the same, and only the second is plain
        with run_server(create_app(Settings(), store, catalog)) as root:
            connection = http.client.HTTPConnection(urlsplit(root).netloc)
            status, headers, body = get(connection, address, **asked)
            connection.close()
        answers.append((status, {name: value for name, value in headers.items() if name not in OWN}, body))
        close_the_long_way(monkeypatch)
    assert answers[0] == answers[1]
    assert (answers[0][0] == 304) == ("If_None_Match" in asked)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiles/none/12/3396/1619.mvt", 404),
        ("/tiles/parcels,parcels/12/3396/1619.mvt", 400),
        ("/tiles/parcels/12/3396/4096.mvt", 400),
        ("/tiles/parcels/99/0/0.mvt", 400),
        ("/tiles/parcels/012/03396/01619.mvt", 200),
    ],
)
def test_what_is_wrong_is_said_by_the_long_way(connection, path, status) -> None:
    answers = [get(connection, address) for address in (path, f"{path}?tms=WebMercatorQuad")]
    assert [answer[0] for answer in answers] == [status, status]
    assert answers[0][1]["content-type"] == answers[1][1]["content-type"]


def test_a_queue_that_is_full_is_said_by_the_long_way(store, catalog) -> None:
    with run_server(create_app(Settings(tile_queue=0), store, catalog)) as root:
        connection = http.client.HTTPConnection(urlsplit(root).netloc)
        status, headers, body = get(connection, TILE)
        connection.close()
    assert (status, headers["retry-after"], json.loads(body)["title"]) == (503, "5", "Service is busy")


def test_what_comes_while_a_tile_is_made_is_answered_behind_it(host, monkeypatch) -> None:
    release = hold_back_tiles(monkeypatch)
    threading.Timer(0.45, release.set).start()
    landing = b"GET /problems?f=json HTTP/1.1\r\nHost: x\r\n\r\n"
    received = exchange(host, PLAIN, landing + PLAIN)
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200"] * 3
    assert received.index(b"vector-tile") < received.index(b"application/json") < received.rindex(b"vector-tile")


def test_a_client_that_leaves_is_logged_and_the_connection_forgotten(app, host, monkeypatch, caplog) -> None:
    release = hold_back_tiles(monkeypatch)
    with caplog.at_level(logging.INFO, logger="twin.access"):
        name, port = host.split(":")
        with socket.create_connection((name, int(port)), timeout=5) as channel:
            channel.sendall(PLAIN)
            time.sleep(0.3)
        time.sleep(0.3)
        app.state.journal.write()
        release.set()
    lines = [json.loads(line) for record in caplog.records for line in record.getMessage().split("\n")]
    assert [(line["path"], line["status"], line["bytes"]) for line in lines] == [(TILE, 499, 0)]


def test_a_tile_under_way_is_sent_before_the_server_stops(app, monkeypatch) -> None:
    release = hold_back_tiles(monkeypatch)
    with ThreadPoolExecutor(1) as clients:
        with run_server(app) as root:
            answer = clients.submit(exchange, urlsplit(root).netloc, PLAIN, b"")
            time.sleep(0.2)
            threading.Timer(0.2, release.set).start()
        assert answer.result().startswith(b"HTTP/1.1 200")


def hold_back_tiles(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """No tile is made before the event."""
    release, make = threading.Event(), Square.tile

    def make_later(square: Square, **how: bool) -> Tile:
        release.wait(5)
        return make(square, **how)

    monkeypatch.setattr(Square, "tile", make_later)
    return release


def test_a_client_that_has_it_is_told_so(connection, monkeypatch) -> None:
    _, headers, _ = get(connection, TILE)
    close_the_long_way(monkeypatch)
    status, again, body = get(connection, TILE, If_None_Match=headers["etag"])
    assert (status, again["etag"], body) == (304, headers["etag"], b"")
    assert get(connection, TILE, If_None_Match='"another"')[0] == 200


def test_a_write_ends_what_was_true(connection, store, catalog) -> None:
    assert b"One" in get(connection, TILE)[2]
    assert b"One" in get(connection, TILE)[2]
    store.write(catalog.layer("parcels"), Changes(delete=("P1",)), author="survey", reason="gone")
    for _ in range(2):
        status, _, body = get(connection, TILE)
        assert status == 200
        assert b"One" not in body


def test_another_coding_is_another_answer(connection, monkeypatch) -> None:
    monkeypatch.setattr("api.http.sent._WORTH_COMPRESSING", 100)
    assert "content-encoding" not in get(connection, TILE)[1]
    assert get(connection, TILE, Accept_Encoding="gzip")[1]["content-encoding"] == "gzip"
    close_the_long_way(monkeypatch)
    assert "content-encoding" not in get(connection, TILE)[1]
    assert get(connection, TILE, Accept_Encoding="gzip")[1]["content-encoding"] == "gzip"


def test_every_answer_is_logged_once(app, connection, caplog) -> None:
    with caplog.at_level(logging.INFO, logger="twin.access"):
        sent = [get(connection, TILE)[1]["x-request-id"] for _ in range(3)]
        app.state.journal.write()
    lines = [json.loads(line) for record in caplog.records for line in record.getMessage().split("\n")]
    assert [line["request_id"] for line in lines] == sent
    assert {(line["method"], line["path"], line["query"], line["status"]) for line in lines} == {("GET", TILE, "", 200)}
    assert len({line["bytes"] for line in lines}) == 1


def exchange(host: str, *pieces: bytes) -> bytes:
    """What comes back for some bytes, sent piece by piece, until it is quiet after an answer."""
    name, port = host.split(":")
    with socket.create_connection((name, int(port)), timeout=5) as channel:
        channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        for number, piece in enumerate(pieces, start=1):
            channel.sendall(piece)
            channel.settimeout(0.3 if received or number < len(pieces) else 30)
            with contextlib.suppress(TimeoutError):
                while data := channel.recv(65536):
                    received += data
                    channel.settimeout(0.3 if number < len(pieces) else 1)
        return received


PLAIN = f"GET {TILE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def test_requests_behind_each_other_are_answered_one_by_one(host) -> None:
    exchange(host, PLAIN)
    assert exchange(host, PLAIN * 3).count(b"HTTP/1.1 200 OK") == 3
    assert exchange(host, PLAIN, PLAIN, PLAIN * 2).count(b"HTTP/1.1 200 OK") == 4


def test_the_body_of_a_request_is_no_request(host) -> None:
    exchange(host, PLAIN)
    head = f"POST /tiles HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PLAIN)}\r\n\r\n".encode()
    assert exchange(host, head, PLAIN).count(b"HTTP/1.1") == 1
    hidden = f"GET {TILE} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PLAIN)}\r\n\r\n".encode()
    assert exchange(host, hidden, PLAIN).count(b"HTTP/1.1") == 1


def test_a_request_in_pieces_is_one_request(host) -> None:
    exchange(host, PLAIN)
    assert exchange(host, PLAIN[:30], PLAIN[30:]).count(b"HTTP/1.1 200 OK") == 1
    # What looks like a request is a header of the one that began before.
    assert exchange(host, b"GET / HTTP/1.1\r\nHost: x\r\nX: ", PLAIN).count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /tiles HTTP/1.1\r\nHost: x\r\n",
        b"GET /tiles HTTP/1.0\r\nHost: x\r\n\r\n",
        b"HEAD /tiles HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x/tiles HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /ti les HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /tiles HTTP/1.1\nHost: x\n\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\r\n folded: yes\r\n\r\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\nContent-Length: 3\r\n\r\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 3\r\n\r\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
        b"GET /tiles HTTP/1.1\r\nHost: x\r\n\r\nGET",
    ],
)
def test_what_is_not_plain_is_left_to_the_server(request_: bytes) -> None:
    assert PlainRequest.read(request_) is None


def test_a_plain_request_is_read_as_it_is_written() -> None:
    request = PlainRequest.read(
        b"GET /tiles/a?x=%20 HTTP/1.1\r\nHost: h\r\nACCEPT-encoding:  GZip , br\t\r\nConnection: Keep-Alive\r\n\r\n"
    )
    assert request is not None
    assert request.target == b"/tiles/a?x=%20"
    assert request.header(b"accept-encoding") == b"GZip , br"
    assert request.header(b"if-none-match") == b""


def test_a_connection_stays_as_long_as_something_is_answered_on_it(app) -> None:
    with run_server(app, timeout_keep_alive=1) as root:
        connection = http.client.HTTPConnection(urlsplit(root).netloc)
        get(connection, f"{TILE}?strict=true")  # by the long way, which waits for the next one in its own way
        opened = connection.sock
        for _ in range(5):
            time.sleep(0.4)
            assert get(connection, TILE)[0] == 200
            assert connection.sock is opened
        opened.settimeout(5)
        begun = time.monotonic()
        assert opened.recv(1) == b""  # closed by the service
        assert 0.5 < time.monotonic() - begun < 3
        connection.close()
