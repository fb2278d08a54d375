"""Coordinate reference systems: names, sameness, changes of datum, reprojection.

Numbers of the transformation tests are EPSG's own (standards of the national grids), to 1 mm.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from twin.crs import (
    CRS,
    CRS84,
    crs_label,
    datum_note,
    epsg_code,
    from_geodetic,
    geodesic_distance_m,
    parse_crs,
    reproject,
    require_storage_crs,
    same_grid,
    to_geodetic,
    transform,
    transverse_mercator,
)
from twin.errors import CrsError

LOCAL = transverse_mercator(118.5)
LOCAL_PROJ = "+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=GRS80"
KRASSOWSKY = "+proj=longlat +ellps=krass"


def degrees(position: float) -> float:
    return float(np.degrees(position))


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        4548,
        np.int64(4548),
        "4548",
        "EPSG:4548",
        " epsg:4548 ",
        "urn:ogc:def:crs:EPSG::4548",
        "http://www.opengis.net/def/crs/EPSG/0/4548",
        CRS.from_epsg(4548),
        CRS.from_epsg(4548).to_wkt(),
        "\ufeff" + CRS.from_epsg(4548).to_wkt("WKT1_ESRI"),
        CRS.from_epsg(4548).to_wkt("WKT1_GDAL"),
        CRS.from_epsg(4548).to_json(),
        CRS.from_epsg(4548).to_json_dict(),
    ],
)
def test_every_way_to_name_a_crs_leads_to_it(value):
    crs = parse_crs(value)
    assert epsg_code(crs) == 4548
    assert crs_label(crs) == "EPSG:4548"
    assert same_grid(crs, CRS.from_epsg(4548))


@pytest.mark.parametrize(
    "value", ["CRS84", "CRS:84", "OGC:CRS84", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326", "EPSG:4979"]
)
def test_the_names_of_longitude_and_latitude(value):
    assert same_grid(parse_crs(value), CRS84)


@pytest.mark.parametrize("value", [None, "", "EPSG:999999", "Yinan", "+proj=nonsense", b"EPSG:4548", {}, [], -1])
def test_an_unknown_name_says_what_to_try(value):
    with pytest.raises(CrsError, match="try EPSG:4490"):
        parse_crs(value)


def test_a_user_defined_crs_is_called_by_its_name():
    assert crs_label(transverse_mercator(118.5, name="Yinan 2000")) == "Yinan 2000"
    assert crs_label(LOCAL) == "CGCS2000 / Gauss-Kruger CM 118.5E"
    assert crs_label(parse_crs(LOCAL_PROJ)).startswith(LOCAL_PROJ)
    assert epsg_code(LOCAL) is None


def test_the_parameters_of_a_datum_are_no_part_of_a_name():
    plain = "+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=krass"
    assert crs_label(parse_crs(f"{plain} +towgs84=-12.5,3e2,7,0,0,0,1")).startswith(f"{plain} +towgs84=… ")
    assert "/srv/secret" not in crs_label(parse_crs(f"{plain} +nadgrids=/srv/secret.gsb"))
    shifted = parse_crs(f"{plain} +towgs84=-12.5,3e2,7,0,0,0,1").to_wkt()
    assert "12.5" not in crs_label(parse_crs(shifted))


def test_codes_that_share_a_grid_are_told_apart_by_name():
    assert same_grid(parse_crs(4509), parse_crs(4548))
    for code in (4509, 4548):
        assert epsg_code(parse_crs(parse_crs(code).to_wkt("WKT1_GDAL"))) == code


@pytest.mark.parametrize("value", [4490, 4480, 4548, 4527, 3857, "EPSG:4548+5737", LOCAL_PROJ])
def test_geographic_and_projected_crs_may_hold_a_twin(value):
    crs = require_storage_crs(parse_crs(value))
    assert len(crs.axis_info) == 2


@pytest.mark.parametrize("value", [4479, 5737, 'LOCAL_CS["site",UNIT["metre",1]]', 3413, 2048])
def test_what_has_no_east_and_north_may_not_hold_a_twin(value):
    with pytest.raises(CrsError, match="such as EPSG:4490"):
        require_storage_crs(parse_crs(value))


def test_an_old_datum_may_hold_a_twin_only_with_the_parameters_that_lead_out_of_it():
    with pytest.raises(CrsError, match="no public parameters between Xian 1980"):
        require_storage_crs(parse_crs(2384))
    xian = "+proj=tmerc +lon_0=117 +x_0=500000 +a=6378140 +rf=298.257 +towgs84=1,2,3"
    assert require_storage_crs(parse_crs(xian)).is_projected


# --- the same grid ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [4548, 4527, 4498, 4490, 2384, 2436, 4610, 3857, 32650, 31253])
@pytest.mark.parametrize("form", ["WKT1_ESRI", "WKT1_GDAL", "WKT2_2015", "WKT2_2019"])
def test_a_grid_is_recognised_in_every_spelling(code, form):
    crs = parse_crs(code)
    assert same_grid(parse_crs(crs.to_wkt(form)), crs)


@pytest.mark.parametrize("code", [4548, 4490, 2384, 3857])
def test_a_grid_is_recognised_after_a_geopackage(code, tmp_path):
    place = gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)], crs=parse_crs(code))
    place.to_file(tmp_path / "a.gpkg")
    place.to_file(tmp_path / "a.shp")
    for name in ("a.gpkg", "a.shp"):
        assert same_grid(gpd.read_file(tmp_path / name).crs, parse_crs(code))


def test_a_local_grid_is_recognised_however_it_was_defined():
    for form in ("WKT1_ESRI", "WKT1_GDAL", "WKT2_2019"):
        for crs in (LOCAL, parse_crs(LOCAL_PROJ), parse_crs(LOCAL_PROJ + " +towgs84=0,0,0")):
            assert same_grid(parse_crs(crs.to_wkt(form)), LOCAL)
    assert same_grid(parse_crs("EPSG:4548+5737"), parse_crs(4548))
    third = transverse_mercator(118 + 25 / 60)
    assert same_grid(parse_crs(third.to_wkt("WKT1_ESRI")), third)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (4548, 4549),
        (4548, 4527),
        (4548, 2384),
        (4490, 4326),
        (4490, 4610),
        (4548, "+proj=utm +zone=50 +ellps=GRS80"),
        (4548, "+proj=tmerc +lon_0=117 +x_0=500000 +ellps=GRS80 +units=us-ft"),
        (4548, parse_crs(4548).to_wkt().replace("6378137", "6378237")),
        ("+proj=longlat +ellps=krass +towgs84=1,2,3", "+proj=longlat +ellps=krass +towgs84=1,2,4"),
        (4805, 4312),
    ],
)
def test_grids_that_differ_are_not_the_same(a, b):
    assert not same_grid(parse_crs(a), parse_crs(b))
    assert not same_grid(parse_crs(b), parse_crs(a))


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lon", "lat", "code", "east", "north"),
    [
        (118.4655, 35.5505, 4548, 632885.385, 3936656.695),
        (118.4655, 35.5505, 4527, 39632885.385, 3936656.695),
        (118.4655, 35.5505, 4549, 360857.507, 3936751.959),
        (118.4655, 35.5505, 4528, 40360857.507, 3936751.959),
        (118.4655, 35.5505, 4498, 20632885.385, 3936656.695),
        (118.0, 35.5, 4548, 590730.905, 3930525.297),
        (117.0, 35.5, 4548, 500000.000, 3930065.483),
        (121.0, 31.0, 4549, 595506.556, 3431403.610),
    ],
)
def test_the_national_grids_to_a_millimetre(lon, lat, code, east, north):
    x, y = transform(lon, lat, parse_crs(4490), parse_crs(code))
    assert (float(x), float(y)) == pytest.approx((east, north), rel=0, abs=1e-3)
    # WGS 84 gives the same: CGCS2000 and WGS 84 are taken as equal, the ellipsoids differ by 0.1 mm.
    x, y = transform(lon, lat, CRS84, parse_crs(code))
    assert (float(x), float(y)) == pytest.approx((east, north), rel=0, abs=1e-3)
    back = transform(x, y, parse_crs(code), parse_crs(4490))
    assert (float(back[0]), float(back[1])) == pytest.approx((lon, lat), rel=0, abs=1e-11)


def test_the_inverse_of_a_prefixed_grid():
    lon, lat = transform([39632000.0], [3936000.0], parse_crs(4527), parse_crs(4490))
    assert (lon[0], lat[0]) == pytest.approx((118.455631574, 35.544701382), rel=0, abs=5e-10)


def test_the_register_has_north_first_and_the_twin_east_first():
    north, east = Transformer.from_crs(4490, 4548).transform(35.5505, 118.4655)
    x, y = transform(118.4655, 35.5505, parse_crs("urn:ogc:def:crs:EPSG::4490"), parse_crs(4548))
    assert (float(x), float(y)) == (east, north)


@pytest.mark.parametrize(("code", "scale"), [(4548, 1.00021752), (4549, 1.00023849)])
def test_the_point_scale_at_yinan(code, scale):
    x, y = from_geodetic(118.4655, 35.5505, parse_crs(code))
    true_m = geodesic_distance_m(x - 50, y, x + 50, y, parse_crs(code))
    assert 100 / float(true_m) == pytest.approx(scale, abs=1e-8)


@pytest.mark.parametrize(("code", "convergence"), [(4548, 0.85220), (4549, -0.89233)])
def test_the_convergence_at_yinan(code, convergence):
    x, y = from_geodetic(118.4655, [35.5505, 35.5506], parse_crs(code))
    assert degrees(np.arctan2(x[0] - x[1], y[1] - y[0])) == pytest.approx(convergence, abs=1e-4)


def test_the_local_grid_keeps_lengths_in_the_county():
    lon, lat = np.meshgrid(np.linspace(118.13, 118.74, 7), np.linspace(35.31, 35.77, 5))
    x, y = from_geodetic(lon, lat, LOCAL)
    stretch = 1000 / geodesic_distance_m(x, y - 500, x, y + 500, LOCAL) - 1
    assert 0 <= stretch.min() + 1e-9 < stretch.max() < 16e-6


@given(st.floats(115, 122), st.floats(20, 53))
def test_there_and_back_is_a_tenth_of_a_micrometre(lon, lat):
    for crs in (LOCAL, parse_crs(4527), parse_crs(3857)):
        back = transform(*transform(lon, lat, parse_crs(4490), crs), crs, parse_crs(4490))
        assert max(abs(float(back[0]) - lon), abs(float(back[1]) - lat)) < 1e-12


def meridian_arc_m(south: float, north: float) -> float:
    latitude = np.radians(np.linspace(south, north, 100001))
    f = 1 / 298.257222101
    e2 = f * (2 - f)
    return float(np.trapezoid(6378137 * (1 - e2) / (1 - e2 * np.sin(latitude) ** 2) ** 1.5, latitude))


def test_a_meridian_is_as_long_as_its_integral():
    arc = meridian_arc_m(35, 36)
    assert float(geodesic_distance_m(118, 35, 118, 36, parse_crs(4490))) == pytest.approx(arc, abs=1e-4)
    x, y = from_geodetic(118.5, [35.0, 36.0], LOCAL)
    assert y[1] - y[0] == pytest.approx(arc, abs=1e-4)
    assert geodesic_distance_m(x[0], y[0], x[1], y[1], LOCAL) == pytest.approx(arc, abs=1e-4)


def test_degrees_on_a_sphere():
    sphere = parse_crs("+proj=sinu +lon_0=100 +R=6371007.181")
    lon, lat = to_geodetic(0.0, 6371007.181 * np.pi / 6, sphere)
    assert (float(lon), float(lat)) == pytest.approx((100, 30), abs=1e-12)
    x, y = from_geodetic(101.0, 60.0, sphere)
    assert (float(x), float(y)) == pytest.approx((6371007.181 * np.pi / 360, 6371007.181 * np.pi / 3), abs=1e-6)


# --- datums ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [4610, 2384, 2363, 4214, 2436, 21420, 4555, 4782, parse_crs(2384).to_wkt("WKT1_ESRI")])
@pytest.mark.parametrize("new", [4490, 4548, 4326, 3857])
def test_the_old_chinese_datums_are_refused_both_ways(old, new):
    x, y = from_geodetic([118.4], [35.5], parse_crs(old))
    with pytest.raises(CrsError, match=r"no public parameters.*surveying bureau.*towgs84"):
        transform(x, y, parse_crs(old), parse_crs(new))
    with pytest.raises(CrsError, match="no public parameters"):
        transform(*from_geodetic([118.4], [35.5], parse_crs(new)), parse_crs(new), parse_crs(old))


def test_parameters_published_for_another_basin_do_not_count():
    # EPSG has six for Beijing 1954, one of them for the Tarim basin; they are not for a county of Shandong, nor for
    # anyone to apply unasked.
    with pytest.raises(CrsError, match="Beijing 1954"):
        transform([83.0], [39.0], parse_crs(4214), CRS84)


def test_xian_1980_and_beijing_1954_are_not_each_other():
    with pytest.raises(CrsError, match="no public parameters"):
        transform([118.0], [35.0], parse_crs(4610), parse_crs(4214))


def test_an_unnamed_datum_on_an_old_ellipsoid_is_refused():
    with pytest.raises(CrsError, match=r"unnamed datum on the ellipsoid 6378245\.000/298\.3000000"):
        transform([118.0], [35.0], parse_crs(KRASSOWSKY), parse_crs(4490))


def test_an_old_datum_stays_within_itself():
    x, y = transform([118.4], [35.5], parse_crs(4610), parse_crs(2384))
    # Xi'an 1980 is on the IAG 1975 ellipsoid: by PROJ's own projection, without any datum.
    plane = "+proj=tmerc +lon_0=117 +x_0=500000 +a=6378140 +rf=298.257"
    expected = Transformer.from_crs("+proj=longlat +a=6378140 +rf=298.257", plane, always_xy=True).transform(
        118.4, 35.5
    )
    assert (x[0], y[0]) == pytest.approx(expected, abs=1e-6)
    back = transform(x, y, parse_crs(2384), parse_crs(4610))
    assert (back[0][0], back[1][0]) == pytest.approx((118.4, 35.5), abs=1e-11)
    assert datum_note(parse_crs(4610), parse_crs(2384)) is None


def geocentric(lon: float, lat: float, a: float, inverse_flattening: float) -> np.ndarray:
    """Earth-centred coordinates of a place on an ellipsoid."""
    f = 1 / inverse_flattening
    e2 = f * (2 - f)
    phi, lam = np.radians(lat), np.radians(lon)
    n = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    return np.array([n * np.cos(phi) * np.cos(lam), n * np.cos(phi) * np.sin(lam), n * (1 - e2) * np.sin(phi)])


@pytest.mark.parametrize("target", [4490, 4326])
def test_parameters_that_the_crs_carries_are_used(target):
    crs = parse_crs(KRASSOWSKY + " +towgs84=15.8,-154.4,-82.3")
    lon, lat = transform([118.0], [35.5], crs, parse_crs(target))
    there = geocentric(118.0, 35.5, 6378245, 298.3) + np.array([15.8, -154.4, -82.3])
    # The foot of the shifted point on the new ellipsoid is the same place but for its height.
    assert np.arctan2(there[1], there[0]) == pytest.approx(np.radians(lon[0]), abs=1e-12)
    normal = np.array([np.cos(np.radians(lat[0])), np.sin(np.radians(lat[0]))])
    foot = geocentric(lon[0], lat[0], 6378137, 298.257223563)
    along = np.array([np.hypot(*there[:2]) - np.hypot(*foot[:2]), there[2] - foot[2]])
    assert abs(normal[0] * along[1] - normal[1] * along[0]) < 1e-3
    back = transform(lon, lat, parse_crs(target), crs)
    # Back from height 0 instead of the height it came out at: half a millimetre.
    assert (back[0][0], back[1][0]) == pytest.approx((118.0, 35.5), abs=1e-8)
    assert datum_note(crs, parse_crs(target)).endswith("by the parameters that the CRS carries")


def test_a_bound_crs_may_lead_to_cgcs2000_itself():
    """Bureaus give seven parameters straight to CGCS2000; WKT2 can say so."""
    wkt = f"""BOUNDCRS[SOURCECRS[{parse_crs(2384).to_wkt()}],TARGETCRS[{parse_crs(4490).to_wkt()}],
        ABRIDGEDTRANSFORMATION["to CGCS2000",METHOD["Geocentric translations (geog2D domain)",ID["EPSG",9603]],
        PARAMETER["X-axis translation",8,ID["EPSG",8605]],PARAMETER["Y-axis translation",-12,ID["EPSG",8606]],
        PARAMETER["Z-axis translation",5,ID["EPSG",8607]]]]"""
    crs = parse_crs(wkt)
    x, y = from_geodetic([118.4], [35.5], crs)
    direct = Transformer.from_crs(crs, 4490, always_xy=True).transform(x, y)
    assert np.allclose(transform(x, y, crs, parse_crs(4490)), direct, rtol=0, atol=1e-12)
    assert np.allclose(transform(x, y, crs, parse_crs(4548)), (x, y), rtol=0, atol=200)
    assert not np.allclose(transform(x, y, crs, parse_crs(4548)), (x, y), rtol=0, atol=1)
    assert np.allclose(transform(*transform(x, y, crs, LOCAL), LOCAL, crs), (x, y), rtol=0, atol=1e-3)


def test_published_parameters_are_used_only_where_they_are_valid():
    british = parse_crs(4277)
    lon, lat = transform([-1.5], [52.5], british, parse_crs(4490))
    assert 80 < float(geodesic_distance_m(lon[0], lat[0], -1.5, 52.5, CRS84)) < 150
    assert np.allclose(transform(lon, lat, parse_crs(4490), british), [[-1.5], [52.5]], rtol=0, atol=1e-7)
    with pytest.raises(CrsError, match="where these data lie"):
        transform([-1.5, 118.4], [52.5, 35.5], british, parse_crs(4490))
    # An official operation of no effect is an operation, too.
    africa = parse_crs(4148)
    assert np.allclose(transform([20.0], [-30.0], africa, parse_crs(4490)), [[20.0], [-30.0]], rtol=0, atol=1e-9)
    with pytest.raises(CrsError, match="where these data lie"):
        transform([118.4], [35.5], africa, parse_crs(4490))
    assert datum_note(british, parse_crs(4490)).endswith("by published parameters")


def test_modern_datums_are_taken_as_equal_and_the_report_says_so():
    for code in (4326, 9755, 9000):
        lon, lat = transform([118.4655], [35.5505], parse_crs(code), parse_crs(4490))
        assert (lon[0], lat[0]) == pytest.approx((118.4655, 35.5505), abs=1e-8)
        assert "decimetres" in datum_note(parse_crs(code), parse_crs(4490))
    assert datum_note(parse_crs(4548), parse_crs(4490)) is None
    assert datum_note(parse_crs(LOCAL_PROJ), parse_crs(4490)) is None


def test_a_raised_ellipsoid_is_another_datum_whatever_its_name():
    raised = parse_crs(parse_crs(4548).to_wkt().replace("6378137", "6378237"))
    with pytest.raises(CrsError, match="unnamed datum on the ellipsoid 6378237"):
        transform([5e5], [3.9e6], raised, parse_crs(4490))


def test_the_meridian_of_ferro(shared_data):
    frame = pyogrio.read_dataframe(shared_data / "networks/gas/gas_leitung/gas_leitung.shp")
    crs = parse_crs((shared_data / "networks/gas/gas_leitung/gas_leitung.prj").read_text())
    assert same_grid(crs, parse_crs(31253))
    west, south, east, _ = shapely.total_bounds(reproject(frame.geometry.to_numpy(), crs, parse_crs(4490)))
    # 34° from Ferro is 16°20' from Greenwich; 74.5 km west of it at 47.27°N are 0.985°. MGI to WGS 84 shifts ≤ 100 m.
    assert (west + east) / 2 == pytest.approx(34 - 17 - 40 / 60 - 0.985, abs=3e-3)
    assert south == pytest.approx(47.267, abs=2e-3)
    # GDAL's own choice among the Austrian operations lies within their accuracy of 1.5 m.
    peer = shapely.total_bounds(frame.to_crs(4326).geometry.to_numpy())
    assert geodesic_distance_m(west, south, peer[0], peer[1], CRS84) < 3
    lon, _ = to_geodetic([-74500.0], [236900.0], crs)
    assert lon[0] == pytest.approx(15.348, abs=2e-3)
