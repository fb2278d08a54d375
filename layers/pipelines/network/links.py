"""Where one gets from each vertex by one segment: a sparse matrix that knows its segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layers.pipelines.network.arrays import Floats, Ints, Mask

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """Steps between v vertices.

    Parameters
    ----------
    matrix
        (v, v) lengths of the steps; where several segments join two vertices there are several of the same place.
    segment
        By which segment each step of the matrix goes, in its order.
    """

    matrix: csr_array[np.float64]
    segment: Ints

    @classmethod
    def of(cls, ends: Ints, forth: Mask, back: Mask, length_m: Floats, vertices: int) -> Links:
        """Make steps of m segments.

        Parameters
        ----------
        ends
            (m, 2) vertices at start and end.
        forth, back
            Whether one may go from start to end, and from end to start.
        length_m
            Of each segment.
        vertices
            How many there are.
        """
        from scipy.sparse import csr_array

        row = np.concatenate([ends[forth, 0], ends[back, 1]])
        column = np.concatenate([ends[forth, 1], ends[back, 0]])
        segment = np.concatenate([np.flatnonzero(forth), np.flatnonzero(back)])
        # Counted into rows, which is faster than sorting: a matrix of steps by vertices, turned around.
        steps = np.arange(len(row) + 1)
        by_row = csr_array((steps[:-1], row, steps), shape=(len(row), vertices)).tocsc()
        order = by_row.data
        lengths = length_m[segment][order]
        matrix = csr_array((lengths, column[order], by_row.indptr), shape=(vertices, vertices))
        return cls(matrix=matrix, segment=segment[order])

    @classmethod
    def of_pairs(cls, pairs: Ints, vertices: int) -> Links:
        """Make steps both ways between pairs of vertices, each as long as any other."""
        anyway = np.ones(len(pairs), bool)
        return cls.of(pairs, anyway, anyway, np.ones(len(pairs)), vertices)

    def reach(self, starts: Ints, without: Mask | None = None) -> Mask:
        """Tell which of the v vertices one gets to from any of some vertices, these included.

        Parameters
        ----------
        starts
            Vertices to begin at.
        without
            Vertices that are not there, of which none is a start.
        """
        from scipy.sparse.csgraph import breadth_first_order

        matrix, root = self.rooted(starts, without)
        reached = np.zeros(root + 1, bool)
        reached[breadth_first_order(matrix, root, return_predecessors=False)] = True
        return reached[:root]

    def rooted(self, starts: Ints, without: Mask | None = None) -> tuple[csr_array[np.float64], int]:
        """Return the matrix with one more vertex, from which one gets to every start, and which that is.

        Whoever would step to a vertex that is not there steps to that one too.
        """
        from scipy.sparse import csr_array

        root = self.matrix.shape[0]
        column = (
            self.matrix.indices
            if without is None
            else np.where(without[self.matrix.indices], root, self.matrix.indices)
        )
        column = np.concatenate([column, starts.astype(column.dtype)])
        begin = np.append(self.matrix.indptr, self.matrix.indptr.dtype.type(len(column)))
        length = np.concatenate([self.matrix.data, np.ones(len(starts))])
        return csr_array((length, column, begin), shape=(root + 1, root + 1)), root

    def segments_from(self, vertices: Mask) -> Ints:
        """The segments by which one steps away from some vertices; one that goes both ways may be there twice."""
        return self.segment[np.repeat(vertices, np.diff(self.matrix.indptr))]

    def ends_of(self, segment: int) -> Ints:
        """The vertices to which one steps by a segment."""
        ends: Ints = self.matrix.indices[self.segment == segment].astype(np.int64)
        return ends

    def label(self, *, with_flow: bool = False) -> Ints:
        """Number the v vertices by the part that they belong to: connected, or such that one gets there and back."""
        from scipy.sparse.csgraph import connected_components

        matrix = self.matrix
        if with_flow:  # SciPy 1.17 comes to no end where several steps are of the same place
            matrix = matrix.copy()
            matrix.sum_duplicates()
        return connected_components(matrix, directed=with_flow, connection="strong")[1].astype(np.int64)

    def segment_between(self, first: int, second: int) -> int:
        """The shortest segment by which one gets from one vertex to the next."""
        begin, end = self.matrix.indptr[first : first + 2]
        there = begin + np.flatnonzero(self.matrix.indices[begin:end] == second)
        return int(self.segment[there[self.matrix.data[there].argmin()]])
