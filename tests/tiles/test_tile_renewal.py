"""Columns that follow edits make the tiles of columns that are made anew, byte for byte."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests_support import CRS, LAYER, make_rows, write, write_edit
from tiles import prepared
from tiles.grid import grids_for
from tiles.mvt import encode_layer
from tiles.prepared import columns_for, columns_of, prepare
from tiles.source import VectorSource
from twin import renewal
from twin.crs import BBox, reproject
from twin.frames import Frames
from twin.layer import Style
from twin.stores import create_store

WEB = grids_for(CRS)["WebMercatorQuad"]
PLACE = (500_000, 3_930_000)
LOOSE = replace(LAYER, simplify=False)
NAMED = replace(LOOSE, style=Style(label="name", label_zoom=14))
SORTED = replace(LOOSE, style=Style(label="name", label_zoom=13, by="use", weights={"name 0": 1.5, "name 1": 0.4}))

# A key takes more bytes than fit into one of its length in a tile.
LONG = ["a" * 130, "b" * 20_000]
FIRST = [*"ABCDEFabcdef", *LONG]


def row(value, key):
    """Where keys that begin with the same letter, large or small, lie in the same place."""
    letter = ord(key[0].lower())
    x, y = PLACE[0] + 7 * value + letter / 64, PLACE[1] + 3 * letter
    shape = None if value == 8 else shapely.force_3d(shapely.box(x, y, x + 5, y + 5))
    return {
        "floors": value,
        "name": f"name {value % 3}" if value % 4 else None,
        "use": f"name {value % 2}",
        "geometry": shape,
    }


EDITS = st.lists(
    st.dictionaries(st.sampled_from([*FIRST, *"XYZ"]), st.none() | st.integers(0, 9), max_size=5),
    min_size=1,
    max_size=4,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, look=st.booleans(), layer=st.sampled_from([LAYER, LOOSE, NAMED, SORTED]))
def test_tiles_after_edits_are_those_of_a_fresh_frame(tmp_path_factory, edits, look, layer):
    path = tmp_path_factory.mktemp("renewal") / "twin.gpkg"
    tile = 14, *WEB.tile_at(117.0, 35.5, 14)
    with pytest.MonkeyPatch.context() as patch, create_store(path, crs=CRS) as store:
        patch.setattr(renewal, "_LARGEST_SHARE", 9.0)
        write(store, insert=make_rows(**{key: row(1, key) for key in FIRST}))
        following, present = VectorSource(layers=(layer,), frames=Frames(store), grid=WEB), set(FIRST)
        assert ("plots_labels" in following.tile(*tile).layers) == (layer.style.label is not None)
        for edit in edits:
            rows = {key: None if value is None else row(value, key) for key, value in edit.items()}
            present = write_edit(store, rows, present)
            fresh = replace(following, frames=Frames(store))
            assert following.etag(*tile) == fresh.etag(*tile)
            assert following.tile(*tile) == fresh.tile(*tile)
            assert following.reaches(*tile) == fresh.reaches(*tile)
            if look:
                one, other = (columns_of(source.frames.get(layer), WEB.crs) for source in (following, fresh))
                for name in ("along", "bounds", "leaves", "fid", "opened", "rank"):
                    assert np.array_equal(getattr(one, name), getattr(other, name)), name
                for name in ("dimension", "first_path", "first_vertex", "hole", "xy"):
                    assert np.array_equal(getattr(one.paths, name), getattr(other.paths, name)), name
                assert following.tile(*tile) == fresh.tile(*tile)


@pytest.fixture
def frames(tmp_path):
    """A layer of 100 houses 70 metres apart, taken apart for tiles."""
    houses = {f"k{number:02}": row(10 * number, "a") for number in range(100)}
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        write(store, insert=make_rows(**houses))
        frames = Frames(store)
        prepare(frames.get(LOOSE), WEB.crs)
        yield frames


def box_around(frame, key, far_m=0):
    """A square around a house, some metres wider than that."""
    return BBox.around(reproject(frame.data.geometry[[key]].to_numpy(), CRS, WEB.crs)).buffer(far_m)


def test_only_what_lies_in_a_tile_is_spliced(frames):
    before = prepare(frames.get(LOOSE), WEB.crs).before
    write(frames.store, update=make_rows(k05=row(51, "a")), delete=["k06"])
    frame = frames.get(LOOSE)
    near, far = box_around(frame, "k05", 50), box_around(frame, "k50", 50)
    assert columns_for(frame, WEB.crs, far) is before
    assert columns_for(frame, WEB.crs, near).opened.tolist() == [2]
    assert sorted(columns_for(frame, WEB.crs, box_around(frame, "k05", 100)).opened.tolist()) == [1, 2]


def test_for_a_tile_of_a_large_part_all_is_spliced_once(frames, monkeypatch):
    monkeypatch.setattr(prepared, "_MOST_IN_TILE", 20)
    write(frames.store, update=make_rows(k05=row(51, "a")))
    frame = frames.get(LOOSE)
    near, wide = box_around(frame, "k05"), box_around(frame, "k05", 5_000)
    assert len(columns_for(frame, WEB.crs, near)) == 1
    whole = columns_for(frame, WEB.crs, wide)
    assert (len(whole), whole.opened.max()) == (100, 2)
    assert columns_for(frame, WEB.crs, near) is whole
    write(frames.store, delete=["k50"])
    assert prepare(frames.get(LOOSE), WEB.crs).before is whole


def test_many_edits_become_part_of_the_columns(frames, monkeypatch):
    monkeypatch.setattr(prepared, "_MOST_CHANGES", 6)
    first = prepare(frames.get(LOOSE), WEB.crs).before
    changes = []
    for number in range(8):
        write(frames.store, update=make_rows(**{f"k{number:02}": row(10 * number + 1, "a")}))
        now = prepare(frames.get(LOOSE), WEB.crs)
        changes.append((now.before is first, len(now.gone), len(now.come)))
    assert changes == [*((True, n, n) for n in range(1, 5)), *((False, n, n) for n in range(1, 5))]


def test_what_is_broken_is_counted_as_of_now(frames):
    write(frames.store, update=make_rows(k05={"geometry": shapely.force_3d(shapely.box(9e9, 0, 9.1e9, 1))}))
    frame = frames.get(LOOSE)
    assert encode_layer(frame, box_around(frame, "k50"), WEB.crs).left_out == {"broken": 1}
    write(frames.store, update=make_rows(k05=row(50, "a")))
    assert encode_layer(frames.get(LOOSE), box_around(frame, "k50"), WEB.crs).left_out == {}
