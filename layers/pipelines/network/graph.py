"""The network of pipelines as arrays: which segment joins which nodes, and which way what is inside flows.

Ends are named, never found: two segments are joined where both name the same node and are of the same class. Where a
valve is closed they are not. What is abandoned or empty belongs to no network; whoever builds one leaves it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layers.pipelines.network.arrays import Floats, Ints, Mask, Texts, cut_at
from layers.pipelines.network.inference import Directions, infer_directions
from layers.pipelines.network.links import Links
from layers.pipelines.network.roles import Role, is_gravity, is_piped
from layers.pipelines.network.zones import Zones, find_zones

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class NodeTable:
    """The n nodes of a survey.

    Parameters
    ----------
    ids
        Keys, each once.
    roles
        One `Role` each.
    """

    ids: Texts
    roles: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentTable:
    """The m segments of a survey.

    Parameters
    ----------
    ids
        Keys, each once.
    start, end
        Keys of the nodes that they join.
    classes
        Class of each, by its code.
    circulates
        Whether what flows in it comes back to where it came from, as hot water does: of such a pipe nobody can tell
        from the sources whether it is the supply or the return.
    length_m
        Length along the pipe, in space.
    flow
        As surveyed: 1 from start to end, -1 from end to start, `inference.BOTH`, 0 where nobody said.
    fall_m
        How much lower the inner bottom is at the end than at the start; NaN where that is unknown.
    """

    ids: Texts
    start: Texts
    end: Texts
    classes: Texts
    circulates: Mask
    length_m: Floats
    flow: npt.NDArray[np.int8]
    fall_m: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """Segments between vertices; a vertex is a node as the segments of one class see it.

    A closed valve has a vertex for each segment that ends at it, so that nothing goes through.

    Parameters
    ----------
    node_ids, roles
        Keys and roles of the n nodes that segments end at.
    segment_ids, length_m
        Keys and lengths of the m segments.
    classes, segment_class
        The codes of the classes there are, and which of them each segment has.
    ends
        (m, 2) vertices at start and end.
    vertex_node
        Which node each of the v vertices belongs to.
    circulates, flow, fall_m
        As in the survey; falls of classes that run by their weight only.
    unknown_nodes
        Keys that segments end at and no node has.
    """

    node_ids: Texts
    roles: Ints
    segment_ids: Texts
    length_m: Floats
    classes: tuple[str, ...]
    segment_class: Ints
    ends: Ints
    vertex_node: Ints
    circulates: Mask
    flow: npt.NDArray[np.int8]
    fall_m: Floats
    unknown_nodes: tuple[str, ...]

    @cached_property
    def along(self) -> Links:
        """Where one gets from each vertex along the flow."""
        return self.link_ways(self.directions.way >= 0, self.directions.way <= 0)

    @cached_property
    def against(self) -> Links:
        """Where one gets from each vertex against the flow."""
        return self.link_ways(self.directions.way <= 0, self.directions.way >= 0)

    @cached_property
    def anyway(self) -> Links:
        """Where one gets from each vertex, whichever way it flows."""
        return self.link(np.ones(len(self.segment_ids), bool))

    def link(self, which: Mask) -> Links:
        """Where one gets from each vertex by some of the segments, whichever way they flow."""
        return self.link_ways(which, which)

    def link_ways(self, forth: Mask, back: Mask) -> Links:
        """Where one gets from each vertex by segments that may be gone from start to end, and from end to start."""
        return Links.of(self.ends, forth, back, self.length_m, len(self.vertex_node))

    @cached_property
    def segment_index(self) -> pd.Index[str]:
        """Finds segments by key."""
        import pandas as pd

        return pd.Index(self.segment_ids)

    @cached_property
    def node_index(self) -> pd.Index[str]:
        """Finds nodes by key."""
        import pandas as pd

        return pd.Index(self.node_ids)

    @cached_property
    def vertex_class(self) -> Ints:
        """Which class each of the v vertices has."""
        found = np.zeros(len(self.vertex_node), np.int64)
        found[self.ends] = self.segment_class[:, None]
        return found

    @cached_property
    def drains(self) -> Mask:
        """Which of the v vertices belong to a network that drains to an outfall, rather than being fed by a source."""
        return is_gravity(np.array(self.classes, dtype=object))[self.vertex_class]

    @cached_property
    def is_anchor(self) -> Mask:
        """Which of the v vertices feed their network: sources, and of drainage the outfalls."""
        role = self.roles[self.vertex_node]
        anchors: Mask = role == np.where(self.drains, Role.OUTFALL, Role.SOURCE)
        return anchors

    @cached_property
    def directions(self) -> Directions:
        """Which way segments flow."""
        role = self.roles[self.vertex_node]
        return infer_directions(
            self.flow,
            self.fall_m,
            self.ends,
            self.link(is_piped(np.array(self.classes, dtype=object))[self.segment_class] & ~self.circulates),
            starts=self.is_anchor | (role == Role.BORDER),
            drains=self.drains,
            checks=role == Role.CHECK_VALVE,
        )

    @cached_property
    def zones(self) -> Zones:
        """What valves can shut off."""
        role = self.roles[self.vertex_node]
        ways = self.directions
        return find_zones(
            self.ends,
            self.vertex_node,
            np.where((role == Role.CHECK_VALVE) & ~ways.one_way, Role.PLAIN, role),
            way=ways.way,
            anchors=self.is_anchor,
            drains=self.drains,
        )

    def vertices_of(self, node: int) -> Ints:
        """The vertices of a node."""
        return np.flatnonzero(self.vertex_node == node)

    def name_segments(self, which: Mask | Ints) -> tuple[str, ...]:
        """Keys of segments, given a mask or positions."""
        return tuple(self.segment_ids[which].tolist())

    def name_nodes(self, which: Mask | Ints) -> tuple[str, ...]:
        """Keys of nodes, given a mask or positions."""
        return tuple(self.node_ids[which].tolist())


def build_network(nodes: NodeTable, segments: SegmentTable) -> Network:
    """Build the network of all classes."""
    import pandas as pd

    numbers, node_ids = pd.factorize(np.concatenate([segments.start, segments.end]))
    place = pd.Index(nodes.ids).get_indexer(pd.Index(node_ids))
    roles = np.where(place >= 0, nodes.roles[place] if len(nodes.ids) else 0, Role.PLAIN).astype(np.int64)
    kinds, classes = pd.factorize(segments.classes)
    pairs, vertices = pd.factorize(numbers * max(len(classes), 1) + np.tile(kinds, 2))
    vertex_node = vertices // max(len(classes), 1)
    falls = np.where(is_gravity(segments.classes), segments.fall_m, np.nan)
    ends, vertex_node = cut_at(
        roles[vertex_node] == Role.CLOSED_VALVE, pairs.reshape(2, -1).T.astype(np.int64), vertex_node
    )
    return Network(
        node_ids=np.asarray(node_ids, dtype=object),
        roles=roles,
        segment_ids=segments.ids,
        length_m=segments.length_m,
        classes=tuple(classes),
        segment_class=kinds.astype(np.int64),
        ends=ends,
        vertex_node=vertex_node,
        circulates=segments.circulates,
        flow=segments.flow,
        fall_m=falls,
        unknown_nodes=tuple(node_ids[place < 0]),
    )
