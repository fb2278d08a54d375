"""Which encoding text is in is decided from evidence, and the decision says which."""

from __future__ import annotations

import pytest

from twin.errors import SourceError
from twin.ingest.encoding import Hint, count_cut_values, decide_encoding, normalise_encoding

YINAN = "沂南县\n莒南县\n"


def decide(data: bytes, **options):
    return decide_encoding("a.dbf", lambda: iter([data]), **options)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("GBK", "gb18030"),
        ("936", "gb18030"),
        ("ANSI 936", "gb18030"),
        ("cp936", "gb18030"),
        ("UTF-8", "utf-8"),
        ("65001", "utf-8"),
        ("88591", "iso8859-1"),
        ("windows-1252", "cp1252"),
        ("Klingon", None),
    ],
)
def test_encodings_are_known_under_the_names_people_write(written, name):
    assert normalise_encoding(written) == name


def test_gbk_without_any_hint_is_recognised_by_its_bytes():
    decision = decide(YINAN.encode("gbk"))
    assert (decision.value, decision.why) == ("gb18030", "the bytes are strict GB18030")


def test_utf8_without_any_hint_is_recognised_by_its_bytes():
    assert decide(YINAN.encode("utf-8")).value == "utf-8"


def test_a_hint_that_the_bytes_contradict_is_overruled_and_the_reason_told():
    decision = decide(YINAN.encode("gbk"), hints=[Hint(encoding="UTF-8", by="the .cpg file")])
    assert decision.value == "gb18030"
    assert "the .cpg file says UTF-8, but the bytes are not" in decision.why


def test_utf8_declared_as_gbk_is_found_out_though_it_decodes():
    data = "临沂市沂南县\n".encode()
    data.decode("gbk")
    assert decide(data, hints=[Hint(encoding="GBK", by="the .cpg file")]).value == "utf-8"


def test_a_single_byte_code_page_is_believed_only_after_utf8_and_chinese_have_failed():
    western = Hint(encoding="ISO-8859-1", by="the .cpg file")
    assert decide(YINAN.encode("gbk"), hints=[western]).value == "gb18030"
    assert decide("Müllerstraße\n".encode("latin-1"), hints=[western]).value == "iso8859-1"


def test_a_few_characters_of_gbk_that_happen_to_be_strict_utf8_are_not_taken_for_cyrillic():
    assert "一".encode("gbk").decode("utf-8") == "һ"  # U+04BB
    assert decide("一\n".encode("gbk")).value == "gb18030"
    assert decide("20 °C\n".encode()).value == "utf-8"


@pytest.mark.parametrize("hints", [[], [Hint(encoding="GBK", by="the .cpg file")]])
def test_big5_is_refused_and_not_stored_as_rare_characters(hints):
    with pytest.raises(SourceError, match=r"text of a\.dbf is neither"):
        decide("沂南縣人民醫院\n臺北市中文測試\n".encode("big5"), hints=hints)
    assert decide("沂南縣人民醫院\n".encode("big5"), explicit="Big5").value == "big5"


def test_western_text_without_a_hint_is_refused_and_not_taken_for_chinese():
    with pytest.raises(SourceError, match="--encoding GB18030"):
        decide("Müllerstraße\n".encode("latin-1"))


def test_an_encoding_that_is_given_is_tested_against_the_bytes():
    assert decide(YINAN.encode("gbk"), explicit="GBK").why == "given"
    with pytest.raises(SourceError, match="not UTF-8"):
        decide(YINAN.encode("gbk"), explicit="UTF-8")
    with pytest.raises(SourceError, match="no encoding Klingon"):
        decide(YINAN.encode("gbk"), explicit="Klingon")


def test_values_that_end_in_half_a_character_are_counted_and_do_not_spoil_the_test():
    half = "沂南县".encode()[:-1] + b"\n" + "莒南县".encode() + b"\n"
    assert count_cut_values(half, "utf-8") == 1
    assert count_cut_values("沂南县".encode("gbk")[:-1] + b"\n", "gb18030") == 1
    assert count_cut_values(b"\xff\xff\n", "utf-8") is None


def test_bytes_that_nothing_reads_are_shown_where_they_stand():
    spoilt = "5001,界湖,自动\n5002,".encode("gbk") + b"\xcb\xd5\xff\xff" + ",自动\n".encode("gbk")
    with pytest.raises(SourceError, match=r"neither UTF-8 nor .*: it reads “5002,苏\\xff.*自动”; name its encoding"):
        decide(spoilt)
    with pytest.raises(SourceError, match=r"is not GBK: it reads “5002,苏\\xff.*自动”; leave the encoding out"):
        decide(spoilt, explicit="GBK")


@pytest.mark.parametrize("explicit", [None, "GBK"])
def test_tables_put_together_from_two_encodings_are_refused_though_both_decode(explicit):
    mixed = "5001,界湖街道,自动\n5002,苏村,自动\n".encode("gbk") + "5003,大庄,自动\n".encode()
    assert mixed.decode("gb18030")
    with pytest.raises(SourceError, match="some of it is in UTF-8: “5003,大庄,自动”"):
        decide(mixed, explicit=explicit)


def test_no_name_of_a_place_in_gbk_is_taken_for_utf8(shared_data):
    names = (shared_data / "boundaries/modood_streets.csv").read_text("utf-8")
    assert decide(names.encode("gb18030")).value == "gb18030"
