"""Pages of features answered from memory are those that the store gives, to the last byte, whatever is asked."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.features.itempages import ItemsWish, make_page, read_page
from api.features.ready import ready_items
from api.forms import geojson, tables
from api.params import ItemsParams
from tests_support import CRS, LAYER, make_rows, write, write_edit
from twin.catalog import Catalog
from twin.crs import CRS84, reproject
from twin.parts import Part
from twin.settings import Settings

CHANGED = st.sampled_from([*(f"k{number:03}" for number in range(20)), "", "a b", "é", "\uffee", "𝄞", "k0075", "zz"])
EAST, NORTH = 500_000.0, 3_930_000.0
#: Byte by byte the last two stand the other way round than as UTF-16.
KEYS = [*(f"k{number:03}" for number in range(150)), "", "K", "a b", "é", "中", "\uffee", "𝄞"]


def some_plot(number: int) -> dict[str, object]:
    """A square, a square with a hole, a sliver two kilometres long, or nothing, within three kilometres."""
    chance = random.Random(number)
    x, y = EAST + chance.uniform(0, 3000), NORTH + chance.uniform(0, 3000)
    square = shapely.box(x, y, x + 40, y + 40)
    shapes = [square, square - shapely.box(x + 10, y + 10, x + 30, y + 30), shapely.box(x, y, x + 2000, y + 0.5), None]
    shape = chance.choices(shapes, [6, 2, 1, 1])[0]
    return {
        "geometry": None if shape is None else shapely.force_3d(shape, chance.choice([0.0, 12.5, -0.1234567891])),
        "name": chance.choice(["", 'a "name"', "名", None, f"only {number}"]),
        "floors": chance.choice([None, 0, 3, -(10**17)]),
        "height_m": chance.choice([None, 0.1, 1e-7, 300.0]),
        "public": chance.choice([None, True, False]),
        "built": chance.choice([None, "1999-05-01", "2020-02-29"]),
        "seen_at": chance.choice([None, "2024-03-01T02:00:00.250Z"]),
        "use": chance.choice([None, "home", "shop"]),
    }


PLOTS = {key: some_plot(number) for number, key in enumerate(KEYS)}
CORNERS = shapely.get_coordinates(
    reproject(np.array([plot["geometry"] for plot in PLOTS.values()], dtype=object), CRS, CRS84)
)
X, Y = (st.sampled_from(sorted(set(axis.tolist()))) for axis in CORNERS.T)
LOW, HIGH = CORNERS.min(axis=0) - 0.02, CORNERS.max(axis=0) + 0.02
LONGITUDES = X | st.floats(*LOW[[0]], *HIGH[[0]]) | st.sampled_from([-180.0, 0.0, 180.0])
LATITUDES = Y | st.floats(*LOW[[1]], *HIGH[[1]]) | st.sampled_from([-90.0, 90.0])
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "bbox": st.tuples(LONGITUDES, LATITUDES, LONGITUDES, LATITUDES).map(
            lambda box: ",".join(map(repr, (box[0], min(box[1::2]), box[2], max(box[1::2]))))
        ),
        "limit": st.integers(1, 200).map(str),
        "after": st.sampled_from([*KEYS, "k", "k0305", "z", "\ue000", "𝄟"]),
        "name": st.sampled_from(["名", 'a "name"', "only 7", "nobody"]),
        "floors": st.sampled_from(["0", "3", str(-(10**17)), "7"]),
        "height_m": st.sampled_from(["0.1", "1e-7", "300", "5"]),
        "public": st.sampled_from(["true", "false"]),
        "built": st.sampled_from(["1999-05-01", "2020-02-29", "2001-01-01"]),
        "seen_at": st.sampled_from(
            ["2024-03-01T02:00:00.25Z", "2024-03-01T10:00:00.250+08:00", "2024-03-01T02:00:00Z"]
        ),
        "use": st.sampled_from(["home", "shop"]),
        "plot_id": st.sampled_from([*KEYS[-8:], "nobody"]),
        "crs": st.sampled_from([f"http://www.opengis.net/def/crs/{name}" for name in ("EPSG/0/4548", "EPSG/0/4490")]),
    },
)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def context_of(store):
    return create_app(Settings(), store, Catalog.of([LAYER], [])).state.context


def both_pages(context, query):
    wish = ItemsWish.of(context, Part(layer=LAYER, shown=LAYER), ItemsParams.model_validate(query), "")
    frame = context.frames.get(LAYER)
    return said_by(make_page(frame, ready_items(frame), wish)), said_by(read_page(context, wish))


def said_by(page):
    """All that a page says, in the form of text and as a table, which takes the values from the rows themselves."""
    text = re.sub(rb'"timeStamp": ?"[^"]*"', b"", b"".join(geojson.write_page(page, [])))
    return text, b"".join(tables.write_csv(page, [])), page.following, page.matched, page.frame.revision


@pytest.fixture(scope="module")
def town(new_store):
    with new_store() as store:
        write(store, insert=make_rows(**PLOTS))
        yield context_of(store)


@settings(RELAXED, max_examples=120)
@given(QUERIES)
def test_memory_answers_as_the_store_does(town, query):
    memory, store = both_pages(town, query)
    assert memory == store


@settings(RELAXED, max_examples=6)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*KEYS[:20], *KEYS[-7:], "", "k0075", "zz"]), st.none() | st.integers(0, 999), max_size=4
        ),
        min_size=1,
        max_size=5,
    ),
    st.lists(QUERIES, min_size=3, max_size=3),
    st.booleans(),
)
def test_memory_follows_edits(new_store, edits, queries, tidy):
    with pytest.MonkeyPatch.context() as patch, new_store() as store:
        patch.setattr("twin.renewal._LARGEST_SHARE", 1.0)
        patch.setattr("api.features.texts._LATER_BYTES", 0 if tidy else 1_000_000)
        patch.setattr("api.features.places._LOOSE_SHARE", 0.0 if tidy else 1.0)
        present = write_edit(store, {key: PLOTS[key] for key in KEYS[:60]}, set())
        context = context_of(store)
        for query in queries:
            assert len(set(both_pages(context, query))) == 1
        for edit in edits:
            rows = {key: None if number is None else some_plot(number) for key, number in edit.items()}
            present = write_edit(store, rows, present)
            assert context.frames.get(LAYER).keeps("items")
            for query in (*queries, {"limit": "200"}):
                memory, again = both_pages(context, query)
                assert memory == again
