"""Whole layers in memory are read once per revision and shared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from tests_support import CRS, LAYER, make_rows, write
from twin.frames import Frames
from twin.stores import create_store


def test_a_frame_is_shared_until_a_write_makes_a_new_one(tmp_path):
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        frames = Frames(store)
        write(store, insert=make_rows(a={}))
        with ThreadPoolExecutor(8) as pool:
            held = set(pool.map(lambda _: id(frames.get(LAYER)), range(32)))
        assert len(held) == 1
        old = frames.get(LAYER)
        write(store, insert=make_rows(b={}))
        assert len(frames.get(LAYER)) == 2
        assert len(old) == 1
        assert frames.get(LAYER, 1) is frames.get(LAYER, 1)


def test_a_late_delivery_shows_in_a_past_state_already_cached(tmp_path):
    day = datetime(2021, 1, 1, tzinfo=UTC)
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        frames = Frames(store)
        write(store, insert=make_rows(a={}), effective=day)
        assert len(frames.get(LAYER, day)) == 1
        write(store, insert=make_rows(b={}), effective=day)
        assert len(frames.get(LAYER, day)) == 2
