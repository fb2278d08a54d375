"""Text without regard to case or accents is the same in every store, for every letter there is."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from tests_support import make_rows, write
from twin.expressions import Operation, Property, Value
from twin.query import Query

#: Every letter up to Unicode 14 that another one equals in some way, but not as it stands.
LETTERS = [
    letter
    for letter in map(chr, range(0x80, sys.maxunicode + 1))
    if letter.casefold() != letter or (unicodedata.decomposition(letter) and not "\uac00" <= letter <= "\ud7a3")
]


@pytest.fixture(scope="module")
def letters(new_store):
    with new_store() as store:
        write(store, insert=make_rows(**{f"{number:05}": {"name": letter} for number, letter in enumerate(LETTERS)}))
        yield store


def test_two_letters_are_the_same_in_casei_if_unicode_folds_them_alike(letters, layer):
    """Unicode 14, 5.18: full case folding, which Python's own tables have as well."""
    asked = ["ß", "ẞ", "Σ", "ς", "İ", "ı", "ﬁ", "Ǆ", "ᾳ", "K", "Å", "Ω", "Ꭰ", "ΐ", "I", "ǰ", "µ"]
    for letter in asked:
        same = Operation("=", (Operation("casei", (Property("name"),)), Operation("casei", (Value(letter),))))
        expected = [other for other in LETTERS if other.casefold() == letter.casefold()]
        assert letters.read(layer, Query(where=same)).data["name"].tolist() == expected, letter


def test_accents_are_left_out_as_unicode_decomposes_letters(letters, layer):
    expected = {
        "e": "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ",
        "か": "",  # its voicing is no accent: が is another letter
        "И": "ЍИЙӢӤ",
    }
    for letter, same in expected.items():
        bare = Operation("=", (Operation("accenti", (Property("name"),)), Value(letter)))
        assert "".join(letters.read(layer, Query(where=bare)).data["name"]) == same, letter
