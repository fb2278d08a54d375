"""Where coordinates are is declared or refused, never guessed; offset maps only when somebody says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from twin.crs import CRS84, geodesic_distance_m, parse_crs, reproject, transform
from twin.errors import CrsError, InvalidParameter
from twin.gcj02 import wgs84_to_gcj02
from twin.ingest.place import find_map_marks, take_offset_off


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("yinan_gcj02.shp", []),
        ("poi_bd09.csv", []),
        ("火星坐标.geojson", []),
        ("amap_poi.geojson", []),
        ("高德poi.csv", []),
        ("poi.csv", ["name", "lng_gcj02", "lat_gcj02"]),
        ("371321.json", ["adcode", "name", "childrenNum", "acroutes"]),
        ("371321.shp", ["adcode", "name", "childrenNu"]),
    ],
)
def test_the_marks_of_internet_maps_are_found(name, columns):
    assert find_map_marks(name, columns)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("boundary.shp", ["adcode", "name", "level"]),
        ("amap_wgs84_counties.geojson", ["name"]),
        ("tianditu_cgcs2000.geojson", ["district_adcode"]),
        ("chinamap.shp", ["marsh"]),
    ],
)
def test_files_that_say_their_datum_or_show_nothing_are_not_suspected(name, columns):
    assert find_map_marks(name, columns) is None


@pytest.fixture
def offset(deliver, square):
    """A delivery in GCJ-02: the squares of the tests, shifted as an internet map shifts them."""
    crs = parse_crs("EPSG:4548")

    def shift(coordinates):
        return np.column_stack(wgs84_to_gcj02(coordinates[:, 0], coordinates[:, 1]))

    degrees = reproject(np.array([square(0), square(1)], dtype=object), crs, CRS84)
    shapes = [shapely.transform(shape, shift) for shape in degrees]

    def write(name):
        return deliver(name, {"parcel_id": ["1", "2"]}, geometry=shapes, crs="OGC:CRS84")

    return write


def test_a_suspected_file_is_refused_until_somebody_says_its_datum(take, parcels, offset):
    with pytest.raises(CrsError, match="--datum gcj02, bd09, wgs84 or cgcs2000"):
        take(parcels, offset("amap_parcels.geojson"))


def test_the_offset_comes_off_when_asked_and_the_rows_are_marked_for_good(take, parcels, offset, rows_of, square):
    report = take(parcels, offset("amap_parcels.geojson"), datum="gcj02")
    rows = rows_of(parcels)
    assert rows.source_datum.tolist() == ["GCJ-02"] * 2
    assert rows.accuracy_m.tolist() == [5.0] * 2
    assert shapely.hausdorff_distance(rows.geometry["1"], shapely.MultiPolygon([square()])) < 0.01
    assert report.files[0].datum.value == "GCJ-02, offset taken off, good to 5 m"


def test_a_delivered_accuracy_counts_where_it_is_worse(take, parcels, deliver, rows_of):
    lonlat = [shapely.box(118.46, 35.55, 118.4601, 35.5501), shapely.box(118.47, 35.55, 118.4701, 35.5501)]
    path = deliver("a.gpkg", {"parcel_id": ["1", "2"], "accuracy_m": [20.0, 0.1]}, geometry=lonlat, crs="OGC:CRS84")
    take(parcels, path, datum="bd09")
    assert rows_of(parcels)[["source_datum", "accuracy_m"]].to_numpy().tolist() == [["BD-09", 20.0], ["BD-09", 5.0]]


def test_survey_layers_never_take_offset_maps(take, parcels, offset):
    with pytest.raises(CrsError, match="survey data"):
        take(replace(parcels, survey=True), offset("a.geojson"), datum="gcj02")


def test_an_offset_datum_for_plane_coordinates_is_refused(take, parcels, deliver):
    with pytest.raises(CrsError, match="degrees and Web Mercator only"):
        take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}), datum="gcj02")


def test_an_unknown_datum_is_refused(take, parcels, deliver):
    with pytest.raises(InvalidParameter, match="no datum gcj2"):
        take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}), datum="gcj2")


def test_features_displaced_as_an_offset_map_would_displace_them_are_refused(take, parcels, deliver, offset, store):
    take(parcels, deliver("true.gpkg", {"parcel_id": ["1", "2"]}))
    with pytest.raises(CrsError, match=r"lie 518 m from where they are stored.*GCJ-02"):
        take(parcels, offset("plain.geojson"), mode="sync")
    assert store.latest(parcels) == 1
    take(parcels, offset("plain.geojson"), mode="sync", datum="wgs84")


def test_features_that_moved_otherwise_may_move(take, parcels, deliver, square):
    take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}))
    moved = shapely.transform(square(), lambda xy: np.add(xy, [0, 518]))
    assert take(parcels, deliver("b.gpkg", {"parcel_id": ["1"]}, geometry=[moved]), mode="sync").updated == 1


def test_heights_survive_when_the_offset_comes_off():
    (point,) = take_offset_off(
        np.array([shapely.Point(118.47121422331557, 35.55046729136367, 7)], dtype=object), "gcj02"
    )
    # standards §2.4: this is GCJ-02 of 118.4655, 35.5505.
    assert (round(point.x, 9), round(point.y, 9), point.z) == (118.4655, 35.5505, 7)


def test_a_crs_that_is_given_goes_before_that_of_the_file_and_the_report_tells_both(take, parcels, deliver):
    report = take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}, crs="EPSG:4549"), crs="EPSG:4548")
    assert str(report.files[0].crs) == "EPSG:4548 (given; the file says so: EPSG:4549, which was overruled)"


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4527"])
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_declared_crs_that_the_numbers_contradict_is_refused(take, parcels, deliver, crs):
    with pytest.raises(CrsError, match="are not in"):
        take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}, crs=None), crs=crs)


def test_old_datums_without_parameters_are_refused(take, parcels, deliver):
    with pytest.raises(CrsError, match="Xian 1980"):
        take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}, crs="EPSG:2384"))


def test_single_rows_out_of_place_are_faults_with_their_numbers(faults_of, parcels, deliver, square):
    shapes = [square(0), square(1), shapely.box(0, 0, 10, 10), square(3)]
    lost = shapely.transform(square(2), lambda xy: xy * 10)
    path = deliver("a.gpkg", {"parcel_id": list("1234")}, geometry=[*shapes[:2], lost, shapes[3]])
    (fault,) = faults_of(parcels, path)
    assert (fault.row, fault.what) == (3, "the place is outside what EPSG:4548 covers")


def test_places_the_storage_crs_cannot_hold_are_faults(faults_of, parcels, deliver):
    shapes = [shapely.box(118.4, 35.5, 118.41, 35.51), shapely.box(8.2, 46.9, 8.21, 46.91)]
    (fault,) = faults_of(parcels, deliver("a.geojson", {"parcel_id": ["1", "2"]}, geometry=shapes, crs="OGC:CRS84"))
    assert (fault.row, fault.what) == (2, "the place is out of reach of the storage CRS EPSG:4548")


def test_the_change_of_frame_is_stated(take, parcels, deliver):
    shapes = [shapely.box(118.4, 35.5, 118.41, 35.51)]
    report = take(parcels, deliver("a.geojson", {"parcel_id": ["1"]}, geometry=shapes, crs="OGC:CRS84"))
    assert any("decimetres" in notice for notice in report.files[0].notices)


def test_coordinates_in_the_storage_crs_stay_bit_for_bit_and_others_are_within_a_millimetre(
    take, parcels, deliver, rows_of, square
):
    take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]}))
    assert rows_of(parcels).geometry["1"].geoms[0].equals_exact(square(), 0)
    zone = parse_crs("EPSG:4549")
    moved = reproject(np.array([square()], dtype=object), parse_crs("EPSG:4548"), zone)
    take(parcels, deliver("b.gpkg", {"parcel_id": ["2"]}, geometry=list(moved), crs=zone))
    assert shapely.hausdorff_distance(rows_of(parcels).geometry["2"], rows_of(parcels).geometry["1"]) < 1e-3


def test_cgcs2000_may_be_declared_for_degrees(take, parcels, deliver):
    shapes = [shapely.box(118.4, 35.5, 118.41, 35.51)]
    report = take(
        parcels, deliver("a.geojson", {"parcel_id": ["1"]}, geometry=shapes, crs="OGC:CRS84"), datum="cgcs2000"
    )
    assert report.files[0].crs.value == "EPSG:4490"
    assert report.files[0].datum.value == "CGCS2000"


def test_the_distance_of_the_worked_offset_is_that_of_the_standards():
    # standards §2.4: 518.1 m at 118.4655 E, 35.5505 N.
    lon, lat = wgs84_to_gcj02(np.array([118.4655]), np.array([35.5505]))
    assert geodesic_distance_m([118.4655], [35.5505], lon, lat, CRS84)[0] == pytest.approx(518.1, abs=0.05)
    assert transform([118.4655], [35.5505], CRS84, parse_crs("EPSG:4548"))[0][0] == pytest.approx(632885.385, abs=1e-3)


def test_long_borders_stay_straight_as_delivered_and_the_report_counts_what_that_took(
    take, parcels, deliver, rows_of, square
):
    # 11 km of a parallel bend by 1.7 m in the plane: halved six times, as tests/twin/test_densify.py works out.
    strip = shapely.box(118.30, 35.50, 118.42, 35.5001)
    small = shapely.box(118.44, 35.50, 118.4401, 35.5001)
    report = take(parcels, deliver("a.gpkg", {"parcel_id": ["1", "2"]}, geometry=[strip, small], crs="EPSG:4490"))
    said = "126 vertices were put on long edges of 1 geometries, so that they stay straight in EPSG:4490 to 1 mm"
    assert said in report.files[0].notices
    stored = rows_of(parcels).geometry
    assert shapely.get_num_coordinates(stored.to_numpy()).tolist() == [5 + 126, 5]
    again = take(
        parcels, deliver("a.gpkg", {"parcel_id": ["1", "2"]}, geometry=[strip, small], crs="EPSG:4490"), mode="sync"
    )
    assert (again.unchanged, again.revision) == (2, None)


def test_a_hole_that_touches_its_shell_does_so_in_the_storage_crs_too(take, parcels, deliver, rows_of):
    # The corner of the hole lies on the southern side: on the parallel, more than a metre south of the chord.
    hole = [(118.337, 35.50), (118.35, 35.51), (118.33, 35.51)]
    touching = shapely.Polygon([(118.30, 35.50), (118.42, 35.50), (118.42, 35.52), (118.30, 35.52)], [hole])
    small = shapely.box(118.44, 35.50, 118.4401, 35.5001)
    assert touching.is_valid
    report = take(parcels, deliver("a.gpkg", {"parcel_id": ["1", "2"]}, geometry=[small, touching], crs="EPSG:4490"))
    assert report.repaired == 1
    assert "1 invalid geometries were repaired, their area kept: rows 2" in report.files[0].notices
    stored = rows_of(parcels).geometry["2"]
    fine = shapely.segmentize(touching, 1e-4)
    there = Transformer.from_crs(4490, 4548, always_xy=True)
    assert stored.is_valid
    assert stored.area == pytest.approx(
        shapely.transform(fine, lambda xy: np.column_stack(there.transform(*xy.T))).area, rel=1e-7
    )
