"""Every vertex of a model into the storage CRS and its heights.

In metres of the grid a model is turned, scaled and moved as IfcMapConversion says, in the CRS that it names; then each
vertex goes its own way into the storage CRS. In true metres a model is a solid in the plane that touches the ellipsoid
at its anchor; each vertex goes over the ellipsoid, so that the scale and the convergence of the grid, and the curvature
of the earth, are in it along the whole length.

References
----------
ISO 16739-1:2024, IfcMapConversion, IfcMapConversionScaled. EPSG Guidance Note 7-2, method 9837.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bim.georeference.georeference import Georeference
from twin.crs import CRS, CRS84, find_way, from_geodetic, horizontal, to_geodetic
from twin.earth import place_on_ellipsoid
from twin.plane import grid_factors, lift_from_plane

Floats = npt.NDArray[np.float64]


def place_points(points_m: Floats, by: Georeference, storage: CRS, *, geoid_offset_m: float = 0.0) -> Floats:
    """Place points of a model in the county.

    Parameters
    ----------
    points_m
        (n, 3) project coordinates in metres.
    by
        What places the model.
    storage
        The CRS of the county.
    geoid_offset_m
        Height of the vertical datum above the ellipsoid there; true metres shrink by it, 1.6 mm in 10 km for 1 m.

    Returns
    -------
    ndarray
        (n, 3) x, y in the storage CRS and height in metres above the vertical datum.

    Raises
    ------
    CrsError
        The change of datum has no parameters, or a point has no place in the storage CRS.
    """
    points_m = np.asarray(points_m, dtype=np.float64)
    local = points_m @ by.to_anchor_m[:3, :3].T + by.to_anchor_m[:3, 3]
    place = _place_in_grid if by.metres == "grid" else _place_on_ellipsoid
    x, y, heights = place(local * by.scale, by, geoid_offset_m)
    x, y = find_way(by.crs, storage)(x, y) if len(x) else (x, y)
    return np.column_stack((x, y, heights + by.height_shift_m))


def place_on_globe(placed: Floats, storage: CRS, *, geoid_offset_m: float) -> Floats:
    """Return (n, 3) geocentric coordinates on WGS 84 of placed points, as scenes on a globe have them.

    Parameters
    ----------
    placed
        (n, 3) x, y in the storage CRS and heights, as `place_points` gives them.
    storage
        The CRS of the county.
    geoid_offset_m
        Height of the vertical datum above the ellipsoid.
    """
    lon, lat = find_way(storage, CRS84)(placed[:, 0], placed[:, 1])
    return place_on_ellipsoid(lon, lat, placed[:, 2] + geoid_offset_m)


def _turn(local_m: Floats, angle_deg: float) -> tuple[Floats, Floats]:
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return cos * local_m[:, 0] - sin * local_m[:, 1], sin * local_m[:, 0] + cos * local_m[:, 1]


def _place_in_grid(local_m: Floats, by: Georeference, _geoid_offset_m: float) -> tuple[Floats, Floats, Floats]:
    east_m, north_m = _turn(local_m, by.axis_deg)
    metres_in_unit = horizontal(by.crs).axis_info[0].unit_conversion_factor
    return by.x + east_m / metres_in_unit, by.y + north_m / metres_in_unit, by.height_m + local_m[:, 2]


def _place_on_ellipsoid(local_m: Floats, by: Georeference, geoid_offset_m: float) -> tuple[Floats, Floats, Floats]:
    # The grid's east is turned from the true one by the convergence, clockwise.
    east_m, north_m = _turn(local_m, by.axis_deg - grid_factors(by.x, by.y, by.crs).convergence_deg)
    lon, lat = to_geodetic(by.x, by.y, by.crs)
    up_m = by.height_m + geoid_offset_m
    offsets = np.column_stack((east_m, north_m, local_m[:, 2]))
    lons, lats, heights = lift_from_plane(offsets, lon=float(lon), lat=float(lat), height_m=up_m, crs=by.crs)
    return *from_geodetic(lons, lats, by.crs), heights - geoid_offset_m
