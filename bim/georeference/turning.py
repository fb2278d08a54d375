"""Where the x axis of a model points, as its file says, for a place that somebody else gives."""

from __future__ import annotations

import numpy as np

from bim.georeference.georeference import Georeference
from bim.georeference.levels import Conversion, Levels
from bim.georeference.mapping import axis_from_north
from bim.georeference.naming import find_crs
from bim.georeference.standing import FAR_M, holds
from twin.crs import CRS, from_geodetic, horizontal, to_geodetic
from twin.plane import grid_factors

_NORTH_IS_Y = "the y axis is taken for north"


def turn_as_file_says(read: Georeference, levels: Levels) -> tuple[float, str]:
    """Return where the x axis points, in degrees anti-clockwise from the east of the CRS, and what says so.

    A conversion goes before true north. North along the y axis, which programs write by default, is taken for that of
    the grid; turned by anything else it is true, and the convergence is added. Coordinates of a map are not turned.

    Parameters
    ----------
    read
        Where the anchor stands.
    levels
        What the file says.
    """
    if np.hypot(*(levels.typical_m - read.anchor_m)[:2]) > FAR_M or not holds(read.crs, read.x, read.y):
        return 0.0, "coordinates of the model"
    lon, lat = (float(value) for value in to_geodetic(read.x, read.y, read.crs))
    if levels.conversions and (turned := _as_converted(levels.conversions[0], read.crs, levels, lon, lat)) is not None:
        return turned, levels.conversions[0].entity
    true_deg = axis_from_north(levels)
    if levels.true_north is None or true_deg == 0.0:
        return 0.0, levels.true_north.entity if levels.true_north else _NORTH_IS_Y
    return true_deg + _convergence_deg(read.crs, lon, lat), levels.true_north.entity


def _as_converted(conversion: Conversion, crs: CRS, levels: Levels, lon: float, lat: float) -> float | None:
    """Turn the axis of a conversion from its own map into another; None where its map does not hold the place."""
    named = find_crs(conversion.crs)
    own = crs if named is None else horizontal(named)
    if not own.is_projected or not holds(own, *map(float, from_geodetic(lon, lat, own))):
        return None
    world_deg = float(np.degrees(np.arctan2(levels.world[1, 0], levels.world[0, 0])))
    turned_deg = conversion.axis_deg - world_deg
    return turned_deg - _convergence_deg(own, lon, lat) + _convergence_deg(crs, lon, lat)


def _convergence_deg(crs: CRS, lon: float, lat: float) -> float:
    x, y = from_geodetic(lon, lat, crs)
    return grid_factors(float(x), float(y), crs).convergence_deg
