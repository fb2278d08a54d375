"""Archives: read back by other programs, whole or not at all."""

from __future__ import annotations

import gzip
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import zxy_to_tileid

from tests_support import CRS, LAYER, make_rows, write
from tests_transforms import find_transformer
from tiles.archive import write_archive
from tiles.grid import grids_for
from tiles.pmtiles import PmtilesWriter
from tiles.pyramid import tile_id
from tiles.source import VectorSource
from twin.errors import InvalidParameter, TwinError
from twin.frames import Frames
from twin.stores import create_store, open_store

WEB = grids_for(CRS)["WebMercatorQuad"]
#: Squares of 200 m, 3 km apart.
PLOTS = {
    f"P{number}": {
        "geometry": shapely.force_3d(shapely.box(x := 400_000 + number * 3000, 3_900_000, x + 200, 3_900_200), 10.0),
        "floors": number,
        "public": number % 2 == 0,
        "name": f"地块 {number}",
    }
    for number in range(5)
}


@pytest.fixture
def place(tmp_path):
    """A store of five plots."""
    path = tmp_path / "twin.gpkg"
    with create_store(path, crs=CRS) as store:
        write(store, insert=make_rows(**PLOTS))
    return path


@pytest.fixture
def source(place):
    with open_store(place) as store:
        yield VectorSource(layers=(LAYER,), frames=Frames(store), grid=WEB)


def tiles_of(path):
    """The tiles of an archive as others read them, by level, column and row, decompressed."""
    if path.suffix == ".pmtiles":
        with path.open("rb") as file:
            return {place: gzip.decompress(data) for place, data in all_tiles(MmapSource(file))}
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles").fetchall()
    return {(z, x, 2**z - 1 - y): gzip.decompress(data) for z, x, y, data in rows}


def beside(path):
    """What else stands where an archive is made."""
    return {other.name for other in path.parent.iterdir()} - {path.name, "twin.gpkg"}


