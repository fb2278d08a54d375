"""Areas in degrees as conditions in the storage CRS, exact to a millimetre."""

from __future__ import annotations

from dataclasses import replace

import shapely
from shapely.geometry.base import BaseGeometry

from twin.crs import CRS, CRS84, BBox, reproject, reproject_bbox
from twin.query import And, Intersects, Query

#: A parallel bends away from its chord by L² tan φ / 8R: half a millimetre at 36° north for this length of 180 m.
_STEP_DEG = 0.002
#: How far beyond the data an area is cut off, so that the cut meets no feature.
_MARGIN_DEG = 0.01


def within_area(query: Query, area_crs84: BaseGeometry, extent: BBox | None, crs: CRS) -> Query:
    """Restrict a query to features that share a point with an area.

    A box in degrees is not a box in the storage CRS: its sides are bent. They are followed in short steps, and only
    around the data, because far from its county a projection means nothing.

    Parameters
    ----------
    query
        Any query.
    area_crs84
        The area, degrees.
    extent
        The box around the rows that the query is about, storage CRS; None where there are none.
    crs
        The storage CRS.
    """
    if extent is None:
        return query
    reach = reproject_bbox(extent, crs, CRS84).buffer(_MARGIN_DEG).polygon()
    if shapely.covers(area_crs84, reach):
        return query
    near = shapely.intersection(area_crs84, reach)
    if near.is_empty:
        return replace(query, ids=())
    (area,) = reproject([shapely.segmentize(near, _STEP_DEG)], CRS84, crs)
    inside = Intersects(area)
    where = And((query.where, inside)) if query.where else inside
    return replace(query, where=where)
