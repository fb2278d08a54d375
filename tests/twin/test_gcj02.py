"""GCJ-02 and BD-09 against published values and real boundaries."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from twin.crs import parse_crs, reproject, transverse_mercator
from twin.gcj02 import bd09_to_gcj02, bd09_to_wgs84, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02

METRES_PER_DEGREE = 111_000.0
#: WGS 84 lat, lon → GCJ-02 lat, lon, as published.
PUBLISHED = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ((35.5505, 118.4655), (35.55046729136367, 118.47121422331557)),
]


def places() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    return random.uniform(73.0, 135.0, 5000), random.uniform(4.0, 53.5, 5000)


@pytest.mark.parametrize(("true", "offset"), PUBLISHED)
def test_the_offset_is_the_published_one(true, offset):
    lon, lat = wgs84_to_gcj02(true[1], true[0])
    assert (float(lat), float(lon)) == pytest.approx(offset, rel=0, abs=1e-12)


def test_the_offset_at_yinan_is_518_m():
    plane = transverse_mercator(118.5)
    true, offset = (shapely.Point(lon, lat) for lat, lon in PUBLISHED[-1])
    a, b = reproject([true, offset], parse_crs(4326), plane)
    assert shapely.distance(a, b) == pytest.approx(518.1, abs=0.1)


def test_the_inverse_closes_to_a_micrometre():
    lon, lat = places()
    back_lon, back_lat = gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat))
    assert np.hypot(back_lon - lon, back_lat - lat).max() * METRES_PER_DEGREE < 1e-6


def test_one_step_of_the_inverse_would_be_metres_off():
    lon, lat = places()
    offset_lon, offset_lat = wgs84_to_gcj02(lon, lat)
    again_lon, again_lat = wgs84_to_gcj02(offset_lon, offset_lat)
    missed = np.hypot(2 * offset_lon - again_lon - lon, 2 * offset_lat - again_lat - lat) * METRES_PER_DEGREE
    assert 0.3 < np.median(missed) < 2.4


@pytest.mark.parametrize("place", [(72.0, 35.0), (137.9, 35.0), (100.0, 0.82), (100.0, 55.9), (-0.1, 51.5)])
def test_places_outside_china_stay(place):
    assert tuple(float(v) for v in wgs84_to_gcj02(*place)) == place
    assert tuple(float(v) for v in gcj02_to_wgs84(*place)) == place


def test_arrays_keep_their_shape_and_mix_inside_and_outside():
    lon, lat = np.array([[118.4655, -0.1]]), np.array([[35.5505, 51.5]])
    shifted_lon, shifted_lat = wgs84_to_gcj02(lon, lat)
    assert shifted_lon.shape == shifted_lat.shape == (1, 2)
    assert shifted_lon[0, 0] == pytest.approx(118.47121422331557, abs=1e-12)
    assert (shifted_lon[0, 1], shifted_lat[0, 1]) == (-0.1, 51.5)


def test_bd09_of_yinan():
    lon, lat = gcj02_to_bd09(118.47121422331557, 35.55046729136367)
    assert (float(lon), float(lat)) == pytest.approx((118.47774014966639, 35.556450457180574), rel=0, abs=1e-12)


def test_bd09_closes_to_a_quarter_of_a_metre():
    lon, lat = places()
    back_lon, back_lat = bd09_to_gcj02(*gcj02_to_bd09(lon, lat))
    assert np.hypot(back_lon - lon, back_lat - lat).max() * METRES_PER_DEGREE < 0.25


def test_bd09_to_wgs84_goes_through_gcj02():
    lon, lat = bd09_to_wgs84(118.47774014966639, 35.556450457180574)
    assert (float(lon), float(lat)) == pytest.approx((118.4655, 35.5505), rel=0, abs=2e-6)


def read_yinan(folder: Path, name: str, key: str) -> shapely.Geometry:
    features = json.loads((folder / "boundaries" / name).read_text("utf-8"))["features"]
    (yinan,) = (f["geometry"] for f in features if str(f["properties"][key]) == "371321")
    return shapely.geometry.shape(yinan)


@pytest.mark.parametrize(
    ("reference", "after_m", "median_m"),
    [
        # The finer outline is of the same origin: converted, ours runs along it (what moved since moves the centroid).
        ("amap_wgs84_linyi_counties.geojson", 100, 0.5),
        # The official one is generalised to 144 vertices and of another year.
        ("tianditu_cgcs2000_linyi_counties.geojson", 150, 120),
    ],
)
def test_the_boundary_of_an_internet_map_comes_home(shared_data, reference, after_m, median_m):
    offset = read_yinan(shared_data, "datav_gcj02_371321_yinan.geojson", "adcode")
    home = shapely.transform(offset, gcj02_to_wgs84, interleaved=False)
    true = read_yinan(shared_data, reference, "district_adcode")
    offset, home, true = reproject([offset, home, true], parse_crs(4326), transverse_mercator(118.5))
    assert 500 < shapely.distance(offset.centroid, true.centroid) < 650
    assert shapely.distance(home.centroid, true.centroid) < after_m
    away = [
        np.median(shapely.distance(shapely.points(g.exterior.coords), true.boundary)) for g in largest(offset, home)
    ]
    assert away[0] > 300
    assert away[1] < median_m


def largest(*geometries: shapely.MultiPolygon) -> list[shapely.Polygon]:
    return [max(geometry.geoms, key=shapely.area) for geometry in geometries]
