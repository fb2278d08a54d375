"""Graphs of cells and of roads, as scipy's graph algorithms want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sample_gis.dice import Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def make_graph(size: int, edge: Ints, cost: Floats) -> csr_array:
    """A graph of `size` nodes and (m, 2) edges from node to node, each with its cost."""
    from scipy.sparse import csr_array

    # scipy 1.14 takes 32-bit positions only.
    start, end = edge.astype(np.int32).T
    return csr_array((cost, (start, end)), shape=(size, size))
