"""Blocks become meshes: a wall at each edge of an outline, and a roof over it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from twin.mesh import Mesh, join_meshes
from twin.solids import Blocks

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
#: The two triangles of a wall: corners below, then above, counter-clockwise seen from outside.
_WALL = np.array([0, 1, 2, 0, 2, 3])


def extrude(blocks: Blocks) -> Mesh:
    """Make the walls and roofs of n blocks, in metres east, north and up of somewhere near.

    Corners that walls and roofs share are there for each, with its own normal. Nothing closes them below, where they
    stand in the ground. Owners of the mesh are the numbers of the blocks.
    """
    return join_meshes([_raise_walls(blocks), _cover(blocks)])


def _raise_walls(blocks: Blocks) -> Mesh:
    next_, up = _next_corners(blocks), _look_up(blocks)
    along = blocks.bottoms[next_] - blocks.bottoms
    corners = np.stack([blocks.bottoms, blocks.bottoms[next_], blocks.tops[next_], blocks.tops], axis=1)
    return Mesh(
        points=corners.reshape(-1, 3),
        normals=np.repeat(_unit(np.cross(along, up)), 4, axis=0),  # the ground of a ring lies on its left
        owners=np.repeat(blocks.owners, 4),
        corners=(np.arange(len(corners))[:, None] * 4 + _WALL).ravel(),
    )


def _cover(blocks: Blocks) -> Mesh:
    return Mesh(points=blocks.tops, normals=_look_up(blocks), owners=blocks.owners, corners=triangulate(blocks))


def triangulate(blocks: Blocks) -> Numbers:
    """Numbers of the corners of the triangles that fill the outlines, counter-clockwise seen from above.

    Triangles say where their corners are, not which they are: of the places of each block the first corner is taken.
    """
    polygons, owners = _make_polygons(blocks)
    triangles, of = shapely.get_parts(shapely.constrained_delaunay_triangles(polygons), return_index=True)
    triangles = shapely.orient_polygons(triangles, exterior_cw=False)
    ends = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3].reshape(-1, 2)
    places = np.concatenate([blocks.tops[:, :2], ends])
    of_place = np.concatenate([blocks.owners, np.repeat(owners[of], 3)])
    order = np.lexsort((*places.T, of_place))
    ranked = np.column_stack([places, of_place])[order]
    is_first = np.concatenate([[True], (ranked[1:] != ranked[:-1]).any(axis=1)])
    firsts = np.empty(len(order), dtype=np.int64)
    firsts[order] = order[is_first][np.cumsum(is_first) - 1]
    return firsts[len(blocks.tops) :]


def _make_polygons(blocks: Blocks) -> tuple[npt.NDArray[np.object_], Numbers]:
    """The outlines in plan as polygons, and the block of each."""
    lengths = np.diff(blocks.rings)
    of_ring = np.repeat(np.arange(len(lengths)), lengths)
    x, y = blocks.tops[:, :2].T
    next_ = _next_corners(blocks)
    # Counted from the first corner of each ring, so that large numbers do not swallow small areas.
    dx, dy = x - x[blocks.rings[:-1]][of_ring], y - y[blocks.rings[:-1]][of_ring]
    is_outer = np.bincount(of_ring, dx * dy[next_] - dx[next_] * dy, minlength=len(lengths)) > 0
    closed = np.insert(np.arange(len(x)), blocks.rings[1:], blocks.rings[:-1])
    of_closed = np.insert(of_ring, blocks.rings[1:], np.arange(len(lengths)))
    rings = np.asarray(shapely.linearrings(blocks.tops[closed, :2], indices=of_closed))
    polygons = np.asarray(shapely.polygons(rings, indices=np.cumsum(is_outer) - 1))
    return polygons, np.repeat(np.arange(len(blocks)), np.diff(blocks.starts))[is_outer]


def _next_corners(blocks: Blocks) -> Numbers:
    """(k,) the corner after each along its ring."""
    next_ = np.arange(1, len(blocks.tops) + 1)
    next_[blocks.rings[1:] - 1] = blocks.rings[:-1]
    return next_


def _look_up(blocks: Blocks) -> Floats:
    return _unit(blocks.tops - blocks.bottoms)


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)[:, None]
    return unit
