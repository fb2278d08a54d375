"""Features as paths: what all tiles of a frame on one grid are cut from, as plain arrays.

A path is the points of a feature, a line, or a ring without its closing vertex. This is the GeoArrow layout with its
levels between feature and path taken out: a tile needs to know which ring is a hole, but not of which polygon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from twin.ragged import Ragged

Integers = npt.NDArray[np.int64]

_MULTI = {shapely.GeometryType.MULTIPOINT, shapely.GeometryType.MULTILINESTRING, shapely.GeometryType.MULTIPOLYGON}
_DIMENSION = {0: 0, 4: 0, 1: 1, 5: 1, 3: 2, 6: 2}


@dataclass(frozen=True, kw_only=True, eq=False)
class Paths:
    """n features as p paths with v vertices.

    Parameters
    ----------
    dimension
        n: 0 points, 1 lines, 2 areas.
    first_path
        n + 1 positions of the first path of each feature.
    first_vertex
        p + 1 positions of the first vertex of each path.
    hole
        p: whether the path is an inner ring.
    xy
        (v, 2) coordinates.
    """

    dimension: npt.NDArray[np.uint8]
    first_path: Integers
    first_vertex: Integers
    hole: npt.NDArray[np.bool_]
    xy: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.dimension)

    @classmethod
    def of(cls, ragged: Ragged) -> Paths:
        """Take the arrays of geometries of one kind; those of single and of multi geometries look the same here."""
        if ragged.kind == shapely.GeometryType.MISSING:
            return cls.joined([])
        kind, xy = ragged.kind, ragged.coords
        offsets = [np.asarray(level, dtype=np.int64) for level in ragged.offsets]
        dimension = _DIMENSION[int(kind)]
        if dimension < 2:
            # A multi point is one path, a line has one, a multi line as many as it has lines.
            vertices = offsets[0] if offsets else np.arange(len(ragged.coords) + 1)
            features = offsets[1] if len(offsets) == 2 else np.arange(len(vertices))
            hole = np.zeros(len(vertices) - 1, dtype=bool)
        else:
            vertices, polygons = offsets[0], offsets[1]
            features = polygons[offsets[2]] if kind in _MULTI else polygons
            hole = np.ones(len(vertices) - 1, dtype=bool)
            hole[polygons[:-1][np.diff(polygons) > 0]] = False
            closing = vertices[1:] - 1
            xy, vertices = np.delete(xy, closing, axis=0), vertices - np.arange(len(vertices))
        return cls(
            dimension=np.full(len(features) - 1, dimension, dtype=np.uint8),
            first_path=features,
            first_vertex=vertices,
            hole=hole,
            xy=np.ascontiguousarray(xy, dtype=np.float64),
        )

    @classmethod
    def joined(cls, parts: list[Paths]) -> Paths:
        """Put the features of several one after the other."""
        if len(parts) == 1:
            return parts[0]
        paths = np.cumsum([0, *(len(part.hole) for part in parts)])
        vertices = np.cumsum([0, *(len(part.xy) for part in parts)])
        return cls(
            dimension=np.concatenate([np.empty(0, dtype=np.uint8), *(part.dimension for part in parts)]),
            first_path=np.concatenate(
                [*(part.first_path[:-1] + shift for part, shift in zip(parts, paths, strict=False)), paths[-1:]]
            ),
            first_vertex=np.concatenate(
                [*(part.first_vertex[:-1] + shift for part, shift in zip(parts, vertices, strict=False)), vertices[-1:]]
            ),
            hole=np.concatenate([np.empty(0, dtype=bool), *(part.hole for part in parts)]),
            xy=np.concatenate([np.empty((0, 2)), *(part.xy for part in parts)]),
        )

    def take(self, rows: Integers) -> Paths:
        """Return the features at some positions, in that order, in memory of their own."""
        paths, first_path = runs(self.first_path[rows], self.first_path[rows + 1])
        vertices, first_vertex = runs(self.first_vertex[paths], self.first_vertex[paths + 1])
        return Paths(
            dimension=self.dimension[rows],
            first_path=first_path,
            first_vertex=first_vertex,
            hole=self.hole[paths],
            xy=self.xy[vertices],
        )


def runs(first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """Put the numbers of some runs, ``first`` to ``last - 1``, one after the other; and say where each run begins."""
    counts = last - first
    begins = np.concatenate(([0], np.cumsum(counts)))
    return np.repeat(first - begins[:-1], counts) + np.arange(begins[-1]), begins