@pytest.mark.parametrize("name", ["plots.pmtiles", "plots.mbtiles"])
def test_an_archive_holds_every_tile_that_is_not_empty_and_no_other(source, tmp_path, name):
    report = write_archive(source, tmp_path / name, zooms=(0, 13))
    shapes = shapely.transform(shapely.force_2d([row["geometry"] for row in PLOTS.values()]), to_mercator)
    wanted = {}
    for z in range(14):
        side = 40_075_016.685578488 / 2**z
        for box in shapely.bounds(shapely.buffer(shapes, side / 64, join_style="mitre")):
            first_x, last_x = ((box[[0, 2]] + 20_037_508.342789244) // side).astype(int)
            first_y, last_y = ((20_037_508.342789244 - box[[3, 1]]) // side).astype(int)
            near = [(z, x, y) for x in range(first_x, last_x + 1) for y in range(first_y, last_y + 1)]
            wanted |= {place: source.tile(*place).data for place in near}
    assert tiles_of(tmp_path / name) == {place: data for place, data in wanted.items() if data}
    assert report.tiles == sum(zoom.tiles for zoom in report.zooms) == len(tiles_of(tmp_path / name))
    assert report.bytes == (tmp_path / name).stat().st_size
    assert beside(tmp_path / name) == set()


def to_mercator(xy):
    move = find_transformer(CRS.to_wkt(), "EPSG:3857").transform
    return np.stack(move(*xy.T), axis=1)


def test_a_reader_of_pmtiles_finds_what_tilejson_says(source, tmp_path):
    write_archive(source, tmp_path / "plots.pmtiles", zooms=(5, 9))
    with (tmp_path / "plots.pmtiles").open("rb") as file:
        reader = Reader(MmapSource(file))
        header, metadata = reader.header(), reader.metadata()
    box = source.info.bounds_crs84
    assert (header["min_zoom"], header["max_zoom"], header["center_zoom"]) == (5, 9, 5)
    assert header["min_lon_e7"] == round(box.west * 1e7)
    assert header["max_lat_e7"] == round(box.north * 1e7)
    assert header["center_lon_e7"] == pytest.approx((box.west + box.east) / 2 * 1e7, abs=1)
    assert (header["addressed_tiles_count"], header["clustered"]) == (len(tiles_of(tmp_path / "plots.pmtiles")), True)
    # The command `pmtiles verify` holds the size against the sections, with or without room left at the head.
    sections = header["metadata_length"] + header["leaf_directory_length"] + header["tile_data_length"]
    assert (tmp_path / "plots.pmtiles").stat().st_size == 16_384 + sections
    (layer,) = metadata["vector_layers"]
    assert (layer["id"], layer["minzoom"], layer["maxzoom"]) == ("plots", 5, 9)
    assert layer["fields"] | {"floors": "Number", "public": "Boolean", "built": "String"} == layer["fields"]
    assert metadata["x-revision"] == 1
    assert metadata["x-rules"]["budget_bytes"] == 500_000
    far, *_ = metadata["x-zooms"]
    assert (far["zoom"], far["tiles"], far["features_in"]) == (5, 1, 5)
    assert far["features_out"] + far["left_out"].get("pixel", 0) == 5


@pytest.mark.parametrize("name", ["plots.pmtiles", "plots.mbtiles"])
def test_gdal_reads_the_features_with_their_types(source, tmp_path, name):
    write_archive(source, tmp_path / name, zooms=(10, 14))
    rows = pyogrio.read_dataframe(tmp_path / name, layer="plots")
    assert rows.crs.to_epsg() == 3857
    assert sorted(set(rows["floors"])) == [0, 1, 2, 3, 4]
    assert set(rows["name"]) == {f"地块 {number}" for number in range(5)}
    whole = shapely.union_all(rows.geometry.to_numpy())
    places = shapely.transform(shapely.force_2d([row["geometry"] for row in PLOTS.values()]), to_mercator)
    assert shapely.area(whole) == pytest.approx(shapely.area(places).sum(), rel=0.02)


def test_the_same_state_makes_the_same_file(source, tmp_path):
    for name in ("one.pmtiles", "two.pmtiles"):
        write_archive(source, tmp_path / name, zooms=(0, 12))
    assert (tmp_path / "one.pmtiles").read_bytes() == (tmp_path / "two.pmtiles").read_bytes()


def test_equal_tiles_are_stored_once_and_runs_of_them_are_one_entry(tmp_path):
    path, random = tmp_path / "runs.pmtiles", np.random.default_rng(1)
    numbers = [(z, x, y) for z in range(8) for x in range(2**z) for y in range(2**z)]
    numbers.sort(key=lambda place: tile_id(*place))
    contents = {place: b"sea" if place[0] < 6 else random.bytes(random.integers(9, 900)) for place in numbers}
    with PmtilesWriter(path) as writer:
        for place in numbers:
            writer.add(*place, contents[place])
        writer.finish({"minzoom": 0, "maxzoom": 7, "bounds": [-180, -85, 180, 85], "center": [0, 0, 0]})
    with path.open("rb") as file:
        header = Reader(MmapSource(file)).header()
        assert dict(all_tiles(MmapSource(file))) == contents
    alone = 4**6 + 4**7
    assert header["addressed_tiles_count"] == (4**8 - 1) // 3
    assert (header["tile_entries_count"], header["tile_contents_count"]) == (1 + alone, 1 + alone)
    # So many entries do not fit into the head: they stand in leaves.
    assert header["leaf_directory_length"] > 16_384 > 127 + header["root_length"]


def test_tiles_are_numbered_as_the_reader_numbers_them():
    for z in range(5):
        assert all(tile_id(z, x, y) == zxy_to_tileid(z, x, y) for x in range(2**z) for y in range(2**z))
    assert tile_id(22, 3_000_001, 1_234_567) == zxy_to_tileid(22, 3_000_001, 1_234_567)


def test_layers_stand_at_their_own_zooms_and_the_archive_ends_at_14(source, tmp_path):
    late = replace(LAYER, zooms=(12, 22))
    report = write_archive(replace(source, layers=(late,)), tmp_path / "late.pmtiles")
    assert [zoom.zoom for zoom in report.zooms] == [12, 13, 14]
    assert {place[0] for place in tiles_of(tmp_path / "late.pmtiles")} == {12, 13, 14}


@pytest.mark.parametrize(
    ("zooms", "name", "grid", "what"),
    [
        ((0, 9), "plots.zip", "WebMercatorQuad", "must end in .pmtiles or .mbtiles"),
        ((0, 25), "plots.pmtiles", "WebMercatorQuad", "zooms 0-25 are not from 0 to 24"),
        ((9, 8), "plots.pmtiles", "WebMercatorQuad", "zooms 9-8 are not from 0 to 24, ascending"),
        ((23, 24), "plots.pmtiles", "WebMercatorQuad", "plots is drawn at zooms 0-22, not at 23-24"),
        ((0, 9), "plots.mbtiles", "CGCS2000Quad", "hold tiles of WebMercatorQuad only"),
    ],
)
def test_what_an_archive_cannot_be_is_refused(source, tmp_path, zooms, name, grid, what):
    with pytest.raises(InvalidParameter, match=what):
        write_archive(replace(source, grid=grids_for(CRS)[grid]), tmp_path / name, zooms=zooms)
    assert beside(tmp_path / name) == set()


def test_an_empty_layer_makes_no_archive(tmp_path):
    with create_store(tmp_path / "empty.gpkg", crs=CRS) as store:
        source = VectorSource(layers=(LAYER,), frames=Frames(store), grid=WEB)
        with pytest.raises(InvalidParameter, match="there is nothing to draw in plots"):
            write_archive(source, tmp_path / "plots.pmtiles", zooms=(0, 9))
    assert [path.name for path in tmp_path.iterdir()] == ["empty.gpkg"]


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(source, tmp_path):
    path = tmp_path / "plots.pmtiles"
    path.write_text("mine")
    with pytest.raises(InvalidParameter, match="is there already; give --overwrite to replace it"):
        write_archive(source, path, zooms=(0, 9))
    assert path.read_text() == "mine"
    write_archive(source, path, zooms=(0, 9), overwrite=True)
    assert len(tiles_of(path)) >= 10


@pytest.mark.parametrize("name", ["plots.pmtiles", "plots.mbtiles"])
def test_a_full_disk_leaves_nothing(source, small_disk, name):
    (small_disk / "filler").write_bytes(bytes(8_380_000))
    with pytest.raises(TwinError, match=r"cannot be written: .*(No space left|disk is full|disk I/O error)"):
        write_archive(source, small_disk / name, zooms=(0, 16))
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


KILLED = """
import sys
import time

from tests_support import LAYER

from tiles.archive import write_archive
from tiles.grid import grids_for
from tiles.source import VectorSource
from twin.frames import Frames
from twin.stores import open_store


def watch(step):
    if step.startswith("zoom 9"):
        print("halfway", flush=True)
        time.sleep(600)


from pathlib import Path

with open_store(sys.argv[1]) as store:
    source = VectorSource(layers=(LAYER,), frames=Frames(store), grid=grids_for(store.crs)["WebMercatorQuad"])
    write_archive(source, Path(sys.argv[2]), zooms=(0, 12), watch=watch)
"""


@pytest.mark.parametrize("name", ["plots.pmtiles", "plots.mbtiles"])
def test_a_run_that_is_killed_leaves_nothing_of_that_name_and_the_next_one_tidies_up(source, place, tmp_path, name):
    path = tmp_path / name
    support = Path(sys.modules["tests_support"].__file__).parent
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(support)!r})\n{KILLED}", place, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as run:
        assert run.stdout.readline() == "halfway\n"
        with pytest.raises(TwinError, match="being made by another program"):
            write_archive(source, path, zooms=(0, 12))
        run.send_signal(signal.SIGKILL)
    assert not path.exists()
    assert beside(path) != set()
    write_archive(source, path, zooms=(0, 12))
    assert len(tiles_of(path)) >= 13
    assert beside(path) == set()


