"""The CIM level of a model, by what is in it.

CJJ/T 315-2022 says what each level holds: 2 blocks, 3 exteriors, 4 fine exteriors or BIM of G1/N1, 5 interiors by
function, 6 components (G2 to G3, N2 to N3), 7 parts (G3 to G4, N3 to N4). How much of that a model must have is a rule
of this program, with the shares below; it names what it counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bim.cityjson.lods import cim_level
from bim.model import Model

if TYPE_CHECKING:
    import pandas as pd

#: Classes of the parts that components consist of.
_PARTS = (
    "IfcBuildingElementPart",
    "IfcFastener",
    "IfcMechanicalFastener",
    "IfcReinforcingBar",
    "IfcReinforcingMesh",
    "IfcTendon",
    "IfcDiscreteAccessory",
)
_ABOVE = ("IfcSite", "IfcBuilding", "IfcBuildingStorey", "IfcSpace", "IfcProxy", "IfcBuildingElementProxy")
#: What stands inside of buildings of city models.
_INSIDE = ("IfcSpace", "IfcBuildingStorey", "BuildingUnit", "IfcFurniture")
#: Different classes of components of a building that is more than a shell, and shares of components that say something.
_FEWEST_CLASSES, _SOME, _MOST = 4, 0.5, 0.8


@dataclass(frozen=True, kw_only=True)
class CimLevel:
    """A level from 1 to 7, and what was counted for it."""

    level: int
    reason: str


def judge_buildings(model: Model, buildings: Iterable[int]) -> dict[int, CimLevel]:
    """Judge the CIM level of buildings, by their rows: that of the model, or of a city model each by itself."""
    elements = model.elements
    if "lod" not in elements:
        return dict.fromkeys(buildings, judge_level(model))
    lods, owners = elements["lod"].fillna(-1.0).to_numpy(dtype=np.float64), elements["building"].to_numpy()
    best, inside = np.full(len(elements), -1.0), np.zeros(len(elements), np.int64)
    is_of = owners >= 0
    np.maximum.at(best, owners[is_of], lods[is_of])
    np.add.at(inside, owners[is_of], elements["class"].isin(_INSIDE).to_numpy()[is_of])
    return {row: _judge_detail(float(best[row]), int(inside[row])) for row in buildings}


def judge_level(model: Model) -> CimLevel:
    """Judge the CIM level of a model; of a city model by its levels of detail.

    References
    ----------
    CJJ/T 315-2022 城市信息模型基础平台技术标准, levels of models; GB/T 51301-2018, depths G and N.
    """
    elements = model.elements
    if "lod" not in elements:
        return _judge_components(model)
    best = float(elements["lod"].fillna(-1.0).max()) if len(elements) else -1.0
    return _judge_detail(best, int(elements["class"].isin(_INSIDE).sum()))


def _judge_components(model: Model) -> CimLevel:
    elements = model.elements
    drawn = elements[elements["outcome"] == "shape"]
    components = drawn[~drawn["class"].isin([*_ABOVE, *_PARTS, "IfcOpeningElement"])]
    spaces = int((elements["class"] == "IfcSpace").sum())
    parts = int(drawn["class"].isin(_PARTS).sum())
    kinds = components["class"].str.removesuffix("StandardCase").nunique()
    said, made = (_share(components, table) for table in (model.properties, model.materials))
    counted = (
        f"{len(components):,} components of {kinds} classes, {said:.0%} with properties and {made:.0%} with materials, "
        f"{parts:,} parts, {spaces:,} spaces"
    )
    if kinds >= _FEWEST_CLASSES and parts and said >= _MOST and made >= _MOST:
        return CimLevel(level=7, reason=counted)
    if kinds >= _FEWEST_CLASSES and said >= _SOME and made >= _SOME:
        return CimLevel(level=6, reason=counted)
    if kinds >= _FEWEST_CLASSES and spaces:
        return CimLevel(level=5, reason=counted)
    if kinds >= _FEWEST_CLASSES:
        return CimLevel(level=4, reason=counted)
    if kinds > 1 or len(drawn) > 1:
        return CimLevel(level=3, reason=counted)
    return CimLevel(level=2 if len(drawn) else 1, reason=counted)


def _judge_detail(lod: float, inside: int) -> CimLevel:
    """The level of objects of a city model by the best level of detail, -1 for no shape; a rough correspondence."""
    best = f"LoD {lod:g}" if lod >= 0 else "no shape"
    level = cim_level([lod], has_interior=inside > 0)
    return CimLevel(level=level, reason=f"{best}, {inside:,} objects inside")


def _share(components: pd.DataFrame, table: pd.DataFrame) -> float:
    """The share of components of which a table says something, of themselves or of their type."""
    if not len(components):
        return 0.0
    own, of_type = (set(table.loc[table["of_type"] == whose, "row"]) for whose in (False, True))
    return float((components.index.isin(own) | components["type"].isin(of_type)).mean())
