"""Zones, and reading a grid from its numbers: recognised or refused, never guessed."""

from __future__ import annotations

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from twin.crs import BBox, from_geodetic, parse_crs, transform, transverse_mercator, usable_area
from twin.errors import CrsError
from twin.grids import (
    central_meridian,
    cgcs2000_gk_epsg,
    check_crs_fits,
    gauss_kruger_zone,
    in_domain,
    recognise_grid,
)

LOCAL = transverse_mercator(118.5)
DEGREES = BBox(118.13, 35.31, 118.74, 35.77)
METRES = BBox(602000, 3908000, 658000, 3960000)
ZONED = BBox(39602000, 3908000, 39658000, 3960000)
WEB = BBox(13150000, 4205000, 13218000, 4268000)


def swapped(box: BBox) -> BBox:
    return BBox(box.south, box.west, box.north, box.east)


# --- zones -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lon", "zone", "prefixed", "plain", "wide"),
    [
        (118.4655, 39, 4527, 4548, 20),
        (118.499999, 39, 4527, 4548, 20),
        (118.5, 40, 4528, 4549, 20),
        (121.5, 41, 4529, 4550, 21),
    ],
)
def test_the_zone_of_a_longitude(lon, zone, prefixed, plain, wide):
    assert gauss_kruger_zone(lon, 3) == zone
    assert cgcs2000_gk_epsg(zone, 3, prefixed=True) == prefixed
    assert cgcs2000_gk_epsg(zone, 3, prefixed=False) == plain
    assert gauss_kruger_zone(lon, 6) == wide


def test_a_longitude_on_a_border_goes_east():
    assert [gauss_kruger_zone(lon, 6) for lon in (113.999999, 114.0, 119.999999, 120.0)] == [19, 20, 20, 21]
    assert [gauss_kruger_zone(lon, 3) for lon in (115.499999, 115.5, 121.499999, 121.5)] == [38, 39, 40, 41]


@pytest.mark.parametrize(
    ("width", "zones", "first"), [(6, range(13, 24), (4491, 4502)), (3, range(25, 46), (4513, 4534))]
)
def test_every_code_of_cgcs2000_is_the_one_the_register_has(width, zones, first):
    for zone in zones:
        middle = central_meridian(zone, width)
        assert middle == (3 * zone if width == 3 else 6 * zone - 3)
        assert gauss_kruger_zone(middle, width) == zone
        codes = [cgcs2000_gk_epsg(zone, width, prefixed=prefixed) for prefixed in (True, False)]
        assert codes == [code + zone - zones[0] for code in first]
        for code, easting in zip(codes, (zone * 1e6 + 5e5, 5e5), strict=True):
            assert parse_crs(code).name.startswith("CGCS2000 / ")
            x, y = transform(middle, 0.0, parse_crs(4490), parse_crs(code))
            assert (float(x), float(y)) == pytest.approx((easting, 0), abs=1e-6)


@pytest.mark.parametrize(("zone", "width"), [(24, 3), (46, 3), (12, 6), (24, 6), (39, 6), (20, 3), (39, 4)])
def test_zones_that_china_does_not_have(zone, width):
    with pytest.raises(CrsError, match="zones are 25 to 45, 6° zones 13 to 23"):
        cgcs2000_gk_epsg(zone, width, prefixed=True)
    with pytest.raises(CrsError):
        central_meridian(zone, width)


def test_longitudes_that_are_not_in_china():
    for lon in (-118.5, 15.3, 70.0, 140.0):
        with pytest.raises(CrsError):
            gauss_kruger_zone(lon, 3)


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "kind", "zone"),
    [
        (DEGREES, "degrees", None),
        (METRES, "metres", None),
        (ZONED, "zone_metres", (39, 3)),
        (BBox(20602000, 3908000, 20658000, 3960000), "zone_metres", (20, 6)),
        (BBox(25400000, 4100000, 25500000, 4200000), "zone_metres", (25, 3)),
        (BBox(45300000, 5300000, 45400000, 5400000), "zone_metres", (45, 3)),
    ],
)
def test_the_numbers_of_china_say_what_they_are_even_swapped(box, kind, zone):
    for reading in (recognise_grid(box), recognise_grid(swapped(box))):
        assert reading.kind == kind
        assert (reading.zone, reading.width_deg) == (zone or (None, None))
    assert not recognise_grid(box).swapped
    assert recognise_grid(swapped(box)).swapped
    assert "x and y are swapped" in recognise_grid(swapped(box)).note


