"""Distances in filters: what lies within one of a place is what shares a point with the place made wider by it.

References
----------
OGC 09-026r2 (ISO 19143), 7.8.3.5: DWithin and Beyond.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from api.features.area import Reach
from api.wfs.xmlread import text_of
from twin.crs import CRS, BBox, metric_plane, reproject, reproject_bbox
from twin.errors import InvalidParameter

#: Metres in a unit, by its name; of a URN or URI the last part counts, which may be the code of EPSG.
_UNITS: Mapping[str, float] = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "9001"), 1.0),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers", "9036"), 1000.0),
}
#: Farther away than this, straight lines of a plane are no distances.
_MOST_M = 200_000.0
#: Parts of a quarter of a circle: its chords are nearer to the middle by 5 mm in a kilometre at most.
_PARTS = 256


def read_metres(element: Element) -> float:
    """Read a distance with its unit.

    Raises
    ------
    InvalidParameter
        It is no such number, or its unit is not known.
    """
    unit = re.split(r"[:/#]", (element.get("uom") or element.get("units") or "m").strip().lower())[-1]
    try:
        metres = float(text_of(element)) * _UNITS[unit]
    except (KeyError, ValueError) as error:
        raise InvalidParameter("a distance is a number with uom m or km", parameter="filter") from error
    if not 0 <= metres <= _MOST_M:
        raise InvalidParameter(f"a distance is from 0 to {_MOST_M:,.0f} m", parameter="filter")
    return metres


def widen(place: BaseGeometry, metres: float, asked: CRS, extent: BBox, storage: CRS) -> BaseGeometry | None:
    """Make a place wider by a distance, in the storage CRS.

    Distances are those of the plane of the storage CRS, or of one around the features where that is in degrees.

    Parameters
    ----------
    place, asked
        The place, and its CRS; x is east.
    metres
        The distance.
    extent, storage
        A box around the features, and its CRS. What is farther from it than the distance is cut off.

    Returns
    -------
    The wider place; None where no feature can be as near.
    """
    plane = metric_plane(storage, extent)
    around = reproject_bbox(extent, storage, plane).buffer(metres)
    reach = Reach.of(around, plane, asked)
    near = place.intersection(reach.around.polygon())
    if near.is_empty:
        return None
    moved = reach.move(near)
    # A place without width that is not made wider would be nothing.
    wide = moved if math.isclose(metres, 0.0) else shapely.buffer(moved, metres, quad_segs=_PARTS)
    back: BaseGeometry = reproject(np.array([shapely.force_2d(wide)], dtype=object), plane, storage)[0]
    return back
