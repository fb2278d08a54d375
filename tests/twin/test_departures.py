"""Former places of features, in the CRS of a map, read once."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests_support import CRS, LAYER, make_rows, write
from twin.crs import CRS84, parse_crs, transform
from twin.departures import Departures
from twin.stores import create_store


@pytest.fixture
def store(tmp_path):
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        places = {key: {"geometry": shapely.box(500000 + x, 0, 500001 + x, 1)} for x, key in enumerate("abc")}
        write(store, insert=make_rows(**places, d={"geometry": None}))
        yield store


def test_boxes_are_those_of_what_was_there_and_more_are_read_only_after_a_write(store, monkeypatch):
    departures, asked = Departures(store), []
    read = store.departed
    monkeypatch.setattr(store, "departed", lambda layer, after: asked.append(after) or read(layer, after=after))
    assert [len(part) for part in departures.of(LAYER, CRS)] == [0, 0]
    write(store, delete=("b",))
    boxes, closed = departures.of(LAYER, CRS)
    assert (boxes.tolist(), closed.tolist()) == ([[500001, 0, 500002, 1]], [2])
    write(store, delete=("a", "d"))
    boxes, closed = departures.of(LAYER, CRS)
    assert (boxes.tolist(), closed.tolist()) == ([[500001, 0, 500002, 1], [500000, 0, 500001, 1]], [2, 3])
    assert departures.of(LAYER, CRS)[0] is boxes
    assert asked == [0, 1, 2]


def test_boxes_are_in_the_crs_of_the_map(store):
    write(store, delete=("c",))
    (box,), _ = Departures(store).of(LAYER, CRS84)
    corners = transform([500002, 500003], [0, 1], CRS, CRS84)
    assert box.tolist() == pytest.approx([corners[0][0], corners[1][0], corners[0][1], corners[1][1]], abs=1e-12)


def test_what_has_no_place_in_the_crs_of_the_map_may_have_been_everywhere(store):
    write(store, insert=make_rows(e={"geometry": shapely.box(1e30, 0, 2e30, 1)}))
    write(store, delete=("a", "e"))
    boxes, _ = Departures(store).of(LAYER, parse_crs(3857))
    assert np.isinf(boxes).all(axis=1).tolist() == [False, True]