def test_a_write_in_between_does_not_show(source, place, tmp_path):
    path = tmp_path / "plots.pmtiles"

    def pull_down(step):
        if step.startswith("zoom 3"):
            with open_store(place, write=True) as store:
                write(store, delete=["P0"])

    write_archive(source, path, zooms=(0, 8), watch=pull_down)
    assert all("地块 0".encode() in data for (z, _, _), data in tiles_of(path).items() if z < 6)
    after = tmp_path / "after.pmtiles"
    write_archive(source, after, zooms=(0, 8))
    assert not any("地块 0".encode() in data for data in tiles_of(after).values())
    write_archive(replace(source, as_of=1), tmp_path / "then.pmtiles", zooms=(0, 8))
    assert tiles_of(tmp_path / "then.pmtiles") == tiles_of(path)


def test_the_metadata_of_mbtiles_is_what_its_specification_asks_for(source, tmp_path):
    write_archive(source, tmp_path / "plots.mbtiles", zooms=(0, 9))
    with closing(sqlite3.connect(tmp_path / "plots.mbtiles")) as file:
        rows = dict(file.execute("SELECT name, value FROM metadata").fetchall())
    assert (rows["name"], rows["format"], rows["minzoom"], rows["maxzoom"]) == ("Plots", "pbf", "0", "9")
    assert [float(part) for part in rows["bounds"].split(",")] == list(source.info.bounds_crs84)
    assert [layer["id"] for layer in json.loads(rows["json"])["vector_layers"]] == ["plots"]
