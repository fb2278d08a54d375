"""What valves can shut off: a zone is what still hangs together when every valve that works is closed.

A check valve, of which is known what way it lets through, parts zones too, but only for what would flow back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

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
        (s, 3) every valve, by its number among the k, with every zone that it has at a side, once; and 1 where that
        zone flows into a check valve, -1 where it is fed by one, 0 at other valves.
    has_anchor
        Which zones have a source (of drainage an outfall) within.
    drains
        Which zones are of drainage.
    """

    of_segment: Ints
    of_vertex: Ints
    valve_node: Ints
    valve_role: Ints
    sides: Ints
    has_anchor: Mask
    drains: Mask

    @cached_property
    def supplied(self) -> Mask:
        """Which zones have supply as things are."""
        return self.find_supplied(np.zeros_like(self.has_anchor))

    def beside(self, valves: Mask) -> Mask:
        """Tell which zones are at a side of any of some valves."""
        valve, zone, _ = self.sides.T
        return mark(len(self.has_anchor), zone[valves[valve]])

    def around(self, zones: Mask) -> Mask:
        """Tell which valves have any of some zones at a side."""
        valve, zone, _ = self.sides.T
        return mark(len(self.valve_node), valve[zones[zone]])

    def border(self, zones: Mask) -> Mask:
        """Tell which valves part some zones from the others."""
        return self.around(zones) & self.around(~zones)

    def to_close(self, zones: Mask) -> Mask:
        """Tell which valves to close so that some zones are shut off."""
        to_close: Mask = self.border(zones) & (self.valve_role == Role.VALVE)
        return to_close

    def spread(self, zones: Mask, passed: Mask) -> Mask:
        """Add to zones all that one gets to through valves that let through, and what flows there by check valves."""
        valve, zone, leads = self.sides.T
        while True:
            feeds = mark(len(self.valve_node), valve[(leads < 0) & zones[zone]])
            fed_by = mark(len(self.has_anchor), zone[(leads > 0) & feeds[valve]])
            wider = zones | self.beside(passed & self.around(zones)) | fed_by
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
        """Where supply gets from zones through open valves; valves are numbered behind the zones."""
        valve, zone, leads = self.sides[self.valve_role[self.sides[:, 0]] != Role.CLOSED_VALVE].T
        count = len(self.has_anchor)
        lead = np.where(self.drains[zone], -leads, leads)  # drainage has its supply where it flows to
        ends = np.stack([zone, count + valve], axis=1)
        return Links.of(ends, lead >= 0, lead <= 0, np.ones(len(ends)), count + len(self.valve_node))


def find_zones(
    ends: Ints, vertex_node: Ints, roles: Ints, *, way: npt.NDArray[np.int8], anchors: Mask, drains: Mask
) -> Zones:
    """Divide a network into zones.

    Parameters
    ----------
    ends
        (m, 2) vertices at the ends of the m segments; at closed valves every segment has its own.
    vertex_node, roles
        Node and role of each of the v vertices; check valves are those whose way is known.
    way
        1 where a segment flows from start to end, -1 from end to start; of those at check valves.
    anchors, drains
        Which of the vertices have a source (of drainage an outfall), and which are of drainage.
    """
    cut, node_of = cut_at(np.isin(roles, (Role.VALVE, Role.CHECK_VALVE)), ends, vertex_node)
    of_vertex = Links.of_pairs(cut, len(node_of)).label()
    at_valve = np.isin(roles, VALVES)[ends]
    valve_node, first, valve = np.unique(node_of[cut[at_valve]], return_index=True, return_inverse=True)
    own = of_vertex[: len(vertex_node)]
    leads = np.where(roles[ends] == Role.CHECK_VALVE, np.stack([-way, way], axis=1), 0)[at_valve]
    count = int(of_vertex.max(initial=-1)) + 1
    return Zones(
        of_segment=of_vertex[cut[:, 0]],
        of_vertex=own,
        valve_node=valve_node,
        valve_role=roles[ends[at_valve][first]].astype(np.int64),
        sides=np.unique(np.stack([valve, of_vertex[cut[at_valve]], leads], axis=1), axis=0),
        has_anchor=mark(count, own[anchors]),
        drains=mark(count, of_vertex[cut[drains[ends]]]),
    )
