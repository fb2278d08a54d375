"""Levels of detail: which geometry of an object is its shape, and which CIM level it makes.

References
----------
Biljecki, Ledoux, Stoter (2016), An improved LOD specification for 3D building models. CJJ/T 315-2022 (CIM levels).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def lod_of(geometry: dict[str, Any], templates: tuple[dict[str, Any], ...] = ()) -> float:
    """The level of a geometry as a number, `2.2`; -1 where it says none. Instances have that of their template."""
    said = geometry.get("lod")
    number = geometry.get("template")
    if said is None and type(number) is int and 0 <= number < len(templates):
        said = templates[number].get("lod")
    try:
        return float(said) if isinstance(said, str | int | float) else -1.0
    except ValueError:
        return -1.0


def write_lod(lod: float) -> str:
    """A level as files write it: `2`, `2.2`."""
    return f"{lod:g}"


def cim_level(lods: Iterable[float], *, has_interior: bool) -> int:
    """The CIM level of a building by its best shape, a rough correspondence: its interior makes it a functional one.

    Parameters
    ----------
    lods
        Levels of detail of its shapes.
    has_interior
        Whether rooms, storeys or furniture are in it.

    Returns
    -------
    int
        5 with its interior; 4 from LoD 2.3 on; 3 from LoD 2; 2 with a footprint or a block; 1 without any shape.
    """
    best = max(lods, default=-1.0)
    if has_interior:
        return 5
    return 4 if best >= 2.3 else 3 if best >= 2 else 2 if best >= 0 else 1
