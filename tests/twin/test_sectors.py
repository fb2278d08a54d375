from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from pyproj import Geod

from twin.crs import parse_crs, to_geodetic
from twin.sectors import build_sectors, find_true_north

GEOD = Geod(a=6378137.0, rf=298.257222101)
SEAT = (632885.385, 3936656.695)


def test_true_north_at_the_county_seat_is_off_grid_north_by_the_published_convergence():
    dx, dy = find_true_north([SEAT[0]], [SEAT[1]], parse_crs("EPSG:4548"))
    assert math.degrees(math.atan2(-dx[0], dy[0])) == pytest.approx(0.85220, abs=5e-6)
    assert math.hypot(dx[0], dy[0]) == pytest.approx(1.00021752, abs=1e-7)


def test_convergence_has_the_other_sign_west_of_the_central_meridian():
    dx, dy = find_true_north([360857.507], [3936751.959], parse_crs("EPSG:4549"))
    assert math.degrees(math.atan2(-dx[0], dy[0])) == pytest.approx(-0.89233, abs=5e-6)


@pytest.mark.parametrize("angle", [1, 5, 33.3, 65, 120, 180, 240, 359.9, 360])
@pytest.mark.parametrize("step", [5, 30])
def test_the_polygon_of_a_sector_has_the_area_of_the_sector(angle, step):
    (sector,) = build_sectors(
        [500000],
        [3930000],
        azimuth_deg=77,
        angle_deg=angle,
        radius_m=800,
        crs=parse_crs("EPSG:4549"),
        step_deg=step,
    )
    assert sector.is_valid
    assert sector.area == pytest.approx(math.pi * 800**2 * angle / 360, rel=1e-8)


@pytest.mark.parametrize("crs", ["EPSG:4548", "EPSG:4549", "EPSG:4527"])
def test_a_sector_reaches_as_far_on_the_ground_as_stated_and_where_its_azimuth_says(crs):
    """The middle and the ends of the arc, against geodesics shot from the centre."""
    crs = parse_crs(crs)
    lon, lat = 118.4655, 35.5505
    (x, y) = SEAT if crs.to_epsg() == 4548 else (360857.507, 3936751.959)
    if crs.to_epsg() == 4527:
        x, y = 39632885.385, 3936656.695
    (sector,) = build_sectors([x], [y], azimuth_deg=40, angle_deg=120, radius_m=5000, crs=crs, step_deg=0.5)
    arc = np.array(sector.exterior.coords)[1:-1]
    away, _, length_m = GEOD.inv(
        np.full(len(arc), lon), np.full(len(arc), lat), *to_geodetic(arc[:, 0], arc[:, 1], crs)
    )
    assert length_m == pytest.approx(5000, rel=1e-4)
    assert away[[0, -1]] == pytest.approx([-20, 100], abs=0.01)
    assert np.median(away) == pytest.approx(40, abs=0.01)


def test_many_sectors_are_built_each_as_if_alone():
    rng = np.random.default_rng(7)
    n = 50
    given = {
        "azimuth_deg": rng.uniform(0, 360, n),
        "angle_deg": np.where(rng.random(n) < 0.3, 360, rng.uniform(10, 350, n)),
        "radius_m": rng.uniform(50, 3000, n),
    }
    x, y = rng.uniform(480000, 520000, n), rng.uniform(3.92e6, 3.95e6, n)
    crs = parse_crs("EPSG:4549")
    together = build_sectors(x, y, **given, crs=crs)
    for row in range(n):
        alone = build_sectors(x[[row]], y[[row]], **{k: v[[row]] for k, v in given.items()}, crs=crs)
        assert shapely.equals_exact(together[row], alone[0], tolerance=1e-6)


def test_no_sectors_are_no_polygons():
    assert len(build_sectors([], [], azimuth_deg=[], angle_deg=[], radius_m=[], crs=parse_crs("EPSG:4549"))) == 0
