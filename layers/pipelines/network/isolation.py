"""Which valves to close when a pipe bursts, and what is without supply then."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from layers.pipelines.network.arrays import Mask, mark
from layers.pipelines.network.graph import Network
from layers.pipelines.network.roles import Role
from layers.pipelines.network.tracing import find_segment, find_vertices, require_one
from layers.pipelines.network.zones import Zones
from twin.errors import InvalidParameter


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the network.

    Parameters
    ----------
    segments, nodes
        Their keys; valves at its border do not belong to it.
    length_m
        Of the segments.
    customers
        The nodes among them at which somebody is served.
    """

    segments: tuple[str, ...]
    nodes: tuple[str, ...]
    length_m: float
    customers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """How to shut off a place, and what that does.

    Parameters
    ----------
    valves
        Those to close.
    feeding
        Those of them behind which there is supply: the first to close. The others keep full what lies behind them.
    shut
        Those that are closed already, and have to stay so.
    holding
        Check valves that keep what lies behind them from flowing back.
    unusable
        Valves at the place that are stuck, or that were said to fail.
    sources
        Sources at the place (of drainage outfalls), which no valve parts from it: they have to be shut down too.
    isolated
        What is shut off.
    cut_off
        What lies beyond, and loses its last source (of drainage its last outfall).
    next_ring
        For each valve to close, those that have to be closed besides if it fails.
    supplied
        Whether the place had supply before; if not, or if the survey has no source, nothing can be said to be cut off.
    """

    valves: tuple[str, ...]
    feeding: tuple[str, ...]
    shut: tuple[str, ...]
    holding: tuple[str, ...]
    unusable: tuple[str, ...]
    sources: tuple[str, ...]
    isolated: Section
    cut_off: Section
    next_ring: Mapping[str, tuple[str, ...]]
    supplied: bool


def isolate(
    network: Network, segment_id: str | None = None, *, node_id: str | None = None, failed: Collection[str] = ()
) -> Isolation:
    """Find out how to shut off a segment or node.

    Closed valves bound the place already, and check valves where it is from them that water would come back; stuck
    valves, and those that fail, do not. A valve that bursts itself is one that fails.

    Parameters
    ----------
    network
        The network.
    segment_id, node_id
        What bursts: the key of one segment or node.
    failed
        Keys of valves that turned out not to close.

    Raises
    ------
    InvalidParameter
        The network has no such place or valve.
    """
    require_one(segment_id, node_id)
    zones = network.zones
    passed = _find_valves(network, zones, failed)
    if segment_id is not None:
        place = mark(len(zones.has_anchor), zones.of_segment[[find_segment(network, segment_id)]])
    else:
        vertices = find_vertices(network, str(node_id))
        burst = zones.valve_node == network.vertex_node[vertices[0]]
        passed |= burst
        place = zones.beside(burst) if burst.any() else mark(len(zones.has_anchor), zones.of_vertex[vertices])
    isolated = zones.spread(place, passed)
    border, to_close = zones.border(isolated), zones.to_close(isolated)
    after = zones.find_supplied(isolated)
    unusable = (passed | (zones.valve_role == Role.STUCK_VALVE)) & zones.around(isolated)
    within = isolated[zones.of_vertex]
    return Isolation(
        valves=_name_valves(network, zones, to_close),
        feeding=_name_valves(network, zones, to_close & zones.around(after)),
        shut=_name_valves(network, zones, border & (zones.valve_role == Role.CLOSED_VALVE)),
        holding=_name_valves(network, zones, border & (zones.valve_role == Role.CHECK_VALVE)),
        unusable=_name_valves(network, zones, unusable),
        sources=network.name_nodes(np.unique(network.vertex_node[within & network.is_anchor])),
        isolated=_describe(network, zones, isolated),
        cut_off=_describe(network, zones, zones.supplied & ~after & ~isolated),
        next_ring=_find_next_ring(network, zones, isolated, to_close, passed),
        supplied=bool(zones.supplied[isolated].any()),
    )


def _find_valves(network: Network, zones: Zones, names: Collection[str]) -> Mask:
    """Tell which valves have these keys."""
    found = np.isin(network.node_ids[zones.valve_node], np.array([*names], dtype=object))
    if found.sum() < len(set(names)):
        known = set(network.name_nodes(zones.valve_node))
        strange = ", ".join(sorted(set(names) - known))
        raise InvalidParameter(f"the network has no valve {strange}", parameter="failed")
    return found


def _find_next_ring(
    network: Network, zones: Zones, isolated: Mask, to_close: Mask, passed: Mask
) -> dict[str, tuple[str, ...]]:
    ring = {}
    for valve in np.flatnonzero(to_close).tolist():
        wider = zones.spread(isolated, passed | mark(len(passed), [valve]))
        (name,) = _name_valves(network, zones, mark(len(passed), [valve]))
        ring[name] = _name_valves(network, zones, zones.to_close(wider) & ~to_close)
    return ring


def _name_valves(network: Network, zones: Zones, which: Mask) -> tuple[str, ...]:
    return network.name_nodes(zones.valve_node[which])


def _describe(network: Network, zones: Zones, which: Mask) -> Section:
    """Say what zones consist of."""
    segments = which[zones.of_segment]
    touched = mark(len(network.node_ids), network.vertex_node[network.ends[segments]])
    role = network.roles
    border = np.zeros_like(touched)
    border[zones.valve_node[zones.around(~which)]] = True
    nodes = touched & ~border
    return Section(
        segments=network.name_segments(segments),
        nodes=network.name_nodes(nodes),
        length_m=float(network.length_m[segments].sum()),
        customers=network.name_nodes(nodes & (role == Role.CUSTOMER)),
    )
