"""Many writers at once: every edit once, in one order, and nobody waits who only reads."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests_postgis import Cluster
from tests_support import CRS, LAYER, make_rows, write
from twin.errors import RevisionConflict, StoreUnavailable
from twin.query import Query
from twin.stores import create_store, open_store

pytestmark = pytest.mark.needs("postgis")

WRITERS, EDITS = 8, 15
START = {f"k{i}": 0 for i in range(10)}


@pytest.fixture
def plots(address: str) -> str:
    """A layer of ten plots without floors."""
    with create_store(address, crs=CRS) as store:
        write(store, insert=make_rows(**{key: {"floors": 0} for key in START}))
    return address


def floors(store, **query):
    return store.read(LAYER, Query(fields=("floors",), **query)).data["floors"].astype(int).to_dict()


def deadlocks(cluster: Cluster) -> int:
    return int(cluster.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'"))


def edit_at_random(plots: str, writer: int) -> tuple[dict[int, dict[str, int | None]], int]:
    """Add a floor, build or pull down, 25 times; the edits by revision, and how many were refused before."""
    chance, done, refused = random.Random(writer), {}, 0
    with open_store(plots, write=True) as store:
        while len(done) < EDITS:
            base = store.latest(LAYER)
            state = floors(store, as_of=base)
            key = chance.choice([*state, f"w{writer}-{len(done)}"])
            edit = {key: None} if chance.random() < 0.1 and key in state else {key: state.get(key, 0) + 1}
            rows = None if edit[key] is None else make_rows(**{key: {"floors": edit[key]}})
            inserted, updated = (None, rows) if key in state else (rows, None)
            deleted = (key,) if rows is None else ()
            try:
                revision = write(store, insert=inserted, update=updated, delete=deleted, base=base)
            except RevisionConflict as conflict:
                assert "read it again and redo it" in conflict.detail  # noqa: PT017 each refusal says so
                refused += 1
                time.sleep(chance.random() / 20)  # as people do, who read it again first
            else:
                done[revision.number] = edit
    return done, refused


def test_eight_writers_leave_one_history_that_replays_exactly(plots, cluster):
    before = deadlocks(cluster)
    with ThreadPoolExecutor(WRITERS) as threads:
        told = list(threads.map(edit_at_random, [plots] * WRITERS, range(WRITERS)))
    edits = {number: edit for done, _ in told for number, edit in done.items()}
    assert sorted(edits) == list(range(2, 2 + WRITERS * EDITS))
    assert sum(refused for _, refused in told) > 0, "nobody met anybody"
    state: dict[str, int] = dict(START)
    with open_store(plots) as store:
        for number in sorted(edits):
            state = {key: value for key, value in (state | edits[number]).items() if value is not None}
            assert floors(store, as_of=number) == state
        assert floors(store) == state
    assert deadlocks(cluster) == before


def test_edits_in_sql_and_writes_of_the_twin_neither_lock_each_other_out_nor_lose_anything(plots, cluster, schema):
    """Each adds one floor to every plot 25 times, in the order it likes."""
    before, times = deadlocks(cluster), 25

    def edit_in_sql(descending: bool) -> None:
        with psycopg.connect(f"host={cluster.folder} user={cluster.user} dbname=postgres", autocommit=True) as sql:
            done = 0
            while done < times:
                order = "DESC" if descending else "ASC"
                rows = f"SELECT fid FROM {schema}.plots ORDER BY plot_id {order}"
                try:
                    changed = sql.execute(f"UPDATE {schema}.plots SET floors = floors + 1 WHERE fid IN ({rows})")
                except psycopg.errors.SerializationFailure as refusal:
                    assert "do it again" in str(refusal)  # noqa: PT017
                else:
                    assert changed.rowcount == len(START)
                    done += 1

    def edit_in_the_twin(_: object) -> None:
        with open_store(plots, write=True) as store:
            done = 0
            while done < times:
                base = store.latest(LAYER)
                state = floors(store, as_of=base)
                rows = make_rows(**{key: {"floors": value + 1} for key, value in state.items()})
                try:
                    write(store, update=rows, base=base)
                except RevisionConflict:
                    continue
                done += 1

    with ThreadPoolExecutor(4) as threads:
        work = [*threads.map(edit_in_sql, (True, False)), *threads.map(edit_in_the_twin, (1, 2))]
    assert len(work) == 4
    with open_store(plots) as store:
        assert floors(store) == dict.fromkeys(START, 4 * times)
        for number in range(2, 2 + 4 * times):
            assert floors(store, as_of=number) == dict.fromkeys(START, number - 1)
    assert deadlocks(cluster) == before


def test_a_reader_answers_while_writers_have_their_transactions_open(plots, cluster, schema):
    def ask() -> None:
        begun = time.monotonic()
        assert floors(reader) == START
        assert (reader.latest(), reader.count(LAYER)) == (1, len(START))
        assert time.monotonic() - begun < 1

    with open_store(plots) as reader, open_store(plots, write=True) as writer:
        with suppress(KeyboardInterrupt), writer._writing() as connection:
            connection.exec_driver_sql("DELETE FROM plots")
            ask()
            raise KeyboardInterrupt
        with psycopg.connect(f"host={cluster.folder} user={cluster.user} dbname=postgres") as sql:
            sql.execute(f"UPDATE {schema}.plots SET floors = 9")
            ask()
            sql.rollback()


def test_who_waits_too_long_for_another_writer_is_told_so(plots, monkeypatch):
    monkeypatch.setattr("twin.stores.postgis._LOCK_TIMEOUT", "200ms")
    with open_store(plots, write=True) as first, open_store(plots, write=True) as second:
        with first._writing(), pytest.raises(StoreUnavailable, match="another program is writing to it; try again"):
            write(second, delete=("k1",))
        write(second, delete=("k1",))


WRITER = """
import sys
from tests_support import LAYER, make_rows, write
from twin.stores import open_store
store = open_store(sys.argv[1], write=True)
with store._writing() as connection:
    connection.exec_driver_sql("DELETE FROM plots")
    print("in the middle", flush=True)
    sys.stdin.read()
"""


def test_a_writer_that_is_killed_leaves_the_lock_free_and_the_last_revision_as_it_was(plots):
    tests = Path(__file__).parents[1]
    environment = {"PYTHONPATH": f"{tests / 'support'}:{tests.parent}", "PATH": "/usr/bin"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", WRITER, plots], env=environment, **pipes) as killed:
        assert killed.stdout.readline() == "in the middle\n"
        killed.send_signal(signal.SIGKILL)
    with open_store(plots, write=True) as store:
        assert floors(store) == START
        begun = time.monotonic()
        write(store, delete=("k0",))
        assert time.monotonic() - begun < 5
        assert store.latest() == 2


def test_forty_threads_read_from_one_store(plots):
    with open_store(plots) as store, ThreadPoolExecutor(40) as threads:
        together = threading.Barrier(40, timeout=60)

        def ask(_: int) -> int:
            together.wait()
            return store.count(LAYER)

        assert list(threads.map(ask, range(40))) == [len(START)] * 40
