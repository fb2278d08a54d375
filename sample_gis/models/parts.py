"""How things of a building are made: names of the classes by schema, types, materials, colours, codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sample_gis.models.author import Author, Entity, Look, Value

LOOKS: dict[str, tuple[str, Look]] = {
    name: (name, (*colour, opacity))
    for name, (colour, opacity) in {
        "外墙涂料": ((0.91, 0.86, 0.76), 1.0),
        "内墙涂料": ((0.96, 0.96, 0.94), 1.0),
        "混凝土": ((0.72, 0.72, 0.70), 1.0),
        "屋面": ((0.50, 0.52, 0.54), 1.0),
        "铝合金": ((0.30, 0.32, 0.35), 1.0),
        "玻璃": ((0.55, 0.76, 0.86), 0.35),
        "木": ((0.56, 0.39, 0.23), 1.0),
        "钢": ((0.66, 0.68, 0.70), 1.0),
        "给水管": ((0.20, 0.55, 0.85), 1.0),
        "排水管": ((0.45, 0.35, 0.25), 1.0),
        "陶瓷": ((0.97, 0.97, 0.97), 1.0),
        "房间": ((0.60, 0.80, 0.62), 0.25),
    }.items()
}

#: Classes and codes of table 14 (elements) of GB/T 51269-2017. The standard was not at hand: the table and its first
#: two pairs of digits (10 architecture, 20 structure, 30 water) are sure, what follows them is an example.
_CODES = {
    "IfcWall": ("14-10.20.03", "墙"),
    "IfcDoor": ("14-10.20.06", "门"),
    "IfcWindow": ("14-10.20.09", "窗"),
    "IfcRoof": ("14-10.20.12", "屋面"),
    "IfcStair": ("14-10.20.15", "楼梯"),
    "IfcColumn": ("14-20.20.03", "柱"),
    "IfcBeam": ("14-20.20.06", "梁"),
    "IfcSlab": ("14-20.20.09", "板"),
    "IfcFooting": ("14-20.10.03", "基础"),
    "IfcFlowSegment": ("14-30.10.03", "管道"),
    "IfcFlowTerminal": ("14-30.10.06", "末端"),
}
_CODED = ("GB/T 51269-2017 建筑信息模型分类和编码标准", "2017, 示例编码")

#: Attributes that IFC2X3 has in place of PredefinedType, or has not at all (None).
_OLD_ATTRIBUTE = {
    "IfcSlab": "PredefinedType",
    "IfcFooting": "PredefinedType",
    "IfcStair": "ShapeType",
    "IfcRoof": "ShapeType",
    "IfcRailing": "PredefinedType",
    "IfcSpace": "InteriorOrExteriorSpace",
}


@dataclass(frozen=True, kw_only=True)
class Storey:
    """A storey that is being filled: what it is, where its floor is, and what begins the keys of its things."""

    entity: Entity
    key: str
    elevation_mm: int


def add(
    author: Author,
    storey: Storey,
    ifc_class: str,
    key: str,
    name: str,
    place: Entity,
    *,
    kind: str | None = None,
    part_of: Entity = None,
    **attributes: Any,
) -> Entity:
    """Make an element of a storey, or of another element; `kind` is its predefined type."""
    if kind is not None:
        attribute = "PredefinedType" if author.schema != "IFC2X3" else _OLD_ATTRIBUTE.get(ifc_class)
        attributes |= {} if attribute is None else {attribute: kind}
    element = author.root(ifc_class, f"{storey.key}/{key}", name, ObjectPlacement=place, **attributes)
    if part_of is None:
        author.relate("contains", storey.entity, element)
    else:
        author.relate("aggregates", part_of, element)
    if ifc_class in _CODES:
        author.relate("class", author.classify(*_CODED, *_CODES[ifc_class]), element)
    return element


def add_type(author: Author, ifc_class: str, name: str, shape: Entity = None, **attributes: Any) -> Entity:
    """The type of a name, made the first time that it is asked for."""
    found = author.types.get(name)
    if found is None:
        found = author.types[name] = author.root(ifc_class, f"type/{name}", name, **attributes)
        if shape is not None:
            found.RepresentationMaps = [shape]
    return found


def describe_common(author: Author, element: Entity, kind: str, **values: Value) -> None:
    """Give an element the common properties of its kind."""
    author.describe(f"Pset_{kind}Common", values, element)
