"""When things go wrong: nothing is lost, nothing is half-written, and the reader is told what to do."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import shapely

from tests_support import CRS, LAYER, make_rows, write
from twin.crs import parse_crs
from twin.errors import CrsError, InvalidParameter, RevisionConflict, StoreExists, StoreUnavailable
from twin.query import Query
from twin.stores import create_store, open_store
from twin.stores.gpkg_file import connect_file

SUPPORT = Path(__file__).parents[1] / "support"

#: A process that writes without end and says when it is in the middle.
WRITER = """
import sys, shapely
from tests_support import make_rows, write
from twin.stores import open_store

path, size, rounds, name = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
with open_store(path, write=True) as store:
    for round in range(rounds):
        squares = {f"{name}{round}-{i}": {"geometry": shapely.box(i, 0, i + 1, 1)} for i in range(size)}
        rows = make_rows(**squares)
        print("writing", flush=True)
        write(store, insert=rows, author=name)
        print("written", flush=True)
"""


def start_writer(path, *, size, rounds=1, name="w"):
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(size), str(rounds), name]
    environment = os.environ | {"PYTHONPATH": str(SUPPORT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "twin.gpkg"
    with create_store(path, crs=CRS) as store:
        write(store, insert=make_rows(a={"floors": 1, "geometry": shapely.box(0, 0, 1, 1)}))
    return path


def sound(path):
    with closing(sqlite3.connect(path)) as connection:
        checks = [connection.execute("PRAGMA integrity_check").fetchone()[0]]
        checks += [connection.execute("SELECT rtreecheck('rtree_plots_geom')").fetchone()[0]]
    return checks == ["ok", "ok"]


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
def test_a_writer_killed_in_the_middle_leaves_the_previous_revision_and_the_next_write_works(path, delay_s):
    with start_writer(path, size=40_000) as writer:
        assert writer.stdout.readline() == "writing\n"
        time.sleep(delay_s)
        writer.send_signal(signal.SIGKILL)
        finished = "written" in writer.stdout.read()
    assert finished or writer.returncode == -signal.SIGKILL
    with open_store(path, write=True) as store:
        assert (store.latest(), store.count(LAYER)) in ([(2, 40_001)] if finished else [(1, 1), (2, 40_001)])
        write(store, insert=make_rows(b={"geometry": shapely.box(5, 5, 6, 6)}))
    assert sound(path)


def test_two_processes_that_write_at_once_both_succeed_one_after_the_other(path):
    with start_writer(path, size=300, rounds=8, name="x") as x, start_writer(path, size=300, rounds=8, name="y") as y:
        x.communicate()
        y.communicate()
    assert (x.returncode, y.returncode) == (0, 0)
    with open_store(path) as store:
        assert store.count(LAYER) == 1 + 2 * 8 * 300
        assert [revision.number for revision in store.revisions(LAYER)] == list(range(1, 18))
    assert sound(path)


def test_two_writers_on_the_same_base_one_wins_and_the_other_gets_the_conflict(path):
    outcomes = []
    barrier = threading.Barrier(2)

    def compete(name):
        with open_store(path, write=True) as store:
            barrier.wait()
            try:
                write(store, insert=make_rows(**{name: {}}), base=1)
                outcomes.append("won")
            except RevisionConflict:
                outcomes.append("conflict")

    threads = [threading.Thread(target=compete, args=(name,)) for name in "xy"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "won"]


def test_readers_never_see_half_of_a_write(path):
    seen = set()
    with start_writer(path, size=400, rounds=12) as writer, open_store(path) as store:
        while writer.poll() is None:
            frame = store.read(LAYER)
            assert len(frame) == 1 + 400 * (frame.revision - 1)
            seen.add(frame.revision)
    assert writer.returncode == 0
    assert len(seen) > 1


def test_a_reader_holding_a_frame_is_undisturbed_by_a_write(path):
    with open_store(path) as reader, open_store(path, write=True) as writer:
        held = reader.read(LAYER)
        write(writer, delete="a")
        assert held.data.index.tolist() == ["a"]
        assert len(reader.read(LAYER)) == 0
        assert len(reader.read(LAYER, Query(as_of=1))) == 1


def test_a_full_disk_is_a_clear_error_and_changes_nothing(small_disk):
    path = small_disk / "twin.gpkg"
    with create_store(path, crs=CRS) as store:
        write(store, insert=make_rows(a={"geometry": shapely.box(0, 0, 1, 1)}))
        many = make_rows(
            **{f"k{i}": {"name": "x" * 400, "geometry": shapely.box(i, 0, i + 1, 1)} for i in range(30_000)}
        )
        with pytest.raises(StoreUnavailable, match="disk is full"):
            write(store, insert=many)
        assert store.read(LAYER).data.index.tolist() == ["a"]
        write(store, insert=make_rows(b={}))
    with open_store(path) as store:
        assert store.read(LAYER).data.index.tolist() == ["a", "b"]
    assert sound(path)


@pytest.mark.parametrize("room_kb", [4, 40, 60])
def test_a_store_that_does_not_fit_on_the_disk_is_not_created_at_all(small_disk, room_kb):
    filler = small_disk / "filler"
    filler.write_bytes(bytes(8 * 2**20 - room_kb * 2**10))
    with pytest.raises(StoreUnavailable, match="No space left on device"):
        create_store(small_disk / "twin.gpkg", crs=CRS)
    assert list(small_disk.iterdir()) == [filler]


@pytest.mark.parametrize("name", ["沂南 县.gpkg", "a?b#c%20.gpkg", "[1]*.gpkg", "a&mode=rwc.gpkg", "\udcc4\udccf.gpkg"])
def test_a_store_may_bear_any_name_that_a_file_may(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with create_store(name, crs=CRS) as store:
        write(store, insert=make_rows(a={}))
    with open_store(name) as store:
        assert store.count(LAYER) == 1
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_place_where_no_store_can_be_is_refused(tmp_path):
    (tmp_path / "folder.gpkg").mkdir()
    for name, words in (("folder.gpkg", "is not a file"), (f"{'x' * 300}.gpkg", "File name too long")):
        with pytest.raises(StoreUnavailable, match=words):
            open_store(tmp_path / name)
    with pytest.raises(StoreExists):
        create_store(tmp_path / "folder.gpkg", crs=CRS)
    with pytest.raises(StoreUnavailable, match="File name too long"):
        create_store(tmp_path / f"{'x' * 300}.gpkg", crs=CRS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a twin's store"),
        (b"SQLite format 3\0" + b"\xff" * 5000, "damaged|not a GeoPackage"),
        (b"hello, this is no database at all" * 100, "not a GeoPackage"),
    ],
)
@pytest.mark.parametrize("write", [False, True])
def test_a_file_that_is_no_store_is_refused_by_name_and_let_go_unchanged(tmp_path, monkeypatch, content, words, write):
    opened = []

    def connect(*args, connect=sqlite3.connect, **options):
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    path = tmp_path / "broken.gpkg"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=words) as raised:
        open_store(path, write=write)
    assert "broken.gpkg" in raised.value.detail
    assert path.read_bytes() == content
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
            connection.execute("SELECT 1")
    assert opened


def read_everything(path):
    with open_store(path) as store:
        return store.read(LAYER), store.revisions()


def test_a_truncated_store_is_refused_or_reported_damaged_but_never_wrong(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreUnavailable, match=r"damaged|not a twin|not a GeoPackage"):
        read_everything(path)


@pytest.mark.parametrize("write", [False, True])
def test_somebody_elses_geopackage_is_not_taken_for_a_store_and_not_touched(tmp_path, write):
    path = tmp_path / "other.gpkg"
    make_rows(a={"geometry": shapely.box(0, 0, 1, 1)}).drop(columns="seen_at").to_file(
        path, layer="plots", engine="pyogrio"
    )
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="not a twin's store"):
        open_store(path, write=write)
    assert path.read_bytes() == before


def test_a_locked_store_is_reported_as_such(path, monkeypatch):
    monkeypatch.setitem(connect_file.__kwdefaults__, "timeout_s", 0.1)
    with open_store(path, write=True) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another program is writing"):
            write(store, delete=("a",))
        other.execute("ROLLBACK")
        assert store.count(LAYER) == 1


def test_an_existing_file_is_never_overwritten_and_a_failed_creation_leaves_nothing(path, tmp_path):
    before = path.read_bytes()
    with pytest.raises(StoreExists):
        create_store(path, crs=CRS)
    assert path.read_bytes() == before
    with pytest.raises(StoreUnavailable):
        create_store(tmp_path / "no" / "such" / "folder.gpkg", crs=CRS)
    with pytest.raises(InvalidParameter, match=r"\.gpkg"):
        create_store(tmp_path / "twin.sqlite", crs=CRS)
    with pytest.raises(CrsError):
        create_store(tmp_path / "geocentric.gpkg", crs=parse_crs("EPSG:4978"))
    assert [p.name for p in tmp_path.iterdir()] == ["twin.gpkg"]


def test_a_store_of_a_newer_program_is_refused(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE twin_meta SET value = '99' WHERE key = 'format'")
    with pytest.raises(StoreUnavailable, match="update the program"):
        open_store(path)


def test_a_read_only_file_can_be_read_and_says_so_when_written(path):
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with open_store(path) as store:
            assert store.count(LAYER) == 1
            with pytest.raises(StoreUnavailable, match="read-only"):
                write(store, delete=("a",))
    finally:
        path.parent.chmod(0o755)
