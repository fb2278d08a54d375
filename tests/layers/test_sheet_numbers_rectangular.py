"""Rectangular sheet numbers. Expected values are from survey textbooks or worked out by hand."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.topo_sheets import rectangular
from layers.topo_sheets.rectangular import SIZES_M, Offset
from twin.crs import BBox
from twin.errors import InvalidParameter

SERIES = [(scheme, scale) for scheme, sizes in SIZES_M.items() for scale in sizes]
EAST, NORTH = 632_885.385, 3_936_656.695

square, wide = "rectangular_50x50", "rectangular_50x40"


@pytest.mark.parametrize(
    ("east", "north", "scale", "scheme", "number"),
    [
        (27_750, 10_500, 500, square, "10.50-27.75"),
        (21_000, 10_000, 1000, square, "10.0-21.0"),
        (21_000, 10_000, 2000, square, "10.0-21.0"),
        (10_000, 6_230_000, 1000, square, "6230.0-10.0"),
        (EAST, NORTH, 500, square, "3936.50-632.75"),
        (EAST, NORTH, 1000, square, "3936.5-632.5"),
        (EAST, NORTH, 2000, square, "3936.0-632.0"),
        (EAST, NORTH, 5000, square, "3936-632"),
        (EAST, NORTH, 500, wide, "3936.60-632.75"),
        (EAST, NORTH, 1000, wide, "3936.4-632.5"),
        (EAST, NORTH, 2000, wide, "3936.0-632.0"),
        (60_000, 20_000, 5000, "basic_sheet", "20-60"),
        (60_500, 21_500, 2000, "basic_sheet", "20-60-Ⅰ"),
        (60_500, 21_500, 1000, "basic_sheet", "20-60-Ⅰ-Ⅱ"),
        (60_500, 21_500, 500, "basic_sheet", "20-60-Ⅰ-Ⅱ-Ⅲ"),
        (61_000, 20_000, 2000, "basic_sheet", "20-60-Ⅳ"),
    ],
)
def test_a_point_has_its_sheet_number(east: float, north: float, scale: int, scheme: str, number: str) -> None:
    assert rectangular.number_at(east, north, scale=scale, scheme=scheme) == number
    box = rectangular.footprint(number, scale=scale, scheme=scheme)
    assert box.west <= east < box.east
    assert box.south <= north < box.north


@pytest.mark.parametrize(
    ("number", "scale", "scheme", "box"),
    [
        ("3936.60-632.75", 500, wide, BBox(632_750, 3_936_600, 633_000, 3_936_800)),
        ("3936.0-632.0", 2000, wide, BBox(632_000, 3_936_000, 633_000, 3_936_800)),
        ("3936.5-632.5", 1000, square, BBox(632_500, 3_936_500, 633_000, 3_937_000)),
        ("3936.0-632.0", 1000, square, BBox(632_000, 3_936_000, 632_500, 3_936_500)),
        ("3936.0-632.0", 2000, square, BBox(632_000, 3_936_000, 633_000, 3_937_000)),
        ("3936-632", 5000, square, BBox(632_000, 3_936_000, 634_000, 3_938_000)),
        ("20-60-Ⅰ-Ⅱ-Ⅲ", 500, "basic_sheet", BBox(60_500, 21_500, 60_750, 21_750)),
        ("20-60-I-II-III", 500, "basic_sheet", BBox(60_500, 21_500, 60_750, 21_750)),
        ("20-60-Ⅳ", 2000, "basic_sheet", BBox(61_000, 20_000, 62_000, 21_000)),
    ],
)
def test_a_number_has_its_footprint(number: str, scale: int, scheme: str, box: BBox) -> None:
    assert rectangular.footprint(number, scale=scale, scheme=scheme) == box


def test_a_corner_off_the_grid_of_its_scale_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="multiple of 1000 m"):
        rectangular.footprint("3936.5-632.5", scale=2000, scheme=square)
    with pytest.raises(InvalidParameter, match="multiple of 800 m"):
        rectangular.footprint("3936.5-632.0", scale=2000, scheme=wide)
    with pytest.raises(InvalidParameter, match="multiple of 2000 m"):
        rectangular.footprint("21-60-Ⅳ", scale=2000, scheme="basic_sheet")


@pytest.mark.parametrize(
    ("number", "scale", "scheme"),
    [
        ("", 2000, square),
        ("3936.0", 2000, square),
        ("3936.0-632.0-1.0", 2000, square),
        ("3936-632", 2000, square),
        ("3936.00-632.00", 2000, square),
        ("3936.0-632.00", 500, square),
        ("3936.-632.", 5000, square),
        ("-3936.0-632.0", 2000, square),
        ("3936.0—632.0", 2000, square),
        ("03936.0-632.0", 2000, square),
        ("٣936.0-632.0", 2000, square),
        ("3936.0-632.0\n", 2000, square),
        ("J50I090055", 2000, square),
        ("20-60", 2000, "basic_sheet"),
        ("20-60-Ⅰ", 1000, "basic_sheet"),
        ("20-60-Ⅴ", 2000, "basic_sheet"),
        ("20-60-1", 2000, "basic_sheet"),
    ],
)
def test_a_malformed_number_is_refused(number: str, scale: int, scheme: str) -> None:
    with pytest.raises(InvalidParameter, match="no rectangular sheet number"):
        rectangular.footprint(number, scale=scale, scheme=scheme)


def test_a_scale_without_sheets_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="no scale 1:5000; it has 500, 1000, 2000"):
        rectangular.footprint("3936-632", scale=5000, scheme=wide)


def test_truncated_numbers_are_read_with_their_declared_offset_only() -> None:
    offset = Offset(north_km=3900, east_km=600)
    assert rectangular.number_at(EAST, NORTH, scale=1000, scheme=square, offset=offset) == "36.5-32.5"
    there = BBox(632_500, 3_936_500, 633_000, 3_937_000)
    assert rectangular.footprint("36.5-32.5", scale=1000, scheme=square, offset=offset) == there
    assert rectangular.footprint("36.5-32.5", scale=1000, scheme=square) == BBox(32_500, 36_500, 33_000, 37_000)
    with pytest.raises(InvalidParameter, match="negative corner"):
        rectangular.number_at(500_000, NORTH, scale=1000, scheme=square, offset=offset)


coordinates = {"east": st.floats(0, 50_000_000), "north": st.floats(0, 6_000_000)}


@given(**coordinates, series=st.sampled_from(SERIES), north_km=st.integers(0, 2), east_km=st.integers(0, 2))
def test_number_and_footprint_agree_on_every_point(
    east: float, north: float, series: tuple[str, int], north_km: int, east_km: int
) -> None:
    scheme, scale = series
    # Offsets of whole 1:5000 sheets of either kind keep every corner on its grid.
    offset = Offset(north_km=-4 * north_km, east_km=-2 * east_km)
    number = rectangular.number_at(east, north, scale=scale, scheme=scheme, offset=offset)
    box = rectangular.footprint(number, scale=scale, scheme=scheme, offset=offset)
    assert box.west <= east < box.east
    assert box.south <= north < box.north
    assert (box.east - box.west, box.north - box.south) == SIZES_M[scheme][scale]
    assert rectangular.number_at(box.west, box.south, scale=scale, scheme=scheme, offset=offset) == number


@given(
    west=st.floats(100_000, 900_000),
    south=st.floats(1_000_000, 5_000_000),
    width=st.floats(1, 3_000),
    height=st.floats(1, 3_000),
    series=st.sampled_from(SERIES),
)
def test_cells_of_a_box_tile_it(
    west: float, south: float, width: float, height: float, series: tuple[str, int]
) -> None:
    scheme, scale = series
    box = BBox(west, south, west + width, south + height)
    numbers, footprints = rectangular.cells(box, scale=scale, scheme=scheme)
    assert shapely.coverage_is_valid(footprints)
    assert shapely.union_all(footprints).covers(box.polygon())
    assert shapely.intersects(box.polygon(), footprints).all()
    assert [rectangular.footprint(n, scale=scale, scheme=scheme).polygon() for n in numbers] == list(footprints)


def test_a_quartering_is_numbered_in_reading_order() -> None:
    numbers, _ = rectangular.cells(BBox(60_000, 20_000, 62_000, 22_000), scale=2000, scheme="basic_sheet")
    assert numbers == ["20-60-Ⅰ", "20-60-Ⅱ", "20-60-Ⅲ", "20-60-Ⅳ"]
