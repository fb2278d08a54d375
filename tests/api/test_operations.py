"""What whoever runs the service relies on: metrics, names of requests, limits, readiness, an end in good order."""

from __future__ import annotations

import http.client
import json
import logging
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.ops.logs import JsonLines
from api.ops.metrics import Metric, write_metrics
from api.ops.workers import Worker
from tests_server import get, serving
from twin.deadline import wait_at_most
from twin.settings import Settings

TILE = "/tiles/parcels/12/3396/1619.mvt"
TILES = "/tiles/{layers}/{z}/{x}/{y}.mvt"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+|\+Inf|NaN)')
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read_metrics(text: str) -> Samples:
    """By the grammar of the format: each sample stands below the type of its metric, once."""
    found: Samples = {}
    kind = ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
        elif not line.startswith("# HELP "):
            sample = SAMPLE.fullmatch(line)
            assert sample is not None, line
            suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            assert sample[1] in {name + suffix for suffix in suffixes}
            labels = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample[2] or ""))
            assert (sample[1], labels) not in found
            found[sample[1], labels] = float(sample[3])
    return found


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset((labels | {"worker": "1"}).items())]


def test_answers_are_counted_whichever_way_they_take(connection) -> None:
    asked = [(TILE, TILES, 200), ("/", "/", 200), ("/static/twin.css", "/static", 200), ("/nothing", "none", 404)]
    asked += [("/collections/parcels/items/P1", "/collections/{layer_id}/items/{feature_id:path}", 200)]
    sizes = {path: [len(get(connection, path)[2]) for _ in range(3)] for path, _, _ in asked}
    samples = read_metrics(get(connection, "/metrics")[2].decode())
    for path, route, status in asked:
        labels = {"route": route, "method": "GET", "status": str(status)}
        assert value(samples, "twin_requests_total", **labels) == 3
        assert value(samples, "twin_sent_bytes_total", **labels) == sum(sizes[path])
        assert value(samples, "twin_request_seconds_count", route=route) == 3
        assert value(samples, "twin_request_seconds_bucket", route=route, le="+Inf") == 3
        assert 0 < value(samples, "twin_request_seconds_sum", route=route) < 60
    assert value(samples, "twin_features_sent_total", layer="parcels") == 3
    assert value(samples, "twin_cache_hits_total", cache="answers") >= 4  # of tile and landing page, twice each


def test_metrics_say_what_is_held(client, store) -> None:
    client.get("/collections/parcels/items")
    client.get("/tiles/parcels/12/3396/1619.mvt?strict=true")
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain;version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    samples = read_metrics(answer.text)
    assert value(samples, "twin_store_up") == 1
    assert value(samples, "twin_layer_revision", layer="parcels") == 2
    assert value(samples, "twin_workers") == 1
    assert value(samples, "twin_tile_queue_length") == 0
    assert value(samples, "process_resident_memory_bytes") > 50_000_000
    assert 1_000 < value(samples, "twin_frames_bytes", layer="parcels") < 1_000_000
    assert not any("bunkers" in str(labels) for _, labels in samples)
    Path(store.url).rename(f"{store.url}.away")
    assert value(read_metrics(client.get("/metrics").text), "twin_store_up") == 0


def test_metrics_of_several_processes_stand_together_and_are_told_apart() -> None:
    everybody = {
        number: [Metric("a_total", "counter", "A.", [({"route": 'x"\\'}, number, "")]), Metric("b", "gauge", "B.", [])]
        for number in (2, 1)
    }
    assert "".join(write_metrics(everybody)) == (
        '# HELP a_total A.\n# TYPE a_total counter\na_total{route="x\\"\\\\",worker="1"} 1\n'
        'a_total{route="x\\"\\\\",worker="2"} 2\n# HELP b B.\n# TYPE b gauge\n'
    )


def test_each_process_shows_what_all_of_them_counted(store, catalog, tmp_path) -> None:
    pair = [
        TestClient(create_app(Settings(), store, catalog, worker=Worker(number=number, count=2, shared=tmp_path)))
        for number in (1, 2)
    ]
    with pair[0], pair[1]:
        pair[1].get("/conformance")
        wanted = 'twin_requests_total{route="/conformance",method="GET",status="200",worker="2"} 1\n'
        wait_for(lambda: wanted in pair[0].get("/metrics").text)


