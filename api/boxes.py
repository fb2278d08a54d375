"""Boxes in degrees as conditions in the storage CRS, exact to a millimetre."""

from __future__ import annotations

from dataclasses import replace

import shapely
from shapely.geometry.base import BaseGeometry

from twin.crs import CRS, CRS84, BBox, reproject, reproject_bbox
from twin.query import And, Intersects, Query

#: A parallel bends away from its chord by L² tan φ / 8R: 0.5 mm at 36° north for this length of 220 m.
_STEP_DEG = 0.002
#: How far beyond the data a box is cut off, so that the cut meets no feature.
_MARGIN_DEG = 0.01


def within_boxes(query: Query, boxes_crs84: tuple[BBox, ...], extent: BBox | None, crs: CRS) -> Query:
    """Restrict a query to features that share a point with one of the boxes.

    A box in degrees is not a box in the storage CRS: its sides are bent. They are followed in short steps, within the
    extent of the data, because a projection far from its county is meaningless.

    Parameters
    ----------
    query
        Any query.
    boxes_crs84
        Boxes, degrees.
    extent
        The box around the rows that the query is about, storage CRS; None where there are none.
    crs
        The storage CRS.
    """
    if extent is None:
        return query
    reach = reproject_bbox(extent, crs, CRS84).buffer(_MARGIN_DEG)
    if any(shapely.covers(box.polygon(), reach.polygon()) for box in boxes_crs84):
        return query
    shapes = [_shape(_overlap(box, reach)) for box in boxes_crs84 if box.intersects(reach)]
    if not shapes:
        return replace(query, ids=())
    (area,) = reproject(shapely.segmentize([shapely.union_all(shapes)], _STEP_DEG), CRS84, crs)
    inside = Intersects(area)
    where = And((query.where, inside)) if query.where else inside
    return replace(query, bbox=BBox.around([area]), where=where)


def _overlap(a: BBox, b: BBox) -> BBox:
    return BBox(max(a.west, b.west), max(a.south, b.south), min(a.east, b.east), min(a.north, b.north))


def _shape(box: BBox) -> BaseGeometry:
    """The box as a geometry; one without width or height is a line or a point."""
    if box.west < box.east and box.south < box.north:
        return box.polygon()
    ends = [(box.west, box.south), (box.east, box.north)]
    return shapely.Point(ends[0]) if ends[0] == ends[1] else shapely.LineString(ends)
