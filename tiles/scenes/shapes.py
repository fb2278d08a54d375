"""Shapes of building models become parts: faces with their own normals, what repeats told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

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
#: More than there are different parts of a normal then, so that one number tells all three.
_WAYS = 256
#: So many triangles are split in one go.
_AT_ONCE = 1 << 18
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
    numbers, starts = np.unique(shapes.meshes[order], return_index=True)
    instances = dict(zip(numbers.tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}
    for number, faces in _split_meshes(shapes, numbers.astype(np.int64)):
        same = instances[number]
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


def _split_meshes(shapes: Shapes, numbers: Numbers) -> Iterator[tuple[int, list[tuple[int, Mesh]]]]:
    """The faces of each of some meshes by their look: corners of faces that bend are there for each."""
    sizes = np.cumsum(np.diff(shapes.triangle_offsets)[numbers])
    for some in np.split(numbers, np.flatnonzero(np.diff(sizes // _AT_ONCE)) + 1):
        faces: defaultdict[int, list[tuple[int, Mesh]]] = defaultdict(list)
        for number, look, mesh in _split_some(shapes, some):
            faces[number].append((look, mesh))
        yield from ((number, faces[number]) for number in some.tolist())


def _split_some(shapes: Shapes, numbers: Numbers) -> Iterator[tuple[int, int, Mesh]]:
    """Give number, look and faces of that look of several meshes."""
    counts = np.diff(shapes.triangle_offsets)[numbers]
    triangles = _count_from(shapes.triangle_offsets[numbers], counts)
    corners = shapes.triangles[triangles] + np.repeat(shapes.vertex_offsets[numbers], counts)[:, None]
    groups = np.repeat(numbers, counts) * len(shapes.looks) + shapes.surfaces[triangles]
    sides = np.diff(shapes.vertices[corners], axis=1)
    across = np.cross(sides[:, 0], sides[:, 1])
    long = np.linalg.norm(across, axis=1)
    order = np.argsort(groups, kind="stable")
    order = order[long[order] > 1e-12]
    corners, groups, normals = corners[order].ravel(), groups[order], across[order] / long[order, None]
    ways = np.rint(normals / _SAME_WAY).astype(np.int64) @ _WAYS ** np.arange(3)
    alike = np.repeat(groups * _WAYS**3 + ways, 3), _weld(shapes, numbers)[corners]
    kept, at = _first_of_each(*alike)
    of = groups[kept // 3]
    for group in np.unique(of).tolist():
        start, stop = np.searchsorted(of, [group, group + 1])
        first, last = 3 * np.searchsorted(groups, [group, group + 1])
        mesh = Mesh(
            points=shapes.vertices[corners[kept[start:stop]]],
            normals=normals[kept[start:stop] // 3],
            owners=np.zeros(stop - start, dtype=np.int64),
            corners=at[first:last] - start,
        )
        yield *divmod(group, len(shapes.looks)), mesh


def _count_from(starts: Numbers, counts: Numbers) -> Numbers:
    """From each start so many numbers, all in a row."""
    return np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)


def _weld(shapes: Shapes, numbers: Numbers) -> Numbers:
    """(v,) for each vertex of some meshes the first one of its mesh that stands where it does."""
    counts = np.diff(shapes.vertex_offsets)[numbers]
    vertices = _count_from(shapes.vertex_offsets[numbers], counts)
    places = np.rint(shapes.vertices[vertices] / _SAME_M)
    first, at = _first_of_each(*places.T, np.repeat(numbers, counts))
    same = np.zeros(len(shapes.vertices), dtype=np.int64)
    same[vertices] = vertices[first[at]]
    return same


def _first_of_each(*columns: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
    """Of rows that are alike in all columns the first, in the order in which they come; for each row, which it is."""
    order = np.lexsort(columns)  # stable: the first of those that are alike is the first
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.logical_or.reduce([np.diff(column[order]) != 0 for column in columns])
    first = order[new]
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    at = np.empty(len(order), dtype=np.int64)
    at[order] = rank[np.cumsum(new) - 1]
    return np.sort(first), at


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
