"""Where a model stands in the CRS that places it, and whether that CRS is used there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bim.georeference.georeference import Georeference
from bim.georeference.levels import Floats, Levels
from bim.placing import place_points
from twin.bbox import BBox
from twin.crs import CRS, from_geodetic, horizontal, to_geodetic, usable_area
from twin.plane import GridFactors, grid_factors

#: How far from its anchor a model may stand before its coordinates are taken for those of a map.
FAR_M = 30_000.0

#: Beyond the borders of the area of use of a CRS; its neighbours use it so far.
_MARGIN_DEG = 1.0
#: A place is in a projection when going to degrees and back returns it as exactly as this.
_ROUND_TRIP_M = 0.01


def holds(crs: CRS, x: float, y: float) -> bool:
    """Tell whether a place lies where a CRS is used: in the area of its register, or where it makes sense at all."""
    flat = horizontal(crs)
    lon, lat = (float(value) for value in to_geodetic(x, y, flat))
    if not np.isfinite([lon, lat]).all():
        return False
    area = _area(flat)
    if not (area.west <= lon <= area.east and area.south <= lat <= area.north):
        return False
    back_x, back_y = from_geodetic(lon, lat, flat)
    return not flat.is_projected or bool(np.hypot(back_x - x, back_y - y) < _ROUND_TRIP_M)


def _area(crs: CRS) -> BBox:
    register = crs.area_of_use
    if register is None or register.west > register.east:
        return usable_area(crs)
    return BBox(register.west, register.south, register.east, register.north).buffer(_MARGIN_DEG)


def stands_at(read: Georeference, levels: Levels) -> Floats:
    """Return (3,) x, y in the CRS that places a model, and height, of a typical point of it."""
    placed: Floats = place_points(levels.typical_m[np.newaxis], replace(read, metres="grid"), read.crs)[0]
    return placed


def factors_amid(read: Georeference, levels: Levels) -> GridFactors:
    """Measure the grid where the model stands, which may be far from its anchor."""
    x, y, _ = stands_at(read, levels)
    return grid_factors(float(x), float(y), read.crs)
