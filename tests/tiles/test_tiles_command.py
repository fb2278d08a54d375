"""`twin tiles`: what people and programs are told."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest
import shapely
from click.testing import CliRunner

import layers
from tests_rows import make_layer_rows
from tests_support import CRS
from twin.cli import main_group
from twin.errors import GridNotFound, InvalidParameter, LayerNotFound
from twin.store import Changes
from twin.stores import create_store

STATIONS = layers.catalog().layer("weather_stations")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three stations in a town of eight kilometres."""
    rows = make_layer_rows(
        STATIONS,
        [shapely.Point(500_000 + 4000 * number, 3_900_000, 100) for number in range(3)],
        crs=CRS,
        station_id=["s1", "s2", "s3"],
        name=["一", "二", "三"],
        kind=["automatic"] * 3,
        status=["in_service"] * 3,
    )
    path = tmp_path_factory.mktemp("store") / "county.gpkg"
    with create_store(path, crs=CRS) as opened:
        opened.write(STATIONS, Changes(insert=rows), author="test", reason="test")
    return path


def tiles(store, *words):
    return CliRunner().invoke(main_group, ["--store", str(store), "tiles", *map(str, words)])


def test_a_program_is_told_what_each_zoom_holds(store, tmp_path):
    out = tmp_path / "s.pmtiles"
    report = json.loads(tiles(store, out, "weather_stations", "--zooms", "8", "--json").stdout)
    assert (report["file"], report["layers"], report["revision"]) == (str(out), ["weather_stations"], 1)
    assert report["bytes"] == out.stat().st_size
    assert report["seconds"] > 0
    assert report["notes"] == ["weather_stations is classified internal"]
    (zoom,) = report["zooms"]
    assert (zoom["zoom"], zoom["tiles"], zoom["features_in"], zoom["features_out"]) == (8, 1, 3, 3)
    assert report["tiles"] == 1


def test_people_see_a_table_and_the_file(store, tmp_path):
    said = tiles(store, tmp_path / "s.mbtiles", "--zooms", "8-9")
    assert said.exit_code == 0, said.output
    assert [line.split()[0] for line in said.stdout.splitlines()[:3]] == ["zoom", "8", "9"]
    assert f"wrote {tmp_path / 's.mbtiles'}: 2 tiles, 0.0 MB" in said.stdout
    assert said.stderr == ""


def test_a_terminal_sees_how_far_it_is_and_then_only_the_result(store, tmp_path):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "twin.cli", "--store", store, "tiles", tmp_path / "s.pmtiles"]
    run = subprocess.run(command, stderr=theirs, stdout=subprocess.PIPE, check=True)
    os.close(theirs)
    seen = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "reading …" in seen
    assert "%, 1 tiles, 0.0 MB …" in seen.partition("zoom 14: ")[2]
    assert seen.endswith("\r\x1b[K")
    assert b"reading" not in run.stdout


@pytest.mark.parametrize(
    ("words", "kind", "what"),
    [
        (["s.pmtiles", "stations"], LayerNotFound, "stations"),
        (["s.pmtiles", "roads", "roads"], InvalidParameter, "named twice"),
        (["s.pmtiles", "roads"], InvalidParameter, "there is nothing to draw in roads"),
        (["s.pmtiles", "buildings", "--zooms", "8-12"], InvalidParameter, "buildings is drawn at zooms 13-22, not at"),
        (["s.pmtiles", "--zooms", "0-3"], InvalidParameter, "no layer is drawn at these zooms"),
        (["s.pmtiles", "--tms", "CGCS2000Quad"], InvalidParameter, "hold tiles of WebMercatorQuad only"),
        (["s.pmtiles", "--tms", "Mercator"], GridNotFound, "there is no tile grid Mercator; there are WebMercatorQuad"),
        (["no/such/folder.pmtiles"], Exception, "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_is_refused_by_name(store, tmp_path, monkeypatch, words, kind, what):
    monkeypatch.chdir(tmp_path)
    error = tiles(store, *words).exception
    assert isinstance(error, kind)
    assert what in str(error)
    assert list(tmp_path.iterdir()) == []


def test_zooms_that_cannot_be_read_are_a_mistake_of_use(store, tmp_path):
    said = tiles(store, tmp_path / "s.pmtiles", "--zooms", "8..14")
    assert said.exit_code == 2
    assert "'8..14' is neither a zoom nor a range like 8-14" in said.stderr
