"""A frame that follows edits is the frame that a reader of everything gets, to the last value and the last bit."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests_support import LAYER, make_rows, write, write_edit
from twin import renewal
from twin.frames import Frames

KEYS = [f"k{number:03}" for number in range(60)]


def row(value):
    return {"floors": value, "geometry": shapely.force_3d(shapely.box(value, 0, value + 1, 1))}


def equal(one, other):
    assert_geodataframe_equal(one.data, other.data)
    assert one.data.dtypes.equals(other.data.dtypes)
    for name in ("fid", "opened"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert (one.revision, one.unreadable, one.truncated) == (other.revision, other.unreadable, other.truncated)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from([*KEYS, "a", "k0305", "z"]), st.none() | st.integers(0, 9), max_size=3),
        min_size=1,
        max_size=4,
    )
)
def test_edits_are_followed(new_store, monkeypatch, edits):
    with pytest.MonkeyPatch.context() as patch, new_store() as store:
        patch.setattr(renewal, "_LARGEST_SHARE", 1.0)
        write(store, insert=make_rows(**{key: row(1) for key in KEYS}))
        frames, present = Frames(store), set(KEYS)
        assert frames.get(LAYER).kept() == {}
        for edit in edits:
            rows = {key: None if value is None else row(value) for key, value in edit.items()}
            present = write_edit(store, rows, present)
            equal(frames.get(LAYER), store.read(LAYER))


def test_only_what_changed_is_read(store, monkeypatch):
    write(store, insert=make_rows(**{key: row(1) for key in KEYS}))
    frames = Frames(store)
    frames.get(LAYER)
    asked, read = [], store.read
    monkeypatch.setattr(store, "read", lambda layer, query: asked.append(query.ids) or read(layer, query))
    write(store, update=make_rows(k007=row(5)), delete=["k008"])
    assert frames.get(LAYER).data.loc["k007", "floors"] == 5
    assert asked == [("k007", "k008")]


def test_where_much_changed_everything_is_read(store, monkeypatch):
    write(store, insert=make_rows(**{key: row(1) for key in KEYS}))
    frames = Frames(store)
    frames.get(LAYER)
    write(store, update=make_rows(**{key: row(2) for key in KEYS[:30]}))
    asked, read = [], store.read
    monkeypatch.setattr(store, "read", lambda layer, query: asked.append(query.ids) or read(layer, query))
    assert int(frames.get(LAYER).data["floors"].sum()) == 90
    assert asked == [None]
