"""What of elements stands within areas, polygons without heights: compared in plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bim.clash.bodies import Flags, Floats, Meetings
from bim.clash.gathering import Scene, place_of
from twin.crs import CRS84, transform
from twin.earth import place_on_ellipsoid
from twin.errors import InvalidParameter
from twin.layer import dimension_of

if TYPE_CHECKING:
    from twin.frame import Frame
    from twin.layer import Layer

#: Areas are cut off so far from what they are compared with; nothing that is told is nearer to the cut.
_MARGIN_M = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Areas:
    """Polygons near the bodies of a scene, in its plane.

    Parameters
    ----------
    keys
        (n,) of which features.
    outlines
        (n,) polygons in metres, of which parts far away are cut off.
    """

    keys: Any
    outlines: Any


def require_areas(layer: Layer) -> None:
    """Refuse a layer that has no polygons, or is compared with all its heights anyway.

    Raises
    ------
    InvalidParameter
        Names the layer.
    """
    if dimension_of(layer.geometry) != 2:
        raise InvalidParameter(f"{layer.id} has no polygons: name a layer of polygons", parameter="areas")
    if layer.solids is not None or layer.id.startswith("building_"):
        raise InvalidParameter(
            f"{layer.id} is compared in space already, with its heights: name a layer of areas without heights",
            parameter="areas",
        )


def gather_areas(frame: Frame, scene: Scene, *, clearance_m: float) -> Areas:
    """Bring the polygons near the bodies of a scene into its plane; points and lines of the layer are no areas.

    Parameters
    ----------
    frame
        A layer of polygons in the storage CRS. Their sides are straight there.
    scene
        What they are compared with.
    clearance_m
        How far away a polygon may still matter.
    """
    boxes = scene.bodies.boxes
    drawn = boxes[np.isfinite(boxes[:, 0])]
    if not len(drawn):
        return Areas(keys=np.empty(0, object), outlines=np.empty(0, object))
    (west, south), (east, north) = drawn[:, :2].min(axis=0), drawn[:, 3:5].max(axis=0)
    reach = clearance_m + _MARGIN_M
    around = shapely.box(west - reach, south - reach, east + reach, north + reach)
    corners = shapely.get_coordinates(shapely.segmentize(around, 10 * reach))
    at = scene.base.locate(np.column_stack([corners, np.zeros(len(corners))]), frame.crs)
    near = shapely.box(*at[:, :2].min(axis=0), *at[:, :2].max(axis=0))
    rows = np.flatnonzero(shapely.intersects(frame.geometry, near))
    place = place_of(scene.base, frame.crs)

    def to_plane(points: Floats) -> Floats:
        lon, lat = transform(points[:, 0], points[:, 1], frame.crs, CRS84)
        return place.to_local(place_on_ellipsoid(lon, lat, np.full(len(lon), place.height_m)))[:, :2]

    cut = shapely.intersection(shapely.force_2d(frame.geometry[rows]), near)
    outlines = shapely.make_valid(shapely.transform(cut, to_plane))
    are = shapely.area(outlines) > 0
    return Areas(keys=frame.data.index.to_numpy()[rows][are], outlines=outlines[are])


def find_within(scene: Scene, first: Flags, areas: Areas, *, tolerance_m: float, clearance_m: float) -> Meetings:
    """Find the elements that stand within areas, or nearer to them than a clearance.

    An area is forbidden from the deepest ground to the sky, so that only plans count: what all triangles of an element
    cover, seen from above. So it does not matter whether they enclose anything.

    Parameters
    ----------
    scene
        n bodies.
    first
        (n,) the elements that are compared.
    areas
        With what: in the pairs their numbers follow those of the bodies.
    tolerance_m
        What stands within by no more than this is none.
    clearance_m
        What is farther away is not told.
    """
    found: list[tuple[int, int, float, float, Floats]] = []
    boxes = scene.bodies.boxes
    bodies = np.flatnonzero(first & np.isfinite(boxes[:, 0]))
    plans = shapely.box(*boxes[bodies][:, [0, 1, 3, 4]].T)
    tree = shapely.STRtree(areas.outlines)
    near = tree.query(plans, predicate="dwithin", distance=clearance_m) if len(bodies) else np.empty((2, 0), int)
    for number in np.unique(near[0]):
        body = int(bodies[number])
        plan = _plan_of(*scene.bodies.mesh(body))
        middle_m = (boxes[body, 2] + boxes[body, 5]) / 2
        for area in near[1][near[0] == number].tolist():
            within = shapely.intersection(plan, areas.outlines[area])
            parts = [part for part in shapely.get_parts(within) if part.area > 0]
            part = max(parts, key=measure_width, default=None)
            width_m = 0.0 if part is None else measure_width(part)
            if part is not None and width_m > tolerance_m:
                apart_m, shared_m2, at = -width_m, within.area, shapely.point_on_surface(part)
            else:
                apart_m, shared_m2 = shapely.distance(plan, areas.outlines[area]), 0.0
                if not apart_m < clearance_m:
                    continue
                between = shapely.shortest_line(plan, areas.outlines[area])
                at = shapely.line_interpolate_point(between, 0.5, normalized=True)
            found.append((body, len(scene.bodies) + area, apart_m, shared_m2, np.array([at.x, at.y, middle_m])))
    return Meetings(
        first=np.array([each[0] for each in found], np.int64),
        second=np.array([each[1] for each in found], np.int64),
        apart_m=np.array([each[2] for each in found], np.float64),
        shared_m3=np.full(len(found), np.nan),
        shared_m2=np.array([each[3] for each in found], np.float64),
        places=np.array([each[4] for each in found], np.float64).reshape(-1, 3),
        open_bodies=np.empty(0, np.int64),
    )


def with_areas(scene: Scene, layer: str, areas: Areas) -> Scene:
    """The same scene with what areas are behind what bodies are."""
    return replace(
        scene,
        layers=np.append(scene.layers, np.full(len(areas.keys), layer, dtype=object)),
        keys=np.append(scene.keys, areas.keys),
        models=np.append(scene.models, np.full(len(areas.keys), None, dtype=object)),
    )


def measure_width(plan: shapely.Polygon) -> float:
    """Width of a polygon, metres: the least distance of two parallel lines that enclose it, and at most 4 A / U.

    As `bim.clash.thickness` measures rooms: the side of a square, the diameter of a circle, what a bent strip is wide.
    """
    if not plan.length:
        return 0.0
    mean_m = 4 * plan.area / plan.length
    hull = shapely.get_coordinates(shapely.convex_hull(plan))
    sides = np.diff(hull, axis=0)
    if len(sides) < 3:
        return 0.0
    across = np.column_stack([-sides[:, 1], sides[:, 0]]) / np.linalg.norm(sides, axis=1)[:, None]
    return float(min(mean_m, np.ptp(hull @ across.T, axis=0).min()))


def _plan_of(points: Floats, corners: Any) -> Any:
    """What triangles cover, seen from above."""
    triangles = points[corners][:, :, :2]
    (ax, ay), (bx, by) = (triangles[:, 1] - triangles[:, 0]).T, (triangles[:, 2] - triangles[:, 0]).T
    flat = np.abs(ax * by - ay * bx) > 1e-9
    if not flat.any():
        return shapely.Polygon()
    return shapely.union_all(shapely.polygons(triangles[flat]))
