"""What CityJSON 2.0 demands of a document, beyond what a reader of this program looks at."""

from __future__ import annotations

import re
from collections import Counter

_ROOT = {"type", "version", "transform", "CityObjects", "vertices", "metadata", "appearance", "geometry-templates"}
_METADATA = {"referenceSystem", "title", "geographicalExtent", "identifier", "pointOfContact", "referenceDate"}
_MEMBERS = {"type", "attributes", "geometry", "children", "parents", "address", "children_roles", "geographicalExtent"}


def break_rules(said):
    """The rules that a document or a feature breaks."""
    broken = []
    if said["type"] == "CityJSON":
        broken += [f"root: {name}" for name in said.keys() - _ROOT]
        broken += [f"metadata: {name}" for name in said["metadata"].keys() - _METADATA]
        if said["version"] != "2.0":
            broken.append("version")
        if not re.match(r"https?://www\.opengis\.net/def/crs/[^/]+/[^/]+/[^/]+$", said["metadata"]["referenceSystem"]):
            broken.append("referenceSystem")
    used = set()
    for name, each in said["CityObjects"].items():
        objects = said["CityObjects"]
        broken += [f"{name}: {member}" for member in each.keys() - _MEMBERS]
        broken += [f"{name}: {below}" for below in each.get("children", ()) if name not in objects[below]["parents"]]
        broken += [f"{name}: {above}" for above in each.get("parents", ()) if name not in objects[above]["children"]]
        if each["type"] == "BuildingPart" and not each.get("parents"):
            broken.append(f"{name}: a part of nothing")
        for geometry in each.get("geometry", ()):
            broken += [f"{name}: {rule}" for rule in _of_solid(geometry)]
            used |= {index for shell in geometry["boundaries"] for face in shell for ring in face for index in ring}
    vertices = said["vertices"]
    if used != set(range(len(vertices))):
        broken.append("vertices that are not there, or that nobody uses")
    if not all(type(value) is int for vertex in vertices for value in vertex):
        broken.append("vertices that are no integers")
    if len(set(map(tuple, vertices))) != len(vertices):
        broken.append("vertices twice")
    return broken


def _of_solid(geometry):
    if not isinstance(geometry["lod"], str):
        yield "lod is no text"
    shells = geometry["boundaries"]
    values = geometry["semantics"]["values"]
    if [len(shell) for shell in shells] != [len(shell) for shell in values]:
        yield "semantics are of another shape"
    if max(max(shell) for shell in values) >= len(geometry["semantics"]["surfaces"]):
        yield "semantics that are not there"
    for shell in shells:
        edges = Counter(
            edge for face in shell for ring in face for edge in zip(ring, [*ring[1:], ring[0]], strict=True)
        )
        if any(edges[b, a] != count for (a, b), count in edges.items()):
            yield "a shell that is not closed, or whose faces look both ways"
