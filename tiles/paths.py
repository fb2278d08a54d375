"""Features as paths: what all tiles of a frame on one grid are cut from, as plain arrays.

A path is the points of a feature, a line, or a ring without its closing vertex. This is the GeoArrow layout with its
levels between feature and path taken out: a tile needs to know which ring is a hole, but not of which polygon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from tiles.kernels.wkb import read_wkb

Integers = npt.NDArray[np.int64]
T = TypeVar("T", bound=np.generic)

#: Parts of two sources in a new order: which source, and from where to where, the end not included.
Pieces = list[tuple[int, int, int]]


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
    def of(cls, geometries: npt.NDArray[np.object_]) -> Paths:
        """Take n points, lines and areas apart; those of single and of multi geometries look the same here.

        What is empty or of another type has no paths. There must be no None among them.
        """
        binary = shapely.to_wkb(geometries, output_dimension=2, byte_order=1).tolist()
        begins = np.zeros(len(binary) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, binary), dtype=np.int64, count=len(binary)), out=begins[1:])
        data = np.frombuffer(b"".join(binary), dtype=np.uint8)
        most = int(shapely.get_num_coordinates(geometries).sum())
        dimension, first_path, first_vertex, hole, xy = read_wkb(data, begins, most)
        return cls(
            dimension=dimension,
            first_path=first_path,
            first_vertex=first_vertex,
            hole=hole,
            xy=xy.view("<f8").astype(np.float64, copy=False).reshape(-1, 2),
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

    def spliced(self, other: Paths, pieces: Pieces) -> Paths:
        """Put pieces of these features and of others one after the other; see `splice`."""
        paths = _lower((self.first_path, other.first_path), pieces)
        vertices = _lower((self.first_vertex, other.first_vertex), paths)
        per_feature = splice((np.diff(self.first_path), np.diff(other.first_path)), pieces)
        per_path = splice((np.diff(self.first_vertex), np.diff(other.first_vertex)), paths)
        return Paths(
            dimension=splice((self.dimension, other.dimension), pieces),
            first_path=np.concatenate(([0], np.cumsum(per_feature))),
            first_vertex=np.concatenate(([0], np.cumsum(per_path))),
            hole=splice((self.hole, other.hole), paths),
            xy=splice((self.xy, other.xy), vertices),
        )


def splice(sources: tuple[npt.NDArray[T], npt.NDArray[T]], pieces: Pieces) -> npt.NDArray[T]:
    """Put pieces of two arrays one after the other, each copied as a whole."""
    parts = [sources[which][begin:end] for which, begin, end in pieces]
    return np.concatenate(parts) if parts else sources[0][:0]


def _lower(offsets: tuple[Integers, Integers], pieces: Pieces) -> Pieces:
    """Find the pieces one level down."""
    return [(which, int(offsets[which][begin]), int(offsets[which][end])) for which, begin, end in pieces]


def runs(first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """Put the numbers of some runs, ``first`` to ``last - 1``, one after the other; and say where each run begins."""
    counts = last - first
    begins = np.concatenate(([0], np.cumsum(counts)))
    return np.repeat(first - begins[:-1], counts) + np.arange(begins[-1]), begins
