"""Areas on the ellipsoid, against areas worked out by other means.

Geod's own polygons are good to a few 0.01 m² whatever their size, so it is the judge from a square kilometre upwards.
Below, the judges are closed formulas in long double and PROJ's areal scale.
"""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import shapely
from pyproj import Geod, Proj

from twin.area import ellipsoidal_area_m2
from twin.crs import CRS, from_geodetic, parse_crs, reproject, to_geodetic, transverse_mercator
from twin.errors import CrsError

GEOD = Geod(a=6378137.0, rf=298.257222101)
LOCAL = transverse_mercator(118.5)
PLANES = {
    "zone 39": parse_crs(4548),
    "zone 39 in the easting": parse_crs(4527),
    "local": LOCAL,
    "UTM": parse_crs(32651),
    "Albers": parse_crs("+proj=aea +lat_1=25 +lat_2=47 +lon_0=105 +x_0=4000000 +ellps=GRS80"),
    "Lambert": parse_crs("+proj=lcc +lat_1=25 +lat_2=47 +lon_0=105 +ellps=GRS80"),
    "feet": parse_crs("+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=GRS80 +units=us-ft"),
}
BROKEN = shapely.transform(shapely.box(0, 0, 1, 1), lambda xy: np.where(np.arange(5)[:, np.newaxis] == 2, np.nan, xy))
EVERY = PLANES | {"degrees": parse_crs(4490), "Web Mercator": parse_crs(3857)}


def area(geometry: shapely.Geometry, crs: CRS) -> float:
    return float(ellipsoidal_area_m2([geometry], crs)[0])


def star(crs: CRS, lon: float, lat: float, size_m: float) -> shapely.Polygon:
    """A crooked polygon about so large at a place, straight-edged in the CRS."""
    unit = crs.axis_info[0].unit_conversion_factor * (6371000.0 if crs.is_geographic else 1.0)
    x, y = from_geodetic(lon, lat, crs)
    angle = np.array([0.1, 0.9, 1.7, 2.2, 3.3, 4.4, 5.6])
    reach = np.array([0.50, 0.31, 0.48, 0.37, 0.44, 0.50, 0.33]) * size_m / unit
    return shapely.Polygon(np.column_stack((x + reach * np.cos(angle), y + reach * np.sin(angle))))


def geod_area(polygon: shapely.Polygon, crs: CRS, pieces: int = 4000) -> float:
    """The polygon's area by Geod, each edge cut into short pieces that are straight in the CRS."""

    def ring_area(ring: shapely.LinearRing) -> float:
        corners = np.asarray(ring.coords)[:, :2]
        t = np.linspace(0.0, 1.0, pieces, endpoint=False)[:, np.newaxis]
        points = np.vstack([a + (b - a) * t for a, b in pairwise(corners)])
        return abs(GEOD.polygon_area_perimeter(*to_geodetic(points[:, 0], points[:, 1], crs))[0])

    return ring_area(polygon.exterior) - sum(ring_area(hole) for hole in polygon.interiors)


