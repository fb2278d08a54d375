"""Where a network ends although it should not: dead ends, and parts without source or outfall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.pipelines.network.arrays import Ints, Mask
from layers.pipelines.network.graph import Network
from layers.pipelines.network.roles import Role

#: At nodes of these roles a pipe ends for a reason.
_RIGHTLY = (Role.SOURCE, Role.OUTFALL, Role.CUSTOMER, Role.END, Role.BORDER)


@dataclass(frozen=True, kw_only=True)
class DeadEnds:
    """Nodes at which what flows comes to an end.

    Parameters
    ----------
    pipe_ends
        A pipe ends here.
    closed_valves
        A pipe ends at this closed valve.
    sinks
        Several sewers flow here and none away.
    """

    pipe_ends: tuple[str, ...]
    closed_valves: tuple[str, ...]
    sinks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class UnservedPart:
    """A connected part of the network of a class that no source feeds, or that drains to no outfall.

    Parameters
    ----------
    class_code
        Its class.
    segments, nodes
        Their keys.
    length_m
        Of the segments.
    """

    class_code: str
    segments: tuple[str, ...]
    nodes: tuple[str, ...]
    length_m: float


def find_dead_ends(network: Network) -> DeadEnds:
    """Find the nodes at which a pipe ends for no reason that the survey gives.

    Sources, outfalls, customers and ends on purpose are reasons. A sewer may begin anywhere: there an end is where
    nothing flows away.
    """
    vertices = len(network.vertex_node)
    degree, leaving = _count_ends(network)
    unknown = np.bincount(network.ends[network.directions.way == 0].ravel(), minlength=vertices)
    role = network.roles[network.vertex_node]
    counts = (degree > 0) & ~np.isin(role, _RIGHTLY)
    alone = counts & find_loose_ends(network)
    return DeadEnds(
        pipe_ends=_name(network, alone & (role != Role.CLOSED_VALVE)),
        closed_valves=_name(network, alone & (role == Role.CLOSED_VALVE)),
        sinks=_name(network, counts & network.drains & (degree > 1) & (leaving == 0) & (unknown == 0)),
    )


def find_loose_ends(network: Network) -> Mask:
    """Tell at which of the v vertices one segment ends and, of drainage, does not begin."""
    degree, leaving = _count_ends(network)
    loose: Mask = (degree == 1) & ~(network.drains & (leaving > 0))
    return loose


def _count_ends(network: Network) -> tuple[Ints, Ints]:
    """How many segments end at each of the v vertices, and from how many what is inside flows away there."""
    vertices = len(network.vertex_node)
    starts, ends = network.ends.T
    leaving = np.bincount(starts[network.directions.way == 1], minlength=vertices)
    leaving += np.bincount(ends[network.directions.way == -1], minlength=vertices)
    return np.bincount(network.ends.ravel(), minlength=vertices), leaving


def find_unserved(network: Network) -> list[UnservedPart]:
    """Find the parts of the network that no source feeds and that drain to no outfall, the longest first.

    What is fed has to be reached from a source, what drains has to reach an outfall, each the way that it flows where
    that is known.
    """
    anchors, drains = network.is_anchor, network.drains
    served = network.along.reach(np.flatnonzero(anchors & ~drains))
    drained = network.against.reach(np.flatnonzero(anchors & drains))
    lower, upper = _ends_by_flow(network)
    is_sewer = drains[network.ends[:, 0]]
    unserved = np.where(is_sewer, ~drained[lower], ~served[upper])
    return _part(network, unserved)


def _ends_by_flow(network: Network) -> tuple[Ints, Ints]:
    """Return for each segment the vertex that it flows to, and the one that it flows from."""
    back = network.directions.way == -1
    lower = np.where(back, network.ends[:, 0], network.ends[:, 1])
    upper = np.where(back, network.ends[:, 1], network.ends[:, 0])
    return lower, upper


def _part(network: Network, which: Mask) -> list[UnservedPart]:
    """Take some segments apart into those that hang together."""
    links = network.link(which)
    label = links.label()[network.ends[:, 0]]
    found = []
    chosen = np.flatnonzero(which)
    order = chosen[np.argsort(label[chosen], kind="stable")]
    for segments in np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(order) else ():
        nodes = np.unique(network.vertex_node[network.ends[segments]])
        found.append(
            UnservedPart(
                class_code=network.classes[network.segment_class[segments[0]]],
                segments=network.name_segments(np.sort(segments)),
                nodes=network.name_nodes(nodes),
                length_m=float(network.length_m[segments].sum()),
            )
        )
    return sorted(found, key=lambda part: -part.length_m)


def _name(network: Network, vertices: Mask) -> tuple[str, ...]:
    return network.name_nodes(np.unique(network.vertex_node[vertices]))
