"""What valves can shut off: a zone is what still hangs together when every valve that works is closed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from layers.pipelines.network.arrays import Ints, Mask, cut_at, mark
from layers.pipelines.network.links import Links
from layers.pipelines.network.roles import VALVES, Role


@dataclass(frozen=True, kw_only=True, eq=False)
class Zones:
    """The z zones of a network, and the k valves between them.

    Parameters
    ----------
    of_segment
        Zone of each of the m segments.
    of_vertex
        Zone of each of the v vertices of the network; of one at a valve that works it says nothing.
    valve_node, valve_role
        Node and role of each valve.
    sides
        (s, 2) every valve, by its number among the k, with every zone that it has at a side, once.
    has_anchor
        Which zones have a source (of drainage an outfall) within.
    """

    of_segment: Ints
    of_vertex: Ints
    valve_node: Ints
    valve_role: Ints
    sides: Ints
    has_anchor: Mask

    @cached_property
    def supplied(self) -> Mask:
        """Which zones have supply as things are."""
        return self.find_supplied(np.zeros_like(self.has_anchor))

    def beside(self, valves: Mask) -> Mask:
        """Tell which zones are at a side of any of some valves."""
        valve, zone = self.sides.T
        return mark(len(self.has_anchor), zone[valves[valve]])

    def around(self, zones: Mask) -> Mask:
        """Tell which valves have any of some zones at a side."""
        valve, zone = self.sides.T
        return mark(len(self.valve_node), valve[zones[zone]])

    def spread(self, zones: Mask, passed: Mask) -> Mask:
        """Add to zones all that one gets to through valves that let through."""
        while True:
            wider = zones | self.beside(passed & self.around(zones))
            if (wider == zones).all():
                return zones
            zones = wider

    def find_supplied(self, without: Mask) -> Mask:
        """Tell which zones have supply while some are shut off, and so all the valves around those are closed."""
        count = len(self.has_anchor)
        closed = np.concatenate([without, self.around(without)])
        return self._ways.reach(np.flatnonzero(self.has_anchor & ~without), closed)[:count]

    @cached_property
    def _ways(self) -> Links:
        """Where one gets from zones through open valves; valves are numbered behind the zones."""
        valve, zone = self.sides[self.valve_role[self.sides[:, 0]] != Role.CLOSED_VALVE].T
        count = len(self.has_anchor)
        return Links.of_pairs(np.stack([zone, count + valve], axis=1), count + len(self.valve_node))


def find_zones(ends: Ints, vertex_node: Ints, roles: Ints, anchors: Mask) -> Zones:
    """Divide a network into zones.

    Parameters
    ----------
    ends
        (m, 2) vertices at the ends of the m segments; at closed valves every segment has its own.
    vertex_node, roles, anchors
        Node and role of each of the v vertices, and which of them have a source (of drainage an outfall).
    """
    cut, node_of = cut_at(roles == Role.VALVE, ends, vertex_node)
    of_vertex = Links.of_pairs(cut, len(node_of)).label()
    at_valve = np.isin(roles, VALVES)[ends]
    valve_node, first, valve = np.unique(node_of[cut[at_valve]], return_index=True, return_inverse=True)
    own = of_vertex[: len(vertex_node)]
    return Zones(
        of_segment=of_vertex[cut[:, 0]],
        of_vertex=own,
        valve_node=valve_node,
        valve_role=roles[ends[at_valve][first]].astype(np.int64),
        sides=np.unique(np.stack([valve, of_vertex[cut[at_valve]]], axis=1), axis=0),
        has_anchor=mark(int(of_vertex.max(initial=-1)) + 1, own[anchors]),
    )
