"""Whole layers in memory are read once per revision and shared."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests_support import CRS, LAYER, make_rows, write
from twin.errors import RevisionNotFound
from twin.frame import Frame
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


def test_all_instants_of_one_state_share_one_frame(tmp_path):
    days = [datetime(2021, 1, day, tzinfo=UTC) for day in (1, 5, 3)]
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        frames = Frames(store)
        for key, day in zip("abc", days, strict=True):
            write(store, insert=make_rows(**{key: {}}), effective=day)

        def on(day: int) -> Frame:
            return frames.get(LAYER, datetime(2021, 1, day, 12, tzinfo=UTC))

        assert on(1) is on(2) is frames.get(LAYER, 1)
        assert on(5) is on(6) is frames.get(LAYER) is frames.get(LAYER, 3)
        assert on(3) is on(4)  # what was written third is effective already, what was written second not yet
        assert on(3).data.index.tolist() == ["a", "c"]
        assert [len(on(day)) for day in (1, 3, 5)] == [1, 2, 3]


def test_a_read_that_fails_is_told_to_everybody_and_stands_in_nobodys_way(tmp_path):
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        frames = Frames(store)
        write(store, insert=make_rows(a={}))
        for _ in range(2):
            with pytest.raises(RevisionNotFound, match="no revision 2"):
                frames.get(LAYER, 2)
        assert frames._reading == {}
        write(store, insert=make_rows(b={}))
        assert len(frames.get(LAYER, 2)) == 2


def test_edits_do_not_pile_up_frames(tmp_path):
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        frames = Frames(store)
        held = []
        for number in range(6):
            write(store, insert=make_rows(**{f"k{number}": {}}))
            held.append(weakref.ref(frames.get(LAYER)))
        past = frames.get(LAYER, 2)
        gc.collect()
        assert [frame() is not None for frame in held] == [False] * 5 + [True]
        write(store, insert=make_rows(last={}))
        assert len(frames.get(LAYER)) == 7
        assert frames.get(LAYER, 2) is past


def test_what_is_in_memory_follows_edits_and_what_is_not_is_not_read(tmp_path):
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        frames = Frames(store)
        write(store, insert=make_rows(**{f"k{number:02}": {} for number in range(40)}))
        assert frames.follow(LAYER) is None
        first = frames.get(LAYER)
        assert frames.follow(LAYER) is first
        write(store, delete=["k00"])
        assert frames.peek(LAYER) is None
        second = frames.follow(LAYER)
        assert len(second) == 39
        assert frames.peek(LAYER) is second is frames.get(LAYER)
        write(store, delete=[f"k{number:02}" for number in range(1, 30)])
        assert frames.follow(LAYER) is None
        assert len(frames.get(LAYER)) == 10
