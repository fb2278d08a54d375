"""`twin ingest` as a surveyor meets it at a terminal: what is shown, in which order, and what it ends with."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests_cli import Terminal

STATIONS = "站号,站名,观测方式,经度,纬度\n5001,界湖,自动,118.47,35.55\n5002,苏村,自动,118.57,35.55\n"


@pytest.fixture
def folder(tmp_path, monkeypatch, store):
    """Where the store is and the deliveries lie."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWIN_AUTHOR", "王工")
    return tmp_path


@pytest.fixture
def twin(folder, monkeypatch, capfd):
    """Run a command: its exit code, and what stands on standard output and error."""
    return Terminal(monkeypatch, capfd).run


def test_what_was_decided_about_a_file_is_shown_before_its_faults(twin, folder):
    (folder / "a.csv").write_text(STATIONS.replace("苏村,自动", "苏村,人力"), encoding="gbk")
    code, out, told = twin("ingest", "weather_stations", "a.csv")
    assert code == 1
    assert out.startswith("a.csv: CSV with commas, 2 rows, sha256 ")
    assert "  encoding: gb18030 (the bytes are strict GB18030)" in out
    assert "  coordinates: longitude, latitude = 经度, 纬度 (column names)" in out
    assert "twin: 1 fault in rows for weather_stations, nothing was written" in told
    assert "  a.csv, row 2, field kind: the value is not of the code list (found 人力); allowed: automatic" in told


def test_a_program_reads_the_whole_report_of_a_refused_delivery(twin, folder):
    (folder / "a.csv").write_text(STATIONS.replace("118.57", "18.57"), encoding="utf-8")
    code, out, _ = twin("ingest", "weather_stations", "a.csv", "--json")
    report = json.loads(out)["report"]
    assert code == 1
    assert (report["read"], report["fault_count"], report["revision"]) == (2, 1, None)
    assert report["faults"][0]["row"] == 2
    assert report["files"][0]["crs"]["value"] == "WGS 84 (CRS84)"
    assert len(report["sha256"]) == 64


def test_steps_are_shown_on_a_terminal_and_wiped_away(twin, folder, monkeypatch):
    (folder / "a.csv").write_text(STATIONS, encoding="utf-8")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, out, told = twin("ingest", "weather_stations", "a.csv")
    assert code == 0
    shown = [step.removesuffix(" …") for step in told.split("\r\x1b[K") if step]
    assert shown == [
        "reading a.csv",
        "checking 2 rows of a.csv",
        "comparing 2 rows with what is stored",
        "writing 2 changes",
    ]
    assert told.endswith("\r\x1b[K")
    assert out.endswith("s)\n")
    assert "\x1b" not in out


def test_nothing_moves_where_there_is_no_terminal(twin, folder):
    (folder / "a.csv").write_text(STATIONS, encoding="utf-8")
    assert twin("ingest", "weather_stations", "a.csv")[2] == ""


@pytest.mark.parametrize("way", ["itself", "a link to it"])
def test_the_store_is_no_delivery(twin, folder, way):
    path = Path("twin.gpkg")
    if way != "itself":
        path = Path("delivery.gpkg")
        path.symlink_to("twin.gpkg")
    code, _, told = twin("ingest", "weather_stations", str(path))
    assert code == 1
    assert told == f"twin: {path} is the store itself: name the files that were delivered\n"


def test_a_file_name_in_gbk_is_read_as_it_was_written(twin, folder):
    name = "站点表.csv".encode("gbk")
    Path(os.fsdecode(name)).write_text(STATIONS, encoding="gbk")
    code, out, _ = twin("ingest", "weather_stations", os.fsdecode(name))
    assert code == 0
    assert out.startswith("站点表.csv: CSV with commas")
    assert "append 站点表.csv" in twin("history", "weather_stations")[1]


def test_a_nul_character_in_a_text_is_a_fault_that_can_be_read(twin, folder):
    (folder / "a.csv").write_text(STATIONS.replace("苏村", "苏\0村"), encoding="utf-8")
    code, _, told = twin("ingest", "weather_stations", "a.csv")
    assert code == 1
    assert "a.csv, row 2, field name: the text holds a NUL character (found 苏\\x00村)" in told


def test_a_value_cannot_make_the_terminal_obey(twin, folder):
    (folder / "a.csv").write_text(STATIONS.replace("苏村,自动", "苏村,\x1b[2J自动"), encoding="utf-8")
    told = twin("ingest", "weather_stations", "a.csv")[2]
    assert "found \\x1b[2J自动" in told
    assert "\x1b" not in told


def test_an_empty_status_is_the_default_one_and_the_report_counts_them(twin, folder):
    lines = STATIONS.splitlines()
    table = "\n".join([f"{lines[0]},状态", f"{lines[1]},", f"{lines[2]},停用"])
    (folder / "a.csv").write_text(table, encoding="utf-8")
    code, out, _ = twin("ingest", "weather_stations", "a.csv")
    assert code == 0
    assert "note: status is empty in 1 rows, which get its default in_service" in out
    with closing(sqlite3.connect("twin.gpkg")) as file:
        stored = file.execute("SELECT status FROM weather_stations ORDER BY station_id").fetchall()
    assert stored == [("in_service",), ("out_of_service",)]


def test_a_table_that_has_no_status_gets_the_default_and_the_report_says_so(twin, folder):
    (folder / "a.csv").write_text(STATIONS, encoding="utf-8")
    out = twin("ingest", "weather_stations", "a.csv")[1]
    assert "note: there is no column for status: all rows get its default in_service" in out


def test_a_dry_run_leaves_every_byte_of_the_store(twin, folder):
    (folder / "a.csv").write_text(STATIONS, encoding="utf-8")
    (folder / "b.csv").write_text(STATIONS.replace("自动", "人力"), encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert twin("ingest", "weather_stations", "a.csv", "--dry-run")[0] == 0
    assert twin("ingest", "weather_stations", "b.csv", "--dry-run")[0] == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_sync_does_not_touch_the_rows_that_did_not_change(twin, folder):
    (folder / "a.csv").write_text(STATIONS, encoding="utf-8")
    (folder / "b.csv").write_text(STATIONS.replace("苏村", "苏村镇"), encoding="utf-8")
    assert twin("ingest", "weather_stations", "a.csv")[0] == 0
    out = twin("ingest", "weather_stations", "b.csv", "--mode", "sync")[1]
    assert "2 read, 0 inserted, 1 updated, 0 deleted, 1 unchanged, 0 repaired; revision 2" in out
    with closing(sqlite3.connect("twin.gpkg")) as file:
        opened = file.execute("SELECT station_id, opened FROM weather_stations ORDER BY station_id").fetchall()
    assert opened == [("5001", 1), ("5002", 2)]
