"""What goes wrong with a server: each thing really done, told in one line, and over when its cause is over."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import shapely

from tests_postgis import Cluster
from tests_server import serving
from tests_stations import ITEMS, TILE, create_county
from tests_support import CRS, LAYER, make_rows, write
from twin.errors import StoreUnavailable
from twin.query import Query
from twin.stores import create_store, open_store

pytestmark = pytest.mark.needs("postgis")

#: What is sent while the database is away too: nobody can change it meanwhile.
IN_MEMORY = (TILE, ITEMS, "/collections/buildings/items")


@pytest.fixture
def plots(own_cluster: Cluster, schema: str) -> str:
    address = own_cluster.address(schema)
    with create_store(address, crs=CRS) as store:
        write(store, insert=make_rows(a={"floors": 1}))
    return address


def floors(store, **query):
    return store.read(LAYER, Query(**query)).data["floors"].astype(int).to_dict()


def many(count: int, prefix: str = "k"):
    square = shapely.force_3d(shapely.box(0, 0, 1, 1))
    return make_rows(**{f"{prefix}{i}": {"name": "x" * 200, "geometry": square} for i in range(count)})


def ask(address: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


@pytest.fixture
def load() -> Iterator[object]:
    """Clients that ask a service, a hundred times a second each at most, until they are told to stop."""
    stop, answers = threading.Event(), []

    def begin(root: str):
        def go_on(path: str) -> None:
            while not stop.is_set():
                answers.append((time.monotonic(), path, *ask(root + path)))
                time.sleep(0.01)

        threads = ThreadPoolExecutor(5)
        asking = [threads.submit(go_on, path) for path in (f"{ITEMS}?datetime=2099-01-01", *IN_MEMORY, "/readyz")]

        def end():
            stop.set()
            for each in asking:
                each.result()
            threads.shutdown()
            return answers

        return answers, end

    yield begin
    stop.set()


@pytest.mark.parametrize("how", ["immediate", "fast"])
def test_a_server_stopped_and_started_under_load_is_503_meanwhile_and_nothing_else(
    own_cluster, schema, tmp_path: Path, load, how
):
    create_county(own_cluster.address(schema)).close()
    log = tmp_path / "log"
    with serving(own_cluster.address(schema), log=log) as (process, root):
        assert ask(root + ITEMS)[0] == 200
        answers, end = load(root)
        time.sleep(1)
        own_cluster.stop(how)
        stopped = time.monotonic()
        time.sleep(2)
        answered = len(answers)
        own_cluster.start()
        time.sleep(3)
        recovered = time.monotonic()
        time.sleep(1)
        end()
        assert process.poll() is None
    assert {status for _, _, status, _, _ in answers} == {200, 503}
    refused = [(headers, json.loads(body)) for _, _, status, headers, body in answers if status == 503]
    for headers, problem in refused:
        assert headers["content-type"] == "application/problem+json"
        assert int(headers["retry-after"]) > 0
        assert str(own_cluster.folder) not in problem["detail"]
    away = {status for begun, path, status, *_ in answers[:answered] if begun > stopped and path not in IN_MEMORY}
    assert away == {503}
    again = Counter(status for begun, _, status, *_ in answers if begun > recovered)
    assert set(again) == {200}, "still broken 3 s after the server came back"
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_a_connection_cut_in_the_middle_of_copy_writes_nothing_and_the_next_write_goes_on(plots, own_cluster):
    cut = []

    def cut_copy() -> None:
        with psycopg.connect(f"host={own_cluster.folder} user={own_cluster.user} dbname=postgres") as sql:
            sql.autocommit = True
            active = "FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active' AND pid <> pg_backend_pid()"
            until = time.monotonic() + 30
            while not cut and time.monotonic() < until:
                cut.extend(sql.execute(f"SELECT pid, pg_terminate_backend(pid) {active}").fetchall())

    rows = many(60_000)
    with open_store(plots, write=True) as store:
        cutting = threading.Thread(target=cut_copy)
        cutting.start()
        with pytest.raises(StoreUnavailable, match="nothing was changed"):
            write(store, insert=rows)
        cutting.join()
        assert cut
        assert (store.latest(), store.count(LAYER)) == (1, 1)
        write(store, insert=rows.iloc[:5])
        assert (store.latest(), store.count(LAYER)) == (2, 6)


def test_a_connection_cut_while_a_write_is_finished_leaves_nobody_in_the_belief_that_nothing_happened(
    plots, own_cluster, schema
):
    """A trigger that runs at the commit itself makes it last long enough to be cut."""
    own_cluster.sql(
        f"CREATE FUNCTION {schema}.wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); RETURN NULL;"
        f" END'; CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON {schema}.twin_revisions"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.wait()"
    )
    with open_store(plots, write=True) as store, ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write, store, delete=("a",))
        at_commit = "FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'"
        until = time.monotonic() + 20
        while own_cluster.sql(f"SELECT count(pg_terminate_backend(pid)) {at_commit}") == "0\n":
            assert time.monotonic() < until
        with pytest.raises(StoreUnavailable, match="see by twin history whether it is there"):
            writing.result()
        assert floors(store) == {"a": 1}


def test_a_statement_that_takes_too_long_is_given_up(plots, own_cluster, schema):
    with (
        open_store(f"{plots}&options={quote('-c statement_timeout=200')}") as store,
        psycopg.connect(f"host={own_cluster.folder} user={own_cluster.user} dbname=postgres") as sql,
    ):
        assert floors(store) == {"a": 1}
        sql.execute(f"LOCK TABLE {schema}.plots IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="gave up, because it took too long"):
            store.read(LAYER)
        sql.rollback()
        assert floors(store) == {"a": 1}


@pytest.mark.needs("mount")
def test_a_full_disk_stops_the_write_and_keeps_what_was_there(own_cluster, schema):
    with own_cluster.small_disk("6m") as disk:
        own_cluster.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
        own_cluster.sql("CREATE TABLE ballast TABLESPACE small AS SELECT i FROM generate_series(1, 20000) i")
        options = quote("-c default_tablespace=small")
        with create_store(f"{own_cluster.address(schema)}&options={options}", crs=CRS) as store:
            write(store, insert=make_rows(a={"floors": 1}))
            with pytest.raises(StoreUnavailable, match="the disk of the database is full; nothing was changed"):
                write(store, insert=many(40_000))
            assert floors(store) == {"a": 1}
            assert store.latest() == 1
            own_cluster.sql("DROP TABLE ballast")
            write(store, update=make_rows(a={"floors": 2}))
            assert floors(store) == {"a": 2}
        own_cluster.sql(f"DROP SCHEMA {schema} CASCADE; DROP TABLESPACE small")


def test_a_server_that_is_away_is_said_so_in_one_line(plots, own_cluster):
    with open_store(plots) as store:
        own_cluster.stop()
        try:
            for fails in (store.latest, lambda: store.read(LAYER), lambda: open_store(plots)):
                with pytest.raises(StoreUnavailable, match=r"cannot be reached; check the address, and that it runs"):
                    fails()
        finally:
            own_cluster.start()
        assert floors(store) == {"a": 1}


def test_another_twin_in_its_place_is_not_taken_for_it(plots, own_cluster, schema):
    with open_store(plots) as store:
        assert store.latest() == 1
        own_cluster.sql(f"DROP SCHEMA {schema} CASCADE")
        with pytest.raises(StoreUnavailable, match="the schema holds no twin"):
            store.latest()
        with create_store(plots, crs=CRS) as other:
            write(other, insert=make_rows(z={}))
        for fails in (store.latest, lambda: write(store, delete=("a",))):
            with pytest.raises(StoreUnavailable, match="another twin stands in its place"):
                fails()


def test_a_service_goes_on_with_the_twin_that_took_the_place_of_its_own(own_cluster, schema, tmp_path):
    create_county(own_cluster.address(schema)).close()
    with serving(own_cluster.address(schema), log=tmp_path / "log") as (_, root):
        assert b"North" in ask(root + ITEMS)[2]
        assert b"North" in ask(root + TILE)[2]
        own_cluster.sql(f"DROP SCHEMA {schema} CASCADE")
        with create_county(own_cluster.address(schema)):
            own_cluster.sql(f"UPDATE {schema}.weather_stations SET name = 'Anew'")
        ask(root + ITEMS)
        assert b"Anew" in ask(root + ITEMS)[2]
        assert b"North" not in ask(root + TILE)[2]


@pytest.mark.parametrize(
    ("database", "prepare", "says"),
    [
        ("nowhere", "", "there is no database of that name; create it with createdb"),
        ("bare", "", "the database lacks PostGIS; let its administrator say: CREATE EXTENSION postgis"),
        (
            "ancient",
            "CREATE FUNCTION postgis_lib_version() RETURNS text LANGUAGE sql AS $$ SELECT '2.5.4' $$",
            "PostGIS 2.5.4 is too old; 3.0 or later is needed",
        ),
    ],
)
def test_a_database_that_does_not_do_is_said_so(own_cluster, database, prepare, says):
    if database != "nowhere":
        own_cluster.sql(f"CREATE DATABASE {database}")
        own_cluster.sql(prepare, database=database)
    address = own_cluster.address("twin", database=database)
    for fails in (lambda: open_store(address), lambda: create_store(address, crs=CRS)):
        with pytest.raises(StoreUnavailable, match=says) as refusal:
            fails()
        assert "\n" not in refusal.value.detail


def test_a_server_that_is_too_old_is_said_so(plots, monkeypatch):
    """No old server is here to try: the oldest that is good enough is set to one that does not exist yet."""
    monkeypatch.setattr("twin.stores.postgis_open._OLDEST_SERVER", 990_000)
    with pytest.raises(StoreUnavailable, match=r"PostgreSQL \d+ is too old"):
        open_store(plots)
