"""Triangles and lines in space: each vertex knows what it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesh:
    """n vertices, joined to triangles, or to lines where there are no normals.

    Parameters
    ----------
    points
        (n, 3) east, north, up, metres from somewhere near.
    normals
        (n, 3) of length 1, outwards; None of lines.
    owners
        (n,) what each vertex belongs to.
    corners
        Numbers of the vertices of each triangle, counter-clockwise seen from outside, or of each line; all in a row.
    """

    points: Floats
    normals: Floats | None
    owners: Numbers
    corners: Numbers


def join_meshes(meshes: Sequence[Mesh]) -> Mesh:
    """Make one mesh of several, all of triangles."""
    offsets = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])
    return Mesh(
        points=np.concatenate([mesh.points for mesh in meshes]),
        normals=np.concatenate([np.zeros((0, 3)) if mesh.normals is None else mesh.normals for mesh in meshes]),
        owners=np.concatenate([mesh.owners for mesh in meshes]),
        corners=np.concatenate([mesh.corners + offset for mesh, offset in zip(meshes, offsets, strict=False)]),
    )
