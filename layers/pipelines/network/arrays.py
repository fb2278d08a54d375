"""Kinds of arrays, and what is done with them everywhere."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]


def mark(length: int, places: Iterable[int] | Ints) -> Mask:
    """Return a mask of a length that is true at places."""
    mask = np.zeros(length, bool)
    mask[np.asarray(places, dtype=np.int64)] = True
    return mask


def cut_at(cut: Mask, ends: Ints, vertex_node: Ints) -> tuple[Ints, Ints]:
    """Give every segment that ends at a cut vertex a vertex of its own there.

    Parameters
    ----------
    cut
        Which of the v vertices are cut.
    ends
        (m, 2) vertices at the ends of segments.
    vertex_node
        The node of each of the v vertices.

    Returns
    -------
    tuple
        Ends, and nodes of vertices: those there were, then the new ones. At a cut vertex nothing ends any more.
    """
    loose = cut[ends]
    renamed = ends.copy()
    renamed[loose] = len(vertex_node) + np.arange(np.count_nonzero(loose))
    return renamed, np.concatenate([vertex_node, vertex_node[ends[loose]]])
