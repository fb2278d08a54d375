"""What a write leaves behind for those who keep derived data: stamps, the revision of each row, where rows were."""

from __future__ import annotations

import time

import shapely

from tests_support import Rows, edit_outside, write
from twin.layer import Layer
from twin.store import Changes, Store


def test_a_row_knows_the_revision_that_wrote_it(store: Store, layer: Layer, rows: Rows) -> None:
    write(store, insert=rows(a={"floors": 1}, b={"floors": 2}, c={"floors": 3}))
    write(store, update=rows(b={"floors": 5}))
    frame = store.read(layer)
    assert frame.opened is not None
    assert dict(zip(frame.data.index, frame.opened.tolist(), strict=True)) == {"a": 1, "b": 2, "c": 1}


def test_a_row_that_changed_or_went_is_found_where_it_was(store: Store, layer: Layer, rows: Rows) -> None:
    places = {key: {"geometry": shapely.force_3d(shapely.Point(x, 0).buffer(1))} for x, key in enumerate("abc")}
    write(store, insert=rows(**places))
    before = dict(store.read(layer).data.geometry)
    write(store, update=rows(b={"geometry": shapely.force_3d(shapely.Point(9, 0).buffer(1))}))
    write(store, delete=("c",))
    geometries, closed = store.departed(layer)
    left = {int(revision): geometry for geometry, revision in zip(geometries, closed, strict=True)}
    assert shapely.equals_exact(left[2], before["b"])
    assert shapely.equals_exact(left[3], before["c"])
    assert len(left) == 2
    later, closed = store.departed(layer, after=2)
    assert closed.tolist() == [3]
    assert shapely.equals_exact(later[0], before["c"])


def test_nothing_departed_from_a_layer_never_written(store: Store, layer: Layer) -> None:
    geometries, closed = store.departed(layer)
    assert (len(geometries), len(closed)) == (0, 0)


def test_the_stamp_changes_with_every_write_and_with_nothing_else(store: Store, layer: Layer, rows: Rows) -> None:
    stamps = [store.stamp()]
    for number in range(3):
        store.write(layer, Changes(insert=rows(**{f"k{number}": {"floors": 1}})), author="a", reason="r")
        store.read(layer)
        assert store.stamp() == store.stamp()
        stamps.append(store.stamp())
    assert len(set(stamps)) == 4


def test_an_edit_by_another_program_changes_the_stamp(store: Store, layer: Layer, rows: Rows) -> None:
    write(store, insert=rows(a={"floors": 1}))
    before = store.stamp()
    edit_outside(store.url, f"UPDATE {layer.id} SET name = 'edited'")
    begun = time.monotonic()
    while store.stamp() == before and time.monotonic() < begun + 1:
        time.sleep(0.01)
    assert store.stamp() != before
