"""Histories of `LAYER` at random, and what each of their states is, worked out with a dict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import shapely
from hypothesis import strategies as st
from shapely import Point

from tests_support import LAYER, edit_outside, make_rows, write
from twin.query import Query

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


#: In the place of the effective day: another program edits one row, which is so from now on.
OUTSIDE = 9


@st.composite
def histories(draw):
    """Writes as (effective day, {key: floors or None to delete}), possible one after the other."""
    present, writes = set(), []
    for _ in range(draw(st.integers(1, 6))):
        day = draw(st.integers(0, 5) | st.just(OUTSIDE)) if present else 0
        most = 1 if day == OUTSIDE else 5
        touched = draw(st.dictionaries(st.sampled_from("abcdef"), st.none() | st.integers(0, 3), max_size=most))
        touched = {key: floors for key, floors in touched.items() if floors is not None or key in present}
        present = (present | touched.keys()) - {key for key, floors in touched.items() if floors is None}
        if touched or day != OUTSIDE:
            writes.append((day, touched))
    return writes


def replay(writes):
    """The state after these writes, worked out with a dict."""
    state = {}
    for _, touched in writes:
        state = {key: floors for key, floors in (state | touched).items() if floors is not None}
    return state


def shape(floors):
    return shapely.force_3d(Point(floors, 0).buffer(0.4))


def apply(store, writes):
    present = set()
    for day, touched in writes:
        (edit if day == OUTSIDE else take_in)(store, day, touched, present)
        present |= touched.keys()
        present -= {key for key, floors in touched.items() if floors is None}


def take_in(store, day, touched, present):
    rows = {key: {"floors": floors, "geometry": shape(floors)} for key, floors in touched.items() if floors is not None}
    write(
        store,
        insert=make_rows(**{key: rows[key] for key in rows if key not in present}),
        update=make_rows(**{key: rows[key] for key in rows if key in present}),
        delete=touched.keys() - rows.keys(),
        effective=EPOCH + timedelta(days=day),
    )


def edit(store, _, touched, present):
    ((key, floors),) = touched.items()
    if floors is None:
        edit_outside(store.url, "DELETE FROM plots WHERE plot_id = ?", [key])
    elif key in present:
        values = [floors, shape(floors), key]
        edit_outside(store.url, "UPDATE plots SET floors = ?, geom = ? WHERE plot_id = ?", values)
    else:
        values = [floors, shape(floors), key]
        edit_outside(store.url, "INSERT INTO plots (floors, geom, plot_id) VALUES (?, ?, ?)", values)


def floors(store, **query):
    found = store.read(LAYER, Query(fields=("floors",), **query)).data["floors"]
    return {key: int(value) for key, value in found.items()}
