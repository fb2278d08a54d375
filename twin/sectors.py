"""Sectors on the ground: what an antenna or a camera that stands here and looks there reaches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS, from_geodetic, geodesic_distance_m, to_geodetic

Floats = npt.NDArray[np.float64]

#: How far north the meridian is followed to find its direction: about 11 m, over which it turns by 1e-6 degrees.
_STEP_DEG = 1e-4


def find_true_north(x: npt.ArrayLike, y: npt.ArrayLike, crs: CRS) -> tuple[Floats, Floats]:
    """Return what one true metre towards true north is in grid coordinates.

    The direction of the vector is the meridian convergence, its length the point scale of the projection.

    Parameters
    ----------
    x, y
        n positions in `crs`.
    crs
        A conformal CRS in metres (every transverse Mercator is one).

    Returns
    -------
    (dx, dy), n each; one true metre towards true east is then (dy, -dx).
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    lon, lat = to_geodetic(x, y, crs)
    x_north, y_north = from_geodetic(lon, lat + _STEP_DEG, crs)
    length_m = geodesic_distance_m(x, y, x_north, y_north, crs)
    return (x_north - x) / length_m, (y_north - y) / length_m


def build_sectors(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    azimuth_deg: npt.ArrayLike,
    angle_deg: npt.ArrayLike,
    radius_m: npt.ArrayLike,
    crs: CRS,
    step_deg: float = 5.0,
) -> npt.NDArray[np.object_]:
    """Return n sectors as polygons; an angle of 360 is a circle.

    Each polygon has exactly the area of its sector: the corners of the arc lie outside of it by as much as the chords
    cut off (at 5 degrees 0.06 % of the radius).

    Parameters
    ----------
    x, y
        n centres in `crs`.
    azimuth_deg
        Direction of the middle of the sector, degrees clockwise from true north; any number for a circle.
    angle_deg
        Opening angle, above 0 and at most 360 degrees.
    radius_m
        True metres on the ground; the scale of the projection at the centre is applied.
    crs
        A conformal CRS in metres.
    step_deg
        Longest piece of arc that becomes one chord.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    azimuth, angle, radius = (
        np.broadcast_to(np.asarray(a, float), x.shape) for a in (azimuth_deg, angle_deg, radius_m)
    )
    circle = angle >= 360
    chords = np.ceil(angle / step_deg).astype(np.int64)
    chord = np.radians(angle) / chords
    radius = radius * np.sqrt(chord / np.sin(chord))

    # A circle is its arc; a sector is its centre, its arc and its centre again.
    corners = chords + np.where(circle, 1, 3)
    row = np.repeat(np.arange(x.size), corners)
    place = np.arange(row.size) - np.repeat(np.cumsum(corners) - corners, corners)
    on_arc = circle[row] | ((place > 0) & (place < corners[row] - 1))
    bearing = np.radians(np.where(circle, 0, azimuth - angle / 2))[row] + (place - ~circle[row]) * chord[row]
    reach = np.where(on_arc, radius[row], 0.0)
    east, north = reach * np.sin(bearing), reach * np.cos(bearing)

    dx, dy = find_true_north(x, y, crs)
    rings = np.column_stack([x[row] + east * dy[row] + north * dx[row], y[row] - east * dx[row] + north * dy[row]])
    return np.asarray(shapely.polygons(shapely.linearrings(rings, indices=row)), dtype=object)
