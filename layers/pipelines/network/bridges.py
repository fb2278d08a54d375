"""Segments that are the only way: without them a part of the network would hang together with no start."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layers.pipelines.network.arrays import Ints
from layers.pipelines.network.links import Links


def find_only_ways(links: Links, ends: Ints, starts: Ints) -> npt.NDArray[np.int8]:
    """Tell which way the segments lead away from some starts beyond which only they lead.

    The starts are joined by one more vertex, the root; such a segment is then a bridge, and every walk from the root
    passes it the same way. A depth-first tree is directed downwards and what is not in it upwards: a bridge is what
    does not lie in a circle then.

    Parameters
    ----------
    links
        Steps both ways between v vertices.
    ends
        (m, 2) vertices at start and end of the segments.
    starts
        Vertices.

    Returns
    -------
    ndarray
        (m,) 1 where a segment leads away from the starts from its start to its end, -1 where it does so from its end
        to its start, 0 where another way leads there too, or none leads.

    References
    ----------
    Robbins, H. E. (1939), A theorem on graphs: what has no bridge can be directed so that all lies in circles.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components, depth_first_order

    matrix, root = links.rooted(starts)
    order, parent = depth_first_order(matrix, root)
    place = np.full(root + 1, -1, np.int64)
    place[order] = np.arange(len(order))
    found = np.zeros(len(ends), np.int8)
    seen = np.flatnonzero(place[ends[:, 0]] >= 0)
    forth = place[ends[seen, 0]] < place[ends[seen, 1]]
    upper, lower = np.where(forth, ends[seen].T, ends[seen, ::-1].T)
    # Of several segments between the same two vertices one is in the tree.
    candidates = np.flatnonzero(parent[lower] == upper)
    tree = np.zeros(len(seen), bool)
    tree[candidates[np.unique(lower[candidates], return_index=True)[1]]] = True
    below = parent[starts] == root
    head = np.concatenate([np.where(tree, upper, lower), np.where(below, root, starts)])
    tail = np.concatenate([np.where(tree, lower, upper), np.where(below, starts, root)])
    directed = csr_array((np.ones(len(head)), (head, tail)), shape=matrix.shape)
    circle = connected_components(directed, connection="strong")[1]
    bridge = tree & (circle[upper] != circle[lower])
    found[seen[bridge]] = np.where(forth[bridge], 1, -1)
    return found
