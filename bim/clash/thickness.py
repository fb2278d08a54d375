"""How thick a room is: by it, elements that only touch are told from those that are in one another's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from manifold3d import Manifold

Floats = npt.NDArray[np.float64]

#: Directions of edges that are tried two by two; of more, only the faces are.
_MOST_EDGES = 200
#: Directions nearer to one another than this are the same.
_SAME = 1e-6


def measure_thickness(room: Manifold, *, enough_m: float = 0.0) -> float:
    """Thickness of a room in one piece, metres: no less than the largest ball in it if it is convex.

    The least distance of two parallel planes that enclose it, and at most 6 V / A, three times its mean thickness. That
    is the edge of a cube and the diameter of a ball; it keeps a thin sheet thin that is bent, as where a slab lies in
    a rebate.

    Parameters
    ----------
    room
        A closed body.
    enough_m
        Of what is thinner, nobody wants to know by how much: the cheaper of both numbers will do.

    References
    ----------
    Houle and Toussaint, Computing the width of a set, IEEE PAMI 10 (1988): the width of a polyhedron lies between a
    face and a corner, or between two edges.
    """
    area, volume = float(room.surface_area()), float(room.volume())
    if area <= 0 or volume <= 0:
        return 0.0
    at_most_m = 6 * volume / area
    return at_most_m if at_most_m <= enough_m else min(_least_width(room.hull()), at_most_m)


def _least_width(hull: Manifold) -> float:
    mesh = hull.to_mesh64()
    points: Floats = np.asarray(mesh.vert_properties)[:, :3]
    if not len(points):
        return 0.0
    corners = points[np.asarray(mesh.tri_verts)]
    edges = corners[:, [1, 2, 0]] - corners
    across = [np.cross(edges[:, 0], edges[:, 1])]
    along = _distinct(edges.reshape(-1, 3))
    if len(along) <= _MOST_EDGES:
        one, other = np.triu_indices(len(along), 1)
        across.append(np.cross(along[one], along[other]))
    heights = points @ _distinct(np.concatenate(across)).T
    return float(np.ptp(heights, axis=0).min())


def _distinct(vectors: Floats) -> Floats:
    """(d, 3) directions that differ, of length 1; one of two opposite ones."""
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors[lengths > _SAME**2] / lengths[lengths > _SAME**2, None]
    first = np.argmax(np.abs(unit) > _SAME, axis=1)
    unit = unit * np.sign(unit[np.arange(len(unit)), first])[:, None]
    _, kept = np.unique(np.round(unit / _SAME), axis=0, return_index=True)
    distinct: Floats = unit[kept]
    return distinct
