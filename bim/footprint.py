"""What models look like from above, and cut off above the ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from bim.model import Shapes
from bim.placed import Placed
from bim.section import cut_triangles

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

#: Coordinates are rounded to this before areas are united, so that faces that nearly meet do.
_GRID_M = 0.001
#: Triangles that are seen from above with less than this are upright.
_SLIVER_M2 = 1e-6
#: Gaps in the cut of outer walls that are closed: joints, and the frames of doors.
_GAP_M = 0.3
#: How upright a mesh must stay for its outline from above to go with it.
_TILT = 1e-4


def project_instances(placed: Placed) -> Geometries:
    """Return s areas, in the plane of a placed model: each instance as it is seen from above.

    Of a solid that is what its faces turned upwards cover, of a surface all its faces; None of what is upright.
    """
    shapes = placed.shapes
    outlines: dict[int, BaseGeometry | None] = {}
    out = np.full(len(shapes.meshes), None, dtype=object)
    for instance, (mesh, transform) in enumerate(zip(shapes.meshes, shapes.transforms, strict=True)):
        points, triangles = _mesh_of(shapes, int(mesh))
        if np.abs([*transform[2, :2], *transform[:2, 2]]).max() > _TILT:
            out[instance] = project_triangles(points @ transform[:3, :3].T + transform[:3, 3], triangles)
            continue
        if mesh not in outlines:
            outlines[mesh] = project_triangles(points, triangles)
        outline = outlines[mesh]
        if outline is not None:
            moved = shapely.get_coordinates(outline) @ transform[:2, :2].T + transform[:2, 3]
            out[instance] = shapely.set_coordinates(shapely.from_wkb(shapely.to_wkb(outline)), moved)
    return out


def project_triangles(points: Floats, triangles: npt.NDArray[np.int32]) -> BaseGeometry | None:
    """Return the area that triangles cover, seen from above; None where they are all upright."""
    corners = points[triangles][..., :2]
    (ax, ay), (bx, by) = (np.moveaxis(corners[:, k] - corners[:, 0], 1, 0) for k in (1, 2))
    doubled = ax * by - ay * bx
    up = doubled > 2 * _SLIVER_M2
    seen = up if up.any() else np.abs(doubled) > 2 * _SLIVER_M2
    if not seen.any():
        return None
    faces = shapely.polygons(np.concatenate([corners[seen], corners[seen][:, :1]], axis=1))
    area = shapely.union_all(faces, grid_size=_GRID_M)
    return None if area.is_empty else area


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
    areas: list[BaseGeometry] = []
    for instance in instances:
        points, triangles = placed.shapes.place(int(instance))
        sides = cut_triangles(points[triangles], height_m)
        if len(sides):
            # Sides of a solid make rings; what lies within a ring within a ring is outside again: a pipe has a hole.
            areas.append(shapely.build_area(shapely.union_all(shapely.linestrings(sides), grid_size=_GRID_M / 10)))
    return shapely.union_all(areas, grid_size=_GRID_M) if areas else shapely.MultiPolygon()


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
    return areas_of(shapely.union_all(there, grid_size=_GRID_M)) if len(there) else shapely.MultiPolygon()


def areas_of(shape: BaseGeometry) -> BaseGeometry:
    """What of a shape has an area."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > _SLIVER_M2]
    return shapely.MultiPolygon(parts)


def _mesh_of(shapes: Shapes, mesh: int) -> tuple[Floats, npt.NDArray[np.int32]]:
    start, stop = shapes.vertex_offsets[mesh : mesh + 2]
    first, last = shapes.triangle_offsets[mesh : mesh + 2]
    return shapes.vertices[start:stop], shapes.triangles[first:last]
