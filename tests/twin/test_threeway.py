"""Three-way comparison: what one side changed is taken, what both sides changed is told, nothing is lost."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_support import LAYER, make_rows
from twin.ingest.edits import Edits
from twin.threeway import merge_states

SQUARE, TURNED = shapely.box(0, 0, 1, 1), shapely.Polygon([(1, 1), (0, 1), (0, 0), (1, 0)])
PLOT = {"name": "a", "floors": 1, "geometry": SQUARE}


def merge(base, mine, theirs, **options):
    return merge_states(*(make_rows(**state) for state in (base, mine, theirs)), LAYER, **options)


def upserted(merged):
    """What is to be added or changed, by key; a changed place as WKT."""
    found = {}
    for each in (*merged.edits.insert, *merged.edits.update):
        place = {} if each.keeps_geometry else {"geometry": shapely.to_wkt(each.geometry)}
        found[each.key] = {**each.values, **place}
    return found


def told(merged):
    return [(c.key, c.field, c.base, c.mine, c.theirs) for c in merged.conflicts]


def test_fields_that_either_side_changed_come_together():
    merged = merge({"p": PLOT}, {"p": PLOT | {"name": "b"}}, {"p": PLOT | {"floors": 2}})
    assert upserted(merged) == {"p": {"name": "b"}}
    assert not merged.conflicts


@pytest.mark.parametrize(("keep", "name"), [("mine", "b"), ("theirs", None)])
def test_a_value_that_both_changed_is_told_and_decided_by_who_keeps(keep, name):
    merged = merge({"p": PLOT}, {"p": PLOT | {"name": "b"}}, {"p": PLOT | {"name": "c"}}, keep=keep)
    assert told(merged) == [("p", "name", "a", "b", "c")]
    assert upserted(merged) == ({"p": {"name": name}} if name else {})


def test_what_both_changed_alike_is_agreed():
    both = {"p": PLOT | {"name": "b"}, "q": PLOT}
    merged = merge({"p": PLOT}, both, both)
    assert (merged.edits, merged.agreed, merged.conflicts) == (Edits(), 2, ())


TALLER = {"p": PLOT | {"floors": 2}}


@pytest.mark.parametrize(
    ("mine", "theirs", "said", "kept"),
    [
        ({}, TALLER, ("removed", "changed floors"), ((), ("p",))),
        (TALLER, {}, ("changed floors", "removed"), (("p",), ())),
    ],
)
def test_removing_what_the_other_side_changed_is_a_conflict(mine, theirs, said, kept):
    merged = merge({"p": PLOT}, mine, theirs, keep="mine")
    assert told(merged) == [("p", None, "there", *said)]
    assert (tuple(upserted(merged)), merged.edits.delete) == kept
    assert merge({"p": PLOT}, mine, theirs, keep="theirs").edits == Edits()


def test_a_feature_that_both_added_under_one_key_is_compared_field_by_field():
    merged = merge({}, {"p": PLOT}, {"p": PLOT | {"name": "c", "use": "shop"}})
    assert told(merged) == [("p", "name", None, "a", "c")]
    assert merged.edits == Edits()  # their use stays, since mine says nothing of it


def test_blanks_and_rings_that_start_elsewhere_are_no_change():
    merged = merge({"p": PLOT}, {"p": PLOT | {"name": " a ", "geometry": TURNED}}, {"p": PLOT})
    assert (merged.edits, merged.conflicts) == (Edits(), ())


def test_places_that_both_moved_are_told_to_the_millimetre():
    moved = [PLOT | {"geometry": shapely.box(500_000, 0, x, 1)} for x in (500_001.0004, 500_002)]
    merged = merge({"p": PLOT}, {"p": moved[0]}, {"p": moved[1]})
    ((_, field, *_, mine, theirs),) = told(merged)
    assert field == "geometry"
    assert mine == "POLYGON ((500000 0, 500000 1, 500001 1, 500001 0, 500000 0))"
    assert "500002" in theirs


def test_a_place_is_mine_to_the_last_vertex_only_where_i_moved_it():
    moved = shapely.box(1, 0, 2, 1)
    here, there = {"p": PLOT | {"geometry": moved}}, {"p": PLOT | {"geometry": TURNED}}
    assert upserted(merge({"p": PLOT}, here, there)) == {"p": {"geometry": shapely.to_wkt(moved)}}
    assert upserted(merge({"p": PLOT}, {"p": PLOT | {"name": "b"}}, there)) == {"p": {"name": "b"}}


plots = st.fixed_dictionaries({"name": st.sampled_from("abc"), "floors": st.integers(1, 3)})
states = st.dictionaries(st.sampled_from("pqrst"), plots)


@settings(max_examples=40)
@given(states, states, states)
def test_the_order_of_the_sides_does_not_matter_and_nothing_gets_lost(base, mine, theirs):
    """Whatever is not in conflict is that of the side that changed it; in conflict, of the side that is kept."""

    def result(one, other, keep):
        merged = merge(base, one, other, keep=keep)
        found = {key: value for key, value in other.items() if key not in merged.edits.delete}
        for key, values in upserted(merged).items():
            found[key] = {name: ({**found.get(key, {}), **values})[name] for name in ("name", "floors")}
        return found, {(c.key, c.field) for c in merged.conflicts}

    kept, conflicts = result(mine, theirs, "mine")
    again, alike = result(theirs, mine, "theirs")
    assert (kept, conflicts) == (again, alike)
    for key in {*base, *mine, *theirs}:
        was, my, their = (state.get(key) for state in (base, mine, theirs))
        if my in (was, their):
            assert kept.get(key) == their
        elif their == was:
            assert kept.get(key) == my
        elif my is None or their is None:
            assert (key, None) in conflicts
            assert kept.get(key) == my
        else:
            for field in my:
                first = None if was is None else was[field]
                assert kept[key][field] == (their[field] if my[field] == first else my[field])
                clash = len({my[field], their[field], first}) == 3
                assert ((key, field) in conflicts) == clash
