"""What the readers of query strings make of text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from api.crs import DEFAULT_CRS, NamedCrs
from api.features.area import AskedArea
from api.values import parse_bbox, parse_datetime, parse_value
from twin.crs import parse_crs
from twin.errors import InvalidParameter
from twin.schema import Code, Field


def boxes_of(text, named=DEFAULT_CRS):
    return AskedArea.of_box(parse_bbox(text), named).boxes


def test_four_numbers_are_west_south_east_north():
    assert boxes_of("118.1,35.3,118.7,35.8") == ((118.1, 35.3, 118.7, 35.8),)


def test_six_numbers_carry_heights_that_do_not_count():
    assert boxes_of("118.1,35.3,-10,118.7,35.8,900") == ((118.1, 35.3, 118.7, 35.8),)


def test_a_box_across_the_antimeridian_is_two_boxes():
    assert boxes_of("170,-10,-170,10") == ((170, -10, 180, 10), (-180, -10, -170, 10))


@pytest.mark.parametrize(
    "text",
    ["118,35,119", "a,b,c,d", "118,36,119,35", "118,35,119,nan", "518,35,519,36", "35,118,36,119", "1,2,3,4,5", ","],
)
def test_what_is_no_box_is_refused_by_name(text):
    with pytest.raises(InvalidParameter, match="bbox") as refused:
        boxes_of(text)
    assert refused.value.members == {"parameter": "bbox"}


GAUSS = NamedCrs.of("gauss", parse_crs("EPSG:4548"))


def test_the_corners_of_a_box_stand_in_the_order_of_axes_of_its_crs():
    assert boxes_of("35.3,118.1,35.8,118.7", NamedCrs.of("", parse_crs("EPSG:4490"))) == ((118.1, 35.3, 118.7, 35.8),)
    assert boxes_of("3900000,500000,3910000,520000", GAUSS) == ((500_000, 3_900_000, 520_000, 3_910_000),)
    east, west = boxes_of("-10,170,10,-170", NamedCrs.of("", parse_crs("EPSG:4326")))
    assert (east, west) == ((170, -10, 180, 10), (-180, -10, -170, 10))


def test_a_box_with_longitudes_in_the_place_of_latitudes_is_beyond_the_pole():
    """OGC's suite sends it so in every CRS, and wants an answer; in CRS84, where it is a mistake, it is refused."""
    assert boxes_of("118.1,35.3,118.7,35.8", NamedCrs.of("", parse_crs("EPSG:4490"))) == ()


def test_a_box_without_bounds_is_one():
    ((west, south, east, north),) = boxes_of("-1e308,-1e308,1e308,1e308", GAUSS)
    assert west == south < 0 < 3_910_000 < east == north


@pytest.mark.parametrize("text", ["3910000,500000,3900000,520000", "3900000,520000,3910000,500000"])
def test_a_box_in_metres_whose_corners_are_the_wrong_way_round_is_refused(text):
    with pytest.raises(InvalidParameter, match="northing first"):
        boxes_of(text, GAUSS)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-06-30T08:00:00Z", datetime(2024, 6, 30, 8, tzinfo=UTC)),
        ("2024-06-30T08:00:00+08:00", datetime(2024, 6, 30, 0, tzinfo=UTC)),
        ("2024-06-30t08:00:00.5z", datetime(2024, 6, 30, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2020-01-01T00:00:00Z/2024-06-30T08:00:00Z", datetime(2024, 6, 30, 8, tzinfo=UTC)),
        ("../2024-06-30T08:00:00Z", datetime(2024, 6, 30, 8, tzinfo=UTC)),
        ("/2024-06-30T08:00:00Z", datetime(2024, 6, 30, 8, tzinfo=UTC)),
        ("2024-06-28T08:00:00Z/P2D", datetime(2024, 6, 30, 8, tzinfo=UTC)),
        ("2024-01-31T08:00:00Z/P1M", datetime(2024, 2, 29, 8, tzinfo=UTC)),
        ("2023-11-30T20:00:00Z/P1Y2M3W1DT1H30M15.5S", datetime(2025, 2, 21, 21, 30, 15, 500_000, tzinfo=UTC)),
        ("P1Y/2024-06-30T08:00:00Z", datetime(2024, 6, 30, 8, tzinfo=UTC)),
        ("2020-01-01T00:00:00Z/..", None),
        ("../..", None),
    ],
)
def test_an_interval_means_the_state_at_its_end(text, instant):
    assert parse_datetime(text) == instant


def test_a_date_is_the_last_instant_of_that_day_in_china():
    next_day_begins = datetime(2024, 6, 30, 16, tzinfo=UTC)  # midnight at UTC+8
    assert parse_datetime("2024-06-30") == next_day_begins - timedelta(microseconds=1)


def test_a_time_without_offset_is_chinese_time():
    assert parse_datetime("2024-06-30T08:00:00") == datetime(2024, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2024-13-01",
        "2024-06-30T25:00:00Z",
        "2024",
        "20240630",
        "2024-02-30",
        "a/b",
        "..",
        "2024-01-02/2024-01-01",
        "2024-01-01/2024-01-02/2024-01-03",
        "2024-06-30T08:00Z\x00",
        "２０２４-06-30",
        "2024-06-30T08:00:00 08:00",  # a plus sign that was not written %2B
        "9999-12-31T23:59:59-12:00",  # no moment in UTC
        "P2D",
        "P1D/P2D",
        "../P1D",
        "2024-01-01/P",
        "2024-01-01/P1DT",
        "2024-01-01/P9999Y",
        "P9999Y/2024-01-01",
        "2024-01-01/P9999999D",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_moment_is_refused_by_name(text):
    with pytest.raises(InvalidParameter, match="datetime"):
        parse_datetime(text)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "7", "7"),
        ("integer", "7", 7),
        ("real", "7.5", 7.5),
        ("boolean", "true", True),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("datetime", "2024-02-29T10:00:00+08:00", datetime(2024, 2, 29, 2, tzinfo=UTC)),
    ],
)
def test_a_value_is_read_as_the_type_of_its_field(kind, text, value):
    read = parse_value(Field(name="it", type=kind, title="It", title_zh="它"), text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "7.5"),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("integer", "99999999999999999999"),  # not in 64 bits
        ("real", "1_0.5"),
        ("real", "1e999"),
        ("real", "inf"),
        ("real", "nan"),
        ("boolean", "yes"),
        ("date", "2023-02-29"),
        ("date", "20240229"),
        ("date", "2024-W01-1"),
        ("datetime", "now"),
    ],
)
def test_a_value_of_another_type_is_refused(kind, text):
    with pytest.raises(InvalidParameter, match=f"a value of type {kind}"):
        parse_value(Field(name="it", type=kind, title="It", title_zh="它"), text)


def test_a_value_outside_the_code_list_is_refused_with_the_list():
    codes = (Code(value=500, title="1:500", title_zh="1:500"), Code(value=1000, title="1:1000", title_zh="1:1000"))
    scale = Field(name="scale", type="integer", title="Scale", title_zh="比例尺", codes=codes)
    assert parse_value(scale, "1000") == 1000
    with pytest.raises(InvalidParameter, match=r"500 .*1000"):
        parse_value(scale, "750")
