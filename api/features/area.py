"""Areas in any CRS as conditions in the storage CRS, exact to a millimetre."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from api.crs import NamedCrs
from api.values import Corners
from tiles.kernels.index import inner_box
from twin.crs import CRS, BBox, Way, find_way, reproject_bbox, same_grid
from twin.errors import InvalidParameter
from twin.expressions import both, intersects
from twin.query import Query

Places = npt.NDArray[np.float64]

#: A parallel bends away from its chord by L² tan φ / 8R: half a millimetre at 36° north for this length of 180 m.
_STEP_DEG, _STEP_M = 0.002, 180.0
#: How far beyond the data an area is cut off, so that the cut meets no feature.
_MARGIN_DEG, _MARGIN_M = 0.01, 1000.0
#: Nothing is farther from the origin of a projection.
_FAR_M = 1e9


@dataclass(frozen=True, kw_only=True, eq=False)
class AskedArea:
    """An area as a client gives it.

    Parameters
    ----------
    geometry
        The area; x is east, as everywhere inside.
    named
        The CRS of its coordinates.
    """

    geometry: BaseGeometry
    named: NamedCrs

    @classmethod
    def of_box(cls, corners: Corners, named: NamedCrs) -> AskedArea:
        """Make an area of a box whose corners stand in the order of axes of the CRS.

        A box that crosses the antimeridian becomes two; one without width or height becomes a line or a point.

        References
        ----------
        OGC 17-069r4, 7.15.3: requirements fc-bbox-definition and fc-bbox-response. OGC 18-058r1, fc-bbox-crs-action.
        """
        (west, south), (east, north) = (
            corner[::-1] if named.north_first else corner for corner in (corners.lower, corners.upper)
        )
        globe = named.crs.is_geographic
        if globe and not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
            order = "latitude" if named.north_first else "longitude"
            raise _refuse_box(corners, f"in degrees, {order} first, within ±180 and ±90, south not above north")
        if not globe and not (south <= north and west <= east):
            order = "northing" if named.north_first else "easting"
            raise _refuse_box(corners, f"the lower corner and the upper one, {order} first")
        if not globe:  # numbers that overflow in a product are as good as these
            west, south, east, north = (max(-_FAR_M, min(_FAR_M, value)) for value in (west, south, east, north))
        if west <= east:
            return cls(geometry=_box(west, south, east, north), named=named)
        halves = [_box(west, south, 180.0, north), _box(-180.0, south, east, north)]
        return cls(geometry=shapely.union_all(halves), named=named)


@dataclass(frozen=True, kw_only=True)
class Area:
    """An area in the storage CRS.

    Parameters
    ----------
    geometry
        The area; empty where it is far from all features.
    inner
        A box that lies in it for certain; None where none is known.
    """

    geometry: BaseGeometry
    inner: BBox | None


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

    def find(self, asked: BaseGeometry) -> Area | None:
        """Find an area in the storage CRS; None where it holds all features."""
        box = BBox(*asked.bounds)
        if box.holds(self.around) and shapely.covers(asked, self.around.polygon()):
            return None
        near = asked if self.around.holds(box) else shapely.intersection(asked, self.around.polygon())
        if near.is_empty:
            return Area(geometry=near, inner=None)
        geometry, given, places = self.move(near)
        west, south, east, north = inner_box(given, places)
        found = near.geom_type == "Polygon" and west < east and south < north
        return Area(geometry=geometry, inner=BBox(west, south, east, north) if found else None)

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
        return self.move(asked)[0]

    def move(self, near: BaseGeometry) -> tuple[BaseGeometry, Places, Places]:
        """Bring a geometry around the features into the storage CRS; returns its places before and after as well."""
        followed = near if self.step is None else shapely.segmentize(near, self.step)
        given = shapely.get_coordinates(followed)
        places = np.column_stack(self.way(given[:, 0], given[:, 1]))
        return shapely.set_coordinates(followed, places), given, places


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
    area = None if extent is None else Reach.of(extent, crs, asked.named.crs).find(asked.geometry)
    if area is None:
        return query
    if area.geometry.is_empty:
        return replace(query, ids=())
    return replace(query, where=both(query.where, intersects(area.geometry)))


def _box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    return shapely.MultiPoint([(west, south), (east, north)]).convex_hull


def _refuse_box(corners: Corners, wanted: str) -> InvalidParameter:
    text = ",".join(f"{value:.17g}" for value in (*corners.lower, *corners.upper))
    return InvalidParameter(f"bbox must be {wanted}; not {text!r}", parameter="bbox")
