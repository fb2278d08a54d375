"""The ground is a smooth function of the place."""

from __future__ import annotations

import numpy as np
import shapely

from twin.crs import BBox


def test_heights_are_plausible_over_the_county(county):
    x, y, heights = county.terrain.grid(200.0, county.area.bounds)
    inside = shapely.contains_xy(county.area, *np.meshgrid(x, y))
    assert inside.mean() > 0.5
    assert heights[inside].min() > 80
    assert heights[inside].max() < 500
    assert heights[inside].max() > 300


def test_the_west_is_higher_than_the_east(county):
    x, _, heights = county.terrain.grid(500.0, county.area.bounds)
    assert heights[:, x < 480_000].mean() > heights[:, x > 505_000].mean() + 30


def test_a_grid_runs_from_the_north_west_like_a_raster(county):
    x, y, heights = county.terrain.grid(100.0, BBox(500_000, 3_930_000, 500_300, 3_930_200))
    assert x.tolist() == [500_000, 500_100, 500_200, 500_300]
    assert y.tolist() == [3_930_200, 3_930_100, 3_930_000]
    assert heights.shape == (3, 4)
    assert heights[0, 3] == county.terrain.height_m(np.float64(500_300), np.float64(3_930_200))


def test_the_ground_is_smooth(county):
    x = np.arange(470_000.0, 515_000.0, 1.0)
    height = county.terrain.height_m(x, np.full(len(x), 3_936_000.0))
    slope = np.diff(height)
    assert np.abs(slope).max() < 0.6
    assert np.abs(np.diff(slope)).max() < 0.01  # a step or an edge would show here


def test_the_river_falls_southwards(county):
    north = np.arange(-24_000.0, 18_000.0, 1_000.0)
    bed = county.terrain.height_m(496_872 + county.terrain.river_east_m(north), 3_935_669 + north)
    assert (np.diff(bed) > 0).all()
