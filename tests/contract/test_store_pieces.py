"""Questions about layers that are too large to be read at once: what is there, and a piece at a time."""

from __future__ import annotations

import shapely

from tests_support import LAYER, Rows, write
from twin.bbox import BBox
from twin.expressions import compare
from twin.query import Order, Query
from twin.store import Store, Tally
from twin.stores import sql_store

WEST, EAST = BBox(0, 0, 10, 10), BBox(100, 0, 110, 10)


def square(box: BBox) -> shapely.Geometry:
    return shapely.force_3d(shapely.box(box.west + 4, box.south + 4, box.west + 5, box.south + 5))


def fill(store: Store, rows: Rows, *, count: int = 7) -> None:
    """Write plots in the west, floors 0, 1, …, and one in the east."""
    west = {f"W{number}": {"floors": number, "geometry": square(WEST)} for number in range(count)}
    write(store, insert=rows(**west))
    write(store, insert=rows(E={"geometry": square(EAST)}))


def test_a_tally_counts_and_knows_the_last_revision(store: Store, rows: Rows) -> None:
    assert store.tally(LAYER) == Tally(count=0, opened=0)
    fill(store, rows)
    assert store.tally(LAYER) == Tally(count=8, opened=2)
    assert store.tally(LAYER, Query(bbox=WEST)) == Tally(count=7, opened=1)
    assert store.tally(LAYER, Query(bbox=EAST)) == Tally(count=1, opened=2)
    assert store.tally(LAYER, Query(bbox=BBox(50, 50, 60, 60))) == Tally(count=0, opened=0)


def test_a_tally_counts_as_far_as_it_is_told(store: Store, rows: Rows) -> None:
    fill(store, rows)
    assert [store.tally(LAYER, Query(limit=limit)).count for limit in (0, 5, 8, 9)] == [0, 5, 8, 8]


def test_a_tally_changes_with_what_stands_in_a_place_and_with_nothing_else(store: Store, rows: Rows) -> None:
    fill(store, rows)
    seen = [store.tally(LAYER, Query(bbox=WEST))]

    def look() -> Tally:
        seen.append(store.tally(LAYER, Query(bbox=WEST)))
        return seen[-1]

    write(store, update=rows(E={"floors": 3, "geometry": square(EAST)}))
    assert look() == seen[0]
    write(store, update=rows(W1={"floors": 99, "geometry": square(WEST)}))  # changed
    look()
    write(store, update=rows(W2={"geometry": square(EAST)}))  # gone elsewhere
    look()
    write(store, delete=["W3"])
    look()
    write(store, insert=rows(W9={"geometry": square(WEST)}))
    look()
    assert len(set(seen)) == 5
    assert store.tally(LAYER, Query(bbox=WEST, as_of=2)) == seen[0]


def test_a_scan_gives_every_row_once(store: Store, rows: Rows, monkeypatch) -> None:
    monkeypatch.setattr(sql_store, "_PIECE", 3)
    assert list(store.scan(LAYER)) == []
    fill(store, rows)
    pieces = list(store.scan(LAYER))
    assert max(map(len, pieces)) <= 3
    whole = store.read(LAYER)
    found = {key: row for piece in pieces for key, row in piece.data.iterrows()}
    assert sorted(found) == whole.data.index.tolist()
    assert sum(map(len, pieces)) == len(whole)
    assert all(found[key].equals(row) for key, row in whole.data.iterrows())
    assert {piece.revision for piece in pieces} == {2}


def test_a_scan_answers_a_query(store: Store, rows: Rows) -> None:
    fill(store, rows)
    (piece,) = store.scan(LAYER, Query(bbox=WEST, where=compare("floors", ">", 4), fields=()))
    assert sorted(piece.data.index) == ["W5", "W6"]
    assert list(piece.data.columns) == ["plot_id", "geometry"]
    assert sum(map(len, store.scan(LAYER, Query(as_of=1)))) == 7


def test_a_scan_belongs_to_one_state(store: Store, rows: Rows, monkeypatch) -> None:
    monkeypatch.setattr(sql_store, "_PIECE", 3)
    fill(store, rows)
    scan = store.scan(LAYER)
    first = next(scan)
    write(store, delete=["W5", "W6", "E"])
    assert len(first) + sum(map(len, scan)) == 8


def test_a_rough_box_finds_all_that_an_exact_one_does_and_looks_at_boxes_only(store: Store, rows: Rows) -> None:
    corner = shapely.force_3d(shapely.Polygon([(0, 10), (10, 0), (10, 10)]))
    write(store, insert=rows(a={"geometry": corner}, b={"geometry": square(WEST)}, c={"geometry": None}))
    write(store, insert=rows(d={"geometry": square(EAST)}))
    south_west = BBox(0, 0, 4.5, 4.5)
    for as_of, found in ((None, ["a", "b"]), (1, ["b"])):  # of a past state there is no index
        for roughly, keys in ((False, ["b"]), (True, found)):
            query = Query(bbox=south_west, roughly=roughly, as_of=as_of)
            assert store.read(LAYER, query).data.index.tolist() == keys
            assert store.tally(LAYER, query).count == len(keys)


def test_keys_come_in_order_from_a_place_and_as_many_as_are_asked_for(store: Store, rows: Rows) -> None:
    assert store.keys(LAYER).tolist() == []
    fill(store, rows, count=5)
    assert store.keys(LAYER).tolist() == ["E", "W0", "W1", "W2", "W3", "W4"]
    assert store.keys(LAYER, skip=4).tolist() == ["W3", "W4"]
    falling = Query(order=(Order("floors", descending=True),), limit=3)  # of E nobody knows the floors
    assert store.keys(LAYER, falling).tolist() == ["W4", "W3", "W2"]
    assert store.keys(LAYER, falling, skip=3).tolist() == ["W1", "W0", "E"]
    assert store.keys(LAYER, Query(where=compare("floors", ">", 1), after="W2", limit=1)).tolist() == ["W3"]
    assert store.keys(LAYER, Query(limit=0)).tolist() == []
    assert store.keys(LAYER, Query(known_at=1, bbox=EAST)).tolist() == []
