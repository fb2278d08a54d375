"""Geometries of city objects as meshes: a mesh for each object, and one for each template."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bim.cityjson.lods import lod_of
from bim.cityjson.opening import Header, Part
from bim.cityjson.surfaces import DEPTHS, Surface, list_surfaces
from bim.cityjson.triangles import triangulate
from bim.model import Shapes

Floats = npt.NDArray[np.float64]

#: Colours of surfaces that say what they are and not how they look: red, green, blue, opacity.
_COLOURS = {
    "RoofSurface": (0.72, 0.36, 0.28, 1.0),
    "WallSurface": (0.87, 0.84, 0.78, 1.0),
    "GroundSurface": (0.55, 0.55, 0.52, 1.0),
    "Window": (0.55, 0.70, 0.80, 0.5),
    "Door": (0.50, 0.38, 0.28, 1.0),
}
_PLAIN = (0.82, 0.82, 0.82, 1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """What came of the geometries of an object.

    Parameters
    ----------
    lod
        The level that was drawn; -1 where nothing was.
    is_solid
        Whether it is a solid.
    surfaces
        Of what was drawn, those with semantics.
    why
        What is missing, and why.
    """

    lod: float
    is_solid: bool = False
    surfaces: tuple[Surface, ...] = ()
    why: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Mesh:
    points: Floats
    corners: npt.NDArray[np.int32]
    looks: npt.NDArray[np.int32]


@dataclass(kw_only=True, eq=False)
class Meshes:
    """Meshes and instances, while the parts of a file are read."""

    header: Header
    looks: dict[tuple[str, tuple[float, ...]], int] = field(default_factory=dict)
    meshes: list[_Mesh] = field(default_factory=list)
    shown: list[tuple[int, int, Floats]] = field(default_factory=list)
    solid_rows: set[int] = field(default_factory=set)
    _templates: dict[int, tuple[int, str]] = field(default_factory=dict)

    def draw(self, row: int, geometries: list[dict[str, Any]], part: Part) -> Drawn:
        """Draw the best of the geometries of an object that can be drawn, and all of its level."""
        known = [each for each in geometries if each.get("type") in DEPTHS or each.get("type") == "GeometryInstance"]
        whys: list[str] = []
        for lod in sorted({self.lod_of(each) for each in known}, reverse=True):
            chosen = [each for each in known if self.lod_of(each) == lod]
            bodies = [each for each in chosen if each["type"] in DEPTHS]
            surfaces = [surface for each in bodies for surface in list_surfaces(each, len(part.vertices))]
            is_drawn = self._add(row, surfaces, part.vertices, part.materials, whys)
            for each in chosen:
                if each["type"] == "GeometryInstance":
                    is_drawn |= self._place(row, each, part, whys)
            if is_drawn:
                is_solid = bool(bodies) and all("Solid" in each["type"] for each in bodies)
                if is_solid:
                    self.solid_rows.add(row)
                told = tuple(surface for surface in surfaces if surface.semantics)
                return Drawn(lod=lod, is_solid=is_solid, surfaces=told, why="; ".join(whys[:3]) or None)
        return Drawn(lod=-1.0, why="; ".join(whys[:3]) or None)

    def lod_of(self, geometry: dict[str, Any]) -> float:
        """The level of a geometry of this file."""
        return lod_of(geometry, self.header.templates)

    def _add(
        self,
        row: int,
        surfaces: list[Surface],
        vertices: Floats,
        materials: tuple[dict[str, Any], ...],
        whys: list[str],
    ) -> bool:
        mesh = self._mesh(surfaces, vertices, materials, whys)
        if mesh is not None:
            self.shown.append((row, len(self.meshes), np.eye(4)))
            self.meshes.append(mesh)
        return mesh is not None

    def _mesh(
        self, surfaces: list[Surface], vertices: Floats, materials: tuple[dict[str, Any], ...], whys: list[str]
    ) -> _Mesh | None:
        whys.extend(f"surface {each.number}: {each.fault}" for each in surfaces if each.fault)
        whole = [each for each in surfaces if each.rings]
        triangles = triangulate(vertices, [each.rings for each in whole])
        whys.extend(f"surface {whole[number].number}: it has no area" for number in triangles.flat)
        if not len(triangles.corners):
            return None
        used, corners = np.unique(triangles.corners, return_inverse=True)
        looks = np.array([self._look(each, materials) for each in whole], np.int32)
        return _Mesh(
            points=triangles.points[used],
            corners=corners.reshape(-1, 3).astype(np.int32),
            looks=looks[triangles.polygons],
        )

    def _look(self, surface: Surface, materials: tuple[dict[str, Any], ...]) -> int:
        name = str(surface.semantics.get("type", ""))
        colour: tuple[float, ...] = _COLOURS.get(name, _PLAIN)
        if surface.material is not None and surface.material < len(materials):
            colour = _colour_of(materials[surface.material], colour)
            name = name or str(materials[surface.material].get("name", ""))
        return self.looks.setdefault((name, colour), len(self.looks))

    def _place(self, row: int, instance: dict[str, Any], part: Part, whys: list[str]) -> bool:
        """Show a template at a vertex."""
        said, anchors = instance.get("transformationMatrix"), instance.get("boundaries")
        number = instance.get("template")
        is_there = type(number) is int and 0 <= number < len(self.header.templates)
        is_anchored = isinstance(anchors, list) and len(anchors) == 1 and type(anchors[0]) is int
        if not is_there or not is_anchored or not 0 <= anchors[0] < len(part.vertices):  # type: ignore[index]
            whys.append(f"there is no template {number!r}, or no vertex {anchors!r}, for an instance")
            return False
        try:
            matrix = np.asarray(said, dtype=np.float64).reshape(4, 4).copy()
        except (TypeError, ValueError):
            whys.append("a transformationMatrix is no sixteen numbers")
            return False
        mesh, why = self._template(int(number))  # type: ignore[arg-type]
        if mesh < 0 or not np.isfinite(matrix).all():
            whys.append(why or "a transformationMatrix is no sixteen numbers")
            return False
        matrix[:3, 3] += part.vertices[anchors[0]]  # type: ignore[index]
        self.shown.append((row, mesh, matrix))
        return True

    def _template(self, number: int) -> tuple[int, str]:
        """The mesh of a template, drawn when it is first shown; -1 and why where there is none."""
        if number not in self._templates:
            geometry, whys = self.header.templates[number], [f"template {number} cannot be drawn"]
            mesh = None
            if geometry.get("type") in DEPTHS:
                surfaces = list_surfaces(geometry, len(self.header.template_vertices))
                mesh = self._mesh(surfaces, self.header.template_vertices, self.header.materials, whys)
            self._templates[number] = (-1 if mesh is None else len(self.meshes), "; ".join(whys[:3]))
            self.meshes.extend([] if mesh is None else [mesh])
        return self._templates[number]

    def collect(self, metres: Floats) -> Shapes:
        """All of them; coordinates times metres in a unit of the file, along its three axes."""
        counts = [(len(mesh.points), len(mesh.corners)) for mesh in self.meshes]
        offsets = np.cumsum([(0, 0), *counts], axis=0, dtype=np.int64)
        transforms = np.array([each[2] for each in self.shown]).reshape(-1, 4, 4)
        transforms[:, :3, :3] *= metres[:, None] / metres[None, :]
        transforms[:, :3, 3] *= metres
        return Shapes(
            vertices=np.concatenate([np.zeros((0, 3)), *(mesh.points for mesh in self.meshes)]) * metres,
            triangles=np.concatenate([np.zeros((0, 3), np.int32), *(mesh.corners for mesh in self.meshes)]),
            surfaces=np.concatenate([np.zeros(0, np.int32), *(mesh.looks for mesh in self.meshes)]),
            vertex_offsets=offsets[:, 0],
            triangle_offsets=offsets[:, 1],
            looks=np.array([colour for _, colour in self.looks], np.float64).reshape(-1, 4),
            look_names=tuple(name for name, _ in self.looks),
            elements=np.array([each[0] for each in self.shown], np.int32),
            meshes=np.array([each[1] for each in self.shown], np.int32),
            transforms=transforms,
        )


def list_geometries(said: dict[str, Any]) -> list[dict[str, Any]]:
    """The geometries of an object."""
    found = said.get("geometry")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _colour_of(material: dict[str, Any], plain: tuple[float, ...]) -> tuple[float, ...]:
    said = material.get("diffuseColor")
    clear = material.get("transparency", 0)
    ok = isinstance(said, list) and len(said) == 3 and all(isinstance(each, int | float) for each in said)
    rgb = [min(max(float(each), 0.0), 1.0) for each in said] if ok and said else list(plain[:3])
    opacity = 1 - min(max(float(clear), 0.0), 1.0) if isinstance(clear, int | float) else 1.0
    return (*rgb, opacity if "transparency" in material else plain[3])


def has_finer_parts(said: dict[str, Any], part: Part, meshes: Meshes, *, depth: int = 8) -> bool:
    """Tell whether the parts of an object have more detail than itself and stand in the same place."""
    return _best(said, meshes) < _best_of_parts(said, part, meshes, depth)


def _best(said: dict[str, Any], meshes: Meshes) -> float:
    return max(map(meshes.lod_of, list_geometries(said)), default=-1.0)


def _best_of_parts(said: dict[str, Any], part: Part, meshes: Meshes, depth: int) -> float:
    below = said.get("children")
    inner = (part.objects.get(each, {}) for each in (below if isinstance(below, list) else ()) if isinstance(each, str))
    return max(
        (
            max(_best(each, meshes), _best_of_parts(each, part, meshes, depth - 1) if depth else -1.0)
            for each in inner
            if each.get("type") == "BuildingPart"
        ),
        default=-1.0,
    )
