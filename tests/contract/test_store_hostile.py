"""Values that others use to break programs: any store keeps them as they are, or refuses them whole."""

from __future__ import annotations

from math import inf, nan

import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from tests_support import edit_outside, make_rows, write
from twin.errors import InvalidParameter, StoreUnavailable
from twin.expressions import Operation, Property, Value, among, both, compare
from twin.query import Query

TRAPS = [
    "",
    " ",
    "'",
    '"',
    '""',
    "''; DROP TABLE plots; --",
    "\\",
    "\\.",
    "\n\\.\n",
    "a\r\nb",
    "\r",
    "\n",
    ",",
    '","',
    '"\n"',
    "\\N",
    "NULL",
    "\t",
    "%s %(x)s :x ? $1",
    "\ufeff",
    "\u2028",
    "地名 🗺",
    "\x1f\x7f",
    "e\u0301",
]


def test_every_trap_of_quoting_comes_back_as_it_was_as_value_and_as_key(store, layer):
    names = {f"k{number}": {"name": text} for number, text in enumerate(TRAPS)}
    keys = {text: {"name": "x"} for text in TRAPS if text}
    write(store, insert=make_rows(**names, **keys))
    rows = store.read(layer).data
    assert rows["name"].loc[list(names)].tolist() == TRAPS
    assert set(keys) <= set(rows.index)
    for text in TRAPS:
        found = store.read(layer, Query(where=compare("name", "=", text))).data.index
        assert found.tolist() == [f"k{TRAPS.index(text)}"]
        if text:
            like = Operation("like", (Property("name"), Value("x")))
            asked = Query(ids=(text,), where=both(among("plot_id", (text,)), like))
            assert store.read(layer, asked).data.index.tolist() == [text]
    write(store, update=make_rows(**{text: {"name": "y"} for text in keys}), delete=tuple(names))
    assert store.read(layer).data["name"].unique().tolist() == ["y"]
    assert store.read(layer, Query(as_of=1)).data["name"].loc[list(names)].tolist() == TRAPS


def test_any_text_comes_back_as_it_was(store, layer):
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    write(store, insert=make_rows(**{f"k{number}": {} for number in range(10)}))

    @given(st.lists(text, min_size=10, max_size=10))
    @example(["\n\\.", "\\.\n", '"', "x" * 9000, *TRAPS[:6]])
    def replace_names(texts):
        write(store, update=make_rows(**{f"k{number}": {"name": name} for number, name in enumerate(texts)}))
        assert store.read(layer).data["name"].tolist() == texts

    replace_names()


def test_a_megabyte_of_text_is_data(store, layer):
    text = "地'\"\\\n," * 200_000
    write(store, insert=make_rows(a={"name": text}))
    assert store.read(layer).data["name"].tolist() == [text]


@pytest.mark.parametrize(
    "values",
    [
        {"height_m": inf},
        {"height_m": -inf},
        {"floors": 2**63 - 1, "height_m": inf},
        {"geometry": shapely.Point(1, inf, 0)},
        {"geometry": shapely.from_wkt("POINT Z (1 nan 0)")},
    ],
)
def test_what_cannot_be_kept_is_refused_with_everything_beside_it(store, layer, values):
    with pytest.raises(InvalidParameter):
        write(store, insert=make_rows(good={"name": "x"}, bad=values))
    assert (store.latest(), store.count(layer)) == (0, 0)


def test_the_sign_that_ends_text_in_c_is_kept_whole_or_refused(store, layer):
    try:
        write(store, insert=make_rows(a={"name": "before\0after"}))
    except InvalidParameter as refusal:
        assert "the database" in refusal.detail  # noqa: PT017
        assert store.latest() == 0
    else:
        assert store.read(layer).data["name"].tolist() == ["before\0after"]
    with_nul = Query(where=compare("name", "=", "before\0after"))
    try:
        assert store.count(layer, with_nul) == store.latest()
    except InvalidParameter as refusal:
        assert "the database" in refusal.detail  # noqa: PT017


def test_a_missing_number_is_missing_and_the_largest_are_numbers(store, layer):
    write(store, insert=make_rows(a={"height_m": nan, "floors": 2**63 - 1}, b={"height_m": 1.7976931348623157e308}))
    rows = store.read(layer).data
    assert rows["height_m"].isna().tolist() == [True, False]
    assert rows["height_m"]["b"] == 1.7976931348623157e308
    assert rows["floors"]["a"] == 2**63 - 1


def test_an_infinite_number_written_by_another_program_is_refused_or_named(store, layer):
    write(store, insert=make_rows(a={"height_m": 1.0}))
    try:
        edit_outside(store.url, f"UPDATE {layer.id} SET height_m = ?", [inf])
    except Exception as refusal:  # noqa: BLE001 each database's own
        assert "check constraint" in str(refusal)  # noqa: PT017
        assert store.read(layer).data["height_m"].tolist() == [1.0]
    else:
        with pytest.raises(StoreUnavailable, match="plots a has inf as height_m, which is no real"):
            store.read(layer)
