"""What every store must do, whatever database is behind it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
import shapely
from shapely import Point, Polygon

from tests_support import write
from twin.columns import typed_series
from twin.crs import BBox
from twin.errors import CrsError, InvalidParameter, RevisionConflict, RevisionNotFound, StoreUnavailable
from twin.expressions import Operation, Property, Value, compare
from twin.query import Query
from twin.schema import Field

E, N = 632_000.0, 3_936_000.0


def cell(i: int, z: float = 100.0) -> Polygon:
    """A 10 m square with height, i squares east of the origin."""
    x = E + 20 * i
    return Polygon([(x, N, z), (x + 10, N, z), (x + 10, N + 10, z), (x, N + 10, z)])


def test_a_layer_never_written_is_an_empty_frame_at_revision_0(store, layer):
    frame = store.read(layer)
    assert (len(frame), frame.revision, frame.truncated) == (0, 0, False)
    assert frame.crs == store.crs
    assert list(frame.data.columns) == [*layer.schema.names, "geometry"]
    assert store.count(layer) == 0
    assert store.extent(layer) is None
    assert store.revisions(layer) == []


def test_every_field_type_and_every_coordinate_comes_back_as_it_went_in(store, layer, rows):
    went = rows(
        甲1={
            "name": "沂南'; DROP TABLE plots;--",
            "floors": 2**53 + 1,
            "height_m": 0.1 + 0.2,
            "public": True,
            "built": "1949-10-01",
            "seen_at": "2022-12-31T23:59:59.123Z",
            "use": "home",
            "geometry": Polygon([(E + 1 / 3, N, 0.1), (E + 10, N + 1e-7, 0.2), (E + 5, N + 10, -0.3)]),
        },
        b2={"public": False, "geometry": cell(1)},
        c3={},
    )
    write(store, insert=went)
    came = store.read(layer).data
    assert came.index.tolist() == ["b2", "c3", "甲1"]
    for name in layer.schema.names:
        assert came[name].dtype == went[name].dtype
        assert came.loc[went.index, name].equals(went[name].set_axis(went.index)), name
    assert shapely.to_wkb(came.loc["甲1", "geometry"]) == shapely.to_wkb(went.loc["甲1", "geometry"])
    assert came.loc["c3", "geometry"] is None


def test_a_box_ten_centimetres_off_returns_nothing_though_the_index_is_coarser(store, layer, rows):
    write(store, insert=rows(a={"geometry": cell(0)}))
    south, west = N - 0.1, E - 0.1
    assert np.float32(N) == np.float32(south)  # what a 32-bit index can tell apart
    assert len(store.read(layer, Query(bbox=BBox(E, south - 50, E + 10, south)))) == 0
    assert len(store.read(layer, Query(bbox=BBox(west - 50, N, west, N + 10)))) == 0
    assert len(store.read(layer, Query(bbox=BBox(E + 10, N + 10, E + 60, N + 60)))) == 1  # touching counts
    assert store.count(layer, Query(bbox=BBox(E, south - 50, E + 10, south))) == 0


def test_a_box_finds_a_feature_by_its_shape_not_by_its_envelope(store, layer, rows):
    triangle = Polygon([(E, N, 0), (E + 10, N, 0), (E, N + 10, 0)])
    write(store, insert=rows(a={"geometry": triangle}))
    assert len(store.read(layer, Query(bbox=BBox(E + 6, N + 6, E + 9, N + 9)))) == 0
    assert len(store.read(layer, Query(bbox=BBox(E + 4, N + 4, E + 9, N + 9)))) == 1


@pytest.mark.parametrize(
    "query",
    [
        Query(where=compare("floors", "=", 2**63)),
        Query(where=compare("height_m", "<", -(2**70))),
        Query(where=compare("name", "=", "\udce9")),
        Query(after="\udce9"),
        Query(ids=("\udce9",)),
        Query(limit=2**63),
    ],
)
def test_a_value_that_no_row_could_hold_is_the_askers_mistake(store, layer, rows, query):
    write(store, insert=rows(a={}))
    with pytest.raises(InvalidParameter, match="does not fit the database"):
        store.read(layer, query)


def test_an_instant_must_lie_in_the_calendar_and_have_a_time_zone():
    with pytest.raises(InvalidParameter, match="outside of the calendar"):
        Query(as_of=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8))))
    with pytest.raises(InvalidParameter, match="time zone"):
        Query(as_of=datetime(2022, 1, 1))


def test_keys_are_told_apart_to_the_last_character(store, layer, rows):
    keys = ["a", "A", "a'\"", "a/b", "a ", "\u00e9", "e\u0301", ""]
    write(store, insert=rows(**{key: {} for key in keys}))
    for key in keys:
        assert store.read(layer, Query(ids=(key,))).data.index.tolist() == [key]
    write(store, update=rows(**{"a ": {"floors": 7}}), delete=("a/b", ""))
    assert store.read(layer, Query(where=compare("floors", "=", 7))).data.index.tolist() == ["a "]
    assert store.count(layer) == len(keys) - 2


def test_paging_by_key_visits_every_feature_once_in_code_point_order(store, layer, rows):
    keys = ["A", "a", "a1", "b", "é", "中", "𠀀", "0", "00", "_"]
    write(store, insert=rows(**{key: {} for key in keys}))
    seen, after = [], None
    while True:
        page = store.read(layer, Query(limit=3, after=after))
        seen += page.data.index.tolist()
        if not page.truncated:
            break
        after = seen[-1]
    assert seen == sorted(keys)
    assert store.read(layer, Query(limit=0)).truncated
    assert not store.read(layer, Query(limit=len(keys))).truncated


def test_only_asked_fields_and_ids_are_returned(store, layer, rows):
    write(store, insert=rows(a={"floors": 1}, b={"floors": 2}, c={"floors": 3}))
    frame = store.read(layer, Query(ids=("c", "a", "nobody"), fields=("floors",)))
    assert frame.data.index.tolist() == ["a", "c"]
    assert list(frame.data.columns) == ["plot_id", "floors", "geometry"]
    assert len(store.read(layer, Query(ids=()))) == 0
    many = tuple(f"x{i}" for i in range(100_000))
    assert len(store.read(layer, Query(ids=(*many, "b")))) == 1


def test_one_write_is_one_revision_and_past_revisions_stay_readable(store, layer, rows):
    first = write(store, insert=rows(a={"floors": 1, "geometry": cell(0)}, b={"floors": 1, "geometry": cell(1)}))
    second = write(
        store,
        insert=rows(c={"geometry": cell(2)}),
        update=rows(a={"floors": 2, "geometry": cell(0)}),
        delete="b",
    )
    assert (second.inserted, second.updated, second.deleted) == (1, 1, 1)
    assert store.read(layer).data.index.tolist() == ["a", "c"]
    assert store.read(layer).revision == second.number
    then = store.read(layer, Query(as_of=first.number))
    assert then.data["floors"].to_dict() == {"a": 1, "b": 1}
    assert then.revision == first.number
    assert len(store.read(layer, Query(as_of=0))) == 0
    box_of_b = BBox(E + 20, N, E + 30, N + 10)
    assert store.count(layer, Query(bbox=box_of_b)) == 0
    assert store.count(layer, Query(bbox=box_of_b, as_of=first.number)) == 1
    for beyond in (second.number + 1, 2**80):
        for query in (
            Query(as_of=beyond),
            Query(as_of=beyond, known_at=1),
            Query(as_of=datetime.now(UTC), known_at=beyond),
        ):
            with pytest.raises(RevisionNotFound, match=f"no revision {beyond}; the latest is {second.number}"):
                store.read(layer, query)


def test_a_feature_keeps_its_number_through_updates_and_a_number_is_never_given_twice(store, layer, rows):
    write(store, insert=rows(a={}, b={}))
    fids = dict(zip(store.read(layer).data.index, store.read(layer).fid.tolist(), strict=True))
    write(store, update=rows(a={"floors": 9}), delete="b")
    write(store, insert=rows(b={}, c={}))
    after = dict(zip(store.read(layer).data.index, store.read(layer).fid.tolist(), strict=True))
    assert after["a"] == fids["a"]
    assert fids["b"] not in after.values()
    assert len(set(after.values())) == 3


def test_the_extent_is_that_of_the_current_rows_and_shrinks_with_them(store, layer, rows):
    write(store, insert=rows(a={"geometry": cell(0)}, b={"geometry": cell(1)}, c={"geometry": cell(5)}, d={}))
    assert store.extent(layer) == BBox(E, N, E + 110, N + 10)
    write(store, delete="c")
    assert store.extent(layer) == BBox(E, N, E + 30, N + 10)
    write(store, insert=rows(far={"geometry": cell(-1)}))
    assert store.extent(layer) == BBox(E - 20, N, E + 30, N + 10)
    write(store, delete=("a", "b", "far"))
    assert store.extent(layer) is None


def test_a_write_on_an_old_base_is_refused_and_changes_nothing(store, layer, rows):
    base = write(store, insert=rows(a={})).number
    write(store, insert=rows(b={}), base=base)
    with pytest.raises(RevisionConflict, match=f"is at revision {base + 1}, the change was made on {base}"):
        write(store, insert=rows(c={}), base=base)
    assert store.read(layer).data.index.tolist() == ["a", "b"]
    assert store.latest() == base + 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (lambda rows: {"insert": rows(a={})}, "already has a"),
        (lambda rows: {"insert": rows(new={}), "update": rows(nobody={})}, "has no nobody"),
        (lambda rows: {"insert": rows(new={}), "delete": ("nobody",)}, "has no nobody"),
        (lambda rows: {"update": rows(a={}), "delete": ("a",)}, "stands twice"),
    ],
)
def test_an_impossible_change_is_refused_whole(store, layer, rows, changes, words):
    write(store, insert=rows(a={"floors": 1}))
    with pytest.raises(RevisionConflict, match=words):
        write(store, **changes(rows))
    assert store.read(layer).data["floors"].to_dict() == {"a": 1}
    assert store.latest() == 1


def test_the_state_at_an_instant_is_what_was_effective_then(store, layer, rows):
    old, new = datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
    write(store, insert=rows(a={"floors": 1}), effective=old)
    write(store, update=rows(a={"floors": 2}), effective=new)

    def floors(at):
        return store.read(layer, Query(as_of=at)).data["floors"].tolist()

    assert floors(old - timedelta(microseconds=1)) == []
    assert floors(old) == [1]
    assert floors(new - timedelta(microseconds=1)) == [1]
    assert floors(new) == [2]


def test_a_late_delivery_changes_the_past_from_its_effective_day_on(store, layer, rows):
    at = {year: datetime(year, 1, 1, tzinfo=UTC) for year in range(2018, 2027)}
    write(store, insert=rows(a={"floors": 1}, b={"floors": 1}, c={"floors": 1}), effective=at[2019])
    known = write(store, update=rows(a={"floors": 3}, b={"floors": 3}), effective=at[2023]).number
    write(store, update=rows(a={"floors": 2}), delete=("b",), insert=rows(d={"floors": 2}), effective=at[2021])

    def floors(year, **query):
        return store.read(layer, Query(as_of=at[year], **query)).data["floors"].to_dict()

    assert floors(2018) == {}
    assert floors(2020) == {"a": 1, "b": 1, "c": 1}
    assert floors(2022) == {"a": 2, "c": 1, "d": 2}
    assert floors(2024) == {"a": 2, "c": 1, "d": 2} == store.read(layer).data["floors"].to_dict()
    assert floors(2022, known_at=known) == {"a": 1, "b": 1, "c": 1}
    assert floors(2024, known_at=known) == {"a": 3, "b": 3, "c": 1}


def test_long_before_the_first_year_of_four_digits_there_was_nothing(store, layer, rows):
    write(store, insert=rows(a={"built": "0618-06-18"}), effective=datetime(1600, 1, 1, tzinfo=UTC))
    assert store.count(layer, Query(as_of=datetime(900, 1, 1, tzinfo=UTC))) == 0
    assert store.count(layer, Query(as_of=datetime(1700, 1, 1, tzinfo=UTC))) == 1
    tang, song = date(618, 6, 17), date(960, 2, 4)
    assert store.count(layer, Query(where=Operation("between", (Property("built"), Value(tang), Value(song))))) == 1
    assert store.count(layer, Query(where=compare("built", "<=", tang))) == 0


def test_rows_in_another_crs_or_without_finite_coordinates_are_refused_and_harm_nothing(store, layer, rows):
    with pytest.raises(CrsError, match="not in the storage CRS EPSG:4548"):
        write(store, insert=rows(a={"geometry": cell(0)}).set_crs(4490, allow_override=True))
    for far in (np.inf, np.nan):
        with pytest.raises(InvalidParameter, match="not finite"):
            write(store, insert=rows(a={"geometry": Point(E, far)}))
    assert write(store, insert=rows(a={"geometry": cell(0)})).number == 1
    assert store.extent(layer) == BBox(E, N, E + 10, N + 10)


def test_a_change_cannot_be_effective_in_the_future_or_without_a_time_zone(store, layer, rows):
    with pytest.raises(InvalidParameter, match="future"):
        write(store, insert=rows(a={}), effective=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(InvalidParameter, match="time zone"):
        write(store, insert=rows(a={}), effective=datetime(2020, 1, 1))
    assert store.latest() == 0


def test_a_revision_tells_who_why_whence_and_when(store, layer, rows):
    effective = datetime(2021, 5, 1, tzinfo=UTC)
    write(store, insert=rows(a={}), author="张三", effective=effective, source="图幅.shp", sha256="ab" * 32)
    (revision,) = store.revisions(layer)
    assert (revision.author, revision.reason) == ("张三", "test")
    assert (revision.source, revision.sha256) == ("图幅.shp", "ab" * 32)
    assert revision.effective == effective
    assert abs(revision.recorded_at - datetime.now(UTC)) < timedelta(minutes=1)


OWNER = Field(name="owner", title="Owner", title_zh="业主")


def test_preparing_twice_and_adding_a_field_keeps_the_rows(store, layer, rows):
    store.prepare(layer)
    write(store, insert=rows(a={"floors": 1}))
    store.prepare(layer)
    wider = replace(layer, fields=(*layer.fields, OWNER))
    store.prepare(wider)
    frame = store.read(wider)
    assert frame.data["floors"].tolist() == [1]
    assert frame.data["owner"].isna().all()


def test_a_field_that_the_layer_gained_is_missing_in_what_was_written_before(store, layer, rows):
    write(store, insert=rows(a={"floors": 1, "geometry": cell(0)}, b={"floors": 1, "geometry": cell(1)}))
    write(store, update=rows(a={"floors": 2, "geometry": cell(0)}))
    wider = replace(layer, fields=(OWNER, *layer.fields))
    for query, floors in ((Query(), [2, 1]), (Query(as_of=1), [1, 1]), (Query(bbox=BBox(E, N, E + 5, N + 5)), [2])):
        frame = store.read(wider, query)
        assert frame.data["floors"].tolist() == floors
        assert frame.data["owner"].isna().all()
        assert frame.revision == (query.as_of or 2)
    assert store.count(wider, Query(where=Operation("isnull", (Property("owner"),)))) == 2
    assert store.count(wider, Query(where=compare("owner", "=", "x"))) == 0
    row = rows(b={"floors": 3})
    row.insert(0, "owner", typed_series(["张三"], OWNER).to_numpy())
    write(store, layer=wider, update=row)
    assert store.read(wider).data["owner"].fillna("").tolist() == ["", "张三"]
    assert store.read(wider, Query(as_of=2)).data["owner"].isna().all()


def test_a_field_whose_type_changed_is_refused_instead_of_misread(store, layer, rows):
    write(store, insert=rows(a={"name": "x"}))
    fields = tuple(replace(f, type="integer") if f.name == "name" else f for f in layer.fields)
    for ask in (store.read, store.prepare, store.count):
        with pytest.raises(StoreUnavailable, match="name of plots is not what this program takes it for"):
            ask(replace(layer, fields=fields))
    with pytest.raises(StoreUnavailable, match="plot_no of plots"):
        store.read(replace(layer, key="plot_no", fields=(Field(name="plot_no", title="No", title_zh="号"),)))


def test_a_key_with_a_null_character_is_itself_or_refused(store, layer, rows):
    with suppress(InvalidParameter):
        write(store, insert=rows(**{"a\0": {}, "a\0b": {}, "a": {}}))
    there = [store.read(layer, Query(ids=(key,))).data.index.tolist() for key in ("a", "a\0") if store.count(layer)]
    assert there in ([], [["a"], ["a\0"]])
