import numpy as np
import pytest
from pyproj import Transformer

from bim.georeference.georeference import Georeference
from bim.placing import place_on_globe, place_points
from tests_transforms import find_transformer
from twin.crs import CRS84, parse_crs, transverse_mercator
from twin.errors import CrsError
from twin.plane import grid_factors, lift_from_plane

GK117, GK120 = parse_crs("EPSG:4548"), parse_crs("EPSG:4549")
#: 500 m of a building: its corners, and points along it, at two heights.
LONG = np.array([(x, y, z) for x in np.linspace(0.0, 500.0, 11) for y in (0.0, 40.0) for z in (0.0, 15.0)])
LON, LAT, HEIGHT, GEOID = 118.4655, 35.5505, 120.0, -4.2


def at_site(**more):
    return Georeference(level=20, crs=CRS84, x=LON, y=LAT, height_m=HEIGHT, metres="true", **more)


def by_formulas(east, north, up, lon, lat, h, a=6378137.0, rf=298.257223563):
    """Degrees and height of a point in the tangent plane, from the formulas of geodesy, the latitude by iteration."""
    e2 = (2 - 1 / rf) / rf
    lam, phi = np.radians(lon), np.radians(lat)
    n0 = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    x0 = np.array([(n0 + h) * np.cos(phi) * np.cos(lam), (n0 + h) * np.cos(phi) * np.sin(lam), 0.0])
    x0[2] = (n0 * (1 - e2) + h) * np.sin(phi)
    e = np.array([-np.sin(lam), np.cos(lam), 0])
    n = np.array([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)])
    u = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    x, y, z = x0 + east * e + north * n + up * u
    p, latitude = np.hypot(x, y), np.arctan2(z, np.hypot(x, y) * (1 - e2))
    for _ in range(12):
        normal = a / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
        height = p / np.cos(latitude) - normal
        latitude = np.arctan2(z, p * (1 - e2 * normal / (normal + height)))
    return np.degrees(np.arctan2(y, x)), np.degrees(latitude), height


def test_the_formula_of_the_standard_holds_to_the_millimetre():
    by = Georeference(level=50, crs=GK117, x=632885.385, y=3936656.695, height_m=120.5, axis_deg=30.0)

    placed = place_points(np.array([(10.0, 5.0, 3.0)]), by, GK117)

    assert placed[0] == pytest.approx((632891.545254, 3936666.025127, 123.5), abs=1e-6)


def test_points_in_another_zone_are_reprojected_one_by_one():
    by = Georeference(level=50, crs=GK120, x=360857.507, y=3936751.959, height_m=0.0)
    to_storage = find_transformer(4549, 4548)

    placed = place_points(LONG, by, GK117)

    x, y = to_storage.transform(360857.507 + LONG[:, 0], 3936751.959 + LONG[:, 1])
    assert np.abs(placed - np.column_stack((x, y, LONG[:, 2]))).max() < 1e-6
    assert placed[0, :2] == pytest.approx((632885.385, 3936656.695), abs=1.5e-3)
    # Placed by its origin only, its far end would be off by the convergence between the zones: 1.7445 degrees of 500 m.
    kept = placed[0, :2] + LONG[-1, :2]
    assert np.hypot(*(kept - placed[-1, :2])) == pytest.approx(np.radians(1.7445) * np.hypot(500.0, 40.0), abs=0.05)


def test_a_model_of_500_m_agrees_point_by_point_with_the_plane_of_proj():
    turned = 25.0
    angle = np.radians(turned)
    east = np.cos(angle) * LONG[:, 0] - np.sin(angle) * LONG[:, 1]
    north = np.sin(angle) * LONG[:, 0] + np.cos(angle) * LONG[:, 1]
    rigorous = Transformer.from_pipeline(
        f"+proj=pipeline +step +inv +proj=topocentric +ellps=WGS84 +lon_0={LON} +lat_0={LAT} +h_0={HEIGHT + GEOID} "
        "+step +inv +proj=cart +ellps=WGS84 +step +proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=500000 +ellps=GRS80"
    )

    placed = place_points(LONG, at_site(axis_deg=turned), GK117, geoid_offset_m=GEOID)

    x, y, h = rigorous.transform(east, north, LONG[:, 2])
    assert np.abs(placed - np.column_stack((x, y, h - GEOID))).max() < 1e-3


def test_a_model_of_500_m_agrees_point_by_point_with_the_formulas_of_geodesy():
    to_grid = find_transformer(4490, 4548)

    placed = place_points(LONG, at_site(), GK117, geoid_offset_m=GEOID)

    for point, (x, y, height) in zip(LONG, placed, strict=True):
        lon, lat, h = by_formulas(*point, LON, LAT, HEIGHT + GEOID)
        assert (x, y) == pytest.approx(to_grid.transform(lon, lat), abs=1e-3)
        assert height == pytest.approx(h - GEOID, abs=1e-3)


