"""A revision that cannot be undone says what to do, and doing that leads there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import shapely
from shapely import Point

from tests_support import make_rows, write
from twin.errors import RevisionConflict
from twin.history import revert
from twin.query import Query

#: Midnight in China, which is the day before in UTC.
MIDNIGHT = datetime(2021, 6, 29, 16, tzinfo=UTC)


@pytest.fixture
def take(store):
    """Write one value of the feature ``a``, effective from a day on."""

    def one(floors: int, *, day: int = 0) -> None:
        rows = make_rows(a={"floors": floors, "geometry": shapely.force_3d(Point(0, 0).buffer(1))})
        write(store, **{"update" if store.latest() else "insert": rows}, effective=MIDNIGHT + timedelta(days=day))

    return one


def test_the_later_revisions_are_named_and_once_they_are_undone_the_first_can_be(store, layer, take):
    for floors in (1, 2, 3, 4):
        take(floors)
    with pytest.raises(RevisionConflict, match=r"\(3, 4\) changed .* the latest first: twin revert plots 4$"):
        revert(store, layer, 2, author="chief")
    for number, floors in ((4, 3), (3, 2), (2, 1)):
        revert(store, layer, number, author="chief")
        assert store.read(layer, Query()).data["floors"].tolist() == [floors]


def test_what_is_undone_already_says_by_which_revision(store, layer, take):
    take(1)
    take(2)
    made = revert(store, layer, 2, author="chief", reason="wrong file")
    assert (made.number, made.reason) == (3, "undo revision 2: wrong file")
    with pytest.raises(RevisionConflict, match="revision 2 of plots is already undone by revision 3"):
        revert(store, layer, 2, author="chief")
    revert(store, layer, 3, author="chief")
    assert revert(store, layer, 2, author="chief").number == 5  # it stands again, and can be undone again
    assert store.read(layer, Query()).data["floors"].tolist() == [1]


def test_an_undoing_cannot_be_undone_while_what_its_revision_built_on_is_undone(store, layer, take):
    for floors in (1, 2, 3):
        take(floors)
    revert(store, layer, 3, author="chief")
    revert(store, layer, 2, author="chief")
    with pytest.raises(RevisionConflict, match=r"\(5\) changed what revision 4 wrote"):
        revert(store, layer, 4, author="chief")


def test_days_are_those_of_china_and_the_commands_are_given(store, layer, take):
    take(1)
    take(2, day=4)
    take(3, day=2)
    with pytest.raises(RevisionConflict) as refusal:
        revert(store, layer, 3, author="chief")
    said, *commands = refusal.value.detail.splitlines()
    assert (
        "revision 3 was effective from 2021-07-02, and revision 2 had said already what holds from 2021-07-04" in said
    )
    assert commands == [
        "  twin export plots before.gpkg --as-of 2",
        "  twin ingest plots before.gpkg --mode sync --effective 2021-07-04",
    ]
