"""Directions of flow that cannot be right, or say too little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.pipelines.network.graph import Network
from layers.pipelines.network.roles import Role


@dataclass(frozen=True, kw_only=True)
class Circle:
    """Sewers that flow back to where they come from, one circle or several that hang together.

    Parameters
    ----------
    segments
        Their keys.
    length_m
        Of all of them.
    """

    segments: tuple[str, ...]
    length_m: float


@dataclass(frozen=True, kw_only=True)
class FlowFaults:
    """What is wrong with the directions of a network.

    Parameters
    ----------
    circles
        The longest first.
    contradicted
        Segments of which the survey, inverts and where sources and outfalls are say different ways.
    check_valves
        Those of which no side is known to flow, or that flow to them or from them at both sides.
    """

    circles: tuple[Circle, ...]
    contradicted: tuple[str, ...]
    check_valves: tuple[str, ...]


def find_flow_faults(network: Network) -> FlowFaults:
    """Find directions that contradict heights, sources or one another."""
    directions = network.directions
    checks = network.roles[network.vertex_node] == Role.CHECK_VALVE
    return FlowFaults(
        circles=_find_circles(network),
        contradicted=network.name_segments(directions.contradicted),
        check_valves=network.name_nodes(np.unique(network.vertex_node[checks & ~directions.one_way])),
    )


def _find_circles(network: Network) -> tuple[Circle, ...]:
    """Strong components: sewers, each end of which one gets to from the other with the flow."""
    way = np.where(network.drains[network.ends[:, 0]], network.directions.way, 0)
    part = network.link_ways(way == 1, way == -1).label(with_flow=True)[network.ends]
    inside = np.flatnonzero((way != 0) & (part[:, 0] == part[:, 1]))
    inside = inside[np.argsort(part[inside, 0], kind="stable")]
    circles = [
        Circle(segments=network.name_segments(each), length_m=float(network.length_m[each].sum()))
        for each in np.split(inside, np.flatnonzero(np.diff(part[inside, 0])) + 1)
        if len(each)
    ]
    return tuple(sorted(circles, key=lambda circle: -circle.length_m))
