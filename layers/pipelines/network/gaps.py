"""Where pipes end beside one another under different numbers: one point, maybe, and not joined in the network."""

from __future__ import annotations

import numpy as np
import shapely

from layers.pipelines.network.arrays import Floats
from layers.pipelines.network.ends import find_loose_ends
from layers.pipelines.network.graph import Network
from layers.pipelines.network.roles import Role

#: Joins of survey areas are to fit so far.
REACH_M = 0.5
#: Here a pipe ends for a reason of its own.
_ENDS = (Role.SOURCE, Role.OUTFALL, Role.CUSTOMER, Role.END, Role.CLOSED_VALVE)


def find_gaps(network: Network, place_m: Floats) -> tuple[tuple[str, str], ...]:
    """Find the nodes at which a pipe ends, or leaves the survey, half a metre or less from another node of its class.

    As at the border of two surveys that number their points each for itself. Nothing is joined by that: ends are named,
    and whoever knows that it is one point gives it one number.

    Parameters
    ----------
    network
        The network.
    place_m
        (n, 2) where its nodes are, in a plane in metres; NaN where nobody knows.

    Returns
    -------
    tuple
        The node at which the pipe ends, and the other one, which no segment joins to it.
    """
    ends = find_loose_ends(network) & ~np.isin(network.roles[network.vertex_node], _ENDS)
    loose = np.flatnonzero(ends & np.isfinite(place_m[network.vertex_node]).all(axis=1))
    points = np.asarray(shapely.points(place_m[network.vertex_node]), dtype=object)
    end, other = shapely.STRtree(points).query(points[loose], predicate="dwithin", distance=REACH_M)
    end = loose[end]
    pair = np.stack([network.vertex_node[end], network.vertex_node[other]], axis=1)
    apart = (network.vertex_class[end] == network.vertex_class[other]) & (pair[:, 0] != pair[:, 1])
    joined = {frozenset(each) for each in network.vertex_node[network.ends].tolist()} if apart.any() else set()
    found = sorted({(one, two) for one, two in pair[apart].tolist() if frozenset((one, two)) not in joined})
    return tuple((str(network.node_ids[one]), str(network.node_ids[two])) for one, two in found)
