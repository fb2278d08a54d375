"""A twin that is copied from one kind of store to the other and back is the same in every row of every table."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import replace
from datetime import UTC, date, timedelta
from itertools import pairwise

import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests_copy import stored_rows
from tests_history import EPOCH, apply, floors, histories
from tests_support import CRS, LAYER, edit_file, edit_outside, gpkg_blob, make_rows, write
from twin.bbox import BBox
from twin.catalog import Catalog
from twin.cli import main_group
from twin.crs import parse_crs, transverse_mercator
from twin.errors import InvalidParameter, StoreExists, StoreUnavailable
from twin.query import Query
from twin.schema import Field
from twin.session import Session
from twin.settings import Settings
from twin.stores import build_store, copying, create_store, gpkg_index, open_store, postgis_copy
from twin.stores.copying import copy_store

pytestmark = pytest.mark.needs("postgis")

LAYERS = {LAYER.id: LAYER}
SQUARE = shapely.force_3d(shapely.box(0, 0, 1, 1), 7)


@pytest.fixture(scope="module")
def new_place(cluster, tmp_path_factory):
    """Free places, of either kind."""
    folder = tmp_path_factory.mktemp("copies")

    def place(kind):
        name = f"twin_{secrets.token_hex(4)}"
        return str(folder / f"{name}.gpkg") if kind == "gpkg" else cluster.address(name)

    return place


@pytest.fixture
def filled(new_place):
    """A GeoPackage with a little in it."""
    place = new_place("gpkg")
    with create_store(place, crs=CRS, title="示例县") as store:
        write(store, insert=make_rows(a={"geometry": SQUARE, "floors": 1}, b={"floors": 3}, c={"floors": 4}))
        write(store, update=make_rows(a={"geometry": SQUARE, "floors": 2}))
    return place


def copy(source, target, layers=LAYERS):
    return copy_store(source, target, layers, tell=lambda _: None)


def schemas(cluster):
    return cluster.sql("SELECT nspname FROM pg_namespace WHERE nspname ~ '(twin|draft)_' ORDER BY 1").split()


def there_and_back(new_place, first, second, fill):
    """Fill a store and copy it twice; returns the three places."""
    places = [new_place(first), new_place(second), new_place(first)]
    with create_store(places[0], crs=CRS, title="county", area=shapely.box(0.1, 0, 1 / 3, 1)) as store:
        fill(store)
    for source, target in pairwise(places):
        copy(source, target)
    return places


@pytest.mark.parametrize(("first", "second"), [("gpkg", "postgis"), ("postgis", "gpkg")])
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(writes=histories())
def test_any_history_is_the_same_after_going_there_and_back_in_every_row_and_every_state(
    new_place, first, second, writes
):
    places = there_and_back(new_place, first, second, lambda store: apply(store, writes))
    original, between, back = (open_store(place) for place in places)
    with original, between, back:
        assert stored_rows(places[0]) == stored_rows(places[2])
        for store in (between, back):
            assert store.revisions() == original.revisions()
            assert (store.created_at, store.title) == (original.created_at, "county")
            for number in range(len(writes) + 1):
                assert floors(store, as_of=number) == floors(original, as_of=number)
            for day in range(-1, 6):
                instant = EPOCH + timedelta(days=day)
                assert floors(store, as_of=instant) == floors(original, as_of=instant)


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.fixed_dictionaries(
    {
        "name": st.none()
        | TEXTS
        | st.sampled_from(["", "NULL", "\\N", "\\.", '"', "'; drop table plots; --", "a\nb\r"]),
        "floors": st.none() | st.integers(-(2**63), 2**63 - 1),
        "height_m": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "public": st.none() | st.booleans(),
        "built": st.none() | st.dates(),
        "seen_at": st.none()
        | st.datetimes(timezones=st.just(UTC)).map(lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)),
        "geometry": st.none()
        | st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7), st.floats(-500, 9000)).map(
            lambda p: shapely.force_3d(shapely.Point(*p[:2]).buffer(1), p[2])
        ),
    }
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(rows=st.dictionaries(TEXTS.filter(bool), VALUES, min_size=1, max_size=4))
@example(
    rows={
        "a": {"height_m": sys.float_info.max, "built": date(9999, 12, 31), "floors": -(2**63)},
        "b": {"height_m": 5e-324},
    }
)
def test_any_values_are_the_same_after_going_there_and_back(new_place, rows):
    def fill(store):
        write(store, insert=make_rows(**rows))
        write(store, delete=rows)

    places = there_and_back(new_place, "gpkg", "postgis", fill)
    assert stored_rows(places[0]) == stored_rows(places[2])


@pytest.mark.parametrize(("first", "second"), [("gpkg", "postgis"), ("postgis", "gpkg")])
def test_numbers_of_features_go_on_where_they_were(new_place, first, second):
    def fill(store):
        write(store, insert=make_rows(a={}, b={}, c={}))
        write(store, delete=["c"])

    places = there_and_back(new_place, first, second, fill)
    for place in places:
        with open_store(place, write=True) as store:
            write(store, insert=make_rows(d={}))
            assert store.read(LAYER).fid.tolist() == [1, 2, 4]


@pytest.mark.parametrize(("first", "second"), [("gpkg", "postgis"), ("postgis", "gpkg")])
def test_rows_that_come_in_many_batches_all_come(new_place, monkeypatch, first, second):
    monkeypatch.setattr(copying, "_BATCH", 3)
    monkeypatch.setattr(postgis_copy, "_BATCH", 2)
    monkeypatch.setattr(gpkg_index, "_BATCH", 4)

    def fill(store):
        rows = {f"k{i:02}": {"geometry": shapely.affinity.translate(SQUARE, i), "floors": i} for i in range(11)}
        write(store, insert=make_rows(**rows))
        write(store, update=make_rows(**{key: {**row, "name": "new"} for key, row in rows.items()}))

    places = there_and_back(new_place, first, second, fill)
    assert stored_rows(places[0]) == stored_rows(places[2])
    with open_store(places[1]) as between, open_store(places[2]) as back:
        for store in (between, back):
            assert store.read(LAYER, Query(bbox=BBox(4.5, 0, 5.5, 1))).data["floors"].tolist() == [4, 5]
            assert [*store.extent(LAYER)] == [0, 0, 11, 1]


@pytest.mark.parametrize("kind", ["gpkg", "postgis"])
def test_the_copy_is_a_twin_that_others_edit_and_that_finds_by_place(new_place, filled, kind):
    place = new_place(kind)
    copy(filled, place)
    edit_outside(place, "UPDATE plots SET floors = ? WHERE plot_id = ?", [9, "b"])
    with open_store(place) as store:
        assert floors(store, as_of=3) == {"a": 2, "b": 9, "c": 4}
        assert store.revisions()[-1].updated == 1
        assert store.count(LAYER) == 3
        assert [*store.extent(LAYER)] == [0, 0, 1, 1]


@pytest.mark.parametrize("kind", ["gpkg", "postgis"])
def test_crs_and_outline_stay_what_they_were_to_the_last_digit(new_place, kind):
    own = transverse_mercator(118.5, name="沂南地方坐标系")
    places = [new_place("gpkg"), new_place(kind)]
    area = shapely.box(0.1, 1e-9, 1 / 3, 2e6)
    create_store(places[0], crs=own, area=area).close()
    copy(*places)
    with open_store(places[1]) as store:
        assert store.crs == own
        assert store.crs.name == "沂南地方坐标系"
        assert shapely.equals_identical(store.area, area)


def test_a_layer_that_gained_a_required_field_goes_with_its_old_rows(new_place, filled):
    gained = Field(name="owner", title="Owner", title_zh="权属人", required=True)
    wider = replace(LAYER, fields=(*LAYER.fields, gained))
    places = [new_place("postgis"), new_place("gpkg")]
    copy(filled, places[0], {LAYER.id: wider})  # before the column is there
    with open_store(places[0], write=True) as store:
        write(store, layer=wider, insert=make_rows(d={}).assign(owner="村委会"))
    copy(places[0], places[1], {LAYER.id: wider})  # and when some rows have nothing in it
    with open_store(places[1]) as store:
        assert store.read(wider).data["owner"].fillna("").tolist() == ["", "", "", "村委会"]
        assert floors(store, as_of=1)["a"] == 1


def test_what_other_programs_added_to_a_table_is_named_and_left_behind(new_place, filled):
    edit_file(filled, "ALTER TABLE plots ADD COLUMN remark TEXT")
    (copied,) = copy(filled, new_place("postgis"))
    assert (copied.rows, copied.past_rows, copied.left_behind) == (3, 1, ("remark",))


NUL = "a\0b"
HOSTILE = [
    ("name", NUL, r"plots b does not fit the database: name: it contains the character NUL"),
    ("floors", "tall", r"plots b has 'tall' as floors, which is no integer"),
    ("geom", gpkg_blob(shapely.Point(1, 2, 3)), r"plots b does not fit the database: geom: Geometry type"),
    ("geom", b"GP\0\1nothing", r"plots b has a geometry that is damaged"),
]


@pytest.mark.parametrize(("field", "value", "words"), HOSTILE)
def test_a_value_that_cannot_go_is_named_and_nothing_is_made(cluster, new_place, filled, field, value, words):
    # Line breaks in the rows before and after, of which the first is counted otherwise.
    edit_file(filled, "UPDATE plots SET name = 'line' || char(10) || 'break' WHERE plot_id <> 'b'")
    for trigger in ("update1", "update2"):
        edit_file(filled, f"DROP TRIGGER rtree_plots_geom_{trigger}")
    edit_file(filled, f"UPDATE plots SET {field} = ? WHERE plot_id = 'b'", [value])
    before = schemas(cluster)
    with pytest.raises((InvalidParameter, StoreUnavailable), match=words):
        copy(filled, new_place("postgis"))
    assert schemas(cluster) == before


def test_a_row_that_breaks_a_rule_of_the_table_is_named(new_place):
    place = new_place("postgis")
    with create_store(place, crs=CRS) as store:
        store.prepare(LAYER)
        edit_outside(place, "ALTER TABLE plots ADD CONSTRAINT low CHECK (floors < 9)")
        with pytest.raises(InvalidParameter, match=r"plots b does not fit the database: .*constraint \"low\""):
            write(store, insert=make_rows(a={"name": "line\nbreak"}, b={"floors": 9}, c={}))
        assert store.latest() == 0


def test_a_value_that_only_the_past_has_is_looked_for_in_the_table_of_the_past(new_place, filled):
    edit_file(filled, "UPDATE plots_history SET name = ?", [NUL])
    with pytest.raises(
        InvalidParameter, match=r"plots a does not fit the database: name: .* \(a row of plots_history\)"
    ):
        copy(filled, new_place("postgis"))


def test_a_layer_that_this_program_does_not_know_is_not_left_out_silently(new_place, filled):
    target = new_place("postgis")
    with pytest.raises(StoreUnavailable, match="layers that this program does not know: plots"):
        copy(filled, target, {})
    with pytest.raises(StoreUnavailable, match="holds no twin"):
        open_store(target)


def test_the_command_says_what_went_and_what_was_left_behind(new_place, filled, capsys, monkeypatch):
    edit_file(filled, "ALTER TABLE plots ADD COLUMN remark TEXT")
    monkeypatch.setattr("layers.catalog", lambda: Catalog.of([LAYER]))
    target = new_place("postgis")
    session = Session(settings=Settings(), store_url="", as_json=True)
    main_group.get_command(None, "copy").main([filled, target], obj=session, standalone_mode=False)
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["from"] == filled
    assert answer["layers"] == {"plots": {"rows": 3, "past_rows": 1, "left_behind": ["remark"]}}
    assert "plots: left behind what another program added to the table: remark" in said.err
    with open_store(target) as store:
        assert store.title == "示例县"


@pytest.mark.parametrize("kind", ["gpkg", "postgis"])
def test_what_stands_at_the_target_is_not_touched(new_place, filled, kind):
    place = new_place(kind)
    with build_store(place, crs=parse_crs("EPSG:4549"), title="other"):
        pass
    with pytest.raises(StoreExists):
        copy(filled, place)
    with open_store(place) as store:
        assert (store.title, store.latest()) == ("other", 0)


def test_writes_during_the_copy_are_not_in_it(new_place, filled):
    place, told = new_place("postgis"), []

    def tell(words):
        if not told:
            edit_outside(filled, "UPDATE plots SET floors = 8 WHERE plot_id = 'a'")
        told.append(words)

    with open_store(filled, write=True):  # keeps the file in write-ahead mode
        copy_store(filled, place, LAYERS, tell=tell)
    assert told == ["plots: 3 rows", "plots_history: 1 rows"]
    with open_store(place) as store:
        assert (store.latest(), floors(store)["a"]) == (2, 2)
