"""The boundaries of a geometry as a plain list of surfaces, each with what it means and what it is made of.

References
----------
OGC 20-072r5, CityJSON 2.0, §3 (geometry objects), §3.3 (semantics), §6.1 (materials).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: How deep surfaces lie in the boundaries of a geometry.
DEPTHS = {
    "MultiSurface": 1,
    "CompositeSurface": 1,
    "Solid": 2,
    "MultiSolid": 3,
    "CompositeSolid": 3,
}


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A surface.

    Parameters
    ----------
    number
        Which of its geometry it is, from 0.
    rings
        Numbers of vertices of its outer ring and of those of its holes, none repeated at the end of a ring or twice in
        a row.
    semantics
        What it says of itself: `type` and attributes; empty where it says nothing.
    material
        Which of the materials; None where there is none.
    fault
        Why it is none; the rings are empty then.
    """

    number: int
    rings: tuple[tuple[int, ...], ...]
    semantics: dict[str, Any]
    material: int | None
    fault: str = ""


def list_surfaces(geometry: dict[str, Any], vertex_count: int) -> list[Surface]:
    """List the surfaces of a geometry; those that are broken have a fault and no rings.

    Parameters
    ----------
    geometry
        Of a type in `DEPTHS`.
    vertex_count
        How many vertices there are for its indices to name.
    """
    depth = DEPTHS[geometry["type"]]
    semantics = geometry.get("semantics")
    meanings = semantics if isinstance(semantics, dict) else {}
    kinds = meanings.get("surfaces")
    kinds = kinds if isinstance(kinds, list) else []
    found = []
    for number, (path, said) in enumerate(_leaves(geometry.get("boundaries"), depth)):
        meaning = _value_at(meanings.get("values"), path)
        is_one = type(meaning) is int and 0 <= meaning < len(kinds) and isinstance(kinds[meaning], dict)
        rings, fault = _read_rings(said, vertex_count)
        found.append(
            Surface(
                number=number,
                rings=rings,
                semantics=kinds[meaning] if is_one and meaning is not None else {},
                material=_material_at(geometry.get("material"), path),
                fault=fault,
            )
        )
    return found


def _leaves(nested: Any, depth: int, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """What lies so deep in lists of lists, with the way to it; what is no list on the way stands for itself."""
    if depth == 0 or not isinstance(nested, list):
        if nested is not None or path:
            yield path, nested
        return
    for position, inner in enumerate(nested):
        yield from _leaves(inner, depth - 1, (*path, position))


def _value_at(values: Any, path: tuple[int, ...]) -> Any:
    """The value of a surface in lists like its boundaries; a null on the way is one for all."""
    for position in path:
        if not isinstance(values, list) or position >= len(values):
            return None
        values = values[position]
    return values


def _material_at(said: Any, path: tuple[int, ...]) -> int | None:
    """The material of a surface by the first theme that has one for it."""
    for theme in said.values() if isinstance(said, dict) else ():
        if isinstance(theme, dict):
            value = theme["value"] if "value" in theme else _value_at(theme.get("values"), path)
            if type(value) is int and value >= 0:
                return value
    return None


def _read_rings(said: Any, vertex_count: int) -> tuple[tuple[tuple[int, ...], ...], str]:
    """Rings of a surface, or why there are none; a hole that encloses nothing is left out and told."""
    if not isinstance(said, list) or not said:
        return (), "it has no rings"
    rings: list[tuple[int, ...]] = []
    dropped = ""
    for position, ring in enumerate(said):
        if not isinstance(ring, list) or not all(type(index) is int for index in ring):
            return (), "a ring is no list of integers"
        bad = next((index for index in ring if not 0 <= index < vertex_count), None)
        if bad is not None:
            return (), f"there is no vertex {bad}: there are {vertex_count:,}"
        clean = tuple(index for index, before in zip(ring, ring[-1:] + ring[:-1], strict=True) if index != before)
        if len(set(clean)) >= 3:
            rings.append(clean)
        elif position == 0:
            return (), "its ring has fewer than three different vertices"
        else:
            dropped = "a hole has fewer than three different vertices"
    return tuple(rings), dropped
