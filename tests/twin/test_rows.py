"""Rows that are not at hand are read once, when somebody asks for them."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely

from twin.crs import parse_crs
from twin.errors import StoreUnavailable
from twin.rows import Rows, Unread

CRS = parse_crs("EPSG:4548")


def rows_of(count: int) -> Rows:
    data = gpd.GeoDataFrame(geometry=shapely.points(np.arange(count), 0), crs=CRS)
    return Rows(data=data, fid=np.arange(count))


def test_threads_that_ask_at_once_share_one_reading() -> None:
    read, together = [], threading.Barrier(8)

    def source() -> Rows:
        read.append(1)
        time.sleep(0.05)
        return rows_of(3)

    unread = Unread(crs=CRS, count=3, source=source)

    def ask(_: int) -> Rows:
        together.wait()
        return unread.read()

    assert (len(unread), unread.crs, read) == (3, CRS, [])
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert len(read) == 1
    assert len(set(map(id, answers))) == 1


def test_a_reading_that_fails_is_tried_again() -> None:
    outcomes = [StoreUnavailable("gone"), StoreUnavailable("gone"), rows_of(2)]

    def source() -> Rows:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    unread = Unread(crs=CRS, count=2, source=source)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="gone"):
            unread.read()
    assert unread.read() is unread.read()


def test_what_rows_were_made_of_is_not_held() -> None:
    before = rows_of(3)
    unread = Unread(crs=CRS, count=1, source=lambda before=before: before.take(np.array([1])))
    held = weakref.ref(before)
    del before
    assert held() is not None
    assert unread.read().fid.tolist() == [1]
    gc.collect()
    assert held() is None
