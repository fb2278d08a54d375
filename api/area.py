"""Areas in degrees as conditions in the storage CRS, exact to a millimetre."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tiles.kernels.index import inner_box
from twin.crs import CRS, CRS84, BBox, Way, find_way, reproject_bbox
from twin.expressions import both, intersects
from twin.query import Query

#: A parallel bends away from its chord by L² tan φ / 8R: half a millimetre at 36° north for this length of 180 m.
_STEP_DEG = 0.002
#: How far beyond the data an area is cut off, so that the cut meets no feature.
_MARGIN_DEG = 0.01


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

    A box in degrees is not a box in the storage CRS: its sides are bent. They are followed in short steps, and only
    around the data, because far from its county a projection means nothing.

    Parameters
    ----------
    around
        A box around the features and a little more, degrees.
    way
        From degrees to the storage CRS.
    """

    around: BBox
    way: Way

    @classmethod
    def of(cls, extent: BBox, crs: CRS) -> Reach:
        """The reach of features within a box in the storage CRS."""
        around = reproject_bbox(extent, crs, CRS84).buffer(_MARGIN_DEG)
        return cls(around=around, way=find_way(CRS84, crs))

    def find(self, area_crs84: BaseGeometry) -> Area | None:
        """Find an area, given in degrees, in the storage CRS; None where it holds all features."""
        box = BBox(*area_crs84.bounds)
        if box.holds(self.around) and shapely.covers(area_crs84, self.around.polygon()):
            return None
        near = area_crs84 if self.around.holds(box) else shapely.intersection(area_crs84, self.around.polygon())
        if near.is_empty:
            return Area(geometry=near, inner=None)
        followed = shapely.segmentize(near, _STEP_DEG)
        degrees = shapely.get_coordinates(followed)
        places = np.column_stack(self.way(degrees[:, 0], degrees[:, 1]))
        geometry = shapely.set_coordinates(followed, places)
        west, south, east, north = inner_box(degrees, places)
        found = near.geom_type == "Polygon" and west < east and south < north
        return Area(geometry=geometry, inner=BBox(west, south, east, north) if found else None)


def within_area(query: Query, area_crs84: BaseGeometry, extent: BBox | None, crs: CRS) -> Query:
    """Restrict a query to features that share a point with an area.

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
    area = None if extent is None else Reach.of(extent, crs).find(area_crs84)
    if area is None:
        return query
    if area.geometry.is_empty:
        return replace(query, ids=())
    return replace(query, where=both(query.where, intersects(area.geometry)))
