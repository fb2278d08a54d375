"""What meshes measure: areas by what their surfaces are, and volumes of those that are closed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bim.model import Shapes

Floats = npt.NDArray[np.float64]


def measure_areas(shapes: Shapes) -> Floats:
    """(meshes, looks) square metres in each mesh of what has each look."""
    corners, of = _corners(shapes)
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    kinds = len(shapes.looks)
    sums = np.bincount(of * kinds + shapes.surfaces, areas, minlength=_count(shapes) * kinds)
    return sums.astype(np.float64).reshape(_count(shapes), kinds)


def measure_volumes(shapes: Shapes) -> Floats:
    """(meshes,) cubic metres; negative where faces look inside, not a number where a mesh is not closed.

    A mesh is closed when each of its edges is walked as often in one direction as in the other.
    """
    corners, of = _corners(shapes)
    starts = shapes.vertex_offsets[:-1]
    anchors = shapes.vertices[np.minimum(starts, max(len(shapes.vertices) - 1, 0))] if len(shapes.vertices) else None
    if anchors is None:
        return np.full(_count(shapes), np.nan)
    local = corners - anchors[of][:, None]
    sixth = np.einsum("ij,ij->i", local[:, 0], np.cross(local[:, 1], local[:, 2])) / 6
    volumes = np.bincount(of, sixth, minlength=_count(shapes)).astype(np.float64)
    volumes[~_are_closed(shapes, of)] = np.nan
    return volumes


def _are_closed(shapes: Shapes, of: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Edges by the places of their ends, so that vertices that stand twice are one."""
    rows = shapes.triangles + shapes.vertex_offsets[:-1][of][:, None]
    mesh_of = np.repeat(np.arange(_count(shapes)), np.diff(shapes.vertex_offsets))
    _, place = np.unique(np.column_stack((mesh_of, np.round(shapes.vertices, 4))), axis=0, return_inverse=True)
    ends = place.reshape(-1)[rows]
    edges = np.concatenate([ends[:, [0, 1]], ends[:, [1, 2]], ends[:, [2, 0]]])
    owner = np.concatenate([of, of, of])
    direction = np.sign(edges[:, 1] - edges[:, 0])
    _, edge = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    edge = edge.reshape(-1)
    balance = np.bincount(edge, direction)
    closed = np.bincount(of, minlength=_count(shapes)) > 0
    closed[owner[balance[edge] != 0]] = False
    return closed


def _corners(shapes: Shapes) -> tuple[Floats, npt.NDArray[np.int64]]:
    """(t, 3, 3) corners of all triangles, and the mesh of each."""
    of = np.repeat(np.arange(_count(shapes)), np.diff(shapes.triangle_offsets))
    return shapes.vertices[shapes.triangles + shapes.vertex_offsets[:-1][of][:, None]], of


def _count(shapes: Shapes) -> int:
    return len(shapes.vertex_offsets) - 1
