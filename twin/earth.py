"""Places on the earth as X, Y, Z from its centre, as scenes on a globe have them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: WGS 84: semi-major axis in metres, and first eccentricity squared. What CGCS2000 has differs by 0.1 mm.
_A_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_E2 = _FLATTENING * (2 - _FLATTENING)


def place_on_ellipsoid(lon: Floats, lat: Floats, height_m: Floats) -> Floats:
    """Return (n, 3) geocentric coordinates in metres of n places in degrees and metres above WGS 84.

    References
    ----------
    EPSG Guidance Note 7-2, method 9602.
    """
    east, north = np.radians(lon), np.radians(lat)
    normal_m = _A_M / np.sqrt(1 - _E2 * np.sin(north) ** 2)
    from_axis = (normal_m + height_m) * np.cos(north)
    z = (normal_m * (1 - _E2) + height_m) * np.sin(north)
    return np.stack([from_axis * np.cos(east), from_axis * np.sin(east), z], axis=-1)


def axes_at(lon: float, lat: float) -> Floats:
    """Return the (3, 3) directions east, north and up at a place in degrees, one a row, geocentric."""
    (sin_e, sin_n), (cos_e, cos_n) = np.sin(np.radians([lon, lat])), np.cos(np.radians([lon, lat]))
    return np.array(
        [
            [-sin_e, cos_e, 0.0],
            [-sin_n * cos_e, -sin_n * sin_e, cos_n],
            [cos_n * cos_e, cos_n * sin_e, sin_n],
        ]
    )
