"""Coordinate reference systems at work: geometries, boxes, measures, the rows of a GeoPackage."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely

from twin.crs import (
    CRS84,
    BBox,
    crs_to_gpkg,
    from_geodetic,
    geodesic_distance_m,
    is_metric,
    metric_plane,
    parse_crs,
    reproject,
    reproject_bbox,
    same_grid,
    transform,
    transverse_mercator,
)
from twin.errors import CrsError
from twin.ragged import reproject_ragged

LOCAL = transverse_mercator(118.5)
LOCAL_PROJ = "+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=GRS80"
KRASSOWSKY = "+proj=longlat +ellps=krass"


def degrees(position: float) -> float:
    return float(np.degrees(position))


# --- geometries ------------------------------------------------------------------------------------------------------


def test_the_same_grid_keeps_every_bit():
    random = np.random.default_rng(2)
    points = shapely.points(random.uniform(4e5, 6e5, 100), random.uniform(3.9e6, 4e6, 100))
    for form in ("WKT1_ESRI", "WKT1_GDAL", "WKT2_2019"):
        out = reproject(points, parse_crs(parse_crs(4548).to_wkt(form)), parse_crs(4548))
        assert all(a is b for a, b in zip(out, points, strict=True))


def test_heights_gaps_and_blanks_survive():
    source = [
        shapely.Point(118.4655, 35.5505, 137.25),
        None,
        shapely.Polygon(),
        shapely.LineString([(118.4655, 35.5505), (118.5, 35.5505)]),
        shapely.MultiPolygon([shapely.box(118.4, 35.4, 118.5, 35.5)]),
    ]
    out = reproject(source, parse_crs(4490), parse_crs(4548))
    assert out[0].has_z
    assert out[0].coords[0] == pytest.approx((632885.385, 3936656.695, 137.25), abs=1e-3)
    assert out[1] is None
    assert out[2].is_empty
    assert not out[3].has_z
    assert out[3].coords[0] == pytest.approx((632885.385, 3936656.695), abs=1e-3)
    assert [shapely.get_type_id(g) for g in out] == [shapely.get_type_id(g) for g in source]
    assert source[0].x == 118.4655
    assert reproject([], parse_crs(4490), parse_crs(4548)).size == 0


def test_lost_coordinates_are_counted():
    line = shapely.LineString([(118, 35), (118, 90.5), (118, 95), (118, 36)])
    with pytest.raises(CrsError, match="2 of 4 coordinates have no place in EPSG:4548") as refused:
        reproject([line], parse_crs(4490), parse_crs(4548))
    assert refused.value.members == {"lost": 2}
    with pytest.raises(CrsError, match="1 of 1 coordinates"):
        transform([np.nan], [35.0], parse_crs(4490), parse_crs(4548))


def test_ragged_arrays_are_the_coordinates_in_geoarrow_order():
    shapes = [shapely.box(118.4, 35.4, 118.5, 35.5), shapely.MultiPolygon([shapely.box(118, 35, 118.1, 35.1)] * 2)]
    ragged = reproject_ragged(shapes, parse_crs(4490), parse_crs(4548))
    assert ragged.kind == shapely.GeometryType.MULTIPOLYGON
    assert [list(o) for o in ragged.offsets] == [[0, 5, 10, 15], [0, 1, 2, 3], [0, 1, 3]]
    moved = reproject(shapes, parse_crs(4490), parse_crs(4548))
    assert np.array_equal(ragged.coords, shapely.get_coordinates(moved))
    assert np.array_equal(reproject_ragged(shapes, parse_crs(4490), None).coords, shapely.get_coordinates(shapes))


def test_ragged_arrays_of_nothing_of_blanks_and_of_mixtures():
    nothing = reproject_ragged([], parse_crs(4490), LOCAL)
    assert (nothing.kind, nothing.coords.shape, nothing.offsets) == (shapely.GeometryType.MISSING, (0, 2), ())
    points = reproject_ragged([shapely.Point(118.5, 35, 9), shapely.Point()], parse_crs(4490), LOCAL)
    assert points.coords[0] == pytest.approx(np.array(from_geodetic(118.5, 35, LOCAL)), abs=1e-9)
    assert np.isnan(points.coords[1]).all()
    with pytest.raises(CrsError, match="several kinds"):
        reproject_ragged([shapely.Point(118, 35), shapely.box(118, 35, 119, 36)], parse_crs(4490), LOCAL)


# --- boxes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [4548, 4527, 3857, LOCAL_PROJ])
def test_the_box_in_another_crs_holds_all_of_it_and_little_more(target):
    box = BBox(117.4, 34.4, 119.2, 36.2)
    out = reproject_bbox(box, parse_crs(4490), parse_crs(target))
    lon, lat = np.meshgrid(np.linspace(117.4, 119.2, 301), np.linspace(34.4, 36.2, 301))
    x, y = transform(lon, lat, parse_crs(4490), parse_crs(target))
    assert out.west <= x.min() < out.west + 2
    assert out.south <= y.min() < out.south + 2
    assert out.east >= x.max() > out.east - 2
    assert out.north >= y.max() > out.north - 2


def test_the_same_box_stays():
    box = BBox(4e5, 3.9e6, 5e5, 4e6)
    assert reproject_bbox(box, parse_crs(4548), parse_crs(parse_crs(4548).to_wkt("WKT1_ESRI"))) is box


def test_the_whole_world_has_a_box_in_every_crs():
    world = BBox(-180, -90, 180, 90)
    local = reproject_bbox(world, CRS84, LOCAL)
    assert local.west < 0 < 1e6 < local.east
    assert local.south < -9.8e6 < 9.8e6 < local.north
    web = reproject_bbox(world, CRS84, parse_crs(3857))
    assert web.east == pytest.approx(20037508.34, abs=1)
    tile = BBox(-20037508.342789244, -20037508.342789244, 20037508.342789244, 20037508.342789244)
    assert reproject_bbox(tile, parse_crs(3857), LOCAL).polygon().covers(shapely.box(4e5, 3.8e6, 6e5, 4e6))


def test_a_box_on_the_other_side_of_the_earth_meets_nothing():
    far = reproject_bbox(BBox(-100, 35, -90, 36), CRS84, LOCAL)
    assert not far.intersects(reproject_bbox(BBox(118, 35, 119, 36), CRS84, LOCAL))


def test_the_box_of_an_old_datum_stays_in_it():
    box = reproject_bbox(BBox(4e5, 3.9e6, 5e5, 4e6), parse_crs(2384), parse_crs(4610))
    assert tuple(box) == pytest.approx((115.889, 35.224, 117.0, 36.130), abs=1e-3)
    with pytest.raises(CrsError, match="no public parameters"):
        reproject_bbox(BBox(4e5, 3.9e6, 5e5, 4e6), parse_crs(2384), CRS84)


def test_boxes():
    box = BBox(1, 2, 3, 5)
    assert tuple(box) == (1, 2, 3, 5)
    assert box.polygon().area == 6
    assert tuple(box.buffer(0.5)) == (0.5, 1.5, 3.5, 5.5)
    assert tuple(box.union(BBox(0, 3, 2, 9))) == (0, 2, 3, 9)
    assert box.intersects(BBox(3, 5, 4, 6))
    assert not box.intersects(BBox(3.1, 2, 4, 3))
    assert not box.intersects(BBox(1, 5.1, 3, 6))
    assert tuple(BBox.around([shapely.Point(1, 2), None, shapely.Polygon(), shapely.Point(3, 5)])) == (1, 2, 3, 5)
    with pytest.raises(CrsError, match="no box around"):
        BBox.around([None, shapely.Point()])
    for west, north in ((4, 5), (1, 1), (np.nan, 5), (-np.inf, 5)):
        with pytest.raises(CrsError, match="not a box"):
            BBox(west, 2, 3, north)


# --- measuring -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "metric"),
    [
        (4548, True),
        (4527, True),
        (LOCAL_PROJ, True),
        (32650, True),
        (2384, True),
        ("EPSG:4548+5737", True),
        ("+proj=lcc +lat_1=25 +lat_2=47 +lon_0=105 +ellps=GRS80", True),
        (4490, False),
        (3857, False),
        ("+proj=eqc +ellps=GRS80", False),
        (LOCAL_PROJ + " +units=us-ft", False),
    ],
)
def test_which_planes_measure_metres(value, metric):
    assert is_metric(parse_crs(value)) is metric


@pytest.mark.parametrize("value", [4490, 3857, 4610, 4805, LOCAL_PROJ + " +units=us-ft"])
def test_a_local_plane_measures_true_lengths(value):
    crs = parse_crs(value)
    # Ferro is Austria, the others are Yinan; the plane is on the datum of the CRS, so nothing has to be known of it.
    lon, lat = (15.3, 47.2) if value == 4805 else (118.46, 35.55)
    x, y = from_geodetic([lon - 0.1, lon + 0.1], [lat - 0.1, lat + 0.1], crs)
    plane = metric_plane(crs, BBox(x[0], y[0], x[1], y[1]))
    assert is_metric(plane)
    east, north = transform(x, y, crs, plane)
    true_m = float(geodesic_distance_m(x[0], y[0], x[1], y[1], crs))
    # Lengths are of the ellipsoid of the datum on one side, of CGCS2000 on the other: 1 part in 10 000 at most.
    assert np.hypot(*np.diff([east, north], axis=1))[0] == pytest.approx(true_m, rel=1.2e-4)
    assert metric_plane(LOCAL, BBox(4e5, 3.9e6, 5e5, 4e6)) is LOCAL


# --- GeoPackage ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        4548,
        4490,
        3857,
        LOCAL,
        LOCAL_PROJ,
        transverse_mercator(118 + 25 / 60, name="Yinan", false_easting_m=39500000),
        "+proj=tmerc +lon_0=118.5 +k=0.99998 +x_0=50000 +y_0=-3900000 +ellps=GRS80",
        "+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=krass +towgs84=15.8,-154.4,-82.3",
    ],
)
def test_gdal_opens_a_geopackage_with_our_row(value, tmp_path):
    crs = parse_crs(value)
    organization, code, name, wkt1, wkt2 = crs_to_gpkg(crs)
    assert same_grid(parse_crs(wkt1), crs)
    assert same_grid(parse_crs(wkt2), crs)
    assert (organization, code) == (("EPSG", value) if isinstance(value, int) else ("NONE", None))
    file = tmp_path / "a.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)], crs=LOCAL).to_file(file)
    srs_id = code or 100000
    with sqlite3.connect(file) as database:
        database.execute("DELETE FROM gpkg_spatial_ref_sys WHERE srs_id IN (100000, ?)", (srs_id,))
        row = (name, srs_id, organization, srs_id, wkt1, None)
        database.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", row)
        database.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (srs_id,))
        database.execute("UPDATE gpkg_contents SET srs_id = ?", (srs_id,))
    database.close()
    assert same_grid(gpd.read_file(file).crs, crs)


def test_what_wkt1_cannot_say_is_undefined_there():
    rotated = parse_crs("+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=60 +lon_0=10 +ellps=GRS80")
    _, _, _, wkt1, wkt2 = crs_to_gpkg(rotated)
    assert wkt1 == "undefined"
    assert same_grid(parse_crs(wkt2), rotated)


# --- many at once ----------------------------------------------------------------------------------------------------


def test_threads_share_transformers():
    lon, lat = np.linspace(118, 119, 1000), np.linspace(35, 36, 1000)
    expected = transform(lon, lat, parse_crs(4490), LOCAL)
    with ThreadPoolExecutor(8) as pool:
        for x, y in pool.map(lambda _: transform(lon, lat, parse_crs(4490), LOCAL), range(64)):
            assert np.array_equal(x, expected[0])
            assert np.array_equal(y, expected[1])