def test_the_datum_is_never_read_from_the_numbers():
    assert recognise_grid(ZONED).epsg == (4527, 2363, 2415)
    assert recognise_grid(BBox(20602000, 3908000, 20658000, 3960000)).epsg == (4498, 2334, 21420)
    assert recognise_grid(DEGREES).epsg == (4490, 4326, 4610, 4214)
    assert "declare" in recognise_grid(ZONED).note
    assert "GCJ-02" in recognise_grid(DEGREES).note
    for code, lon in ((4527, 117), (2363, 117), (2415, 117), (4498, 117), (2334, 117), (21420, 117)):
        prefix = 39 if code in (4527, 2363, 2415) else 20
        x, _ = from_geodetic(lon, 35.0, parse_crs(code))
        assert float(x) == pytest.approx(prefix * 1e6 + 5e5, abs=1e-3)


def test_a_central_meridian_is_never_read_from_the_numbers():
    reading = recognise_grid(METRES)
    assert (reading.epsg, reading.zone) == ((), None)
    assert "central meridian" in reading.note


def test_web_mercator_over_the_east_looks_like_zone_13_over_the_west():
    # 118.4°E in Web Mercator is 13.18 million metres, just like 75°E in the sixth of the 6° zones: nobody can tell.
    reading = recognise_grid(WEB)
    assert reading.kind == "ambiguous"
    assert reading.epsg == (3857, 4491, 2327, 21413)
    assert recognise_grid(BBox(11.58e6, 3.58e6, 11.6e6, 3.6e6)).kind == "web_mercator"
    assert recognise_grid(BBox(13.95e6, 5.5e6, 14.05e6, 5.6e6)).kind == "web_mercator"


def test_several_zones_in_one_table_are_pointed_out():
    reading = recognise_grid(BBox(39640000, 3908000, 40370000, 3960000))
    assert reading.kind == "several_zones"
    assert "39 to 40" in reading.note


@pytest.mark.parametrize("box", [BBox(15.3, 47.2, 15.4, 47.3), BBox(0, 0, 80, 60), BBox(-0.2, 51.4, 0.1, 51.6)])
def test_small_numbers_outside_china_are_ambiguous(box):
    assert recognise_grid(box).kind == "ambiguous"
    assert recognise_grid(box).epsg == ()


@pytest.mark.parametrize(
    "box",
    [
        BBox(-74528, 236876, -74098, 237238),
        BBox(4041, 4041, 4042, 4042),
        BBox(0, 0, 1e9, 1e9),
        BBox(24500000, 3900000, 24600000, 3950000),
        BBox(39950000, 3900000, 39990000, 3950000),
        BBox(602000, 39080000, 658000, 39600000),
    ],
)
def test_numbers_of_no_grid_in_china_are_none(box):
    assert recognise_grid(box).kind == "none"


@given(st.floats(74, 134), st.floats(18, 53), st.sampled_from([3, 6]), st.booleans(), st.booleans())
def test_every_place_in_china_is_read_as_what_it_is(lon, lat, width, prefixed, swap):
    zone = gauss_kruger_zone(lon, width)
    x, y = (float(v) for v in from_geodetic(lon, lat, parse_crs(cgcs2000_gk_epsg(zone, width, prefixed=prefixed))))
    box = BBox(y, x, y, x) if swap else BBox(x, y, x, y)
    reading = recognise_grid(box)
    if prefixed and width == 6 and zone <= 15:
        assert reading.kind in ("zone_metres", "ambiguous")
    else:
        assert reading.kind == ("zone_metres" if prefixed else "metres")
    assert reading.swapped is swap
    if reading.kind == "zone_metres":
        assert (reading.zone, reading.width_deg) == (zone, width)
        assert reading.epsg[0] == cgcs2000_gk_epsg(zone, width, prefixed=True)
    place = BBox(lat, lon, lat, lon) if swap else BBox(lon, lat, lon, lat)
    assert (recognise_grid(place).kind, recognise_grid(place).swapped) == ("degrees", swap)


# --- declared against found ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "crs"),
    [
        (DEGREES, 4490),
        (DEGREES, 4326),
        (DEGREES, 4610),
        (METRES, 4548),
        (METRES, 2384),
        (METRES, LOCAL),
        (METRES, 32650),
        (ZONED, 4527),
        (ZONED, 2363),
        (BBox(20602000, 3908000, 20658000, 3960000), 4498),
        (WEB, 3857),
        (BBox(13300000, 4205000, 13318000, 4268000), 4491),
        (BBox(-0.2, 51.4, 0.1, 51.6), 4326),
        (BBox(400000, 4000, 500000, 90000), "+proj=tmerc +lon_0=118.5 +x_0=450000 +y_0=-3900000 +ellps=GRS80"),
        (BBox(100, 40, 120, 50), "+proj=tmerc +lat_0=35.5 +lon_0=118.5 +ellps=GRS80"),
        (BBox(-74528, 236876, -74098, 237238), 31253),
        (BBox(880000, 7290000, 915000, 7320000), 3006),
    ],
)
def test_a_crs_that_fits_is_taken(box, crs):
    check_crs_fits(box, parse_crs(crs))


