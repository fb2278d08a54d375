"""Values become the types of the schema; what cannot is a fault with its row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from twin.ingest.convert import convert_field
from twin.ingest.faults import Faults, Rows
from twin.ingest.mapping import FieldRule
from twin.ingest.match import FieldSource
from twin.schema import Code, Field


@pytest.fixture
def convert():
    """Convert a column to a field: values, None where missing, and the faults as (row, what, value)."""

    def run(values, *, rule=None, factor=1.0, dtype=None, **field):
        field = Field(name="f", title="F", title_zh="字段", **field)
        source = FieldSource(field=field, column="c", rule=rule or FieldRule(), factor=factor, how="test")
        faults = Faults()
        column = pd.Series(values, dtype=dtype)
        result, _ = convert_field(source, column, Rows.of("a.csv", np.arange(1, len(column) + 1)), faults)
        assert str(result.dtype) == field.dtype
        plain = [None if pd.isna(value) else value for value in result.tolist()]
        return plain, [(fault.row, fault.what, fault.value) for fault in faults.kept]

    return run


def test_numbers_written_as_people_write_them_are_read(convert):
    values, faults = convert(["3.5", " 12 ", "１２．５", "1,234.5", "1,234,567", "-0.5", "", "—", "无"], type="real")
    assert values == [3.5, 12.0, 12.5, 1234.5, 1234567.0, -0.5, None, None, None]
    assert not faults


def test_what_is_no_number_is_a_fault_with_its_row_and_value(convert):
    values, faults = convert(["3.5", "三", "inf", "1e400"], type="real")
    assert values == [3.5, None, None, None]
    assert faults == [
        (2, "the value is not a number", "三"),
        (3, "the value is not a number", "inf"),
        (4, "the value is not a number", "1e400"),
    ]


def test_a_whole_number_may_come_as_a_real_one_but_not_with_a_fraction(convert):
    assert convert([3.0, None, 12.0], type="integer") == ([3, None, 12], [])
    values, faults = convert(["3", "3.0", "3.5"], type="integer")
    assert values == [3, 3, None]
    assert faults == [(3, "the value is not a whole number", "3.5")]


def test_integers_come_through_bit_for_bit(convert):
    assert convert([9007199254740993], type="integer")[0] == [9007199254740993]


def test_numbers_out_of_range_are_faults_after_the_unit_was_applied(convert):
    values, faults = convert([250, 5], type="real", factor=0.01, minimum=0.1, maximum=3)
    assert values == [2.5, None]
    assert faults == [(2, "the number is out of range", "0.05")]


def test_a_code_that_a_spreadsheet_took_for_a_number_is_text_again(convert):
    assert convert([371321.0, None])[0] == ["371321", None]
    assert convert([371321, 371301])[0] == ["371321", "371301"]
    assert convert([1.5, 2.0])[0] == ["1.5", "2.0"]


def test_text_is_trimmed_and_emptiness_is_missing(convert):
    assert convert(["  沂南县 ", "", "  ", None])[0] == ["沂南县", None, None, None]


def test_text_that_is_too_long_is_a_fault_that_shows_only_its_beginning(convert):
    _, faults = convert(["x" * 5_000_000], max_length=20)
    assert faults == [(1, "the text is too long", "x" * 59 + "…")]


def test_a_nul_character_is_a_fault_wherever_it_stands(convert):
    values, faults = convert(["good", "a\0b", "c\0", None])
    assert values[0] == "good"
    assert [(row, what) for row, what, _ in faults] == [
        (2, "the text holds a NUL character"),
        (3, "the text holds a NUL character"),
    ]


def test_where_nothing_is_delivered_the_default_stands_but_not_for_what_is_wrong(convert):
    values, faults = convert(["5", None, " ", "many"], type="integer", default=1)
    assert values[:3] == [5, 1, 1]
    assert [(row, value) for row, _, value in faults] == [(4, "many")]


def test_required_values_must_be_there(convert):
    assert convert(["a", "", None], required=True)[1] == [
        (2, "a value is required", None),
        (3, "a value is required", None),
    ]


CODES = (
    Code(value="county", title="County", title_zh="县级", aliases=("县",)),
    Code(value="grid", title="Grid cell", title_zh="网格"),
)


def test_codes_are_found_by_value_title_and_alias_whatever_their_case_and_width(convert):
    values, faults = convert(["county", "COUNTY", "县级", "县", "Ｃounty ", "Grid Cell", ""], codes=CODES)
    assert values == ["county", "county", "county", "county", "county", "grid", None]
    assert not faults


def test_what_is_not_of_the_code_list_is_a_fault_and_the_list_is_told(convert):
    assert convert(["镇"], codes=CODES)[1] == [(1, "the value is not of the code list", "镇")]


def test_the_mappings_codes_come_first(convert):
    rule = FieldRule(source="c", codes={"01": "county", "县": "grid"})
    assert convert(["01", "县", "县级"], codes=CODES, rule=rule)[0] == ["county", "grid", "county"]


def test_integer_codes_are_found_in_reals_and_text(convert):
    scales = (Code(value=500, title="1:500", title_zh="1:500"), Code(value=1000, title="1:1000", title_zh="1:1000"))
    assert convert([500.0, 1000.0, None], type="integer", codes=scales)[0] == [500, 1000, None]
    assert convert(["1:500", "1000"], type="integer", codes=scales)[0] == [500, 1000]


def test_yes_and_no_are_read_in_both_languages(convert):
    values, faults = convert(["是", "否", "Y", "no", "1", "0", "", "也许"], type="boolean")
    assert values == [True, False, True, False, True, False, None, None]
    assert faults == [(8, "the value is not yes or no", "也许")]


@pytest.mark.parametrize(
    "text",
    ["2021-03-05", "2021/3/5", "2021.3.5", "20210305", "2021年3月5日", "2021年03月05号", "２０２１－３－５",
     "2021-03-05 13:30:00", "2021-03-05T00:00:00+08:00", "2021-03-04T16:00:00Z", "44260"],
)  # fmt: skip
def test_dates_are_read_as_departments_write_them(convert, text):
    values, faults = convert([text], type="date")
    assert not faults
    assert values == [pd.Timestamp(2021, 3, 5)]


@pytest.mark.parametrize("text", ["03/05/2021", "5.3.2021", "2021-02-30", "2021年3月", "去年", "12"])
def test_dates_that_leave_a_doubt_are_faults(convert, text):
    assert convert([text], type="date")[1] == [(1, "the value is not a date", text)]


def test_the_day_count_of_a_spreadsheet_is_a_date(convert):
    # 1 March 2021 is day 44256 in every spreadsheet; the count may come as a number.
    assert convert([44256, 44256.75], type="date")[0] == [pd.Timestamp(2021, 3, 1)] * 2


def test_a_date_format_in_the_mapping_settles_what_is_in_doubt(convert):
    rule = FieldRule(source="c", format="%d/%m/%Y")
    assert convert(["05/03/2021"], type="date", rule=rule)[0] == [pd.Timestamp(2021, 3, 5)]


def test_times_without_a_zone_are_chinas(convert):
    values, faults = convert(["2021-03-05 08:00:00", "2021年3月5日 8时0分", "2021-03-05T00:00:00Z"], type="datetime")
    assert not faults
    assert values == [pd.Timestamp(2021, 3, 5, tz="UTC")] * 3


def test_every_fault_is_counted_but_only_the_first_thousand_are_kept():
    faults = Faults()
    faults.add_rows("bad", np.ones(5_000, dtype=bool), Rows.of("a", np.arange(1, 5_001)), values=np.arange(5_000))
    assert (faults.count, len(faults.kept)) == (5_000, 1_000)
