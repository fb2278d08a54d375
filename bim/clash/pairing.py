"""Which bodies are compared with which."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from bim.clash.bodies import Flags, Numbers
from bim.clash.gathering import Scene

if TYPE_CHECKING:
    import pandas as pd

#: IFC2X3 and IFC4 have walls and beams of a standard case: these are walls and beams.
_CASES = ("StandardCase", "ElementedCase")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which clashes are asked for; what is None is not asked.

    Parameters
    ----------
    building, model, first_class
        Of the one.
    second_class, against
        Of the other one: its class, and what it is.
    """

    building: str | None = None
    model: str | None = None
    first_class: str | None = None
    second_class: str | None = None
    against: str | None = None

    def first(self, scene: Scene, elements: pd.DataFrame) -> Flags:
        """(n,) which bodies may be the one: elements."""
        are = self.are(elements.reindex(scene.keys))
        return are & _elements_of(scene)

    def are(self, elements: pd.DataFrame) -> Flags:
        """Which rows of `building_elements` may be the one."""
        chosen = _are(elements["class"], self.first_class)
        for name, value in (("building_id", self.building), ("model_id", self.model)):
            if value is not None:
                chosen &= (elements[name] == value).fillna(False).to_numpy(dtype=bool)
        return chosen

    def second(self, scene: Scene, elements: pd.DataFrame) -> Flags:
        """(n,) which bodies may be the other one."""
        is_element = _elements_of(scene)
        if self.against not in (None, "elements"):
            return ~is_element
        return ~is_element | _are(elements["class"].reindex(scene.keys), self.second_class)


def _elements_of(scene: Scene) -> Flags:
    flags: Flags = np.asarray(scene.layers == "building_elements", dtype=bool)
    return flags


def _are(classes: pd.Series, wanted: str | None) -> Flags:
    if wanted is None:
        return np.ones(len(classes), dtype=bool)
    plain: Flags = np.array([_plain(str(each)) == _plain(wanted) for each in classes])
    return plain


def _plain(name: str) -> str:
    for case in _CASES:
        name = name.removesuffix(case)
    return name


def find_kin(scene: Scene, elements: pd.DataFrame) -> Numbers:
    """(e, 2) bodies that are meant to stand in one another.

    An element and what it is part of, at any depth, through openings too, so that a door is not compared with its wall;
    parts of the same assembly; an element and the block of its own building.

    Parameters
    ----------
    scene
        The bodies.
    elements
        All rows of `building_elements`.
    """
    number = {key: body for body, key in enumerate(scene.keys) if scene.layers[body] == "building_elements"}
    parents = dict(zip(elements.index, elements["parent_id"], strict=True))
    wholes = set(elements.index[(elements["kind"] == "element").to_numpy(dtype=bool)])
    parts: dict[str, list[int]] = defaultdict(list)
    pairs: list[tuple[int, int]] = []
    for key, body in number.items():
        above, seen = parents.get(key), {key}
        if isinstance(above, str) and above in wholes:
            parts[above].append(body)
        while isinstance(above, str) and above not in seen:
            if above in number:
                pairs.append((body, number[above]))
            seen.add(above)
            above = parents.get(above)
    for siblings in parts.values():
        pairs += combinations(siblings, 2)
    blocks = {key: body for body, key in enumerate(scene.keys) if scene.layers[body] == "buildings"}
    homes = elements["building_id"].reindex(list(number))
    pairs += [(body, blocks[home]) for body, home in zip(number.values(), homes, strict=True) if home in blocks]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