@pytest.mark.parametrize(
    ("box", "crs", "hint"),
    [
        (ZONED, 4548, "that is EPSG:4527"),
        (ZONED, 4528, "that is EPSG:4527"),
        (ZONED, 2384, "that is EPSG:2363"),
        (ZONED, 2436, "that is EPSG:2415"),
        (ZONED, LOCAL, "zone 39.*that is EPSG:4527"),
        (ZONED, 32650, "EPSG:4527 .CGCS2000., EPSG:2363"),
        (ZONED, 4490, "zone 39"),
        (BBox(40302000, 3908000, 40358000, 3960000), 4527, "that is EPSG:4528"),
        (METRES, 4527, "without a zone number.*central meridian 117° that is EPSG:4548"),
        (METRES, 2363, "central meridian 117° that is EPSG:2384"),
        (METRES, 4490, "plane metres"),
        (swapped(METRES), 4548, "swapped"),
        (swapped(METRES), LOCAL, "swapped"),
        (swapped(ZONED), 4527, "swapped"),
        (DEGREES, 4548, "these are degrees"),
        (DEGREES, LOCAL, "these are degrees"),
        (DEGREES, 3857, "these are degrees"),
        (swapped(DEGREES), 4490, "swapped"),
        (swapped(DEGREES), 4326, "swapped"),
        (BBox(40.0, 80.0, 41.0, 81.0), 4490, "swapped"),
        (BBox(4041, 4041, 4042, 4042), 4326, "fit no grid"),
        (WEB, 4548, "Web Mercator"),
        (WEB, 4326, "Web Mercator"),
        (BBox(39640000, 3908000, 40370000, 3960000), 4527, "39 to 40"),
    ],
)
def test_a_crs_that_the_numbers_contradict_is_refused_with_a_way_out(box, crs, hint):
    with pytest.raises(CrsError, match=hint):
        check_crs_fits(box, parse_crs(crs))


def test_the_prefixed_file_without_a_prj(shared_data):
    frame = pyogrio.read_dataframe(shared_data / "vector/gauss_kruger_linyi_no_prj/linyi_cgcs2000_gk39.shp")
    assert frame.crs is None
    box = BBox.around(frame.geometry.to_numpy())
    reading = recognise_grid(box)
    assert (reading.kind, reading.zone, reading.width_deg, reading.swapped) == ("zone_metres", 39, 3, False)
    assert 4527 in reading.epsg
    check_crs_fits(box, parse_crs(4527))
    with pytest.raises(CrsError, match="that is EPSG:4527"):
        check_crs_fits(box, parse_crs(4548))


def test_the_file_counted_from_ferro_fits_its_prj(shared_data):
    folder = shared_data / "networks/gas/gas_leitung"
    frame = pyogrio.read_dataframe(folder / "gas_leitung.shp")
    check_crs_fits(BBox.around(frame.geometry.to_numpy()), parse_crs((folder / "gas_leitung.prj").read_text()))


# --- the domain ------------------------------------------------------------------------------------------------------


def test_where_a_crs_is_usable():
    assert tuple(usable_area(parse_crs(4490))) == (-180, -90, 180, 90)
    assert tuple(usable_area(LOCAL)) == (112.5, -89, 124.5, 89)
    assert tuple(usable_area(parse_crs(4527))) == (111, -89, 123, 89)
    assert usable_area(parse_crs(31253)).west == pytest.approx(16 + 1 / 3 - 6, abs=1e-6)
    # Sweden is wider than 6° from its meridian, says the register.
    assert usable_area(parse_crs(3006)).east > 24


def test_boxes_in_and_out_of_the_domain():
    boxes = np.array(
        [
            tuple(METRES),
            (602000, 3908000, 602000, 3908000),
            (np.nan, np.nan, np.nan, np.nan),
            (602000, 3908000, np.inf, 3960000),
            tuple(ZONED),
            (602000, 3908000, 1.7e308, 3960000),
            (602000, -2e7, 658000, 3960000),
            tuple(swapped(METRES)),
        ]
    )
    assert in_domain(boxes, parse_crs(4548)).tolist() == [True, True] + [False] * 6
    degrees = np.array([tuple(DEGREES), (118, 35, 181, 36), (118, 35, 119, 90.1), (-180, -90, 180, 90)])
    assert in_domain(degrees, parse_crs(4490)).tolist() == [True, False, False, True]
    assert in_domain(np.empty((0, 4)), LOCAL).tolist() == []


def test_the_shortcut_of_the_domain_says_what_each_box_says():
    random = np.random.default_rng(3)
    x, y = random.uniform(-2e5, 1.2e6, 400), random.uniform(0, 9e6, 400)
    boxes = shapely.bounds(shapely.box(x, y, x + 5e4, y + 5e4))
    together = in_domain(boxes, LOCAL)
    assert together.tolist() == [bool(in_domain(box[np.newaxis], LOCAL)[0]) for box in boxes]
    assert 0 < together.sum() < together.size
    assert in_domain(boxes[together], LOCAL).all()
