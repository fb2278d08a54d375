"""One file, many programs: readers and writers at once, copies, replacements, edits by others."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import numpy as np
import pyogrio
import pytest
import shapely

from tests_support import CRS, LAYER, edit_file, make_rows, write
from twin.crs import BBox
from twin.errors import StoreUnavailable
from twin.history import revert
from twin.query import Query
from twin.schema import Field
from twin.stores import create_store, open_store

SQUARE = shapely.box(0, 0, 1, 1)
FAR = shapely.box(5, 5, 6, 6)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "twin.gpkg"
    with create_store(path, crs=CRS) as store:
        write(store, insert=make_rows(a={"floors": 1, "geometry": SQUARE}, b={"floors": 2, "geometry": FAR}))
    return path


def edit(path, sql):
    """Run a statement as GDAL does it, and QGIS through GDAL."""
    done = subprocess.run(["ogrinfo", "-q", path, "-sql", sql], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def floors(store, **query):
    return store.read(LAYER, Query(**query)).data["floors"].dropna().astype(int).to_dict()


def test_forty_threads_read_at_the_same_time(path):
    together = threading.Barrier(40, timeout=60)

    def ask(_):
        with store._reading():
            together.wait()
        return store.count(LAYER)

    with open_store(path) as store, ThreadPoolExecutor(40) as threads:
        assert list(threads.map(ask, range(40))) == [2] * 40


def test_a_copy_of_the_file_is_whole_though_a_reader_keeps_it_open(path, tmp_path):
    with open_store(path) as reader:
        with open_store(path, write=True) as store:
            write(store, delete=("b",))
            assert reader.latest() == 2
        shutil.copy(path, tmp_path / "copy.gpkg")
        with open_store(tmp_path / "copy.gpkg") as copy:
            assert floors(copy) == {"a": 1}
        assert floors(reader) == {"a": 1}


@pytest.mark.parametrize("change", [os.remove, lambda path: shutil.move(path.with_name("new.gpkg"), path)])
def test_a_file_replaced_or_removed_while_open_is_neither_read_nor_written_any_more(path, change):
    with create_store(path.with_name("new.gpkg"), crs=CRS) as other:
        write(other, insert=make_rows(z={}))
    with open_store(path) as reader, open_store(path, write=True) as store:
        assert reader.count(LAYER) == store.count(LAYER) == 2
        change(path)
        for ask in (reader.latest, lambda: reader.read(LAYER), lambda: write(store, delete=("a",))):
            with pytest.raises(StoreUnavailable, match="replaced or removed while it was open"):
                ask()


def test_a_reader_that_may_not_write_to_the_folder_still_sees_what_others_write(path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with open_store(path) as reader:
        assert reader.latest() == 1
        monkeypatch.undo()
        with open_store(path, write=True) as store:
            write(store, delete=("b",))
            assert floors(reader) == {"a": 1}
        assert floors(reader) == {"a": 1}


def test_a_change_far_from_the_edge_and_one_at_the_edge_leave_the_extent_true(path):
    with open_store(path, write=True) as store:
        inner = {f"i{i}": {"geometry": shapely.box(2, 2, 3, 3)} for i in range(20)}
        write(store, insert=make_rows(**inner))
        write(store, update=make_rows(i0={"geometry": shapely.box(3, 3, 4, 4)}), delete=("i1",))
        assert store.extent(LAYER) == BBox(0, 0, 6, 6)
        write(store, delete=("b",))
        assert store.extent(LAYER) == BBox(0, 0, 4, 4)
        write(store, update=make_rows(a={"geometry": shapely.box(1, 1, 2, 2)}))
        assert store.extent(LAYER) == BBox(1, 1, 4, 4)


@pytest.mark.parametrize("origin", [(0, 0), (500_000, 3_900_000), (-1e-9, 1e9), (16_777_217, -16_777_219)])
def test_the_extent_stays_true_to_the_last_bit_while_features_at_its_edge_go(tmp_path, origin):
    """Places too close together for the 32-bit numbers of the index to tell them apart."""
    rng = np.random.default_rng(5)
    corner = np.array(origin, dtype=float) + rng.uniform(0, 2, (60, 2))
    shapes = {f"p{n}": shapely.box(x, y, x + 0.5, y + 0.25) for n, (x, y) in enumerate(corner)}
    with create_store(tmp_path / "edge.gpkg", crs=CRS) as store:
        write(store, insert=make_rows(**{key: {"geometry": shape} for key, shape in shapes.items()}))
        while len(shapes) > 20:
            bounds = {key: shape.bounds for key, shape in shapes.items()}
            gone = min(bounds, key=lambda key: bounds[key][len(shapes) % 2])  # the westernmost, the southernmost
            write(store, delete=(gone,))
            del shapes[gone]
            assert tuple(store.extent(LAYER)) == shapely.GeometryCollection(list(shapes.values())).bounds


def test_the_extent_is_true_where_the_index_has_places_in_another_order(tmp_path):
    """SQLite writes 500000.03 as 499999.97, the next 32-bit number but one, and 500000 as itself."""
    first, second, last = (shapely.box(x, 3, 500_005, 6) for x in (500_000.0, 500_000.03, 499_990.0))
    inner = {f"i{n}": {"geometry": shapely.box(500_001, 0, 500_010, 9)} for n in range(20)}
    with create_store(tmp_path / "order.gpkg", crs=CRS) as store:
        write(store, insert=make_rows(first={"geometry": first}, last={"geometry": last}, **inner))
        write(store, insert=make_rows(second={"geometry": second}))
        write(store, delete=("last",))
        assert store.extent(LAYER) == BBox(500_000.0, 0, 500_010, 9)


@pytest.mark.needs("gdal")
def test_every_edit_by_another_program_is_a_revision_and_the_past_stays_what_it_was(path):
    edit(path, "UPDATE plots SET floors = floors + 10")
    edit(path, "DELETE FROM plots WHERE plot_id = 'b'")
    edit(path, "INSERT INTO plots (plot_id, floors) VALUES ('c', 3)")
    edit(path, "UPDATE plots SET plot_id = 'd', geom = NULL WHERE plot_id = 'a'")
    with open_store(path, write=True) as store:
        states = [{"a": 1, "b": 2}, {"a": 11, "b": 2}, {"a": 11, "b": 12}, {"a": 11}, {"a": 11, "c": 3}]
        assert [floors(store, as_of=number) for number in range(1, 6)] == states
        assert floors(store) == floors(store, as_of=6) == {"c": 3, "d": 11}
        told = [(r.author, r.inserted, r.updated, r.deleted) for r in store.revisions(LAYER)[1:]]
        assert told == [("unknown", *counts) for counts in ((0, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0), (0, 1, 0))]
        last_of_each_edit = [revision for revision in store.revisions(LAYER) if revision.number != 2]
        for revision in last_of_each_edit:
            assert floors(store, as_of=revision.effective) == floors(store, as_of=revision.number)
        write(store, update=make_rows(d={"floors": 4, "geometry": SQUARE}))
        assert floors(store, as_of=6) == {"c": 3, "d": 11}
        assert store.revisions(LAYER)[-1].author == "surveyor"
        assert store.count(LAYER, Query(bbox=BBox(0, 0, 9, 9))) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT rtreecheck('rtree_plots_geom')").fetchone() == ("ok",)


@pytest.mark.parametrize(
    "blob", [b"", b"GP", b"GP\0\1\xc4\x11\0\0", b"no geometry at all", b"GP\0\1\xc4\x11\0\0\1\x09" + bytes(40), "text"]
)
def test_a_geometry_that_another_program_damaged_is_reported_and_can_be_mended(path, blob):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for side in ("IsEmpty", "MinX", "MaxX", "MinY", "MaxY"):
            connection.create_function(f"ST_{side}", 1, lambda _: 0)
        connection.execute("UPDATE plots SET geom = ? WHERE plot_id = 'a'", (blob,))
    with open_store(path, write=True) as store:
        for query in (Query(), Query(bbox=BBox(0, 0, 1, 1))):
            with pytest.raises(StoreUnavailable, match="damaged or of a kind that is not supported"):
                store.read(LAYER, query)
        write(store, update=make_rows(a={"geometry": SQUARE}))
        assert store.count(LAYER, Query(bbox=BBox(0, 0, 1, 1))) == 1


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [("floors", "many", "integer"), ("floors", 2.5, "integer"), ("height_m", "", "real"), ("built", "soon", "date")],
)
def test_a_value_that_is_not_of_its_type_is_reported_and_its_revision_can_be_undone(path, column, value, kind):
    edit_file(path, f"UPDATE plots SET {column} = ? WHERE plot_id = 'b'", [value])
    with open_store(path, write=True) as store:
        with pytest.raises(StoreUnavailable, match=f"plots b has {value!r} as {column}, which is no {kind}"):
            store.read(LAYER)
        revert(store, LAYER, 2, author="chief")
        assert floors(store) == {"a": 1, "b": 2}


def test_rows_appended_by_another_program_are_revisions_and_found_in_a_box(path):
    appended = make_rows(x={"floors": 5, "geometry": shapely.box(20, 20, 30, 30)})
    pyogrio.write_dataframe(appended, path, layer="plots", append=True)
    with open_store(path) as store:
        assert floors(store) == {"a": 1, "b": 2, "x": 5}
        assert floors(store, as_of=1) == {"a": 1, "b": 2}
        assert floors(store, bbox=BBox(25, 25, 26, 26)) == {"x": 5}
        assert store.extent(LAYER) == BBox(0, 0, 30, 30)


def test_a_field_added_later_is_kept_in_the_history_of_outside_edits(path):
    wider = replace(LAYER, fields=(*LAYER.fields, Field(name="owner", title="Owner", title_zh="业主")))
    with open_store(path, write=True) as store:
        store.prepare(wider)
    edit_file(path, "UPDATE plots SET owner = 'x' WHERE plot_id = 'a'")
    edit_file(path, "UPDATE plots SET owner = 'y' WHERE plot_id = 'a'")
    with open_store(path) as store:
        owners = [store.read(wider, Query(ids=("a",), as_of=n)).data["owner"].fillna("").tolist() for n in (1, 2, 3)]
    assert owners == [[""], ["x"], ["y"]]


def test_the_stamp_does_not_wait_for_a_program_that_holds_the_file(tmp_path):
    # A commit in rollback mode, as QGIS and GDAL make it, shuts every reader out for a while.
    with create_store(tmp_path / "twin.gpkg", crs=CRS):
        pass
    other = sqlite3.connect(tmp_path / "twin.gpkg", isolation_level=None)
    with open_store(tmp_path / "twin.gpkg") as store, closing(other):
        before = store.stamp()
        other.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        assert store.stamp() == before
        assert time.monotonic() - begun < 5  # a reader waits 30 s
        other.execute("UPDATE twin_meta SET value = 'renamed' WHERE key = 'title'")
        other.execute("COMMIT")
        assert store.stamp() != before
