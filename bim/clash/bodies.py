"""Bodies that are compared: triangles in one plane, whatever they were before; and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Bodies:
    """n bodies as triangles.

    Parameters
    ----------
    vertices
        (k, 3) metres.
    triangles
        (t, 3) corners as numbers of the body's own vertices, counter-clockwise seen from outside.
    vertex_offsets, triangle_offsets
        (n + 1,) where those of each body begin; a body without triangles meets nothing.
    """

    vertices: Floats
    triangles: Numbers
    vertex_offsets: Numbers
    triangle_offsets: Numbers

    @classmethod
    def of(cls, meshes: Sequence[tuple[Floats, Numbers]]) -> Bodies:
        """Make bodies of the vertices and triangles of each."""
        counts = np.array([[0, 0], *([len(points), len(corners)] for points, corners in meshes)])
        offsets = np.cumsum(counts, axis=0)
        return cls(
            vertices=np.concatenate([np.zeros((0, 3)), *(points for points, _ in meshes)]),
            triangles=np.concatenate([np.zeros((0, 3), np.int64), *(corners for _, corners in meshes)]),
            vertex_offsets=offsets[:, 0],
            triangle_offsets=offsets[:, 1],
        )

    def __len__(self) -> int:
        return len(self.vertex_offsets) - 1

    def mesh(self, body: int) -> tuple[Floats, Numbers]:
        """Vertices and triangles of one body."""
        return (
            self.vertices[slice(*self.vertex_offsets[body : body + 2])],
            self.triangles[slice(*self.triangle_offsets[body : body + 2])],
        )

    @cached_property
    def boxes(self) -> Floats:
        """(n, 6) least and greatest coordinates; NaN of a body without triangles."""
        boxes = np.full((len(self), 6), np.nan)
        for body in np.flatnonzero(np.diff(self.triangle_offsets)):
            points, _ = self.mesh(int(body))
            boxes[body] = (*points.min(axis=0), *points.max(axis=0))
        return boxes


@dataclass(frozen=True, kw_only=True, eq=False)
class Meetings:
    """r pairs of bodies that share room or are near one another.

    Parameters
    ----------
    first, second
        (r,) numbers of the bodies.
    apart_m
        (r,) between their surfaces; less than 0: how thick the shared room is.
    shared_m3
        (r,) its volume; NaN of areas, which have no heights.
    places
        (r, 3) the middle of the thickest part of the shared room, or between the two nearest places.
    shared_m2
        (r,) what they share in plan; NaN where that was not asked.
    open_bodies
        Numbers of bodies that are not closed, of which it cannot be said what room they take.
    """

    first: Numbers
    second: Numbers
    apart_m: Floats
    shared_m3: Floats
    shared_m2: Floats
    places: Floats
    open_bodies: Numbers
