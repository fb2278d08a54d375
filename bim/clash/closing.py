"""Triangles become closed bodies, also where a program wrote some of them inside out."""

from __future__ import annotations

import manifold3d
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from bim.clash.bodies import Floats, Numbers

#: Vertices of open edges this near are the same.
_WELD_M = 1e-4


def make_solid(points: Floats, corners: Numbers) -> manifold3d.Manifold | None:
    """A closed body of triangles; None where they do not close.

    What several closed parts of it share counts once. Where triangles do not go round in one direction they are turned,
    each part by itself; what such a part holds, a hollow too, is taken for full.

    Parameters
    ----------
    points, corners
        (n, 3) metres and (t, 3) numbers of them.
    """
    points, same = np.unique(points, axis=0, return_inverse=True)
    corners = same.reshape(-1)[corners]
    corners = corners[(corners != np.roll(corners, 1, axis=1)).all(axis=1)]
    solid = _close(points, corners)
    if solid is not None:
        parts = solid.decompose()
        return _unite(parts) if len(parts) > 1 and all(part.volume() > 0 for part in parts) else solid
    turned = [_close(points, part) for part in _turn(corners)]
    closed = [part for part in turned if part is not None]
    return _unite(closed) if closed and len(closed) == len(turned) else None


def _close(points: Floats, corners: Numbers) -> manifold3d.Manifold | None:
    mesh = manifold3d.Mesh64(np.ascontiguousarray(points), corners.astype(np.uint64), tolerance=_WELD_M)
    solid = manifold3d.Manifold(mesh)
    if solid.status() != manifold3d.Error.NoError and mesh.merge():
        solid = manifold3d.Manifold(mesh)
    if solid.status() != manifold3d.Error.NoError or not solid.volume():
        return None
    return solid if solid.volume() > 0 else _close(points, corners[:, ::-1])  # inside out


def _unite(parts: list[manifold3d.Manifold]) -> manifold3d.Manifold:
    return manifold3d.Manifold.batch_boolean(parts, manifold3d.OpType.Add)


def _turn(corners: Numbers) -> list[Numbers]:
    """Triangles that hang together by edges which two of them have, all in the direction of the first one."""
    count = len(corners)
    ends = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    owners = np.tile(np.arange(count), 3)
    _, of_edge, sharing = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(of_edge.reshape(-1), kind="stable")
    one, other = order[np.repeat(sharing == 2, sharing)].reshape(-1, 2).T
    against = ends[one, 0] == ends[other, 0]  # both run through their edge in the same direction
    tied = coo_array((np.ones(len(one)), (owners[one], owners[other])), shape=(count, count)).tocsr()
    pairs = zip(owners[one].tolist(), owners[other].tolist(), strict=True)
    differs = dict(zip(pairs, against.tolist(), strict=True))
    flipped = np.zeros(count, dtype=bool)
    _, group = connected_components(tied, directed=False)
    parts = []
    for number in range(group.max(initial=-1) + 1):
        members = np.flatnonzero(group == number)
        reached, before = breadth_first_order(tied, members[0], directed=False)
        for triangle in reached[1:].tolist():
            above = int(before[triangle])
            turned = differs.get((triangle, above), differs.get((above, triangle), False))
            flipped[triangle] = flipped[above] != turned
        own = corners[members]
        own[flipped[members]] = own[flipped[members], ::-1]
        parts.append(own)
    return parts
