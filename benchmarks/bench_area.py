"""Ellipsoidal area against a Python loop over pyproj's Geod: 300,000 buildings, and how far both are off."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import Geod, Proj
from support import CRS, peak_memory_mb, print_ratio, time_in_turn

from twin.area import ellipsoidal_area_m2
from twin.crs import parse_crs, reproject, to_geodetic

COUNT = 300_000
GEOD = Geod(a=6378137.0, rf=298.257222101)


def make_buildings(count: int) -> np.ndarray:
    """Return polygons of 5 to 10 vertices and 6 to 40 m across, over a county, plane metres."""
    random = np.random.default_rng(1)
    corners = random.integers(5, 11, count)
    owner = np.repeat(np.arange(count), corners)
    angle = 2 * np.pi * (np.arange(owner.size) - (np.cumsum(corners) - corners)[owner]) / corners[owner]
    reach = random.uniform(3, 20, count)[owner] * random.uniform(0.5, 1, owner.size)
    x = random.uniform(465_000, 525_000, count)[owner] + reach * np.cos(angle)
    y = random.uniform(3_908_000, 3_960_000, count)[owner] + reach * np.sin(angle)
    return shapely.polygons(shapely.linearrings(np.column_stack((x, y)), indices=owner))


def geod_loop(degrees: np.ndarray) -> np.ndarray:
    return np.array([abs(GEOD.geometry_area_perimeter(polygon)[0]) for polygon in degrees])


def area_by_scale(polygons: np.ndarray) -> np.ndarray:
    """Sum plane triangles over PROJ's own areal scale at their edge midpoints: a second way, fit for small polygons."""
    projection = Proj(CRS)
    areas = np.zeros(len(polygons))
    for row, polygon in enumerate(polygons):
        ring = np.asarray(polygon.exterior.coords) - polygon.exterior.coords[0]
        a, b = ring[1:-2], ring[2:-1]
        x, y = np.array([a / 2, b / 2, (a + b) / 2]).reshape(-1, 2).T + np.array([polygon.exterior.coords[0]]).T
        scale = np.asarray(projection.get_factors(*to_geodetic(x, y, CRS)).areal_scale).reshape(3, -1)
        areas[row] = ((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2 * (1 / scale).mean(axis=0)).sum()
    return np.abs(areas)


def main() -> None:
    """Print the ratios and the errors."""
    plane = make_buildings(COUNT)
    parts = shapely.multipolygons([[polygon] for polygon in plane])
    degrees, parts_degrees = (reproject(each, CRS, parse_crs(4490)) for each in (plane, parts))
    seconds = time_in_turn(
        3,
        ours=lambda: ellipsoidal_area_m2(plane, CRS),
        multi=lambda: ellipsoidal_area_m2(parts, CRS),
        degrees=lambda: ellipsoidal_area_m2(degrees, parse_crs(4490)),
        peer=lambda: geod_loop(degrees),
        multi_peer=lambda: geod_loop(parts_degrees),
    )
    for name, what, peer in (
        ("ours", "polygons in metres", "peer"),
        ("multi", "multipolygons in metres", "multi_peer"),
        ("degrees", "polygons in degrees", "peer"),
    ):
        print_ratio(f"area of 300,000 {what}", seconds[name], seconds[peer], peer="Geod loop", limit=1 / 20)

    sample = plane[:: COUNT // 2000]
    truth = area_by_scale(sample)
    ours = np.abs(ellipsoidal_area_m2(sample, CRS) / truth - 1).max()
    peer = np.abs(geod_loop(reproject(sample, CRS, parse_crs(4490))) / truth - 1).max()
    print(f"largest relative error on buildings: ours {ours:.1e}, Geod {peer:.1e}  (limit 1e-08)")
    county = [shapely.box(465_000, 3_908_000, 525_000, 3_960_000), shapely.box(300_000, 3_800_000, 800_000, 4_200_000)]
    truth = geod_loop(reproject(shapely.segmentize(county, 20.0), CRS, parse_crs(4490)))
    ours = np.abs(ellipsoidal_area_m2(county, CRS) / truth - 1).max()
    print(f"largest difference from Geod on a county and a province: {ours:.1e}  (limit 1e-08)")
    print(f"peak memory {peak_memory_mb():.0f} MB")


if __name__ == "__main__":
    main()
