"""Geometry of features as the whole numbers of one tile: cut to the tile, snapped to its grid, valid.

A tile is `EXTENT` units wide, x to the east and y to the south from its north-west corner, and carries what lies up to
`BUFFER` units outside, so that outlines and symbols do not show where tiles meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import BBox

EXTENT = 4096
BUFFER = 64

Geometries = npt.NDArray[np.object_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pieces:
    """What of some features shows in a tile.

    Parameters
    ----------
    parts
        p points, lines or polygons in tile units, whole numbers, without repeated vertices; polygons are valid and
        wound as the specification asks (exteriors positive, holes negative by the surveyor's formula in tile units).
    owner
        p positions of the features that the parts belong to, ascending.
    features_in
        How many features have a part in the tile before snapping; those missing from `owner` are too small to draw.
    """

    parts: Geometries
    owner: Rows
    features_in: int


def buffered_box(box: BBox) -> BBox:
    """Widen the square of a tile by the buffer it carries."""
    return box.buffer((box.east - box.west) * BUFFER / EXTENT)


def fit_geometries(geometries: Geometries, dimension: int, box: BBox) -> Pieces:
    """Cut geometries to a tile and snap them to its grid.

    Parameters
    ----------
    geometries
        n geometries of one dimension, in the CRS of the grid.
    dimension
        0 for points, 1 for lines, 2 for areas.
    box
        The square of the tile, in the CRS of the grid.
    """
    scale = EXTENT / (box.east - box.west)
    units = shapely.transform(geometries, lambda xy: (xy - (box.west, box.north)) * (scale, -scale))
    cut = _cut(units, dimension)
    snapped = _snap_areas(cut) if dimension == 2 else shapely.transform(cut, np.rint)
    parts, owner = shapely.get_parts(shapely.remove_repeated_points(snapped), return_index=True)
    drawn = shapely.length(parts) > 0 if dimension else ~shapely.is_empty(parts)
    return Pieces(
        parts=shapely.orient_polygons(parts[drawn]),
        owner=owner[drawn],
        features_in=int(np.count_nonzero(~shapely.is_empty(cut))),
    )


def _cut(units: Geometries, dimension: int) -> Geometries:
    """Keep what lies inside the buffered square; lines keep their direction and their crossings."""
    low, high = -BUFFER, EXTENT + BUFFER
    west, south, east, north = shapely.bounds(units).T
    across = ~((west >= low) & (south >= low) & (east <= high) & (north <= high))
    cut = units.copy()
    if dimension == 1:
        cut[across] = shapely.clip_by_rect(units[across], low, low, high, high)
    elif dimension == 2:
        cut[across] = _areas(shapely.intersection(_repair(units[across]), shapely.box(low, low, high, high)))
    else:
        cut[across] = shapely.intersection(units[across], shapely.box(low, low, high, high))
    return cut


def _snap_areas(areas: Geometries) -> Geometries:
    """Move every vertex of areas onto the grid and keep them valid; empty where nothing is left.

    Rounding the vertices is enough for nearly all; where that breaks a polygon, GEOS snaps it with noding.
    """
    snapped = shapely.transform(areas, np.rint)
    west, south, east, north = shapely.bounds(snapped).T
    flat = ~((east > west) & (north > south))
    broken = ~flat & ~shapely.is_valid(snapped)
    snapped[flat] = shapely.Polygon()
    snapped[broken] = shapely.set_precision(_repair(areas[broken]), 1)
    return snapped


def _repair(areas: Geometries) -> Geometries:
    """Make areas valid where they are not."""
    return np.where(shapely.is_valid(areas), areas, shapely.make_valid(areas, method="structure", keep_collapsed=False))


def _areas(geometries: Geometries) -> Geometries:
    """Drop the points and lines that an intersection returns where two shapes only touch."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    area = shapely.area(parts) > 0
    areas = np.full(len(geometries), shapely.MultiPolygon(), dtype=object)
    shapely.multipolygons(parts[area], indices=owner[area], out=areas)
    return areas
