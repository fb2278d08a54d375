"""Which of many bodies share room or are too near one another: what the process does that may crash.

The tree of ifcopenshell finds pairs whose surfaces cross (collision), and pairs whose surfaces are near and how far
apart they are (clearance). Neither is enough: the first one misses bodies with flush faces and such that are the same,
the second one surfaces that cross far from their corners. What lies within another is found by its box. Of all of them
the room that they share is made by Manifold, and measured.

References
----------
IfcOpenShell, geometry tree over triangles (BVH); Manifold, booleans of closed triangle meshes.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import Any

import ifcopenshell
import ifcopenshell.geom
import manifold3d
import numpy as np
import shapely
from ifcopenshell import ifcopenshell_wrapper as wrapper

from bim.clash.bodies import Bodies, Flags, Floats, Meetings, Numbers
from bim.clash.closing import make_solid
from bim.clash.thickness import measure_thickness

#: Surfaces this near may meet.
_TOUCH_M = 1e-3
#: Bodies that stay made while others are compared with them.
_KEPT_BODIES = 20_000


def find_meetings(
    bodies: Bodies, first: Flags, second: Flags, apart: Numbers, *, tolerance_m: float, clearance_m: float
) -> Meetings:
    """Find all pairs that share room thicker than a tolerance, or are nearer than a clearance.

    Parameters
    ----------
    bodies
        n bodies in one plane.
    first, second
        (n,) which of them are compared with which.
    apart
        (e, 2) pairs that are not compared.
    tolerance_m
        Shared room up to this thickness is none.
    clearance_m
        Bodies farther apart are not told; 0: none but those that share room.
    """
    skipped = {(int(min(pair)), int(max(pair))) for pair in apart}
    near = {pair: told for pair, told in _find_near(bodies, first, second, clearance_m).items() if pair not in skipped}
    make = lru_cache(maxsize=_KEPT_BODIES)(lambda body: make_solid(*bodies.mesh(body)))
    open_bodies: set[int] = set()
    found: list[tuple[int, int, float, float, Floats]] = []
    for (one, other), (distance_m, place) in sorted(near.items()):
        if distance_m <= _TOUCH_M and measure_overlap(bodies.boxes[one], bodies.boxes[other]) > tolerance_m:
            solids = make(one), make(other)
            open_bodies.update(body for body, solid in zip((one, other), solids, strict=True) if solid is None)
            thickness_m, shared_m3, middle = share_room(*solids, tolerance_m)
            if thickness_m > tolerance_m:
                found.append((one, other, -thickness_m, shared_m3, middle))
                continue
        if distance_m < clearance_m:
            found.append((one, other, distance_m, 0.0, place))
    return Meetings(
        first=np.array([each[0] for each in found], np.int64),
        second=np.array([each[1] for each in found], np.int64),
        apart_m=np.array([each[2] for each in found], np.float64),
        shared_m3=np.array([each[3] for each in found], np.float64),
        shared_m2=np.full(len(found), np.nan),
        places=np.array([each[4] for each in found], np.float64).reshape(-1, 3),
        open_bodies=np.array(sorted(open_bodies), np.int64),
    )


def _find_near(
    bodies: Bodies, first: Flags, second: Flags, clearance_m: float
) -> dict[tuple[int, int], tuple[float, Floats]]:
    """Pairs with their distance and the place between them: of surfaces that are near, and of one within another."""
    tree = ifcopenshell.geom.tree(backend="opencascade.trianglebvh")
    file = ifcopenshell.file(schema="IFC4")
    products, body_of, sets = {}, {}, (first, second)
    for body in np.flatnonzero((first | second) & (np.diff(bodies.triangle_offsets) > 0)).tolist():
        products[body] = file.create_entity("IfcBuildingElementProxy", GlobalId=ifcopenshell.guid.new())
        body_of[products[body].id()] = body
        tree.add_element(make_element(products[body], *bodies.mesh(body)))
    one, other = ([product for body, product in products.items() if chosen[body]] for chosen in sets)
    found: dict[tuple[int, int], tuple[float, Floats]] = {}
    if one and other:
        near = tree.clash_clearance_many(one, other, max(clearance_m, _TOUCH_M), check_all=True)
        for each in chain(tree.clash_collision_many(one, other, allow_touching=True), near):
            a, b = body_of[each.a.id()], body_of[each.b.id()]
            pair = (min(a, b), max(a, b))
            if a != b and (pair not in found or each.distance < found[pair][0]):
                found[pair] = (each.distance, (np.array(each.p1) + each.p2) / 2)
    for a, b in _find_within(bodies, list(products)):
        if (first[a] and second[b]) or (first[b] and second[a]):
            found.setdefault((min(a, b), max(a, b)), (0.0, np.zeros(3)))
    return found


def make_element(product: Any, points: Floats, corners: Numbers) -> Any:
    """Triangles as the tree takes them; without units, since the tree has none."""
    kernel: Any = wrapper
    settings = kernel.settings()
    vertices, faces, per_face = points.ravel().tolist(), corners.ravel().tolist(), [0] * len(corners)
    drawn = kernel.triangulation(settings, "", "", vertices, faces, [], [], [], per_face, [], per_face, [])
    told = settings, product.id(), 0, "", product.is_a(), product.GlobalId, "", kernel.matrix4(), product
    return kernel.triangulation_element(kernel.element(*told), drawn)


def _find_within(bodies: Bodies, among: list[int]) -> list[tuple[int, int]]:
    """Pairs of which the box of one lies in that of the other: their surfaces may be far apart."""
    boxes = bodies.boxes[among]
    west, south, east, north = boxes[:, [0, 1, 3, 4]].T
    plans = np.asarray(shapely.box(west, south, east, north))
    inner, outer = shapely.STRtree(plans).query(plans, predicate="covered_by")
    level = (boxes[inner, 2] >= boxes[outer, 2]) & (boxes[inner, 5] <= boxes[outer, 5]) & (inner != outer)
    return [(among[a], among[b]) for a, b in zip(inner[level].tolist(), outer[level].tolist(), strict=True)]


def measure_overlap(one: Floats, other: Floats) -> float:
    """How thick the room can be at most that two boxes share; below 0 where they are apart."""
    return float((np.minimum(one[3:], other[3:]) - np.maximum(one[:3], other[:3])).min())


def share_room(
    one: manifold3d.Manifold | None, other: manifold3d.Manifold | None, tolerance_m: float
) -> tuple[float, float, Floats]:
    """Thickness and volume of the room that two bodies share, and the middle of its thickest part."""
    if one is None or other is None:
        return 0.0, 0.0, np.zeros(3)
    room = one ^ other
    rated = [(measure_thickness(part, enough_m=tolerance_m), part) for part in room.decompose()]
    if not rated:
        return 0.0, 0.0, np.zeros(3)
    thickness_m, part = max(rated, key=lambda each: each[0])
    box = np.array(part.bounding_box())
    return thickness_m, room.volume(), (box[:3] + box[3:]) / 2
