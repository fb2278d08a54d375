"""History as a law: any sequence of writes, replayed to any revision or instant, gives the state that it had."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Point

from tests_history import EPOCH, apply, floors, histories, replay
from tests_support import LAYER, make_rows, write
from twin.bbox import BBox
from twin.errors import RevisionConflict, RevisionNotFound
from twin.history import diff, revert
from twin.query import Query


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_any_writes_replayed_to_any_revision_or_instant_give_the_state_that_it_had(new_store, writes):
    with new_store() as store:
        apply(store, writes)
        for number in range(len(writes) + 1):
            assert floors(store, as_of=number) == replay(writes[:number])
            assert store.count(LAYER, Query(as_of=number)) == len(replay(writes[:number]))
        for day in range(-1, 6):
            instant = EPOCH + timedelta(days=day)
            for known in range(len(writes) + 1):
                expected = replay([write for write in writes[:known] if write[0] <= day])
                assert floors(store, as_of=instant, known_at=known) == expected
        state = replay(writes)
        assert floors(store) == state == floors(store, as_of=datetime.now(UTC))
        for number in range(4):
            beside = BBox(number - 0.5, -1, number + 0.5, 1)
            assert floors(store, bbox=beside) == {key: value for key, value in state.items() if value == number}


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.data())
def test_diff_is_what_turns_one_state_into_the_other(new_store, writes, data):
    with new_store() as store:
        apply(store, writes)
        a, b = (data.draw(st.integers(0, len(writes))) for _ in "ab")
        before, after = replay(writes[:a]), replay(writes[:b])
        found = diff(store, LAYER, a, b)
        assert set(found.added) == after.keys() - before.keys()
        assert set(found.removed) == before.keys() - after.keys()
        changed = {key for key in after.keys() & before.keys() if after[key] != before[key]}
        assert found.changed == dict.fromkeys(changed, ("floors", "geometry"))


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.data())
def test_a_revert_makes_every_past_state_what_it_was_without_the_revision_or_is_refused(new_store, writes, data):
    with new_store() as store:
        apply(store, writes)
        undone = data.draw(st.integers(1, len(writes)))
        without = writes[: undone - 1] + writes[undone:]
        try:
            revert(store, LAYER, undone, author="chief")
        except RevisionConflict:
            assert store.latest() == len(writes)
            return
        for day in range(-1, 6):
            expected = replay([write for write in without if write[0] <= day])
            assert floors(store, as_of=EPOCH + timedelta(days=day)) == expected
        assert floors(store) == replay(without)


def test_a_late_delivery_before_known_later_values_cannot_be_undone_by_one_revision(store, layer):
    apply(store, [(0, {"a": 1, "b": 1}), (4, {"a": 2}), (2, {"a": 3, "b": 3})])
    with pytest.raises(RevisionConflict, match=r"revision 2 had said already what holds from 2020-01-05 \(a\)"):
        revert(store, layer, 3, author="chief")
    assert store.latest() == 3


def test_a_revision_that_said_the_same_again_is_a_later_one_too(store, layer):
    apply(store, [(0, {"a": 1}), (1, {"a": 2}), (2, {"a": 2})])
    with pytest.raises(RevisionConflict, match=r"later revisions .* wrote \(a\)"):
        revert(store, layer, 2, author="chief")
    assert store.changed(layer, 1, 3) == {"a"}
    assert store.changed(layer, 4, 9) == frozenset()


def test_revert_undoes_one_revision_and_leaves_the_others(store, layer):
    apply(store, [(0, {"a": 1, "b": 1}), (1, {"a": 2, "b": None, "c": 2}), (2, {"d": 3})])
    made = revert(store, layer, 2, author="chief")
    assert floors(store) == {"a": 1, "b": 1, "d": 3}
    assert made.reason == "undo revision 2"
    assert floors(store, as_of=3) == {"a": 2, "c": 2, "d": 3}
    assert floors(store, as_of=EPOCH + timedelta(days=2)) == {"a": 1, "b": 1, "d": 3}
    revert(store, layer, made.number, author="chief")
    assert floors(store) == {"a": 2, "c": 2, "d": 3}


def test_revert_refuses_where_a_later_revision_touched_the_same_feature(store, layer):
    apply(store, [(0, {"a": 1, "b": 1}), (1, {"a": 2}), (2, {"a": 3})])
    with pytest.raises(RevisionConflict, match=r"revision 2 wrote \(a\)"):
        revert(store, layer, 2, author="chief")
    with pytest.raises(RevisionNotFound, match="no revision 9"):
        revert(store, layer, 9, author="chief")
    assert floors(store) == {"a": 3, "b": 1}
    assert store.latest() == 3


def test_a_diff_tells_a_moved_vertex_from_a_changed_height(store, layer):
    square = shapely.force_3d(Point(0, 0).buffer(1))
    write(store, insert=make_rows(a={"geometry": square, "height_m": 3.0}, b={"height_m": 1.0}))
    write(store, update=make_rows(a={"geometry": square, "height_m": 4.0}, b={"height_m": None}))
    write(store, update=make_rows(a={"geometry": shapely.force_3d(square.buffer(1)), "height_m": 4.0}))
    assert diff(store, layer, 1, 2).changed == {"a": ("height_m",), "b": ("height_m",)}
    assert diff(store, layer, 1, 2).values == {"a": {"height_m": (3.0, 4.0)}, "b": {"height_m": (1.0, None)}}
    assert diff(store, layer, 2, 3).changed == {"a": ("geometry",)}
    assert diff(store, layer, 2, 3).values == {"a": {}}
