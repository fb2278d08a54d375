"""Level sections through the shapes of a model: what a plan of a storey shows as cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from bim.placed import Placed

Floats = npt.NDArray[np.float64]

#: Planes are put so far above the height that is asked for: corners and level faces of a model are at round heights,
#: and a plane that lies in a face cuts nothing.
_ABOVE_M = 1.7e-5
#: Points nearer than this are one.
_GRID_M = 1e-4
#: Faces are level that rise by no more, and elements with more of them are furniture that a plan would be black of.
_LEVEL_M, _MOST_FACES = 0.002, 500


def cut_level(placed: Placed, height_m: float, instances: npt.NDArray[np.integer]) -> npt.NDArray[np.object_]:
    """Cut instances at a height.

    A section is what lies inside of a shape, however many solids of it overlap or touch there; a shape that is not
    closed gives the lines in which it is cut.

    Parameters
    ----------
    placed
        The shapes.
    height_m
        Above the vertical datum, taken in the plane of the place: it bends away by 1 mm in 113 m.
    instances
        Which of them.

    Returns
    -------
    ndarray
        Polygons, or lines, in metres true east and north from the place; None where nothing is cut.
    """
    level = height_m - placed.origin[2] + _ABOVE_M
    bounds = placed.bounds_m[instances]
    sections = np.full(len(instances), None, dtype=object)
    for number in np.flatnonzero((bounds[:, 0, 2] < level) & (bounds[:, 1, 2] > level)):
        vertices, triangles = placed.shapes.place(int(instances[number]))
        sections[number] = _fill(cut_triangles(vertices[triangles], level))
    return sections


def look_down(placed: Placed, instance: int, height_m: float) -> shapely.Geometry | None:
    """What is seen of an instance from above that lies below a height: the edges of its level faces, as lines.

    Of a stair these are its steps. What has no level faces, or is too detailed for a plan, gives nothing.
    """
    level = height_m - placed.origin[2]
    if placed.bounds_m[instance, 0, 2] >= level:
        return None
    vertices, triangles = placed.shapes.place(instance)
    corners = vertices[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    is_level = (np.ptp(corners[:, :, 2], axis=1) < _LEVEL_M) & (normals[:, 2] > 0)
    faces = corners[is_level & (corners[:, :, 2].max(axis=1) < level)]
    if not 0 < len(faces) <= _MOST_FACES:
        return None
    heights = np.round(faces[:, 0, 2] / _LEVEL_M)
    areas = [
        shapely.union_all(shapely.polygons(np.round(faces[heights == height][:, :, :2] / _GRID_M) * _GRID_M))
        for height in np.unique(heights)
    ]
    seen: shapely.Geometry = shapely.union_all(shapely.boundary(areas))
    return seen


def cut_triangles(corners: Floats, level: float) -> Floats:
    """(k, 2, 2) segments in which (t, 3, 3) triangles are cut, with the inside at their left.

    Sides that two triangles share give the very same point; a corner on the level counts as below it.
    """
    above = corners[:, :, 2] > level
    crossing = corners[above.any(axis=1) & ~above.all(axis=1)]
    above = crossing[:, :, 2] > level
    # The corner that is alone on its side of the plane comes first, the others in the order of the triangle.
    alone = np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1))
    turned = np.take_along_axis(crossing, ((alone[:, None] + np.arange(3)) % 3)[:, :, None], axis=1)
    lone_above = np.take_along_axis(above, alone[:, None], axis=1)[:, 0]
    first, second = (_between(turned[:, 0], turned[:, other], level) for other in (1, 2))
    # Seen from outside the corners run counter-clockwise: with the lone one above, from the second side to the first.
    starts, ends = (np.where(lone_above[:, None], *each) for each in ((first, second), (second, first)))
    return np.stack([starts, ends], axis=1)


def _between(one: Floats, other: Floats, level: float) -> Floats:
    """Where sides meet the plane; the same side of two triangles gives the same point, whichever way it runs."""
    lower = np.where((one[:, 2] < other[:, 2])[:, None], one, other)
    upper = np.where((one[:, 2] < other[:, 2])[:, None], other, one)
    share = (level - lower[:, 2]) / (upper[:, 2] - lower[:, 2])
    points: Floats = lower[:, :2] + share[:, None] * (upper[:, :2] - lower[:, :2])
    return points


def _fill(segments: Floats) -> shapely.Geometry | None:
    """The areas that segments enclose, as many times as it may be; else the segments themselves."""
    segments = np.round(segments / _GRID_M) * _GRID_M
    segments = segments[(segments[:, 0] != segments[:, 1]).any(axis=1)]
    if not len(segments):
        return None
    lines = shapely.union_all(shapely.linestrings(segments), grid_size=_GRID_M)
    faces = shapely.get_parts(shapely.polygonize([*shapely.get_parts(lines)]))
    inside = [face for face in faces if _winding(segments, shapely.point_on_surface(face)) > 0]
    return shapely.union_all(inside) if inside else lines


def _winding(segments: Floats, point: shapely.Point) -> int:
    """How many times segments run counter-clockwise round a point."""
    (x, y), (start, end) = (point.x, point.y), (segments[:, 0], segments[:, 1])
    up = (start[:, 1] <= y) & (end[:, 1] > y)
    down = (end[:, 1] <= y) & (start[:, 1] > y)
    rise = np.where(up | down, end[:, 1] - start[:, 1], 1.0)
    at = start[:, 0] + (y - start[:, 1]) / rise * (end[:, 0] - start[:, 0])
    return int((up & (at > x)).sum() - (down & (at > x)).sum())