def area_by_scale(polygon: shapely.Polygon, crs: CRS) -> float:
    """Plane triangles over PROJ's areal scale at their edge midpoints: exact for a factor of the second degree."""
    corner = np.asarray(polygon.exterior.coords[0])
    ring = np.asarray(polygon.exterior.coords) - corner
    a, b = ring[1:-2], ring[2:-1]
    x, y = (np.array([a / 2, b / 2, (a + b) / 2]).reshape(-1, 2) + corner).T
    scale = np.asarray(Proj(crs).get_factors(*to_geodetic(x, y, crs)).areal_scale).reshape(3, -1)
    unit = crs.axis_info[0].unit_conversion_factor
    return abs(float(((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2 * (1 / scale).mean(axis=0)).sum())) * unit**2


def zone_m2(latitude_rad: np.longdouble) -> np.longdouble:
    """Area between the equator and a latitude per radian, in long double (Snyder 3-12 over the ellipsoid)."""
    a, f = np.longdouble(6378137), 1 / np.longdouble("298.257222101")
    e = np.sqrt(f * (2 - f))
    s = e * np.sin(latitude_rad)
    return a * a * (1 - e * e) / (2 * e) * (s / (1 - s * s) + np.log((1 + s) / (1 - s)) / 2)


def test_the_square_kilometre_of_the_grid_at_yinan():
    square = shapely.box(632000, 3936000, 633000, 3937000)
    assert area(square, parse_crs(4548)) == pytest.approx(999567.62, abs=0.005)
    assert 1e6 / area(square, parse_crs(4548)) == pytest.approx(1.000433, abs=5e-7)
    shifted = shapely.box(39632000, 3936000, 39633000, 3937000)
    assert area(shifted, parse_crs(4527)) == pytest.approx(area(square, parse_crs(4548)), rel=1e-12)


@pytest.mark.parametrize("size_m", [2_000, 60_000, 600_000])
@pytest.mark.parametrize("crs", EVERY.values(), ids=EVERY.keys())
def test_large_polygons_agree_with_geod_in_every_plane(crs, size_m):
    polygon = star(crs, 118.0, 35.5, size_m)
    # Between two points Geod follows the geodesic: the pieces are short enough for what that adds to stay below 1e-9.
    assert area(polygon, crs) == pytest.approx(geod_area(polygon, crs), rel=2e-9, abs=0.05)


@pytest.mark.parametrize("size_m", [1.2, 30, 150, 190, 210, 500])
@pytest.mark.parametrize("place", [(118.46, 35.55), (114.6, 34.2), (122.3, 37.9)], ids=["Yinan", "west", "east"])
@pytest.mark.parametrize("crs", PLANES.values(), ids=PLANES.keys())
def test_small_polygons_agree_with_the_areal_scale(crs, place, size_m):
    polygon = star(crs, *place, size_m)
    assert area(polygon, crs) == pytest.approx(area_by_scale(polygon, crs), rel=1e-9)


@pytest.mark.parametrize("size_m", [1, 20, 190, 1000, 50_000])
@pytest.mark.parametrize("latitude", [0.3, 35.55, 53.5, 80.0])
def test_a_box_in_degrees_has_the_area_of_the_closed_formula(latitude, size_m):
    side = size_m / 111_000
    box = shapely.box(118.4655, latitude, 118.4655 + side, latitude + side)
    west, south, east, north = (np.longdouble(v) * (np.arctan(np.longdouble(1)) / 45) for v in box.bounds)
    exact = (east - west) * (zone_m2(north) - zone_m2(south))
    assert area(box, parse_crs(4490)) == pytest.approx(float(exact), rel=2e-9)


@pytest.mark.parametrize("size_m", [1, 20, 190, 1000, 50_000])
def test_a_box_in_web_mercator_has_the_area_of_the_closed_formula(size_m):
    west, south, east, north = (np.longdouble(v) for v in (13187500, 4240000, 13187500 + size_m, 4240000 + size_m))
    radius = np.longdouble(6378137)
    latitudes = [2 * np.arctan(np.exp(y / radius)) - np.arctan(np.longdouble(1)) * 2 for y in (south, north)]
    exact = (east - west) / radius * (zone_m2(latitudes[1]) - zone_m2(latitudes[0]))
    box = shapely.box(float(west), float(south), float(east), float(north))
    assert area(box, parse_crs(3857)) == pytest.approx(float(exact), rel=2e-9)
    assert box.area / area(box, parse_crs(3857)) == pytest.approx(1.51, abs=0.012)


def test_half_the_earth():
    # Authalic radius of GRS 80: 6371007.1810 m (Moritz, Geodetic Reference System 1980).
    half = 2 * np.pi * 6371007.1810**2
    assert area(shapely.box(-90, -90, 90, 90), parse_crs(4490)) == pytest.approx(half, rel=1e-9)


def test_a_narrow_road_across_the_county():
    road = shapely.Polygon([(480000, 3910000), (520000, 3955000), (520004, 3955000), (480004, 3910000)])
    assert area(road, LOCAL) == pytest.approx(area_by_scale(road, LOCAL), rel=1e-8)
    assert area(road, LOCAL) == pytest.approx(4 * 45000, rel=1e-5)


def test_holes_parts_and_collections_add_up():
    shell, hole = shapely.box(465000, 3930000, 465100, 3930100), shapely.box(465010, 3930010, 465030, 3930050)
    other = shapely.box(466000, 3930000, 466040, 3930010)
    large, lake = shapely.box(470000, 3930000, 480000, 3940000), shapely.box(472000, 3932000, 473000, 3935000)
    one = {name: area(g, LOCAL) for name, g in vars().items() if isinstance(g, shapely.Polygon)}
    pierced = shapely.Polygon(shell.exterior.coords, [hole.exterior.coords])
    same_turn = shapely.Polygon(shell.exterior.coords, [hole.exterior.coords[::-1]])
    both = shapely.MultiPolygon([pierced, other])
    landscape = shapely.Polygon(large.exterior.coords, [lake.exterior.coords, *[hole_at(475000 + i) for i in (0, 99)]])
    assert area(pierced, LOCAL) == pytest.approx(one["shell"] - one["hole"], rel=1e-14)
    assert area(same_turn, LOCAL) == pytest.approx(one["shell"] - one["hole"], rel=1e-14)
    assert area(both, LOCAL) == pytest.approx(one["shell"] - one["hole"] + one["other"], rel=1e-14)
    assert area(landscape, LOCAL) == pytest.approx(geod_area(landscape, LOCAL), rel=1e-9)
    assert area(shapely.MultiPolygon([shell, large]), LOCAL) == pytest.approx(one["shell"] + one["large"], rel=1e-14)
    nest = shapely.GeometryCollection([both, shapely.Point(0, 0), shapely.GeometryCollection([other, large])])
    assert area(nest, LOCAL) == pytest.approx(area(both, LOCAL) + one["other"] + one["large"], rel=1e-14)


def hole_at(x: float) -> list[tuple[float, float]]:
    return [(x, 3936000), (x + 50, 3936000), (x + 50, 3936020), (x, 3936020), (x, 3936000)]


def test_what_is_no_polygon_has_no_area():
    blank = [None, shapely.Point(1, 1), shapely.LineString([(0, 0), (1, 1)]), shapely.Polygon(), shapely.MultiPolygon()]
    house = shapely.box(465000, 3930000, 465010, 3930010)
    areas = ellipsoidal_area_m2([*blank, house, *blank], LOCAL)
    assert areas.tolist()[:5] == areas.tolist()[6:] == [0.0] * 5
    assert areas[5] == pytest.approx(100, rel=1e-4)
    assert ellipsoidal_area_m2(blank, LOCAL).tolist() == [0.0] * 5
    assert ellipsoidal_area_m2([], LOCAL).tolist() == []


def test_order_turn_repetition_and_height_do_not_matter():
    corners = [(465000, 3930000), (465012, 3930001), (465011, 3930007), (465003, 3930009)]
    plain = area(shapely.Polygon(corners), LOCAL)
    assert area(shapely.Polygon(corners[::-1]), LOCAL) == pytest.approx(plain, rel=1e-14)
    assert area(shapely.Polygon(corners[2:] + corners[:2]), LOCAL) == pytest.approx(plain, rel=1e-14)
    assert area(shapely.Polygon([corners[0], *corners]), LOCAL) == pytest.approx(plain, rel=1e-14)
    assert area(shapely.Polygon([(x, y, 80.0) for x, y in corners]), LOCAL) == plain
    assert area(shapely.MultiPolygon([shapely.Polygon(corners)]), LOCAL) == plain


def test_a_ring_that_crosses_itself_is_measured_as_the_plane_does():
    bow = shapely.Polygon([(465000, 3930000), (465010, 3930010), (465010, 3930000), (465000, 3930010)])
    assert bow.area == area(bow, LOCAL) == 0.0
    line = shapely.Polygon([(465000, 3930000), (465007.1, 3930003.3), (465014.2, 3930006.6), (465000, 3930000)])
    assert area(line, LOCAL) == pytest.approx(0, abs=1e-7)
    thread = shapely.Polygon([(0, 0), (1, 1e-300), (2, 3e-300), (0.5, 1e-301)])
    assert area(thread, LOCAL) == pytest.approx(0, abs=1e-290)


def test_many_at_once_are_each_as_if_alone():
    random = np.random.default_rng(7)
    x, y = random.uniform(465000, 525000, 9000), random.uniform(3908000, 3960000, 9000)
    side = np.where(random.random(9000) < 0.05, 900.0, random.uniform(4, 150, 9000))
    boxes = shapely.box(x, y, x + side, y + side / 2)
    boxes[::7] = [shapely.MultiPolygon([box]) for box in boxes[::7]]
    boxes[::11] = [shapely.difference(box, shapely.buffer(box.centroid, 1.0)) for box in boxes[::11]]
    together = ellipsoidal_area_m2(boxes, LOCAL)
    rows = range(0, 9000, 77)
    assert together[rows] == pytest.approx([area(boxes[row], LOCAL) for row in rows], rel=1e-12)
    assert together == pytest.approx(shapely.area(boxes), rel=1e-4)


def test_the_scale_of_an_old_datum_is_that_of_its_own_degrees():
    # Xi'an 1980 cannot be changed into CGCS2000; its degrees are taken on the CGCS2000 ellipsoid as they stand.
    box = shapely.box(117, 35, 117.5, 35.5)
    (plane,) = reproject([shapely.segmentize(box, 0.001)], parse_crs(4610), parse_crs(2384))
    assert area(plane, parse_crs(2384)) == pytest.approx(area(box, parse_crs(4490)), rel=1e-8)


@pytest.mark.parametrize(
    ("geometry", "crs", "words"),
    [
        (shapely.box(-170, 0, 170, 1), 4490, "split it at the antimeridian"),
        (shapely.box(0, 89, 1, 91), 4490, "beyond where EPSG:4490 can measure"),
        (shapely.box(500000, 3900000, 1e9, 4000000), 4548, "beyond where EPSG:4548 can measure"),
        (BROKEN, 4548, "not a finite number"),
    ],
)
def test_what_has_no_area_is_refused(geometry, crs, words):
    with pytest.raises(CrsError, match=words):
        ellipsoidal_area_m2([geometry], parse_crs(crs))


def test_a_polygon_past_the_antimeridian_counts_on():
    across, beside = shapely.box(178, 10, 182, 12), shapely.box(118, 10, 122, 12)
    assert area(across, parse_crs(4490)) == pytest.approx(area(beside, parse_crs(4490)), rel=1e-12)


def test_the_counties_of_linyi(shared_data):
    text = (shared_data / "boundaries/tianditu_cgcs2000_linyi_counties.geojson").read_text("utf-8")
    counties = [shapely.geometry.shape(feature["geometry"]) for feature in json.loads(text)["features"]]
    areas = ellipsoidal_area_m2(counties, parse_crs(4490))
    assert areas == pytest.approx([geod_area(county, parse_crs(4490), 50) for county in counties], rel=1e-8)
    # In the grid of zone 39 the sum is 17149 km² (the plane's own, 0.02 % to 0.05 % too much here).
    grid = reproject(counties, parse_crs(4490), parse_crs(4527))
    assert shapely.area(grid).sum() / 1e6 == pytest.approx(17149, abs=1)
    assert areas.sum() == pytest.approx(shapely.area(grid).sum(), rel=1e-3)
    assert areas.sum() < shapely.area(grid).sum()
