"""Upstream, downstream and connected: everything that one gets to from a segment or node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from layers.pipelines.network.arrays import Ints, mark
from layers.pipelines.network.graph import Network
from layers.pipelines.network.inference import Origin
from layers.pipelines.network.links import Links
from twin.errors import InvalidParameter
from twin.nearest import suggest


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What a trace came through.

    Parameters
    ----------
    segments, nodes
        Their keys, where it began included.
    length_m
        Of the segments.
    direction_from
        From what the direction of each segment is known; empty where directions do not matter.
    """

    segments: tuple[str, ...]
    nodes: tuple[str, ...]
    length_m: float
    direction_from: tuple[Origin, ...]

    def known_from(self, *origins: Origin) -> tuple[str, ...]:
        """Segments whose direction is known from that; where it is unknown, the trace went both ways."""
        pairs = zip(self.segments, self.direction_from, strict=False)
        return tuple(name for name, origin in pairs if origin in origins)


def trace_upstream(network: Network, segment_id: str | None = None, *, node_id: str | None = None) -> Trace:
    """Everything from which something flows to a segment or node."""
    return _trace(network, network.against, segment_id, node_id)


def trace_downstream(network: Network, segment_id: str | None = None, *, node_id: str | None = None) -> Trace:
    """Everything to which something flows from a segment or node."""
    return _trace(network, network.along, segment_id, node_id)


def trace_connected(network: Network, segment_id: str | None = None, *, node_id: str | None = None) -> Trace:
    """Everything that is connected with a segment or node, whichever way it flows."""
    return _trace(network, network.anyway, segment_id, node_id, by_flow=False)


def find_segment(network: Network, segment_id: str) -> int:
    """Return the position of a segment.

    Raises
    ------
    InvalidParameter
        The network has none of that key: it does not exist, or is not in use.
    """
    return _find(network.segment_index, segment_id, "segment")


def find_vertices(network: Network, node_id: str, parameter: str = "node") -> Ints:
    """Return the vertices of a node.

    Raises
    ------
    InvalidParameter
        No segment of the network ends at a node of that key.
    """
    return network.vertices_of(_find(network.node_index, node_id, parameter))


def require_one(segment_id: str | None, node_id: str | None) -> None:
    """Refuse to begin nowhere, or at two places.

    Raises
    ------
    InvalidParameter
        There is not exactly one.
    """
    if (segment_id is None) == (node_id is None):
        raise InvalidParameter("give a segment or a node to begin at, and not both", parameter="segment")


def _find(index: Any, key: str, what: str) -> int:
    try:
        return int(index.get_loc(key))
    except KeyError:
        hint = suggest(key, index) if len(index) < 1000 else "is it in use, and of this state of the twin?"
        raise InvalidParameter(f"the network has no {what} {key}; {hint}", parameter=what) from None


def _trace(
    network: Network, links: Links, segment_id: str | None, node_id: str | None, *, by_flow: bool = True
) -> Trace:
    require_one(segment_id, node_id)
    first = np.array([] if segment_id is None else [find_segment(network, segment_id)], dtype=np.int64)
    starts = links.ends_of(first[0]) if len(first) else find_vertices(network, str(node_id))
    reached = links.reach(starts)
    passed = mark(len(network.segment_ids), np.append(links.segments_from(reached), first))
    reached[network.ends[first]] = True
    return Trace(
        segments=network.name_segments(passed),
        nodes=network.name_nodes(np.unique(network.vertex_node[reached])),
        length_m=float(network.length_m[passed].sum()),
        direction_from=tuple(map(Origin, network.directions.origin[passed].tolist())) if by_flow else (),
    )
