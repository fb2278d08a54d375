"""Append, replace and sync; all or nothing; the report."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from twin.errors import CrsError, Fault, InvalidParameter, RevisionConflict, SchemaViolation, SourceError
from twin.ingest import ingest_rows
from twin.query import Query


@pytest.fixture
def frame(square):
    """Rows in the storage CRS: ``frame({"parcel_id": ["1"]})``."""

    def make(columns, geometry=None, crs="EPSG:4548"):
        shapes = [square(n) for n in range(len(next(iter(columns.values()))))] if geometry is None else geometry
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)

    return make


def counts(report):
    return report.inserted, report.updated, report.deleted, report.unchanged


def test_append_adds_and_refuses_keys_that_are_stored(take, parcels, deliver, faults_of):
    assert counts(take(parcels, deliver("a.gpkg", {"parcel_id": ["1", "2"]}))) == (2, 0, 0, 0)
    assert counts(take(parcels, deliver("b.gpkg", {"parcel_id": ["3"]}))) == (1, 0, 0, 0)
    (fault,) = faults_of(parcels, deliver("c.gpkg", {"parcel_id": ["4", "2"]}))
    assert (fault.row, fault.field, fault.value) == (2, "parcel_id", "2")
    assert fault.what == "the key is stored already; update with --mode sync"


def test_sync_inserts_updates_deletes_and_leaves_the_rest_alone(take, parcels, deliver, store, rows_of):
    take(parcels, deliver("a.gpkg", {"parcel_id": ["1", "2", "3"], "name": ["a", "b", "c"]}))
    moved = [shapely.box(632885, 3936656, 632895, 3936666), shapely.box(1e3 + 632885, 3936656, 1e3 + 632895, 3936666)]
    report = take(
        parcels, deliver("b.gpkg", {"parcel_id": ["1", "9"], "name": ["A", "new"]}, geometry=moved), mode="sync"
    )
    assert counts(report) == (1, 1, 2, 0)
    assert rows_of(parcels).name.to_dict() == {"1": "A", "9": "new"}
    revision = store.revisions(parcels)[-1]
    assert (revision.inserted, revision.updated, revision.deleted) == (1, 1, 2)


def test_sync_sees_a_change_of_one_millimetre_and_no_change_in_a_ring_that_starts_elsewhere(take, parcels, deliver):
    ring = [(632885, 3936656), (632895, 3936656), (632895, 3936666), (632885, 3936666)]
    take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}, geometry=[shapely.Polygon(ring)]))
    turned = shapely.Polygon([*ring[2:], *ring[:2]][::-1])
    report = take(parcels, deliver("b.gpkg", {"parcel_id": ["1"]}, geometry=[turned]), mode="sync")
    assert (counts(report), report.revision) == ((0, 0, 0, 1), None)
    moved = shapely.Polygon([(632885.001, 3936656), *ring[1:]])
    assert take(parcels, deliver("c.gpkg", {"parcel_id": ["1"]}, geometry=[moved]), mode="sync").updated == 1


def test_sync_of_the_same_file_makes_no_revision_and_says_so(take, parcels, deliver, store):
    path = deliver("a.gpkg", {"parcel_id": ["1", "2"], "sold_on": ["2021-03-05", None], "fenced": [True, None]})
    take(parcels, path)
    report = take(parcels, path, mode="sync")
    assert (counts(report), report.revision, store.latest()) == ((0, 0, 0, 2), None, 1)
    assert "nothing changed, no revision was made" in report.render()


def test_replace_writes_every_delivered_row_anew(take, parcels, deliver, store):
    take(parcels, deliver("a.gpkg", {"parcel_id": ["1", "2"]}))
    assert counts(take(parcels, deliver("b.gpkg", {"parcel_id": ["2", "3"]}), mode="replace")) == (1, 1, 1, 0)
    assert store.read(parcels, Query(as_of=1)).data.index.tolist() == ["1", "2"]


def test_several_files_are_one_revision_with_one_digest(take, parcels, deliver, store, square):
    first = deliver("a.gpkg", {"parcel_id": ["1"]})
    second = deliver("b.fgb", {"parcel_id": ["2"]}, geometry=[square(5)])
    report = take(parcels, first, second, reason="two villages")
    (revision,) = store.revisions(parcels)
    assert (revision.inserted, revision.source, revision.reason) == (2, "a.gpkg, b.fgb", "two villages")
    assert revision.sha256 == report.sha256 != report.files[0].sha256


def test_files_of_the_same_name_are_told_apart_by_their_folders(take, faults_of, parcels, deliver, store, square):
    first = deliver("a.gpkg", {"parcel_id": ["1"]})
    second = first.parent / "north" / "a.gpkg"
    second.parent.mkdir()
    first.rename(second)
    deliver("a.gpkg", {"parcel_id": ["1"]}, geometry=[square(5)])
    (fault,) = faults_of(parcels, first, second)
    assert fault.file == str(second)
    assert fault.what == f"the key stands twice, first in {first} row 1"


def test_a_key_that_stands_twice_is_a_fault_that_names_both_rows(faults_of, parcels, deliver, square):
    first = deliver("a.gpkg", {"parcel_id": ["1", "2", "1"]})
    second = deliver("b.gpkg", {"parcel_id": ["2"]}, geometry=[square(7)])
    faults = faults_of(parcels, first, second)
    assert [(f.file, f.row, f.what) for f in faults] == [
        ("a.gpkg", 3, "the key stands twice, first in a.gpkg row 1"),
        ("b.gpkg", 1, "the key stands twice, first in a.gpkg row 2"),
    ]


def test_faults_of_every_kind_are_told_at_once_and_nothing_is_written(take, parcels, deliver, store):
    shapes = [shapely.box(632885, 3936656, 632895, 3936666), None, shapely.Point(632885, 3936656)]
    path = deliver("a.gpkg", {"parcel_id": ["1", None, "3"], "depth_m": ["x", "2", "200"]}, geometry=shapes)
    with pytest.raises(SchemaViolation) as refusal:
        take(parcels, path)
    found = {(f.row, f.field) for f in refusal.value.faults}
    assert found == {(1, "depth_m"), (2, "parcel_id"), (3, "depth_m"), (2, "geometry"), (3, "geometry")}
    assert refusal.value.members["report"]["fault_count"] == 5
    assert "5 faults in rows for parcels, nothing was written" in refusal.value.detail
    assert store.latest() == 0


def test_a_missing_key_column_is_refused_with_what_to_do(faults_of, parcels, deliver):
    (fault,) = faults_of(parcels, deliver("a.gpkg", {"whatever": ["1"]}))
    assert (fault.field, fault.row) == ("parcel_id", None)
    assert "name one in a mapping" in fault.what


def test_fields_that_a_file_does_not_have_get_their_default(take, parcels, deliver, rows_of):
    take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}))
    assert rows_of(parcels).floors["1"] == 1


def test_a_file_without_rows_changes_nothing(take, parcels, deliver, store):
    take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}))
    with pytest.raises(SourceError, match="holds no rows"):
        take(parcels, deliver("b.gpkg", {"parcel_id": []}, geometry_type="Polygon"), mode="sync")
    assert store.count(parcels) == 1


def test_a_dry_run_does_everything_but_write(take, parcels, deliver, store):
    report = take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}), dry_run=True)
    assert (counts(report), report.revision, store.latest()) == ((1, 0, 0, 0), None, 0)
    assert "dry run, nothing was written" in report.render()
    with pytest.raises(SchemaViolation):
        take(parcels, deliver("b.gpkg", {"parcel_id": ["1", "1"]}), dry_run=True)


def test_effective_dates_lie_in_the_past(take, parcels, deliver, store):
    path = deliver("a.gpkg", {"parcel_id": ["1"]})
    with pytest.raises(InvalidParameter, match="future"):
        take(parcels, path, effective=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(InvalidParameter, match="time zone"):
        take(parcels, path, effective=datetime(2021, 3, 5))
    take(parcels, path, effective=datetime(2021, 3, 5, tzinfo=UTC))
    assert store.revisions(parcels)[0].effective == datetime(2021, 3, 5, tzinfo=UTC)


def test_an_unknown_mode_is_refused_and_no_files_are_too(take, parcels, deliver):
    with pytest.raises(InvalidParameter, match="did you mean append"):
        take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}), mode="apend")
    with pytest.raises(InvalidParameter, match="at least one file"):
        take(parcels)


def test_checks_see_the_state_that_would_result_and_their_faults_name_file_or_stored_key(take, parcels, deliver):
    def check_names(rows):
        again = rows.name.duplicated(keep=False).to_numpy().nonzero()[0]
        return [Fault(what="the name is taken", row=int(row), field="name") for row in again]

    layer = replace(parcels, checks=(check_names,))
    take(layer, deliver("a.gpkg", {"parcel_id": ["1"], "name": ["a"]}))
    path = deliver("b.gpkg", {"parcel_id": ["2", "3"], "name": ["b", "a"]})
    with pytest.raises(SchemaViolation) as refusal:
        take(layer, path)
    assert [(f.file, f.row, f.what) for f in refusal.value.faults] == [
        (None, None, "stored feature 1: the name is taken"),
        ("b.gpkg", 2, "the name is taken"),
    ]
    # In sync the stored row goes, so its name is free.
    assert counts(take(layer, path, mode="sync")) == (2, 0, 1, 0)


def test_a_layer_that_moved_on_meanwhile_is_a_conflict(take, parcels, deliver, store, monkeypatch, frame):
    def read_then_somebody_writes(layer, query):
        monkeypatch.undo()
        found = store.read(layer, query)
        ingest_rows(store, layer, frame({"parcel_id": ["9"]}), author="other")
        return found

    monkeypatch.setattr(store, "read", read_then_somebody_writes)
    with pytest.raises(RevisionConflict):
        take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}))
    assert store.read(parcels, Query()).data.index.tolist() == ["9"]


def test_rows_are_taken_with_the_same_checks_as_files(store, parcels, frame, rows_of):
    report = ingest_rows(
        store, parcels, frame({"parcel_id": ["1"], "name": ["沂南"]}), author="t", source="generator", reason="sample"
    )
    assert counts(report) == (1, 0, 0, 0)
    (revision,) = store.revisions(parcels)
    assert (revision.source, revision.reason, rows_of(parcels).name["1"]) == ("generator", "sample", "沂南")
    with pytest.raises(SchemaViolation) as refusal:
        ingest_rows(store, parcels, frame({"parcel_id": ["2"], "depth_m": [200.0]}), author="t")
    assert refusal.value.faults[0].row == 1


def test_rows_may_carry_their_key_as_index(store, parcels, frame):
    rows = frame({"parcel_id": ["1", "2"]}).set_index("parcel_id")
    assert ingest_rows(store, parcels, rows, author="t").inserted == 2
    rows.index.name = None
    assert ingest_rows(store, parcels, rows, author="t", mode="sync").unchanged == 2


def test_rows_in_another_crs_or_with_unknown_fields_are_refused(store, parcels, frame):
    with pytest.raises(CrsError, match="storage CRS EPSG:4548"):
        ingest_rows(store, parcels, frame({"parcel_id": ["1"]}, crs="EPSG:4549"), author="t")
    with pytest.raises(InvalidParameter, match="did you mean name"):
        ingest_rows(store, parcels, frame({"parcel_id": ["1"], "nmae": ["x"]}), author="t")


def test_the_report_is_json_and_reads_well(take, parcels, deliver):
    report = take(parcels, deliver("a.gpkg", {"编号": ["1"], "unused": [1]}))
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["files"][0]["matches"] == [{"field": "parcel_id", "column": "编号", "how": "alias"}]
    assert plain["files"][0]["unused"] == ["unused"]
    assert len(plain["files"][0]["sha256"]) == 64
    text = report.render()
    assert "parcel_id ← 编号 (alias)" in text
    assert "crs: EPSG:4548 (the file says so)" in text
    assert "1 inserted" in text
    assert "revision 1" in text


@pytest.mark.parametrize(
    ("name", "before", "after", "says"),
    [
        ("big.csv", "parcel_id,name,WKT\n1,", ",POINT (1 2)\n", "longer than 16 MB"),
        ("big.geojson", '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"',
         '"},"geometry":null}]}', "more than 10 million characters"),
    ],
)  # fmt: skip
def test_a_text_of_40_mb_in_a_text_file_is_refused_in_words(take, parcels, tmp_path, name, before, after, says):
    (tmp_path / name).write_text(before + "x" * 40_000_000 + after)
    with pytest.raises(SourceError, match=says):
        take(parcels, tmp_path / name)


def test_a_text_of_200_mb_is_a_clear_fault_within_bounded_memory(deliver, tmp_path):
    path = deliver("big.gpkg", {"k": ["1"], "t": ["x"]}, SPATIAL_INDEX="NO")
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE big SET t = printf('%.*c', 200000000, 'x')")
        file.commit()
    # In a process of its own, so that its memory can be measured.
    code = """
import re, sys
from pathlib import Path
from twin.crs import parse_crs
from twin.errors import SchemaViolation
from twin.ingest import ingest_files
from twin.layer import Layer
from twin.schema import Field
from twin.stores import create_store

fields = (Field(name="k", title="K", title_zh="K", required=True), Field(name="t", title="T", title_zh="T"))
layer = Layer(id="notes", title="N", title_zh="N", about="", geometry="Polygon", key="k", fields=fields)
with create_store(sys.argv[2], crs=parse_crs("EPSG:4548")) as twin:
    try:
        ingest_files(twin, layer, [sys.argv[1]], author="t")
    except SchemaViolation as error:
        (fault,) = error.faults
        print(fault.row, fault.field, fault.what, len(fault.value), twin.latest())
# Not the resource usage, which counts what the parent held before it became this process.
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""
    command = [sys.executable, "-c", code, path, tmp_path / "twin2.gpkg"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    told, peak_mb = done.stdout.splitlines()
    assert told == "1 t the text is too long 60 0"
    # The program itself takes some 250 MB; GDAL and Arrow hold the text three times.
    assert int(peak_mb) < 950
