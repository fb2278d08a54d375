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


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A straight line between two stations: its ends in the plane and its length on the ground."""

    start: tuple[float, float]
    end: tuple[float, float]
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
    from scipy.spatial import KDTree

    near = np.asarray(KDTree(stations).query(stations, k=2)[1])
    # A station finds itself first, unless another stands on the same spot.
    itself = near[:, 0] == np.arange(len(stations))
    other = stations[np.where(itself, near[:, 1], near[:, 0])]
    return geodesic_distance_m(stations[:, 0], stations[:, 1], other[:, 0], other[:, 1], plane)


def find_longest_edge(stations: Floats, plane: CRS) -> Edge | None:
    """Return the longest edge of the Delaunay triangulation of n stations, None where there are not two places.

    Stations on one line have no triangles; their edges are those between neighbours on the line.
    """
    places = np.unique(stations, axis=0)
    if len(places) < 2:
        return None
    start, end = (places[ends] for ends in _find_edges(places).T)
    length_m = geodesic_distance_m(start[:, 0], start[:, 1], end[:, 0], end[:, 1], plane)
    longest = int(length_m.argmax())
    return Edge(
        start=(float(start[longest, 0]), float(start[longest, 1])),
        end=(float(end[longest, 0]), float(end[longest, 1])),
        length_m=float(length_m[longest]),
    )


def _find_edges(places: Floats) -> npt.NDArray[np.int64]:
    """Return pairs of positions in n distinct places: the edges of their Delaunay triangulation."""
    from scipy.spatial import Delaunay

    centred = places - places.mean(axis=0)
    along, across = (centred @ np.linalg.svd(centred, full_matrices=False)[2].T).T
    if np.ptp(across) <= BEND * np.ptp(along):
        order = np.argsort(along)
        return np.column_stack([order[:-1], order[1:]])
    triangles = Delaunay(centred).simplices
    return np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(np.int64)


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
    from scipy.spatial import KDTree

    corners = shapely.get_coordinates(shapely.intersection(_build_voronoi(area, stations), area))
    corners = np.vstack([corners, shapely.get_coordinates(area)])
    distance, near = (np.asarray(found) for found in KDTree(stations).query(corners, k=[1, 2, 3][: len(stations)]))
    # The scale of the plane varies by 1e-5 to 1e-4: the farthest corners there, and the stations about as near to one
    # as the nearest, are compared on the ground.
    farthest = np.argsort(distance[:, 0])[-100:]
    at, to = corners[farthest], stations[near[farthest]]
    radius_m = geodesic_distance_m(at[:, :1], at[:, 1:], to[..., 0], to[..., 1], plane).min(axis=1)
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
