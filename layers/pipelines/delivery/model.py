"""A network of a hydraulic model: nodes and links, and devices that stand on links, as points and segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from twin.crs import BBox
from twin.errors import SourceError

#: By section: the number of each line, and its words.
Sections = Mapping[str, Sequence[tuple[int, list[str]]]]

FOOT_M = 0.3048


@dataclass(kw_only=True)
class Model:
    """Points and segments of a hydraulic model, in SI units, while they are put together.

    Parameters
    ----------
    format
        What the file is.
    places
        Coordinates of nodes as they are in the file.
    nodes, segments
        Fields of each, its ``geometry`` and the ``line`` of the file it stands in.
    notices
        What to tell.
    """

    name: str
    format: str
    sections: Sections
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    vertices: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    nodes: list[Mapping[str, Any]] = field(default_factory=list)
    segments: list[Mapping[str, Any]] = field(default_factory=list)
    same: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line, (node, x, y, *_) in self.rows("COORDINATES", 3):
            self.places[node] = self.number(x, line), self.number(y, line)
        for line, (link, x, y, *_) in self.rows("VERTICES", 3):
            self.vertices.setdefault(link, []).append((self.number(x, line), self.number(y, line)))

    @property
    def bounds(self) -> BBox | None:
        """The box around the nodes."""
        if not self.places:
            return None
        low, high = np.min([*self.places.values()], axis=0), np.max([*self.places.values()], axis=0)
        return BBox(*low.tolist(), *high.tolist())

    def rows(self, section: str, words: int) -> list[tuple[int, list[str]]]:
        """Lines of a section with at least so many words.

        Raises
        ------
        SourceError
            A line has fewer.
        """
        for line, row in self.sections.get(section, ()):
            if len(row) < words:
                raise SourceError(f"{self.name} line {line}: [{section}] wants {words} values, found {' '.join(row)}")
        return list(self.sections.get(section, ()))

    def option(self, name: str, default: str) -> str:
        """A value of the section of options, in capitals."""
        found = [row[1] for _, row in self.rows("OPTIONS", 1) if row[0].upper() == name and len(row) > 1]
        return found[-1].upper() if found else default

    def number(self, text: str, line: int) -> float:
        """A finite number.

        Raises
        ------
        SourceError
            The text is none.
        """
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise SourceError(f"{self.name} line {line}: {text!r} is not a number")
        return value

    def add_node(self, node_id: str, line: int, ground_m: float, **fields: Any) -> None:
        """Add a node where the file says that it is.

        Raises
        ------
        SourceError
            It does not say so.
        """
        if node_id not in self.places:
            raise SourceError(f"{self.name} line {line}: node {node_id} has no coordinates")
        point = shapely.Point(*self.places[node_id], ground_m)
        self.nodes.append({"node_id": node_id, "line": line, "geometry": point, "point_class": "assumed", **fields})

    def add_link(self, link_id: str, line: int, from_node: str, to_node: str, **fields: Any) -> None:
        """Add a segment along its vertices."""
        self._require(line, from_node, to_node)
        path = [self.places[from_node], *self.vertices.get(link_id, ()), self.places[to_node]]
        ends = {"segment_id": link_id, "line": line, "from_node": from_node, "to_node": to_node}
        self.segments.append({**ends, "geometry": shapely.LineString(path), **fields})

    def add_device(
        self, link_id: str, line: int, from_node: str, to_node: str, node: Mapping[str, Any], **fields: Any
    ) -> None:
        """Add a device that is a link of the model as a point in the middle of it.

        Where the link has no length, the nodes at its ends become that point. Models number links and nodes apart: the
        point is called as the link is, or ``10/0`` where a node is called ``10`` as well.
        """
        self._require(line, from_node, to_node)
        a, b = self.places[from_node], self.places[to_node]
        node_id = link_id
        if link_id in self.places:
            node_id = f"{link_id}/0"
            self.notices += (f"line {line}: the device {link_id} is point {node_id}, since a node is {link_id} too",)
        if a == b and not self.vertices.get(link_id):
            self.same |= {from_node: node_id, to_node: node_id}
            self.places[node_id] = a
        else:
            path = shapely.LineString([a, *self.vertices.pop(link_id, ()), b])
            middle = path.interpolate(0.5, normalized=True)
            self.places[node_id] = middle.x, middle.y
            for end, (start, stop) in enumerate(((from_node, node_id), (node_id, to_node)), start=1):
                self.add_link(f"{link_id}/{end}", line, start, stop, **fields)
        self.add_node(node_id, line, **node)

    def merge_ends(self) -> None:
        """Put devices without length in the place of the nodes at their ends."""
        self.nodes = [node for node in self.nodes if node["node_id"] not in self.same]
        self.segments = [
            {**link, **{end: self.same.get(link[end], link[end]) for end in ("from_node", "to_node")}}
            for link in self.segments
        ]
        if self.same:
            self.notices += (f"{len(self.same):,} nodes at the ends of devices without length became the device",)

    def _require(self, line: int, *nodes: str) -> None:
        for node in nodes:
            if node not in self.places:
                raise SourceError(f"{self.name} line {line}: the link ends at {node}, which has no coordinates")
