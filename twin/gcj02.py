"""GCJ-02 and BD-09, the offset datums of Chinese internet maps.

They exist for one purpose here: to take in points of interest from such maps, on explicit demand, marked with their
source and accuracy for good. They are no survey datums: the formulas below are reverse-engineered and hold to a few
metres against the services themselves. Every function takes and returns degrees, arrays of any one shape.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: The ellipsoid that the offsets are scaled with (Krassowsky 1940).
_A, _E2 = 6378245.0, 0.00669342162296594323
#: Outside this box the services do not shift.
_WEST, _SOUTH, _EAST, _NORTH = 72.004, 0.8293, 137.8347, 55.8271
_ROUNDS = 10
_BD_WAVE = np.pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006


def _offset(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return how far GCJ-02 lies east and north of a WGS 84 place, degrees."""
    x, y = lon - 105.0, lat - 35.0
    sin, root, pi = np.sin, np.sqrt(np.abs(x)), np.pi
    wave = 20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (wave + 20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (wave + 20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _E2 * sin(phi) ** 2
    east *= 180.0 / (_A / np.sqrt(magic) * np.cos(phi) * pi)
    north *= 180.0 / (_A * (1.0 - _E2) / (magic * np.sqrt(magic)) * pi)
    return east, north


def _is_shifted(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def wgs84_to_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return GCJ-02 longitude and latitude; places outside China stay."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    east, north = _offset(lon, lat)
    inside = _is_shifted(lon, lat)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def gcj02_to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return WGS 84 longitude and latitude; inverts `wgs84_to_gcj02` to better than a micrometre.

    The offset changes by less than 1 % of itself over its own length, so that taking it back where the last round
    arrived gains two digits a round.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    true_lon, true_lat = lon, lat
    for _ in range(_ROUNDS):
        east, north = _offset(true_lon, true_lat)
        true_lon, true_lat = lon - east, lat - north
    inside = _is_shifted(true_lon, true_lat)
    return np.where(inside, true_lon, lon), np.where(inside, true_lat, lat)


def gcj02_to_bd09(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return BD-09 longitude and latitude of a GCJ-02 place."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_WAVE)
    return radius * np.cos(angle) + _BD_LON, radius * np.sin(angle) + _BD_LAT


def bd09_to_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return GCJ-02 longitude and latitude of a BD-09 place; closes with `gcj02_to_bd09` to 0.25 m."""
    x, y = np.asarray(lon, dtype=np.float64) - _BD_LON, np.asarray(lat, dtype=np.float64) - _BD_LAT
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * _BD_WAVE)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * _BD_WAVE)
    return radius * np.cos(angle), radius * np.sin(angle)


def bd09_to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return WGS 84 longitude and latitude of a BD-09 place."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))