@pytest.mark.parametrize("path", ["/", TILE, "/collections/parcels/items", "/nothing"])
@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"X_Request_ID": "job-7:a.b_c"}, "job-7:a.b_c"),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"X_Request_ID": 'a", "status": 500'}, None),
        ({"X_Request_ID": "a" * 129}, None),
        ({"traceparent": "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}, None),
        ({"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"}, None),
        ({}, None),
    ],
)
def test_a_request_keeps_the_name_that_it_came_with(app, connection, caplog, path, headers, name) -> None:
    get(connection, path)
    with caplog.at_level(logging.INFO, logger="twin.access"):
        given = get(connection, path, **headers)[1]["x-request-id"]
        app.state.journal.write()
    line = json.loads(caplog.records[-1].getMessage().split("\n")[-1])
    assert given == line["request_id"] == (name or given)
    assert name or re.fullmatch("[0-9a-f]{32}", given)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])


def test_messages_are_json_lines_too() -> None:
    try:
        raise ValueError("东\n")
    except ValueError as error:
        record = logging.LogRecord("twin.api", logging.ERROR, "", 0, "request %s crashed", ("7",), None)
        record.exc_info = (ValueError, error, None)
    record.request_id = "7"
    written = JsonLines().format(record)
    line = json.loads(written)
    assert "\n" not in written
    assert (line["level"], line["logger"], line["message"], line["request_id"]) == (
        "error", "twin.api", "request 7 crashed", "7"
    )  # fmt: skip
    assert "ValueError: 东" in line["trace"]


def test_an_address_may_not_be_of_any_length(client) -> None:
    long = client.get("/collections/parcels/items", params={"name": "x" * 16_000})
    assert (long.status_code, long.json()["type"]) == (414, "http://testserver/problems/address-too-long")
    assert "16,000" in long.json()["detail"]
    assert client.get("/collections/parcels/items", params={"name": "x" * 15_000}).status_code == 200


def test_what_takes_a_store_too_long_is_cancelled_and_named(store, catalog, monkeypatch) -> None:
    client = TestClient(create_app(Settings(), store, catalog))
    address = "/collections/parcels/items?datetime=2021-06-01"
    assert client.get(address).status_code == 200
    monkeypatch.setattr("twin.stores.gpkg._STEPS", 1)
    monkeypatch.setattr("api.http.limits.wait_at_most", lambda _: wait_at_most(0.0))
    refused = client.get(address)
    assert (refused.status_code, refused.json()["type"]) == (503, "http://testserver/problems/took-too-long")
    monkeypatch.undo()
    assert client.get(address).status_code == 200


def test_it_is_not_ready_while_it_starts_or_stops_or_the_store_is_away(client, store) -> None:
    readiness = client.app.state.readiness
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    for state in ("is_warming", "is_stopping"):
        setattr(readiness, state, True)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["type"]) == (503, "http://testserver/problems/not-ready")
        assert client.get("/healthz").status_code == 200
        assert client.get("/collections").status_code == 200
        setattr(readiness, state, False)
    Path(store.url).rename(f"{store.url}.away")
    assert client.get("/readyz").status_code == 503


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


class Clients:
    """Some clients that ask on and on, each on one connection, until they are told that it ends."""

    def __init__(self, root: str, paths: list[str]) -> None:
        self.answers, self.broken = 0, []
        self._host, self._paths = urlsplit(root).netloc, paths
        self._threads = [threading.Thread(target=self._ask) for _ in range(8)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(30)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=20)
        connection.connect()
        connection.auto_open = 0
        for path in self._turns():
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                body = answer.read()
            except (http.client.HTTPException, OSError) as error:
                self.broken.append(repr(error))
                return
            if answer.status != 200 or len(body) != int(answer.headers["content-length"]):
                self.broken.append(answer.status)
            self.answers += 1
            if answer.headers["connection"] == "close":
                return

    def _turns(self) -> Iterator[str]:
        while True:
            yield from self._paths


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nobody_gets_a_broken_answer_when_it_stops(county, workers, tmp_path) -> None:
    paths = ["/?f=json", "/collections/weather_stations/items", "/indicators?f=html", "/tiles/weather_stations.json"]
    with serving(county, "--workers", workers, log=tmp_path / "log") as (process, root):
        with Clients(root, paths) as clients:
            wait_for(lambda: clients.answers > 100)
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert clients.broken == []
    assert clients.answers > 50
