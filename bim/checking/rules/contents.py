"""Rules about elements: their shapes, where they belong, what is said of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bim.checking.delivered import Delivered, found
from bim.finding import Finding
from twin.errors import InvalidParameter
from twin.rules.rule import rule

#: What has no place in a building by itself.
_ABOVE = ("IfcSite", "IfcBuilding", "IfcGrid", "IfcAnnotation", "IfcGeographicElement", "IfcVirtualElement")
_SOURCE = "custom of deliveries"


@rule(
    "BIM-SHAPE",
    title="Products whose shape is lost",
    title_zh="构件几何缺失",
    severity="warning",
    source=_SOURCE,
    confidence="low",
    limits={"share": "How many of the products that have a representation may lack their shape, 0 to 1."},
)
def shape(delivered: Delivered, *, share: float = 0.0) -> Iterator[Finding]:
    """Products that have a representation which cannot be drawn."""
    elements = delivered.model.elements
    lost = np.flatnonzero(elements["outcome"].isin(["failed", "unreached"]))
    represented = int(elements["represented"].sum())
    if represented and len(lost) / represented > share:
        for row in lost:
            yield delivered.find(row, str(elements["why"].iloc[row]), "model it anew, or export it as a tessellation")


@rule(
    "BIM-LOOSE",
    title="Element in no building",
    title_zh="构件未归属建筑或楼层",
    severity="warning",
    source="ISO 16739-1, IfcRelContainedInSpatialStructure; custom",
    confidence="medium",
)
def loose(delivered: Delivered) -> Iterator[Finding]:
    """Elements with a shape that are in no storey or building, where the model has a building."""
    elements = delivered.model.elements
    if not (elements["class"] == "IfcBuilding").any():
        return
    drawn = (elements["outcome"] == "shape") & ~elements["class"].isin(_ABOVE)
    for row in np.flatnonzero(drawn & (elements["building"] < 0)):
        yield delivered.find(row, "it is in no building", "put it into the storey where it stands")


@rule(
    "BIM-TWICE",
    title="Element twice at the same place",
    title_zh="构件重复",
    severity="warning",
    source=_SOURCE,
    confidence="low",
)
def twice(delivered: Delivered) -> Iterator[Finding]:
    """Elements of a class whose corners are, to a millimetre, those of another one."""
    shapes = delivered.model.shapes
    classes = delivered.model.elements["class"].to_numpy()
    seen: dict[tuple[str, bytes], int] = {}
    for instance, element in enumerate(shapes.elements.tolist()):
        corners = np.unique(np.round(shapes.place(instance)[0], 3) + 0.0, axis=0)
        first = seen.setdefault((str(classes[element]), corners.tobytes()), element)
        if first != element:
            identity = delivered.model.elements["global_id"].iloc[first]
            what = f"it stands where {delivered.name(first)} {identity} stands"
            yield delivered.find(element, what, "delete one of them")


@rule(
    "BIM-PROXY",
    title="Too many elements of no class",
    title_zh="未分类构件过多",
    severity="note",
    source=_SOURCE,
    confidence="low",
    limits={"share": "How many of the elements with a shape may be proxies, 0 to 1."},
)
def proxies(delivered: Delivered, *, share: float = 0.1) -> Iterator[Finding]:
    """Elements that are IfcBuildingElementProxy: nobody can ask what they are."""
    drawn = delivered.model.elements[delivered.model.elements["outcome"] == "shape"]
    measured = float((drawn["class"] == "IfcBuildingElementProxy").mean()) if len(drawn) else 0.0
    if measured > share:
        advice = "map families to classes of IFC in the options of the export"
        yield found(
            "the model", "elements are IfcBuildingElementProxy", advice, measured=round(measured, 4), limit=share
        )


@rule(
    "BIM-PROPERTY",
    title="Property that was asked for is missing",
    title_zh="缺少要求的属性",
    severity="warning",
    source="the rule file of the orderer",
    confidence="high",
    limits={"required": "As IfcWall:Pset_WallCommon.FireRating;IfcSpace:Pset_SpaceCommon, with semicolons between."},
)
def properties(delivered: Delivered, *, required: str = "") -> Iterator[Finding]:
    """Elements without a property set, or without a value of a property, of their own or of their type."""
    said = delivered.model.properties
    said = said[said["value"].notna()]
    elements = delivered.model.elements
    types = elements["type"].to_numpy()
    for wish in filter(None, map(str.strip, required.split(";"))):
        kind, colon, path = wish.partition(":")
        if not colon or not path:
            raise InvalidParameter(f"BIM-PROPERTY: required is IfcClass:Set.Property, not {wish!r}")
        name, _, property_ = path.strip().partition(".")
        has = said[(said["set"] == name) & ((said["name"] == property_) | (not property_))]
        own, of_type = (has.loc[has["of_type"] == which, "row"].unique() for which in (False, True))
        for row in np.flatnonzero((elements["class"] == kind.strip()).to_numpy(bool)):
            if row not in own and types[row] not in of_type:
                yield delivered.find(row, f"it lacks {path.strip()}", "fill it in and export it", limit=path.strip())


@rule(
    "BIM-CLASSIFIED",
    title="Not classified",
    title_zh="构件未编码",
    severity="warning",
    source="GB/T 51269-2017; the rule file of the orderer",
    confidence="medium",
    limits={"classes": "Classes that have to be classified, with commas between.", "system": "By what; by anything."},
)
def classified(delivered: Delivered, *, classes: str = "", system: str = "") -> Iterator[Finding]:
    """Elements without a code, of their own or of their type, of a system of classification."""
    said = delivered.model.classifications
    said = said[said["code"].notna() & ((said["system"] == system) | (not system))]
    own, of_type = (said.loc[said["of_type"] == which, "row"].unique() for which in (False, True))
    elements = delivered.model.elements
    wanted = [name.strip() for name in classes.split(",") if name.strip()]
    types = elements["type"].to_numpy()
    for row in np.flatnonzero(elements["class"].isin(wanted).to_numpy(bool)):
        if row not in own and types[row] not in of_type:
            yield delivered.find(row, "it has no code", "classify it, or its type", limit=system or "any system")
