"""How far stations stand apart, and where the largest gap between them is.

Positions are searched in a metric plane; the lengths that come out are geodesics on the CGCS2000 ellipsoid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from twin.crs import CRS, geodesic_distance_m

Floats = npt.NDArray[np.float64]

#: Stations on one line leave it by less than this part of its length: a line that is straight in one grid bends so much
#: in another (1e-4 of it at 10 km, 4e-4 across a county).
BEND = 5e-4

#: Circles whose radii differ by less than this are equally large.
TIE_M = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class Edge:
    """A straight line between two stations: its ends, (2, 2), in the plane and its length on the ground."""

    ends: Floats
    length_m: float


@dataclass(frozen=True, kw_only=True)
class EmptyCircle:
    """A circle around (x, y) in the plane with no station inside."""

    x: float
    y: float
    radius_m: float


def measure_nearest_m(stations: Floats, plane: CRS) -> Floats:
    """Return how far each of n stations is from the nearest other one; two at one place are 0 m apart.

    Parameters
    ----------
    stations
        (n, 2) positions in the plane, n at least 2.
    plane
        CRS in metres.
    """
    places, at, shared = np.unique(stations, axis=0, return_inverse=True, return_counts=True)
    if len(places) < 2:
        return np.zeros(len(stations))
    points = np.asarray(shapely.points(places), dtype=object)
    nearest = places[shapely.STRtree(points).query_nearest(points, exclusive=True, all_matches=False)[1]]
    apart_m = geodesic_distance_m(places[:, 0], places[:, 1], nearest[:, 0], nearest[:, 1], plane)
    return np.where(shared > 1, 0.0, apart_m)[at]


def find_longest_edge(stations: Floats, plane: CRS) -> Edge | None:
    """Return the longest edge of the Delaunay triangulation of n stations, None where there are not two places.

    Stations on one line have no triangles; their edges are those between neighbours on the line.
    """
    places = np.unique(stations, axis=0)
    if len(places) < 2:
        return None
    edges = _find_edges(places)
    (x1, y1), (x2, y2) = edges[:, 0].T, edges[:, 1].T
    length_m = geodesic_distance_m(x1, y1, x2, y2, plane)
    longest = int(length_m.argmax())
    return Edge(ends=edges[longest], length_m=float(length_m[longest]))


def _find_edges(places: Floats) -> Floats:
    """Return the ends, (m, 2, 2), of the m edges of the Delaunay triangulation of n distinct places."""
    centred = places - places.mean(axis=0)
    along, across = (centred @ np.linalg.svd(centred, full_matrices=False)[2].T).T
    if np.ptp(across) <= BEND * np.ptp(along):
        line = places[np.argsort(along)]
        return np.stack([line[:-1], line[1:]], axis=1)
    edges = shapely.delaunay_triangles(shapely.multipoints(places), only_edges=True)
    return shapely.get_coordinates(edges).reshape(-1, 2, 2)


def find_largest_empty_circle(area: BaseGeometry, stations: Floats, plane: CRS) -> EmptyCircle:
    """Return the largest circle whose centre lies in the area and that has no station inside.

    Within the part of the area nearest to one station the distance to it is a convex function, so it is largest at a
    corner of that part: at a corner of the Voronoi diagram inside the area, where an edge of the diagram meets the
    border, or at a corner of the border itself. All of these are tried, nothing else needs to be.

    Parameters
    ----------
    area
        Polygon or multipolygon in the plane; holes do not belong to it.
    stations
        (n, 2) positions in the plane, n at least 1; they may lie outside of the area.
    plane
        CRS in metres.
    """
    corners = shapely.get_coordinates(shapely.intersection(_build_voronoi(area, stations), area))
    corners = np.vstack([corners, shapely.get_coordinates(area)])
    away = shapely.distance(shapely.points(corners), shapely.multipoints(stations))
    # The scale of the plane varies by 1e-5 to 1e-4: the farthest corners there are compared on the ground.
    at = corners[np.argsort(away)[-100:]]
    radius_m = geodesic_distance_m(at[:, :1], at[:, 1:], stations[:, 0], stations[:, 1], plane).min(axis=1)
    # Of equally large circles (a square of stations has nine) the one deepest in the area is the best place.
    depth = shapely.distance(shapely.boundary(area), shapely.points(at))
    best = int(np.where(radius_m >= radius_m.max() - TIE_M, depth, -1.0).argmax())
    return EmptyCircle(x=float(at[best, 0]), y=float(at[best, 1]), radius_m=float(radius_m[best]))


def _build_voronoi(area: BaseGeometry, stations: Floats) -> npt.NDArray[np.object_]:
    """Return the Voronoi cells of the stations, closed and right wherever the area is.

    Four corners of a square, farther from every point of the area than any station is, bound the outer cells: one
    station, or several on a line, are then no special case.
    """
    everything = np.vstack([shapely.get_coordinates(area), stations])
    low, high = everything.min(axis=0), everything.max(axis=0)
    middle, reach = (low + high) / 2, 10 * float((high - low).max())
    sites = np.vstack([np.unique(stations - middle, axis=0), reach * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites)))
    moved: npt.NDArray[np.object_] = shapely.transform(cells, lambda xy: xy + middle)
    return moved
