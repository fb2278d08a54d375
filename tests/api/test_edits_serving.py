"""Edits through `twin serve` as it runs: several processes, stores that may not be written or are written by others."""

from __future__ import annotations

import http.client
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import layers
from api.app import create_app
from tests_postgis import Cluster
from tests_server import run_server, serving
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store, open_store, roles_of
from twin.stores.gpkg_file import connect_file

ITEMS = "/collections/weather_stations/items"
PATCH = {"Content-Type": "application/merge-patch+json"}
STATIONS = layers.catalog().layer("weather_stations")


@contextmanager
def connected(root: str) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(urlsplit(root).netloc, timeout=60)) as connection:
        yield connection


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any, Any]:
    connection.request(method, path, None if body is None else json.dumps(body), PATCH if method == "PATCH" else {})
    answer = connection.getresponse()
    said = answer.read()
    return answer.status, answer.headers, json.loads(said) if said else None


def name_of(connection: http.client.HTTPConnection) -> str:
    name: str = ask(connection, "GET", f"{ITEMS}/S1")[2]["properties"]["name"]
    return name


def rename(connection: http.client.HTTPConnection, name: str, key: str = "S1") -> tuple[int, Any, Any]:
    return ask(connection, "PATCH", f"{ITEMS}/{key}", {"properties": {"name": name}})


@pytest.fixture(params=["gpkg", pytest.param("postgis", marks=pytest.mark.needs("postgis"))])
def store_url(request: pytest.FixtureRequest, county: Path) -> Iterator[str]:
    """The county in either kind of store."""
    if request.param == "gpkg":
        yield str(county)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.address("edited_by_workers")
    with open_store(county) as source, create_store(url, crs=source.crs) as store:
        store.write(STATIONS, Changes(insert=source.read(STATIONS).data), author="weather", reason="register")
    yield url
    cluster.sql("DROP SCHEMA edited_by_workers CASCADE")


def test_with_two_workers_whoever_answers_next_has_seen_the_edit_and_none_gets_lost(store_url, tmp_path) -> None:
    with serving(store_url, "--workers", "2", log=tmp_path / "log") as (_, root):
        until = time.monotonic() + 60
        seen: set[str] = set()
        while len(seen) < 2 and time.monotonic() < until:
            with connected(root) as connection:
                seen.add(ask(connection, "GET", "/healthz?f=json")[2]["worker"])
        assert len(seen) == 2

        def work(key: str) -> None:
            for number in range(6):
                with connected(root) as one:
                    assert rename(one, f"{key} {number}", key)[0] == 204
                for _ in range(4):  # each by a connection of its own, which either of them takes
                    with connected(root) as another:
                        told = ask(another, "GET", f"{ITEMS}/{key}")[2]["properties"]["name"]
                        assert told == f"{key} {number}"

        with ThreadPoolExecutor(2) as writers:
            list(writers.map(work, ["S1", "S2"]))
    with open_store(store_url) as store:
        assert store.latest() == 1 + 2 * 6
        assert store.read(STATIONS).data["name"].tolist() == ["S1 5", "S2 5"]


@pytest.fixture
def edited(county: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection to a service that opens the file of the county as `twin serve` does."""
    with open_store(county) as served:
        app = create_app(Settings(), served, layers.catalog(), open_to_write=partial(open_store, county, write=True))
        with run_server(app) as root, connected(root) as connection:
            yield connection


def test_after_the_last_edit_a_copy_of_the_file_is_whole(edited, county, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("api.edits.writer._IDLE_S", 0.2)
    assert rename(edited, "one")[0] == 204
    time.sleep(1)
    with open_store(shutil.copy(county, tmp_path / "copy.gpkg")) as copy:
        assert copy.read(STATIONS).data.loc["S1", "name"] == "one"
    assert rename(edited, "two")[0] == 204  # it opens again
    assert name_of(edited) == "two"


def test_a_file_that_another_program_writes_is_tried_again_later(edited, county, monkeypatch) -> None:
    monkeypatch.setitem(connect_file.__kwdefaults__, "timeout_s", 0.5)
    assert rename(edited, "before")[0] == 204
    with closing(sqlite3.connect(county, isolation_level=None)) as other, ThreadPoolExecutor(1) as client:
        other.execute("BEGIN IMMEDIATE")
        waiting = client.submit(rename, edited, "meanwhile")
        with connected(f"http://{edited.host}:{edited.port}") as reader:
            assert name_of(reader) == "before"
        status, headers, problem = waiting.result()
        assert (status, headers["Retry-After"]) == (503, "5")
        assert "another program is writing" in problem["detail"]
        assert str(county) not in problem["detail"]
        other.execute("ROLLBACK")
    assert rename(edited, "after")[0] == 204


def test_a_file_that_may_not_be_written_is_told(edited, monkeypatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    status, headers, problem = rename(edited, "x")
    assert (status, problem["title"], headers["Retry-After"]) == (403, "Not permitted by the store", None)


@pytest.mark.needs("postgis")
def test_a_service_that_may_only_read_a_database_says_so(county, tmp_path, request) -> None:
    cluster: Cluster = request.getfixturevalue("cluster")
    schema = "read_only_edits"
    url = cluster.address(schema)
    with open_store(county) as source, create_store(url, crs=source.crs) as store:
        store.prepare(STATIONS)
        roles_of(url, create=True)

        store.write(STATIONS, Changes(insert=source.read(STATIONS).data), author="weather", reason="register")
    reader = cluster.address(schema, user=f"{schema}_reader")
    with serving(reader, log=tmp_path / "log") as (_, root), connected(root) as connection:
        status, headers, problem = rename(connection, "x")
        assert (status, problem["title"], headers["Retry-After"]) == (403, "Not permitted by the store", None)
        assert "lacks the right to do it" in problem["detail"]
        assert name_of(connection) == "North 北站"
    writer = cluster.address(schema, user=f"{schema}_writer")
    with serving(writer, log=tmp_path / "log") as (_, root), connected(root) as connection:
        assert rename(connection, "by the writer")[0] == 204
        assert name_of(connection) == "by the writer"
    roles = f"{schema}_reader, {schema}_editor, {schema}_writer"
    cluster.sql(f"DROP SCHEMA {schema} CASCADE; DROP OWNED BY {roles}; DROP ROLE {roles}")


def test_where_a_new_feature_is_stands_in_a_header_that_qgis_knows(edited) -> None:
    """QGIS 3.40 compares the names of headers letter by letter."""
    edited.request("POST", ITEMS, json.dumps(STATIONS.example), {"Content-Type": "application/geo+json"})
    answer = edited.getresponse()
    assert (answer.status, answer.read()) == (201, b"")
    there = f"http://{edited.host}:{edited.port}{ITEMS}/{STATIONS.example['properties']['station_id']}"
    assert ("Location", there) in answer.getheaders()


def test_too_long_a_body_is_refused_before_it_is_read(county, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TWIN_MAX_BODY_MB", "1")
    with serving(county, log=tmp_path / "log") as (_, root), connected(root) as connection:
        status, _, problem = rename(connection, "x" * 1_000_001)
    assert (status, problem["title"]) == (413, "Too much was sent")
