"""Shapes of building models become parts: faces with their own normals, what repeats told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bim.model import Shapes
from tiles.scenes.glb import Part
from tiles.scenes.instances import Instances
from twin.mesh import Mesh, join_meshes

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

#: Corners nearer than this, with normals that differ by less, are one.
_SAME_M, _SAME_WAY = 1e-4, 1e-2
#: A mesh is told once where that spares so many vertices, since each takes a node and a call to draw it.
_SPARED = 100
#: How far a vertex may stand from where its own transform would have it.
_APART_M = 5e-4


def draw_shapes(shapes: Shapes, owners: Numbers, *, repeat: bool) -> list[Part]:
    """Draw instances of shapes.

    Parameters
    ----------
    shapes
        Their transforms lead to metres east, north and up of somewhere near.
    owners
        (s,) what each instance belongs to; those of -1 are not drawn.
    repeat
        Whether a mesh that stands in many places may be told once.
    """
    together: defaultdict[int, list[Mesh]] = defaultdict(list)
    parts = []
    order = np.argsort(shapes.meshes, kind="stable")
    order = order[owners[order] >= 0]
    for same in np.split(order, np.flatnonzero(np.diff(shapes.meshes[order])) + 1):
        if not len(same):
            continue
        faces = list(_split_mesh(shapes, int(shapes.meshes[same[0]])))
        transforms, mine = shapes.transforms[same], owners[same]
        size = sum(len(mesh.points) for _, mesh in faces)
        places = _find_places(transforms, mine, faces) if repeat and (len(same) - 1) * size >= _SPARED else None
        for look, mesh in faces:
            if places is None:
                together[look].append(_place(mesh, transforms, mine))
            else:
                parts.append(_paint(shapes, look, mesh, places))
    merged = [_paint(shapes, look, join_meshes(meshes)) for look, meshes in sorted(together.items())]
    return merged + parts


def _paint(shapes: Shapes, look: int, mesh: Mesh, instances: Instances | None = None) -> Part:
    red, green, blue, opacity = shapes.looks[look].clip(0, 1).tolist()
    color = (round(255 * red), round(255 * green), round(255 * blue))
    return Part(name=shapes.look_names[look], color=color, opacity=opacity, mesh=mesh, instances=instances)


def _split_mesh(shapes: Shapes, number: int) -> Iterator[tuple[int, Mesh]]:
    """The faces of a mesh by their look: corners of faces that bend are there for each."""
    start, stop = shapes.vertex_offsets[number : number + 2]
    first, last = shapes.triangle_offsets[number : number + 2]
    corners = shapes.vertices[start:stop][shapes.triangles[first:last]]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    long = np.linalg.norm(across, axis=1)
    flat = long > 1e-12
    corners, normals = corners[flat], across[flat] / long[flat, None]
    looks = shapes.surfaces[first:last][flat]
    for look in np.unique(looks).tolist():
        those = looks == look
        points, ways = corners[those].reshape(-1, 3), np.repeat(normals[those], 3, axis=0)
        rounded = np.rint(np.hstack([points / _SAME_M, ways / _SAME_WAY])).astype(np.int64)
        _, kept, at = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
        # In the order in which they come, so that neighbours are near each other.
        order = np.argsort(kept)
        rank = np.empty(len(kept), dtype=np.int64)
        rank[order] = np.arange(len(kept))
        kept = kept[order]
        nobody = np.zeros(len(kept), dtype=np.int64)
        yield look, Mesh(points=points[kept], normals=ways[kept], owners=nobody, corners=rank[at.reshape(-1)])


def _find_places(transforms: Floats, owners: Numbers, faces: list[tuple[int, Mesh]]) -> Instances | None:
    """Transforms as instances; None where one does more than stretch along the axes, turn and move."""
    from scipy.spatial.transform import Rotation

    reach = max((float(np.linalg.norm(mesh.points, axis=1).max()) for _, mesh in faces), default=0.0)
    whole = transforms[:, :3, :3]
    scales = np.linalg.norm(whole, axis=1)
    u, _, v = np.linalg.svd(whole / np.maximum(scales, 1e-12)[:, None])
    turns = u @ v
    apart = np.linalg.norm(whole - turns * scales[:, None], axis=(1, 2)).max()
    if (np.linalg.det(turns) < 0).any() or apart * reach > _APART_M:
        return None
    turned = Rotation.from_matrix(turns).as_quat()
    return Instances(translations=transforms[:, :3, 3], rotations=turned, scales=scales, owners=owners)


def _place(mesh: Mesh, transforms: Floats, owners: Numbers) -> Mesh:
    """A mesh at each of m places."""
    assert mesh.normals is not None
    turns = transforms[:, :3, :3]
    points = mesh.points @ turns.transpose(0, 2, 1) + transforms[:, None, :3, 3]
    normals = mesh.normals @ np.linalg.inv(turns)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    count = len(mesh.points)
    return Mesh(
        points=points.reshape(-1, 3),
        normals=normals.reshape(-1, 3),
        owners=np.repeat(owners, count),
        corners=(mesh.corners + np.arange(len(owners))[:, None] * count).ravel(),
    )
