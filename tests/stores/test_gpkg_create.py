"""A store that is created appears at its place whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyogrio
import pytest
import shapely

from tests_support import CRS, LAYER, make_rows, write
from twin.errors import StoreExists, StoreUnavailable
from twin.stores import build_store, create_store, open_store

SUPPORT = Path(__file__).parents[1] / "support"

#: A process that fills a new store and says so.
BUILDER = """
import sys
from tests_support import CRS, make_rows, write
from twin.stores import build_store

with build_store(sys.argv[1], crs=CRS) as store:
    print("building", flush=True)
    for round in range(5):
        write(store, insert=make_rows(**{f"{round}-{i}": {} for i in range(200)}))
"""


def start(*words, folder):
    environment = os.environ | {"PYTHONPATH": str(SUPPORT)}
    return subprocess.Popen([sys.executable, *words], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_store_appears_at_its_place_when_it_is_whole(tmp_path):
    path = tmp_path / "[1]*.gpkg"
    with build_store(path, crs=CRS, title="new", area=shapely.box(0, 0, 1, 1)) as store:
        write(store, insert=make_rows(a={"floors": 1}))
        assert not path.exists()
    assert names(tmp_path) == [path.name]
    with open_store(path) as store:
        assert (store.title, store.area, store.count(LAYER)) == ("new", shapely.box(0, 0, 1, 1), 1)


@pytest.mark.parametrize("reason", [ValueError, KeyboardInterrupt])
def test_a_store_that_could_not_be_filled_leaves_nothing(tmp_path, reason):
    def fill():
        with build_store(tmp_path / "twin.gpkg", crs=CRS) as store:
            write(store, insert=make_rows(a={}))
            raise reason

    with pytest.raises(reason):
        fill()
    assert names(tmp_path) == []


def test_what_came_to_stand_at_the_place_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "twin.gpkg"
    with pytest.raises(StoreExists), build_store(path, crs=CRS):
        path.write_bytes(b"precious")
    assert path.read_bytes() == b"precious"
    with pytest.raises(StoreExists), build_store(path, crs=CRS):
        pytest.fail("the place is taken")
    assert names(tmp_path) == ["twin.gpkg"]


def test_of_two_that_create_the_same_store_the_second_is_told_so_and_disturbs_nothing(tmp_path):
    path = tmp_path / "twin.gpkg"
    with build_store(path, crs=CRS) as store:
        write(store, insert=make_rows(a={}))
        for create in (lambda: create_store(path, crs=CRS), lambda: build_store(path, crs=CRS).__enter__()):
            with pytest.raises(StoreUnavailable, match="another program is creating"):
                create()
        write(store, insert=make_rows(b={}))
    with open_store(path) as store:
        assert store.count(LAYER) == 2
    assert names(tmp_path) == ["twin.gpkg"]


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.04, 0.08, 0.16, 0.32])
def test_a_builder_that_is_killed_leaves_no_store_and_the_next_one_tidies_up(tmp_path, delay_s):
    path = tmp_path / "twin.gpkg"
    with start("-c", BUILDER, str(path), folder=tmp_path) as builder:
        assert builder.stdout.readline() == "building\n"
        time.sleep(delay_s)
        builder.send_signal(signal.SIGKILL)
    if path.exists():
        with open_store(path) as store:
            assert store.count(LAYER) == 1000
        path.unlink()
    with build_store(path, crs=CRS) as store:
        write(store, insert=make_rows(a={}))
    with open_store(path) as store:
        assert store.count(LAYER) == 1
    assert names(tmp_path) == ["twin.gpkg"]


@pytest.mark.parametrize("at", [".twin.gpkg.lock", ".twin.gpkg.draft", "twin.gpkg"])
def test_a_killed_init_leaves_no_store_or_a_whole_one(tmp_path, at):
    words = ["-m", "twin.cli", "init", "twin.gpkg", "--crs", "EPSG:4548"]
    with start(*words, folder=tmp_path) as init:
        while not (tmp_path / at).exists() and init.poll() is None:
            time.sleep(0.001)
        init.send_signal(signal.SIGKILL)
    (tmp_path / "twin.gpkg").unlink(missing_ok=True)
    with start(*words, folder=tmp_path) as init:
        assert "created twin.gpkg" in init.communicate()[0]
    assert names(tmp_path) == ["twin.gpkg"]


def test_a_store_whose_last_rows_found_no_room_on_the_disk_does_not_appear(small_disk):
    many = make_rows(**{f"k{i}": {"name": "x" * 400} for i in range(9000)})
    with (
        pytest.raises(StoreUnavailable, match="disk is full"),
        build_store(small_disk / "twin.gpkg", crs=CRS) as store,
    ):
        write(store, insert=many)
    assert names(small_disk) == []


def test_layers_of_the_same_title_stand_side_by_side(tmp_path):
    path = tmp_path / "twin.gpkg"
    with create_store(path, crs=CRS) as store:
        for layer in (LAYER, replace(LAYER, id="lots"), replace(LAYER, id="parcels")):
            store.prepare(layer)
    contents = pyogrio.read_dataframe(path, sql="SELECT table_name, identifier FROM gpkg_contents")
    titles = dict(zip(contents.table_name, contents.identifier, strict=True))
    assert (titles["plots"], titles["lots"], titles["parcels"]) == (
        "Plots 地块",
        "Plots 地块 (lots)",
        "Plots 地块 (parcels)",
    )
