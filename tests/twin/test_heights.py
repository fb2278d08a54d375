"""The geoid offset: explicit, with its source, never a silent zero."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest

from twin.earth import axes_at, place_on_ellipsoid
from twin.errors import GeoidOffsetMissing, SettingsError
from twin.heights import GeoidOffset
from twin.settings import Settings, load_settings


@pytest.mark.parametrize(
    ("text", "offset_m", "source"),
    [
        ("-2.95 m, GNSS on 12 benchmarks", -2.95, "GNSS on 12 benchmarks"),
        ("7, survey of 2023; see sheet 4", 7.0, "survey of 2023; see sheet 4"),
        ("+0.00m; the sea", 0.0, "the sea"),
        ("  -3.1 , 示例 ", -3.1, "示例"),
    ],
)
def test_an_offset_is_metres_and_who_says_so(text, offset_m, source):
    assert GeoidOffset.parse(text) == GeoidOffset(offset_m=offset_m, source=source)


@pytest.mark.parametrize("text", ["3", "-2.95 m", "-2.95 m,", "about three, GNSS", "3 ft, GNSS", "1e3, GNSS"])
def test_a_number_without_a_source_is_refused(text):
    with pytest.raises(SettingsError, match="where they come from"):
        GeoidOffset.parse(text)
    with pytest.raises(SettingsError):
        load_settings(env={"TWIN_GEOID_OFFSET": text})


def test_nothing_is_set_by_default_and_says_what_to_set():
    with pytest.raises(GeoidOffsetMissing, match=r"set geoid_offset \(or TWIN_GEOID_OFFSET\)"):
        GeoidOffset.parse(Settings().geoid_offset)


def test_places_on_the_ellipsoid_are_those_of_proj():
    random = np.random.default_rng(7)
    lon, lat, height_m = random.uniform(-180, 180, 500), random.uniform(-90, 90, 500), random.uniform(-400, 9000, 500)
    proj = pyproj.Transformer.from_crs(4979, 4978, always_xy=True).transform(lon, lat, height_m)
    assert np.abs(place_on_ellipsoid(lon, lat, height_m) - np.column_stack(proj)).max() < 1e-6


def test_axes_point_where_a_metre_east_north_and_up_leads():
    step = 1e-5
    here, east, north = (
        place_on_ellipsoid(np.array(lon), np.array(lat), np.array(0.0))
        for lon, lat in ((118.4, 35.5), (118.4 + step, 35.5), (118.4, 35.5 + step))
    )
    up = place_on_ellipsoid(np.array(118.4), np.array(35.5), np.array(1.0)) - here
    ways = np.array([(east - here) / np.linalg.norm(east - here), (north - here) / np.linalg.norm(north - here), up])
    assert axes_at(118.4, 35.5) == pytest.approx(ways, abs=1e-6)
