"""A shelf: tiles are the same with and without it, no rows are read for them, and whatever is wrong costs time only."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

import tiles.shelf
from tests_support import CRS, LAYER, make_rows, write
from tiles.archive import write_archive
from tiles.grid import grids_for
from tiles.prepared import columns_of
from tiles.shelf import Shelf, open_shelf
from tiles.source import VectorSource
from tiles.volume import read_title
from twin.frames import Frames
from twin.layer import Style
from twin.settings import Settings
from twin.stores import create_store, open_store
from twin.stores.sql_store import SqlStore

GRIDS = grids_for(CRS)
WEB = GRIDS["WebMercatorQuad"]
#: Areas that are named, the heavy ones from far; and the lines around them, which are joined.
AREAS = replace(LAYER, style=Style(label="name", by="use", weights={"home": 8, "shop": 1}, label_zoom=12))
LINES = replace(LAYER, id="fences", geometry="LineString", joined_over=("name",), zooms=(0, 14))
ROOM = 1_000_000


def areas(count=40):
    return {
        f"P{number}": {
            "geometry": shapely.force_3d(shapely.Point(500_000 + 900 * number, 3_900_000).buffer(400)),
            "name": f"地块 {number}" if number % 3 else None,
            "use": "shop" if number % 2 else "home",
            "height_m": number / 3,
        }
        for number in range(count)
    }


def lines(count=40):
    xs = 500_000 + 900 * np.arange(count + 1)
    shapes = [shapely.LineString([(x, 3_900_000, 1), (x + 450, 3_900_300, 1), (x + 900, 3_900_000, 1)]) for x in xs]
    return {f"L{number}": {"geometry": shapes[number], "name": f"{number}"} for number in range(count)}


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "twin.gpkg"
    with create_store(path, crs=CRS) as store:
        write(store, layer=AREAS, insert=make_rows(**areas()))
        write(store, layer=LINES, insert=make_rows(**lines()))
    return path


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "shelf", room_bytes=ROOM)


@pytest.fixture
def no_rows(monkeypatch):
    """Have whoever reads rows fail."""

    def refuse(*_, **__):
        raise AssertionError("rows were read")

    return lambda: monkeypatch.setattr(SqlStore, "read", refuse)


def archive(place, path, shelf=None):
    with open_store(place) as store:
        source = VectorSource(layers=(AREAS, LINES), frames=Frames(store, shelf=shelf), grid=WEB)
        write_archive(source, path, zooms=(5, 14), overwrite=True)
    if shelf is not None:
        shelf.write()
    return path.read_bytes()


def serve(place, shelf=None):
    """Tags and tiles of some places, as a service makes them."""
    with open_store(place) as store:
        made = []
        for z in (8, 12, 14):
            source = VectorSource(layers=(AREAS, LINES), frames=Frames(store, shelf=shelf), grid=WEB)
            x, y = WEB.tile_at(117.0, 35.226, z)
            pinned = source.pinned(z, x, y)
            made.append((pinned.etag(z, x, y), pinned.tile(z, x, y).data))
    if shelf is not None:
        shelf.write()
    return made


def volumes(shelf):
    return {path.name: path for path in shelf.folder.glob("*.columns")}


def test_an_archive_is_the_same_from_the_shelf_and_no_rows_are_read_for_it(place, shelf, tmp_path, no_rows):
    plain = archive(place, tmp_path / "plain.pmtiles")
    assert archive(place, tmp_path / "first.pmtiles", shelf) == plain
    no_rows()
    assert archive(place, tmp_path / "second.pmtiles", Shelf(shelf.folder, room_bytes=ROOM)) == plain


def test_served_tiles_and_tags_are_the_same_from_the_shelf_and_no_rows_are_read_for_them(place, shelf, no_rows):
    plain = serve(place)
    assert all(data for _, data in plain)
    assert serve(place, shelf) == plain
    no_rows()
    assert serve(place, Shelf(shelf.folder, room_bytes=ROOM)) == plain


def test_each_grid_has_its_own(place, shelf, no_rows):
    for _ in range(2):
        with open_store(place) as store:
            frame = Frames(store, shelf=shelf).get(AREAS)
            made = {grid.id: columns_of(frame, grid.crs).paths.xy[:, 1].mean() for grid in GRIDS.values()}
        shelf.write()
        no_rows()
        assert made["WebMercatorQuad"] == pytest.approx(4_195_000, abs=1000)
        assert made["CGCS2000Quad"] == made["WorldCRS84Quad"] == pytest.approx(35.23, abs=0.01)
        assert made["StorageQuad"] == pytest.approx(3_900_000, abs=1)


def test_rows_are_read_when_somebody_asks_for_them(place, shelf):
    serve(place, shelf)
    with open_store(place) as store:
        frame = Frames(store, shelf=shelf).get(AREAS)
        assert not frame.rows.at_hand
        assert (len(frame), frame.revision, frame.crs) == (40, 1, store.crs)
        assert frame.data.loc["P3", "height_m"] == 1.0
        assert store.read(AREAS).data.equals(frame.data)


def test_a_tile_of_the_past_is_not_from_the_shelf(place, shelf):
    serve(place, shelf)
    with open_store(place, write=True) as store:
        write(store, layer=AREAS, delete=[f"P{number}" for number in range(39)])
        frames = Frames(store, shelf=shelf)
        assert len(columns_of(frames.get(AREAS, 0), WEB.crs).fid) == 0
        assert len(columns_of(frames.get(AREAS, 2), WEB.crs).fid) == 40
        assert len(columns_of(frames.get(AREAS), WEB.crs).fid) == 1


def test_whatever_becomes_of_the_volumes_tiles_are_the_same(place, shelf):
    plain = serve(place)
    serve(place, shelf)
    for damage in (
        lambda path: os.truncate(path, path.stat().st_size // 2),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(os.urandom(1000)),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
    ):
        for path in volumes(shelf).values():
            damage(path)
        assert serve(place, Shelf(shelf.folder, room_bytes=ROOM)) == plain
        for path in volumes(shelf).values():
            if path.is_dir():
                path.rmdir()
        assert serve(place, shelf) == plain


def test_a_volume_under_the_name_of_another_is_ignored(place, shelf):
    plain = serve(place)
    serve(place, shelf)
    paths = sorted(volumes(shelf).values())
    contents = [path.read_bytes() for path in paths]
    for path, other in zip(paths, [*contents[1:], contents[0]], strict=True):
        path.write_bytes(other)
    assert serve(place, Shelf(shelf.folder, room_bytes=ROOM)) == plain


@pytest.mark.parametrize("kind", ["file", "broken link"])
def test_a_folder_that_cannot_be_costs_time_only(place, tmp_path, kind):
    where = tmp_path / "folder"
    where.write_text("") if kind == "file" else where.symlink_to(tmp_path / "nowhere" / "there")
    assert serve(place, Shelf(where, room_bytes=ROOM)) == serve(place)


@pytest.mark.needs("mount")
def test_a_full_disk_costs_time_only(place, small_disk):
    (small_disk / "other").write_bytes(bytes(8_380_000))
    shelf = Shelf(small_disk / "shelf", room_bytes=ROOM)
    assert serve(place, shelf) == serve(place, shelf) == serve(place)
    assert not [path for path in shelf.folder.iterdir() if path.name.startswith(".")]


def test_the_folder_is_for_the_user_alone(place, shelf):
    serve(place, shelf)
    assert stat.S_IMODE(shelf.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in shelf.folder.iterdir()} == {0o600}


def test_another_description_of_the_layer_is_another_state(place, shelf):
    serve(place, shelf)
    with open_store(place) as store:
        for other in (
            replace(AREAS, simplify=False),
            replace(AREAS, fields=AREAS.fields[:-1]),
            replace(AREAS, style=replace(AREAS.style, label_zoom=3)),
        ):
            assert shelf.find(store, other, 1) is None
        assert shelf.find(store, AREAS, 1) is not None


def test_another_program_makes_its_own(place, shelf, monkeypatch):
    serve(place, shelf)
    monkeypatch.setattr(tiles.shelf, "_digest_sources", lambda: "newer")
    with open_store(place) as store:
        assert shelf.find(store, AREAS, 1) is None


def test_a_store_that_went_another_way_has_its_own(place, shelf, tmp_path):
    backup = tmp_path / "backup.gpkg"
    shutil.copy(place, backup)
    for number, path in enumerate((place, backup)):
        with open_store(path, write=True) as store:
            write(store, layer=AREAS, update=make_rows(P0={**areas()["P0"], "height_m": 100.0 + number}))
    plain = [serve(path) for path in (place, backup)]
    assert plain[0] != plain[1]
    for _ in range(2):
        assert [serve(path, shelf) for path in (place, backup)] == plain
    shutil.copy(backup, place)  # as if restored
    assert serve(place, Shelf(shelf.folder, room_bytes=ROOM)) == plain[1]


def test_an_earlier_state_is_followed_to_the_current_one(place, shelf, monkeypatch):
    monkeypatch.setattr("twin.renewal._LARGEST_SHARE", 1.0)
    serve(place, shelf)
    with open_store(place, write=True) as store:
        write(store, layer=AREAS, update=make_rows(P5={**areas()["P5"], "height_m": 1.5}), delete=["P7"])
    monkeypatch.setattr("twin.renewal.read_whole", None)  # not callable
    with open_store(place) as store:
        columns = columns_of(Frames(store, shelf=shelf).get(AREAS), WEB.crs)
        fresh = columns_of(store.read(AREAS), WEB.crs)
    assert np.array_equal(columns.fid, fresh.fid)
    assert columns.opened.tolist() == fresh.opened.tolist()
    assert np.array_equal(columns.paths.xy, fresh.paths.xy)


def test_a_newer_state_takes_the_place_of_older_ones(place, shelf):
    serve(place, shelf)
    before = {name for name in volumes(shelf) if name.startswith("plots")}
    assert before
    with open_store(place, write=True) as store:
        write(store, layer=AREAS, update=make_rows(**areas()))  # everything: nothing can follow
    serve(place, shelf)
    now = volumes(shelf)
    assert not before & set(now)
    assert any(name.startswith("plots") for name in now)
    assert any(name.startswith("fences") for name in now)


def test_what_was_not_used_for_long_goes_first(place, shelf):
    serve(place, shelf)
    before = volumes(shelf)
    for path in before.values():
        os.utime(path, (1000, 1000))
    size = sum(path.stat().st_size for path in before.values())
    small = Shelf(shelf.folder, room_bytes=size)
    with open_store(place) as store:
        columns_of(Frames(store, shelf=small).get(LINES), GRIDS["StorageQuad"].crs)  # others of the layer are used
    small.write()
    left = volumes(shelf)
    assert sum(path.stat().st_size for path in left.values()) <= size
    assert len(left) < len(before) + 1
    assert {name for name in before if name.startswith("fences")} < set(left)
    assert {read_title(left[name])["name"] for name in set(left) - set(before)} == {"tiles EPSG:4548"}
    assert {path.stat().st_mtime > 1000 for name, path in left.items() if name.startswith("fences")} == {True}


def test_secret_layers_are_not_kept(place, shelf):
    with open_store(place) as store:
        columns_of(Frames(store, shelf=shelf).get(replace(AREAS, classification="secret")), WEB.crs)
    shelf.write()
    assert not volumes(shelf)


def test_what_is_larger_than_the_room_is_not_written(place, shelf):
    serve(place, Shelf(shelf.folder, room_bytes=10))
    assert not volumes(shelf)


def test_what_an_ended_process_left_behind_goes(place, shelf):
    shelf.folder.mkdir()
    old, new = shelf.folder / ".draft-old", shelf.folder / ".draft-new"
    for draft in (old, new):
        draft.write_text("")
    os.utime(old, (1000, 1000))
    serve(place, shelf)
    assert (old.exists(), new.exists()) == (False, True)


def test_what_is_made_is_written_by_itself_after_a_pause(place, shelf, monkeypatch):
    monkeypatch.setattr(tiles.shelf, "_PAUSE_S", 0.05)
    with open_store(place) as store:
        columns_of(Frames(store, shelf=shelf).get(AREAS), WEB.crs)
        for _ in range(100):
            if volumes(shelf):
                break
            time.sleep(0.05)
    assert volumes(shelf)


def test_processes_that_write_at_once_leave_whole_volumes(place, shelf, tmp_path):
    script = (
        "import sys; sys.path[:0] = sys.argv[3:]\n"
        "from pathlib import Path; import test_tile_shelf as t; from tiles.shelf import Shelf\n"
        "made = t.serve(Path(sys.argv[1]), Shelf(Path(sys.argv[2]), room_bytes=t.ROOM))\n"
        "print([tag for tag, _ in made])"
    )
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]
    command = [sys.executable, "-c", script, str(place), str(shelf.folder), *paths]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0]
    assert said == {f"{[tag for tag, _ in serve(place)]}\n"}
    assert not list(shelf.folder.glob(".*"))
    assert len(volumes(shelf)) > 3
    with open_store(place) as store:
        assert shelf.find(store, AREAS, 1) is not None


def test_settings_say_where_and_how_much(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert open_shelf(Settings()).folder == tmp_path / "county-twin" / "columns"
    assert open_shelf(Settings(cache=str(tmp_path / "x"))).folder == tmp_path / "x"
    assert open_shelf(Settings(cache_mb=0)) is None
