"""Words as XML names: whatever the word, the name is one, and the word comes back."""

from __future__ import annotations

import string
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.forms.xmlnames import escape_text, from_xml_name, to_xml_name

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.text(
    "_x0123456789ABCDEFabcdef.- 层", min_size=1
)


def read_back(document):
    """The names of elements, and the text, as a parser reads them."""
    names, texts = [], []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: names.append(name)
    parser.CharacterDataHandler = texts.append
    parser.Parse(document, True)
    return names, "".join(texts)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("height_m", "height_m"),
        ("名称", "名称"),
        ("层 数", "层_x0020_数"),
        ("2024", "_x0032_024"),
        ("a:b", "a_x003A_b"),
        ("roads.R/1", "roads.R_x002F_1"),
        ("_x0041_", "_x005F_x0041_"),
        ("😀", "_x1F600_"),
    ],
)
def test_a_name_is_the_word_with_what_has_no_place_in_it_in_hexadecimal(word, name):
    assert to_xml_name(word) == name


@given(words)
def test_the_word_comes_back(word):
    assert from_xml_name(to_xml_name(word)) == word


@given(words)
def test_a_parser_takes_the_name(word):
    name = to_xml_name(word)
    assert read_back(f"<{name}/>") == ([name], "")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_comes_back_but_for_what_xml_cannot_say(text):
    read = read_back(f"<a>{escape_text(text)}</a>".encode())[1]
    kept = [sign for sign in text if sign >= " " or sign in "\t\n\r"]
    strange = {"\ufffe", "\uffff"}
    assert [sign for sign in read if sign != "\ufffd"] == [s for s in kept if s not in strange and s != "\ufffd"]


@given(st.text(string.printable))
def test_a_foreign_name_is_itself(name):
    assert from_xml_name(name.replace("_x", "")) == name.replace("_x", "")
