"""Writes of several layers at once: both or neither."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twin.errors import RevisionConflict
from twin.store import Changes, Write


def test_layers_written_together_have_revisions_in_a_row_of_one_moment(store, layer, rows):
    other = replace(layer, id="fields", title_zh="田")
    writes = (
        Write(layer=layer, changes=Changes(insert=rows(a={"floors": 1})), base=0),
        Write(layer=other, changes=Changes(insert=rows(a={"floors": 2}, b={})), base=0),
    )
    first, second = store.write_together(writes, author="surveyor", reason="delivery", source="d.xlsx", sha256="ab")
    assert [(r.number, r.layer, r.inserted) for r in (first, second)] == [(1, "plots", 1), (2, "fields", 2)]
    assert (first.recorded_at, first.effective) == (second.recorded_at, second.effective)
    assert {(r.author, r.reason, r.source, r.sha256) for r in store.revisions()} == {
        ("surveyor", "delivery", "d.xlsx", "ab")
    }
    assert (store.count(layer), store.count(other)) == (1, 2)


@pytest.mark.parametrize("base", [7, None])
def test_when_the_second_of_two_layers_cannot_be_written_neither_is(store, layer, rows, base):
    other = replace(layer, id="fields", title_zh="田")
    store.write(other, Changes(insert=rows(a={})), author="x", reason="x")
    writes = (
        Write(layer=layer, changes=Changes(insert=rows(a={}))),
        Write(layer=other, changes=Changes(insert=rows(a={})), base=base),  # another base, or a key that is there
    )
    with pytest.raises(RevisionConflict, match="fields"):
        store.write_together(writes, author="x", reason="x")
    assert (store.count(layer), store.count(other), store.latest()) == (0, 1, 1)
