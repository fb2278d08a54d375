"""What polygons share: the parts of an overlay that have area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Geometries = npt.NDArray[np.object_]


def shares_area(area: BaseGeometry, polygons: Geometries) -> npt.NDArray[np.bool_]:
    """Tell which of n polygons share more than an edge or a corner with an area."""
    shapely.prepare(area)
    shares: npt.NDArray[np.bool_] = shapely.intersects(area, polygons)
    shares[shares] = ~shapely.touches(area, polygons[shares])
    return shares


def cut(polygons: Geometries, area: BaseGeometry) -> Geometries:
    """Give the part of each of n polygons that lies in an area, without the lines and points where they only touch.

    The results are multipolygons, empty where nothing is shared.
    """
    # Part by part: what is left of an area is often many small pieces, and cutting by all of them at once is slow.
    parts = shapely.get_parts(area)
    row, part = shapely.STRtree(parts).query(polygons, predicate="intersects")
    pieces, knives = polygons[row], parts[part]
    shapely.prepare(parts)
    crossed = ~shapely.contains_properly(knives, pieces)
    pieces[crossed] = shapely.intersection(pieces[crossed], knives[crossed])
    pieces, piece = shapely.get_parts(pieces, return_index=True)
    solid = shapely.get_dimensions(pieces) == 2
    pieces, row = pieces[solid], row[piece[solid]]
    order = np.argsort(row, kind="stable")
    shared = np.full(len(polygons), shapely.MultiPolygon(), dtype=object)
    if len(order):
        shapely.multipolygons(pieces[order], indices=row[order], out=shared)
    return shared
