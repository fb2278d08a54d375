"""Columns that follow edits make the tiles of columns that are made anew, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests_support import CRS, LAYER, make_rows, write, write_edit
from tiles.columns import columns_of
from tiles.grid import grids_for
from tiles.mvt import encode_layer
from twin import renewal
from twin.frames import Frames
from twin.stores import create_store

WEB = grids_for(CRS)["WebMercatorQuad"]
PLACE = (500_000, 3_930_000)


def row(value, key):
    x, y = PLACE[0] + 7 * value + ord(key) / 64, PLACE[1] + 3 * ord(key)
    shape = None if value == 8 else shapely.force_3d(shapely.box(x, y, x + 5, y + 5))
    return {"floors": value, "name": f"name {value % 3}", "public": bool(value % 2), "geometry": shape}


EDITS = st.lists(
    st.dictionaries(st.sampled_from("ABCDEFabcdefXYZ"), st.none() | st.integers(0, 9), max_size=5),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def box():
    x, y = WEB.tile_at(117.0, 35.5, 14)
    return WEB.box(14, x, y)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_tiles_after_edits_are_those_of_a_fresh_frame(tmp_path_factory, box, edits):
    path = tmp_path_factory.mktemp("renewal") / "twin.gpkg"
    with pytest.MonkeyPatch.context() as patch, create_store(path, crs=CRS) as store:
        patch.setattr(renewal, "_LARGEST_SHARE", 9.0)
        write(store, insert=make_rows(**{key: row(1, key) for key in "ABCDEFabcdef"}))
        frames, present = Frames(store), set("ABCDEFabcdef")
        columns_of(frames.get(LAYER), WEB.crs)
        for edit in edits:
            rows = {key: None if value is None else row(value, key) for key, value in edit.items()}
            present = write_edit(store, rows, present)
            followed, fresh = frames.get(LAYER), store.read(LAYER)
            one, other = columns_of(followed, WEB.crs), columns_of(fresh, WEB.crs)
            for name in ("along", "bounds", "leaves", "fid", "opened", "rank"):
                assert np.array_equal(getattr(one, name), getattr(other, name)), name
            for name in ("dimension", "first_path", "first_vertex", "hole", "xy"):
                assert np.array_equal(getattr(one.paths, name), getattr(other.paths, name)), name
            made, wanted = encode_layer(followed, box, WEB.crs), encode_layer(fresh, box, WEB.crs)
            assert sorted(made.data) == sorted(wanted.data)
            assert (made.features_in, made.features_out) == (wanted.features_in, wanted.features_out)


def test_columns_are_not_made_anew(tmp_path, monkeypatch):
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        write(store, insert=make_rows(**{key: row(1, key) for key in map(chr, range(0x4E00, 0x4E80))}))
        frames = Frames(store)
        columns_of(frames.get(LAYER), WEB.crs)
        write(store, update=make_rows(**{chr(0x4E05): row(2, "q")}))
        frame = frames.get(LAYER)
        made = frame.kept()[f"tiles {WEB.crs.srs}"]
        assert made.opened.tolist().count(2) == 1
        assert columns_of(frame, WEB.crs) is made
