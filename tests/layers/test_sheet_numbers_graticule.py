"""Sheet numbers of GB/T 13989-2012. Expected numbers are those of the standard's formula worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from layers.topo_sheets import graticule
from twin.crs import BBox
from twin.errors import InvalidParameter

SCALES = sorted(graticule.DIVISIONS, reverse=True)

#: Points with their sheet at every scale given, largest sheet first.
KNOWN = {
    (114.5625, 39.375): [
        "J50", "J50B001001", "J50C001001", "J50D002002", "J50E004003", "J50F008005", "J50G015010", "J50H030019",
        "J50I090055", "J50J01800109", "J50K03600217",
    ],
    (116 + 28.25 / 60, 39 + 54.5 / 60): [
        "J50E001010", "J50G003040", "J50H005080", "J50I014238", "J50J00270475", "J50K00530949",
    ],
    (118.4655, 35.5505): [
        "I50", "I50D002009", "I50G011072", "I50H022143", "I50I065429", "I50J01300858", "I50K02591715",
    ],
    (118.5, 35.5): ["I50D002010", "I50I072433", "I50J01440865", "I50K02881729"],
}  # fmt: skip


@pytest.mark.parametrize(("lon", "lat", "number"), [(*at, number) for at, known in KNOWN.items() for number in known])
def test_a_point_has_the_sheet_number_of_the_standard(lon: float, lat: float, number: str) -> None:
    scale = graticule.scale_of(number)
    assert graticule.number_at(lon, lat, scale=scale) == number
    west, south, east, north = graticule.footprint(number)
    assert west <= lon < east
    assert south <= lat < north


@pytest.mark.parametrize(
    ("number", "west", "south", "east", "north"),
    [
        ("J50E001010", 116.25, Fraction(239, 6), 116.5, 40),
        ("J50I090055", 114.5625, 39.375, 114.5625 + Fraction(75, 7200), 39.375 + Fraction(1, 144)),
        ("I50", 114, 32, 120, 36),
        ("I50K00010001", 114, 36 - Fraction(50, 8 * 3600), 114 + Fraction(75, 8 * 3600), 36),
    ],
)
def test_a_number_has_its_footprint(number: str, west: float, south: float, east: float, north: float) -> None:
    assert graticule.footprint(number) == BBox(float(west), float(south), float(east), float(north))


def test_a_1_to_2000_sheet_is_no_square_kilometre() -> None:
    """About 944 m by 771 m at 35.5° north, along the parallel and the meridian of the ellipsoid."""
    west, south, east, north = graticule.footprint(graticule.number_at(118.5, 35.5, scale=2000))
    geod = Geod(a=6378137, rf=298.257222101)
    assert geod.inv(west, south, east, south)[2] == pytest.approx(944, abs=2)
    assert geod.inv(west, south, west, north)[2] == pytest.approx(771, abs=2)


def test_a_1_to_2000_sheet_may_be_written_as_a_ninth_of_its_1_to_5000_sheet() -> None:
    assert graticule.footprint("H49H192097-2") == graticule.footprint("H49I574290")
    assert graticule.footprint("H49H192097-9") == graticule.footprint("H49I576291")
    assert graticule.scale_of("H49H192097-2") == 2000
    ninths = [graticule.footprint(f"H49H192097-{ninth}").polygon() for ninth in range(1, 10)]
    assert shapely.coverage_is_valid(ninths)
    assert shapely.union_all(ninths).equals(graticule.footprint("H49H192097").polygon())


def test_a_point_on_an_edge_belongs_to_the_sheet_east_and_north_of_it() -> None:
    box = graticule.footprint("I50I065429")  # its edges are no binary fractions
    assert graticule.number_at(box.west, box.south, scale=2000) == "I50I065429"
    assert graticule.number_at(box.east, box.south, scale=2000) == "I50I065430"
    assert graticule.number_at(box.west, box.north, scale=2000) == "I50I064429"
    assert graticule.number_at(118.458333333333, 35.548611111111, scale=2000) == "I50I065429"  # as written by people


@pytest.mark.parametrize(
    "number",
    [
        "", "J", "50J", "P50", "J00", "J61", "j50E001010", "J50A001001", "J50L00010001", "J50E001", "J50E000010",
        "J50E025001", "J50E001025", "J50E0010010", "J50J001001", "J50I577001", "J50I001577", "J50K00012305",
        "J50G003040-1", "H49H192097-0", "H49H192097-10", "J50E001010 ", "J５0E001010", "3936.0-632.0",
    ],
)  # fmt: skip
def test_a_malformed_number_is_refused(number: str) -> None:
    with pytest.raises(InvalidParameter, match="no graticule sheet number"):
        graticule.footprint(number)


@pytest.mark.parametrize(("lon", "lat"), [(118, -0.1), (118, 60), (180, 35), (-180.1, 35), (float("nan"), 35)])
def test_a_point_without_sheets_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(InvalidParameter):
        graticule.number_at(lon, lat, scale=2000)


def test_a_scale_without_sheets_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="no scale 1:200;"):
        graticule.number_at(118, 35, scale=200)


china = {"lon": st.floats(72, 138, exclude_max=True), "lat": st.floats(0, 59.9)}


@given(**china, scale=st.sampled_from(SCALES))
def test_number_and_footprint_agree_on_every_point(lon: float, lat: float, scale: int) -> None:
    number = graticule.number_at(lon, lat, scale=scale)
    box = graticule.footprint(number)
    assert graticule.scale_of(number) == scale
    assert box.buffer(1e-10).polygon().contains(shapely.Point(lon, lat))
    assert graticule.number_at(box.west, box.south, scale=scale) == number
    assert graticule.number_at((box.west + box.east) / 2, (box.south + box.north) / 2, scale=scale) == number


@given(lon=st.floats(72, 138), lat=st.floats(0, 55.9), scale=st.sampled_from(SCALES))
def test_neighbours_share_their_edge_to_the_last_bit(lon: float, lat: float, scale: int) -> None:
    box = graticule.footprint(graticule.number_at(lon, lat, scale=scale))
    east = graticule.footprint(graticule.number_at(box.east, box.south, scale=scale))
    north = graticule.footprint(graticule.number_at(box.west, box.north, scale=scale))
    assert (east.west, east.south, east.north) == (box.east, box.south, box.north)
    assert (north.south, north.west, north.east) == (box.north, box.west, box.east)


@given(
    lon=st.floats(72, 130),
    lat=st.floats(4, 56),
    width=st.floats(0.001, 0.05),
    height=st.floats(0.001, 0.05),
    scale=st.sampled_from([500, 1000, 2000, 5000, 10_000]),
)
def test_cells_of_a_box_tile_it(lon: float, lat: float, width: float, height: float, scale: int) -> None:
    box = BBox(lon, lat, lon + width, lat + height)
    numbers, footprints = graticule.cells(box, scale=scale)
    assert shapely.coverage_is_valid(footprints)
    assert shapely.box(*shapely.total_bounds(footprints)).buffer(1e-10).covers(box.polygon())
    assert [graticule.footprint(number).polygon() for number in numbers] == list(footprints)
    assert len(set(numbers)) == len(numbers)


def test_cells_come_from_the_north_west_row_by_row() -> None:
    box = graticule.footprint("J50D002002")
    numbers, _ = graticule.cells(box, scale=50_000)
    assert numbers == ["J50E003003", "J50E003004", "J50E004003", "J50E004004"]
