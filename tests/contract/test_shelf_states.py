"""What is on the shelf is drawn for the very state it was made of, whoever wrote the rows and in whatever store."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests_support import CRS, LAYER, edit_outside, make_rows, write
from tiles.prepared import columns_of
from tiles.shelf import Shelf
from twin.frames import Frames
from twin.history import revert
from twin.stores import create_store, open_store

KEYS = [f"k{number}" for number in range(50)]


def rows(keys=KEYS, floors=1):
    shapes = {key: shapely.force_3d(shapely.box(x := 10 * int(key[1:]), 0, x + 5, 5)) for key in keys}
    return make_rows(**{key: {"floors": floors, "geometry": shape} for key, shape in shapes.items()})


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "shelf", room_bytes=10_000_000)


def assert_drawn_as_it_is(store, shelf):
    """What frames with the shelf draw from is what the rows of the store say."""
    drawn = columns_of(Frames(store, shelf=shelf).get(LAYER), CRS)
    shelf.write()
    wanted = columns_of(store.read(LAYER), CRS)
    assert drawn.fid.tolist() == wanted.fid.tolist()
    assert drawn.opened.tolist() == wanted.opened.tolist()
    assert np.array_equal(drawn.paths.xy, wanted.paths.xy)
    values = [
        [
            [None if code < 0 else each.values[each.begins[code] : each.begins[code + 1]].tobytes() for code in row]
            for row in each.codes
        ]
        for each in (drawn.attributes, wanted.attributes)
    ]
    assert values[0] == values[1]


@pytest.mark.parametrize("few", [True, False])
def test_a_row_edited_outside(store, shelf, few):
    write(store, insert=rows())
    assert_drawn_as_it_is(store, shelf)
    edited = KEYS[:2] if few else KEYS[:30]
    for number, key in enumerate(edited):
        edit_outside(store.url, 'UPDATE "plots" SET "floors" = ? WHERE "plot_id" = ?', (number + 2, key))
        if few:
            assert_drawn_as_it_is(store, shelf)
    assert_drawn_as_it_is(store, shelf)
    edit_outside(store.url, 'DELETE FROM "plots" WHERE "plot_id" = ?', (KEYS[7],))
    assert_drawn_as_it_is(store, shelf)


def test_a_revision_undone_and_done_again(store, shelf):
    write(store, insert=rows())
    assert_drawn_as_it_is(store, shelf)
    write(store, update=rows(KEYS[:20], floors=2), delete=KEYS[30:])
    assert_drawn_as_it_is(store, shelf)
    revert(store, LAYER, 2, author="test")
    assert_drawn_as_it_is(store, shelf)
    revert(store, LAYER, 3, author="test")
    assert_drawn_as_it_is(store, shelf)


def test_writes_while_the_shelf_lies_untouched(store, shelf):
    write(store, insert=rows(KEYS[:40]))
    assert_drawn_as_it_is(store, shelf)
    write(store, insert=rows(KEYS[40:41]), delete=KEYS[:1])
    write(store, update=rows(KEYS[1:2], floors=3))
    assert_drawn_as_it_is(store, shelf)


def test_other_twins_have_their_own(new_store, shelf):
    for floors in (1, 2):
        with new_store() as store:
            write(store, insert=rows(floors=floors))
            assert_drawn_as_it_is(store, shelf)
    assert len(list(shelf.folder.glob("*.columns"))) == 2


def test_a_layer_that_was_never_written_is_not_on_the_shelf(store, shelf):
    assert_drawn_as_it_is(store, shelf)
    assert not shelf.folder.exists()


def test_a_new_twin_in_the_place_of_another(tmp_path, shelf):
    place = tmp_path / "twin.gpkg"
    for floors in (1, 2):
        place.unlink(missing_ok=True)
        create_store(place, crs=CRS).close()
        with open_store(place, write=True) as store:
            write(store, insert=rows(floors=floors))
            assert_drawn_as_it_is(store, shelf)
