"""A frame that follows edits is the frame that a reader of everything gets, to the last value and the last bit."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests_support import LAYER, make_rows, write, write_edit
from twin import renewal
from twin.derived import derive_rows
from twin.frames import Frames
from twin.query import Query
from twin.rows import Rows, Unread

KEYS = [f"k{number:03}" for number in range(60)]


def row(value):
    return {"floors": value, "geometry": shapely.force_3d(shapely.box(value, 0, value + 1, 1))}


def leave_low(rows):
    return rows.take((rows.data["floors"] < 5).to_numpy(dtype=bool, na_value=False))


def equal(one, other):
    assert_geodataframe_equal(one.data, other.data)
    assert one.data.dtypes.equals(other.data.dtypes)
    for name in ("fid", "opened"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert (one.revision, one.unreadable, one.truncated) == (other.revision, other.unreadable, other.truncated)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from([*KEYS, "a", "k0305", "z"]), st.none() | st.integers(0, 9), max_size=3),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_edits_are_followed(new_store, edits, look):
    with pytest.MonkeyPatch.context() as patch, new_store() as store:
        patch.setattr(renewal, "_LARGEST_SHARE", 1.0)
        write(store, insert=make_rows(**{key: row(1) for key in KEYS}))
        frames, present = Frames(store), set(KEYS)
        assert frames.get(LAYER).kept() == {}
        for edit in edits:
            rows = {key: None if value is None else row(value) for key, value in edit.items()}
            present = write_edit(store, rows, present)
            followed = frames.get(LAYER)
            low = derive_rows(followed, LAYER, "low", leave_low)
            assert len(followed) == len(present)
            if look:
                fresh = store.read(LAYER)
                equal(followed, fresh)
                equal(low, replace(fresh, rows=leave_low(fresh.rows)))
        fresh = store.read(LAYER)
        equal(frames.get(LAYER), fresh)
        equal(derive_rows(frames.get(LAYER), LAYER, "low", leave_low), replace(fresh, rows=leave_low(fresh.rows)))


@pytest.fixture
def asked(store, monkeypatch):
    """The keys of every read of a store with 60 rows, None where all are read."""
    write(store, insert=make_rows(**{key: row(1) for key in KEYS}))
    keys, read = [], store.read
    monkeypatch.setattr(store, "read", lambda layer, query: keys.append(query.ids) or read(layer, query))
    return keys


def test_only_what_changed_is_read(store, asked):
    frames = Frames(store)
    frames.get(LAYER)
    write(store, update=make_rows(k007=row(5)), delete=["k008"])
    frame = frames.get(LAYER)
    assert (len(frame), frame.crs) == (59, store.crs)
    assert asked == [None, ("k007", "k008")]
    assert frame.data.loc["k007", "floors"] == 5
    assert frame.data is frame.data
    assert asked == [None, ("k007", "k008"), ("k007", "k008")]


def test_rows_that_nobody_wants_to_see_follow_no_edit(store, asked, monkeypatch):
    frames = Frames(store)
    rows = weakref.ref(frames.get(LAYER).rows)
    monkeypatch.setattr(renewal, "_MOST_UNSEEN", 3)
    for number in range(3):
        write(store, update=make_rows(k007=row(number), **{f"k01{number}": row(2)}))
        frame = frames.get(LAYER)
        gc.collect()
        assert (rows() is None) == (number == 2)
    assert asked.count(None) == 1
    equal(frame, store.read(LAYER, Query()))
    assert asked.count(None) == 3


def test_rows_that_were_never_read_are_read_as_they_are(store, asked):
    first = Frames(store).get(LAYER)
    unread = Unread(crs=store.crs, count=60, source=first.rows.read)
    write(store, update=make_rows(k007=row(5)), delete=["k008"])
    frame = renewal.renew(replace(first, rows=unread), store, 2)
    write(store, update=make_rows(k007=row(6)), delete=["k009"])
    assert len(frame) == 59
    assert not isinstance(unread.source, Rows)
    equal(frame, store.read(LAYER, Query(as_of=2)))


def test_where_much_changed_everything_is_read(store, asked):
    frames = Frames(store)
    frames.get(LAYER)
    write(store, update=make_rows(**{key: row(2) for key in KEYS[:30]}))
    assert int(frames.get(LAYER).data["floors"].sum()) == 90
    assert asked == [None, None]
