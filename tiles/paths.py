"""Features as paths: what all tiles of a frame on one grid are cut from, as plain arrays.

A path is the points of a feature, a line, or a ring without its closing vertex. This is the GeoArrow layout with its
levels between feature and path taken out: a tile needs to know which ring is a hole, but not of which polygon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from tiles.kernels.wkb import read_wkb

Integers = npt.NDArray[np.int64]


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

    def joined(self, others: Paths) -> Paths:
        """Put other features behind these."""
        return Paths(
            dimension=np.concatenate((self.dimension, others.dimension)),
            first_path=np.concatenate((self.first_path, others.first_path[1:] + len(self.hole))),
            first_vertex=np.concatenate((self.first_vertex, others.first_vertex[1:] + len(self.xy))),
            hole=np.concatenate((self.hole, others.hole)),
            xy=np.concatenate((self.xy, others.xy)),
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
