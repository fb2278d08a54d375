"""True metres around a place: the plane that touches the ellipsoid there, and how a grid stretches and turns them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from twin.crs import CRS, crs_label, from_geodetic, horizontal, to_geodetic
from twin.datums import unbound
from twin.errors import CrsError

Floats = npt.NDArray[np.float64]

#: Half the length of the piece of meridian by which a grid is measured, in degrees: 111 m.
_HALF_DEG = 0.001


@dataclass(frozen=True, kw_only=True)
class GridFactors:
    """What a grid does to directions and lengths at a place.

    Parameters
    ----------
    convergence_deg
        From true north clockwise to grid north.
    scale
        Metres of the grid in a metre on the ellipsoid, along the meridian; of conformal grids in every direction.
    """

    convergence_deg: float
    scale: float


def grid_factors(x: float, y: float, crs: CRS) -> GridFactors:
    """Measure a grid at a place by 222 m of the meridian through it; of degrees, the scale is 1 by definition.

    The error is of the order of the square of that length over the radius of the earth: 1e-9.
    """
    plain = unbound(horizontal(crs))
    if not plain.is_projected:
        return GridFactors(convergence_deg=0.0, scale=1.0)
    lon, lat = to_geodetic(x, y, plain)
    ends = lat + np.array([-_HALF_DEG, _HALF_DEG])
    east, north = (np.diff(v)[0] * plain.axis_info[0].unit_conversion_factor for v in from_geodetic(lon, ends, plain))
    semi_major_m, semi_minor_m = _ellipsoid_m(plain)
    e2 = 1 - (semi_minor_m / semi_major_m) ** 2
    radius_m = semi_major_m * (1 - e2) / (1 - e2 * np.sin(np.radians(lat)) ** 2) ** 1.5
    length_m = radius_m * np.radians(2 * _HALF_DEG)
    return GridFactors(
        convergence_deg=float(np.degrees(np.arctan2(-east, north))), scale=float(np.hypot(east, north) / length_m)
    )


def lift_from_plane(
    offsets_m: Floats, *, lon: float, lat: float, height_m: float, crs: CRS
) -> tuple[Floats, Floats, Floats]:
    """Return where points are that are given in the plane that touches the ellipsoid at a place.

    Parameters
    ----------
    offsets_m
        (n, 3) metres to true east, to true north and up from the place.
    lon, lat, height_m
        The place: degrees from Greenwich, and metres above the ellipsoid.
    crs
        Whose ellipsoid is meant.

    Returns
    -------
    tuple
        (n,) longitudes, latitudes and heights above the ellipsoid.

    References
    ----------
    EPSG Guidance Note 7-2, methods 9837 (topocentric) and 9602 (geocentric).
    """
    semi_major_m, semi_minor_m = _ellipsoid_m(unbound(horizontal(crs)))
    shape = f"+a={semi_major_m!r} +b={semi_minor_m!r}"
    pipeline = Transformer.from_pipeline(
        f"+proj=pipeline +step +inv +proj=topocentric {shape} +lon_0={lon!r} +lat_0={lat!r} +h_0={height_m!r} "
        f"+step +inv +proj=cart {shape} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    out = pipeline.transform(offsets_m[:, 0], offsets_m[:, 1], offsets_m[:, 2])
    return np.asarray(out[0]), np.asarray(out[1]), np.asarray(out[2])


def _ellipsoid_m(crs: CRS) -> tuple[float, float]:
    if crs.ellipsoid is None:
        raise CrsError(f"{crs_label(crs)} has no ellipsoid")
    return crs.ellipsoid.semi_major_metre, crs.ellipsoid.semi_minor_metre
