"""What polygons share: the parts of an overlay that have area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry


def shares_area(area: BaseGeometry, polygons: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Tell which of n polygons share more than an edge or a corner with an area."""
    shapely.prepare(area)
    shares: npt.NDArray[np.bool_] = shapely.intersects(area, polygons)
    shares[shares] = ~shapely.touches(area, polygons[shares])
    return shares


def cut(polygons: npt.NDArray[np.object_], area: BaseGeometry) -> npt.NDArray[np.object_]:
    """Give the part of each of n polygons that lies in an area, without the lines and points where they only touch."""
    shapely.prepare(area)
    inside = shapely.contains_properly(area, polygons)
    pieces = polygons.copy()
    pieces[~inside] = shapely.intersection(polygons[~inside], area)
    mixed = np.flatnonzero(shapely.get_type_id(pieces) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for row in mixed.tolist():
        parts = shapely.get_parts(pieces[row])
        pieces[row] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return pieces