def test_placing_by_the_origin_only_would_drift_by_scale_convergence_and_curvature():
    placed = place_points(LONG, at_site(), GK117)
    along = placed[np.flatnonzero((LONG == (500.0, 0.0, 0.0)).all(axis=1))[0]] - placed[0]

    # Factor 1.00021752 on the ellipsoid, and 120 m above it all lengths shrink by 120 m / 6371 km.
    assert np.hypot(along[0], along[1]) == pytest.approx(500.0 * 1.00021752 * (1 - 120.0 / 6_371_000), abs=2e-3)
    # True east is turned from grid east by the convergence: 7.4 m across in 500 m.
    assert along[1] == pytest.approx(500.1 * np.sin(np.radians(0.85220)), abs=0.05)
    # The plane leaves the ellipsoid by d² / 2R.
    assert along[2] == pytest.approx(500.0**2 / (2 * 6_371_000), abs=1e-3)


def test_true_metres_on_a_grid_keep_its_axis_and_take_its_factor():
    by = Georeference(level=None, crs=GK117, x=632885.385, y=3936656.695, height_m=0.0, axis_deg=30.0, metres="true")

    (near, far) = place_points(np.array([(0.0, 0.0, 0.0), (100.0, 0.0, 0.0)]), by, GK117)

    assert near == pytest.approx((632885.385, 3936656.695, 0.0), abs=1e-6)
    # 2.2 cm in 100 m: the factor 1.00021752 of standards for this place.
    assert np.hypot(*(far - near)[:2]) == pytest.approx(100.021752, abs=1e-4)
    assert np.degrees(np.arctan2(*(far - near)[1::-1])) == pytest.approx(30.0, abs=1e-4)


def test_a_local_system_and_its_height_shift_are_served():
    county = transverse_mercator(118.5)
    by = Georeference(level=50, crs=GK117, x=632885.385, y=3936656.695, height_m=120.5, height_shift_m=-0.029)

    placed = place_points(np.zeros((1, 3)), by, county)

    assert placed[0, 2] == pytest.approx(120.471)
    x, y = find_transformer(4490, county.to_wkt()).transform(118.4655, 35.5505)
    assert placed[0, :2] == pytest.approx((x, y), abs=1.5e-3)


def test_units_of_the_map_other_than_metres_are_kept():
    feet = parse_crs("+proj=tmerc +lon_0=117 +k=1 +x_0=500000 +ellps=GRS80 +units=ft")
    by = Georeference(level=50, crs=feet, x=632885.385 / 0.3048, y=3936656.695 / 0.3048, height_m=0.0)

    placed = place_points(np.array([(10.0, 5.0, 3.0)]), by, GK117)

    assert placed[0] == pytest.approx((632895.385, 3936661.695, 3.0), abs=1e-5)


def test_a_datum_without_public_parameters_is_refused():
    by = Georeference(level=50, crs=parse_crs("EPSG:2384"), x=632885.0, y=3936656.0, height_m=0.0)

    with pytest.raises(CrsError, match="Xian 1980"):
        place_points(np.zeros((1, 3)), by, GK117)


def test_points_on_a_globe_are_above_the_ellipsoid_by_the_geoid_offset():
    x, y = find_transformer(4490, 4548).transform(118.4655, 35.5505)

    (point,) = place_on_globe(np.array([[x, y, 124.2]]), GK117, geoid_offset_m=-4.2)

    # Height 120 on the ellipsoid: the numbers of standards, §5.3.
    assert point == pytest.approx((-2476210.936140, 4567169.229559, 3687797.792638), abs=1e-3)


@pytest.mark.parametrize(
    ("epsg", "x", "y", "scale", "convergence"),
    [(4548, 632885.385, 3936656.695, 1.00021752, 0.85220), (4549, 360857.507, 3936751.959, 1.00023849, -0.89233)],
)
def test_scale_and_convergence_are_those_of_the_projection(epsg, x, y, scale, convergence):
    factors = grid_factors(x, y, parse_crs(f"EPSG:{epsg}"))

    assert factors.scale == pytest.approx(scale, abs=5e-9)
    assert factors.convergence_deg == pytest.approx(convergence, abs=5e-6)


def test_the_plane_touches_the_ellipsoid_of_the_crs_itself():
    lon, lat, height = lift_from_plane(
        np.array([[300.0, 400.0, 0.0]]), lon=8.0, lat=50.0, height_m=0.0, crs=parse_crs("EPSG:31467")
    )

    expected = by_formulas(300.0, 400.0, 0.0, 8.0, 50.0, 0.0, a=6377397.155, rf=299.1528128)
    assert (lon[0], lat[0], height[0]) == pytest.approx(expected, abs=1e-9)
