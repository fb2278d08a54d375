"""What models look like from above, and cut off above the ground."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from bim.arranging import Arrangement, is_thin, node
from bim.model import Shapes
from bim.placed import Placed
from bim.section import cut_triangles

Floats = npt.NDArray[np.float64]
Corners = npt.NDArray[np.integer]
Geometries = npt.NDArray[np.object_]

#: Coordinates are rounded to this before areas are united, so that faces that nearly meet do.
_GRID_M = 0.001
#: Of many areas so many are united first, the largest, since they cover most of the others.
_LARGE = 16
#: Triangles that are seen from above with less than this are upright.
_SLIVER_M2 = 1e-6
#: Gaps in the cut of outer walls that are closed: joints, and the frames of doors.
_GAP_M = 0.3
#: What is wider than the Earth is around is damaged.
_WIDEST_M = 4e7
#: So many triangles are drawn in one go.
_AT_ONCE = 1 << 18
#: How upright a mesh must stay for its outline from above to go with it.
_TILT = 1e-4


def project_instances(placed: Placed) -> Geometries:
    """Return s areas, in the plane of a placed model: each instance as it is seen from above.

    Of a solid that is what its faces turned upwards cover, of a surface all its faces; None of what is upright.
    """
    shapes = placed.shapes
    tilted = np.abs(np.concatenate([shapes.transforms[:, 2, :2], shapes.transforms[:, :2, 2]], axis=1)).max(
        axis=1, initial=0.0
    )
    # A mesh that stays upright wherever it stands is drawn once.
    keys = np.where(tilted > _TILT, np.arange(len(tilted)) + len(shapes.vertex_offsets), shapes.meshes)
    _, first, drawn = np.unique(keys, return_index=True, return_inverse=True)
    upright = tilted[first] <= _TILT
    meshes = (
        _mesh_of(shapes, int(shapes.meshes[instance])) if stays else shapes.place(int(instance))
        for instance, stays in zip(first, upright, strict=True)
    )
    outlines = project_meshes(meshes, len(first))
    out = outlines[drawn]
    moves = np.where(upright[drawn][:, None, None], shapes.transforms[:, :2], np.eye(4)[:2])
    points, at = shapely.get_coordinates(out, return_index=True)
    moved = np.einsum("nij,nj->ni", moves[at][:, :, :2], points) + moves[at][:, :, 3]
    areas: Geometries = shapely.set_coordinates(out, moved)
    return areas


def project_meshes(meshes: Iterable[tuple[Floats, Corners]], count: int) -> Geometries:
    """Return the areas that m meshes, points and triangles, cover seen from above; None of those all upright."""
    out = np.full(count, None, dtype=object)
    waiting: dict[int, Floats] = {}
    triangles_waiting = 0
    for number, (points, triangles) in enumerate(meshes):
        corners = points[triangles][..., :2]
        if len(corners) and np.ptp(corners, axis=(0, 1)).max() < _WIDEST_M:
            waiting[number] = corners
            triangles_waiting += len(corners)
        if triangles_waiting > _AT_ONCE or (number == count - 1 and waiting):
            out[[*waiting]] = _project([*waiting.values()])
            waiting, triangles_waiting = {}, 0
    return out


def _project(meshes: list[Floats]) -> Geometries:
    """The areas that meshes cover, each (t, 3, 2) corners.

    What a mesh covers is made of its outer edges: an edge that as many triangles have on its left as on its right
    parts nothing. Of the faces between those that are left, each lies under some triangle as a whole, or under none.
    """
    of = np.repeat(np.arange(len(meshes)), [len(corners) for corners in meshes])
    plane, places = Arrangement.of(np.concatenate(meshes).reshape(-1, 2), np.repeat(of, 3), _GRID_M)
    grid, nodes = np.unique(places @ (1.0, 1.0j), return_inverse=True)
    corners = nodes.reshape(-1, 3)
    doubled = ((grid[corners[:, 1]] - grid[corners[:, 0]]).conj() * (grid[corners[:, 2]] - grid[corners[:, 0]])).imag
    sliver = 2 * _SLIVER_M2 / _GRID_M**2
    up = doubled > sliver
    has_up = np.bincount(of, up) > 0
    seen = np.where(has_up[of], up, np.abs(doubled) > sliver)
    out = np.full(len(meshes), None, dtype=object)
    if not seen.any():
        return out
    corners = np.where(doubled[seen, None] < 0, corners[seen, ::-1], corners[seen])
    starts, ends = corners.ravel(), np.roll(corners, -1, axis=1).ravel()
    edges, same = np.unique(np.minimum(starts, ends) * len(grid) + np.maximum(starts, ends), return_inverse=True)
    outer = edges[np.bincount(same, np.sign(ends - starts)) != 0]
    lines = node(_pairs(grid[np.stack(np.divmod(outer, len(grid)), axis=1)]))
    faces = shapely.get_parts(shapely.polygonize(lines))
    triangles: Any = shapely.polygons(_pairs(grid[corners]))
    is_covered = is_thin(faces)  # as of gaps between faces that nearly meet
    is_covered[shapely.STRtree(triangles).query(shapely.point_on_surface(faces), predicate="intersects")[0]] = True
    faces = faces[is_covered]
    owners = plane.shape_of(faces)
    order = np.argsort(owners, kind="stable")
    covered, firsts = np.unique(owners[order], return_index=True)
    parts = np.split(faces[order], firsts[1:])
    areas = np.array([shapely.coverage_union_all(part) if len(part) > 1 else part[0] for part in parts], dtype=object)
    there = ~is_thin(areas)
    out[covered[there]] = plane.bring_back(areas[there], covered[there])
    return out


def _pairs(places: npt.NDArray[np.complex128]) -> Floats:
    """Complex numbers as pairs of coordinates."""
    return np.stack([places.real, places.imag], axis=-1)


def cut_instances(placed: Placed, instances: npt.NDArray[np.int64], height_m: float) -> BaseGeometry:
    """Return the area, in the plane of a placed model, in which a level cuts instances: solids are filled.

    Parameters
    ----------
    placed
        The model.
    instances
        Positions of those that are cut.
    height_m
        Of the level, above the origin of the plane.
    """
    low, high = placed.bounds_m[instances][:, :, 2].T
    met = instances[(low <= height_m) & (high > height_m)]
    meshes = (placed.shapes.place(int(instance)) for instance in met)
    cuts = [sides for points, triangles in meshes if len(sides := cut_triangles(points[triangles], height_m))]
    if not cuts:
        return shapely.MultiPolygon()
    of = np.repeat(np.arange(len(cuts)), [2 * len(sides) for sides in cuts])
    plane, places = Arrangement.of(np.concatenate(cuts).reshape(-1, 2), of, _GRID_M / 10)
    lines = node(places.reshape(-1, 2, 2))
    owners = plane.shape_of(lines)
    order = np.argsort(owners, kind="stable")
    cut, numbers = np.unique(owners[order], return_inverse=True)
    # Sides of a solid make rings; what lies within a ring within a ring is outside again: a pipe has a hole.
    areas: Geometries = np.asarray(shapely.build_area(shapely.multilinestrings(lines[order], indices=numbers)))
    return shapely.union_all(plane.bring_back(areas, cut), grid_size=_GRID_M)


def outline_building(cut: BaseGeometry, seen: BaseGeometry) -> BaseGeometry:
    """Return the ground that a building stands on: what its outer walls enclose, but for open courtyards.

    Parameters
    ----------
    cut
        The area in which a level above the ground cuts it.
    seen
        The area that it covers, seen from above: what it does not is open to the sky.

    Returns
    -------
    Polygon or MultiPolygon; empty where nothing is cut.
    """
    closed = cut.buffer(_GAP_M, join_style="mitre")
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(closed)])
    enclosed = filled.buffer(-_GAP_M, join_style="mitre")
    out = shapely.intersection(enclosed, seen, grid_size=_GRID_M)
    return areas_of(out)


def unite(areas: Geometries) -> BaseGeometry:
    """Unite areas; None among them is nothing."""
    there = np.array([area for area in areas if area is not None], dtype=object)
    there = there[np.argsort(-shapely.area(there), kind="stable")]
    large = shapely.union_all(there[:_LARGE], grid_size=_GRID_M)
    shapely.prepare(large)
    rest = there[_LARGE:]
    return areas_of(shapely.union_all([large, *rest[~shapely.covers(large, rest)]], grid_size=_GRID_M))


def areas_of(shape: BaseGeometry) -> BaseGeometry:
    """What of a shape has an area."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > _SLIVER_M2]
    return shapely.MultiPolygon(parts)


def _mesh_of(shapes: Shapes, mesh: int) -> tuple[Floats, Corners]:
    start, stop = shapes.vertex_offsets[mesh : mesh + 2]
    first, last = shapes.triangle_offsets[mesh : mesh + 2]
    return shapes.vertices[start:stop], shapes.triangles[first:last]
