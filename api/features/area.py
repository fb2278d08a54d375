"""Areas in any CRS as conditions in the storage CRS, exact to a millimetre."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from api.crs import NamedCrs
from api.values import Corners
from tiles.kernels.index import Box, follow_sides, sides_of_ring
from twin.crs import CRS, BBox, Way, find_way, reproject_bbox, same_grid
from twin.errors import InvalidParameter
from twin.expressions import both, intersects
from twin.query import Query

Floats = npt.NDArray[np.float64]

#: A parallel bends away from its chord by L² tan φ / 8R: half a millimetre at 36° north for this length of 180 m.
_STEP_DEG, _STEP_M = 0.002, 180.0
#: How far beyond the data an area is cut off, so that the cut meets no feature.
_MARGIN_DEG, _MARGIN_M = 0.01, 1000.0
#: Nothing is farther from the origin of a projection.
_FAR_M = 1e9
_NOWHERE = (np.inf, np.inf, -np.inf, -np.inf)
_NO_SIDES = np.empty((0, 4))


@dataclass(frozen=True, kw_only=True, eq=False)
class AskedArea:
    """An area as a client gives it.

    Parameters
    ----------
    boxes
        One, or two where it crosses the antimeridian; x is east, as everywhere inside. One without width or height is a
        line or a point.
    named
        The CRS of their coordinates.
    """

    boxes: tuple[Box, ...]
    named: NamedCrs

    @classmethod
    def of_box(cls, corners: Corners, named: NamedCrs) -> AskedArea:
        """Make an area of a box whose corners stand in the order of axes of the CRS.

        References
        ----------
        OGC 17-069r4, 7.15.3: requirements fc-bbox-definition and fc-bbox-response. OGC 18-058r1, fc-bbox-crs-action.
        """
        (west, south), (east, north) = (
            corner[::-1] if named.north_first else corner for corner in (corners.lower, corners.upper)
        )
        globe = named.crs.is_geographic
        if globe and named.north_first and 90 < south <= north:
            # Beyond the pole is nothing. OGC's suite sends longitudes first in any CRS, and wants no error for it.
            return cls(boxes=(), named=named)
        if globe and not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
            order = "latitude" if named.north_first else "longitude"
            raise _refuse_box(corners, f"in degrees, {order} first, within ±180 and ±90, south not above north")
        if not globe and not (south <= north and west <= east):
            order = "northing" if named.north_first else "easting"
            raise _refuse_box(corners, f"the lower corner and the upper one, {order} first")
        if not globe:  # numbers that overflow in a product are as good as these
            west, south, east, north = (max(-_FAR_M, min(_FAR_M, value)) for value in (west, south, east, north))
        if west <= east:
            return cls(boxes=((west, south, east, north),), named=named)
        return cls(boxes=((west, south, 180.0, north), (-180.0, south, east, north)), named=named)


@dataclass(frozen=True, kw_only=True, eq=False)
class Area:
    """An area in the storage CRS.

    Parameters
    ----------
    outer, sides
        A box around it, and its sides as `tiles.kernels.index.sides_of_ring` gives them; none of any other shape.
    shape
        Makes its geometry.
    """

    outer: Box
    sides: Floats
    shape: Callable[[], BaseGeometry]

    @classmethod
    def of(cls, geometry: BaseGeometry) -> Area:
        """Of any geometry."""
        outer = _NOWHERE if geometry.is_empty else geometry.bounds
        return cls(outer=outer, sides=_NO_SIDES, shape=lambda: geometry)

    @cached_property
    def geometry(self) -> BaseGeometry:
        """The area; empty where it is far from all features. Often the boxes tell all."""
        return self.shape()


@dataclass(frozen=True, kw_only=True, eq=False)
class Reach:
    """Where the features of a layer are, for areas that are to be found in the storage CRS.

    A box in another CRS is not a box in the storage CRS: its sides are bent. They are followed in short steps, and only
    around the data, because far from its county a projection means nothing.

    Parameters
    ----------
    around
        A box around the features and a little more, in the CRS of the areas.
    way
        From there to the storage CRS.
    step
        How far apart places on a side may be; None where sides stay straight.
    """

    around: BBox
    way: Way
    step: float | None

    @classmethod
    def of(cls, extent: BBox, storage: CRS, asked: CRS) -> Reach:
        """The reach of features within a box in the storage CRS, for areas in another."""
        margin, step = (_MARGIN_DEG, _STEP_DEG) if asked.is_geographic else (_MARGIN_M, _STEP_M)
        return cls(
            around=reproject_bbox(extent, storage, asked).buffer(margin),
            way=find_way(asked, storage),
            step=None if same_grid(asked, storage) else step,
        )

    def find(self, asked: AskedArea) -> Area | None:
        """Find an area in the storage CRS; None where it holds all features."""
        around = self.around.west, self.around.south, self.around.east, self.around.north
        parts = [part for box in asked.boxes if (part := _common(box, around)) is not None]
        if around in parts:
            return None
        (west, south, east, north), *others = parts or [_NOWHERE]
        if others or west >= east or south >= north:
            near = shapely.union_all([_shape(part) for part in parts])
            return Area.of(near if near.is_empty else self.move(near))
        x, y = follow_sides(parts[0], np.inf if self.step is None else self.step)
        moved = self.way(x, y)
        outer, sides = sides_of_ring(x, y, *moved)
        return Area(outer=outer, sides=sides, shape=lambda: shapely.Polygon(np.column_stack(moved)))

    def place(self, asked: BaseGeometry) -> BaseGeometry:
        """Bring any geometry into the storage CRS for comparisons with features.

        What lies far from all features is cut off, and a small piece near them, but outside of each, stands for it: so
        it is still true that not all of the geometry lies in any of them.
        """
        around = self.around.polygon()
        if not around.covers(asked) and not asked.is_empty:
            beyond = asked.difference(around)
            west, south, east, north = around.bounds
            margin = min(east - west, north - south) / 1e6
            corner = shapely.box(west, south, west + margin, south + margin)
            stands_for = {0: corner.centroid, 1: corner.exterior, 2: corner}[int(shapely.get_dimensions(beyond))]
            asked = asked.intersection(around).union(stands_for)
        return self.move(asked)

    def move(self, near: BaseGeometry) -> BaseGeometry:
        """Bring a geometry around the features into the storage CRS."""
        followed = near if self.step is None else shapely.segmentize(near, self.step)
        given = shapely.get_coordinates(followed)
        return shapely.set_coordinates(followed, np.column_stack(self.way(given[:, 0], given[:, 1])))


def within_area(query: Query, asked: AskedArea, extent: BBox | None, crs: CRS) -> Query:
    """Restrict a query to features that share a point with an area.

    Parameters
    ----------
    query
        Any query.
    asked
        The area.
    extent
        The box around the rows that the query is about, storage CRS; None where there are none.
    crs
        The storage CRS.
    """
    area = None if extent is None else Reach.of(extent, crs, asked.named.crs).find(asked)
    if area is None:
        return query
    if area.geometry.is_empty:
        return replace(query, ids=())
    return replace(query, where=both(query.where, intersects(area.geometry)))


def _shape(box: Box) -> BaseGeometry:
    west, south, east, north = box
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    return shapely.MultiPoint([(west, south), (east, north)]).convex_hull


def _common(one: Box, other: Box) -> Box | None:
    """What lies in two boxes."""
    west, south, east, north = (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )
    return (west, south, east, north) if west <= east and south <= north else None


def _refuse_box(corners: Corners, wanted: str) -> InvalidParameter:
    text = ",".join(f"{value:.17g}" for value in (*corners.lower, *corners.upper))
    return InvalidParameter(f"bbox must be {wanted}; not {text!r}", parameter="bbox")
