"""What elements and types are made of, and what they are by systems of classification, as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bim.ifc.elements import Products, attribute_of, by_type, related
from bim.model import Units

if TYPE_CHECKING:
    import pyarrow as pa

#: Sets of materials: their class, where their parts stand, what a part is called.
_SETS = (
    ("IfcMaterialLayerSet", "MaterialLayers", "layer"),
    ("IfcMaterialConstituentSet", "MaterialConstituents", "constituent"),
    ("IfcMaterialProfileSet", "MaterialProfiles", "profile"),
    ("IfcMaterialList", "Materials", "list"),
)


def read_materials(file: Any, products: Products, units: Units) -> pa.Table:
    """Read what elements and types are made of.

    Returns
    -------
    pyarrow.Table
        A row for each material: `row`, `of_type`, `position` (from 0, as layers follow each other), `kind` (`single`,
        `layer`, `constituent`, `profile`, `list`), `name` (of the material), `part` (of the layer or constituent),
        `category`, `thickness_m`, `fraction`.
    """
    import pyarrow as pa

    found = [
        (row, of_type, position, *part)
        for row, of_type, relation in _associations(file, products, "IfcRelAssociatesMaterial")
        for material in related(relation, "RelatingMaterial")
        for position, part in enumerate(_parts(material, units))
    ]
    columns = (
        ("row", pa.int32()),
        ("of_type", pa.bool_()),
        ("position", pa.int32()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("part", pa.string()),
        ("category", pa.string()),
        ("thickness_m", pa.float64()),
        ("fraction", pa.float64()),
    )
    return _tabulate(found, columns)


def read_classifications(file: Any, products: Products) -> pa.Table:
    """Read what elements and types are by systems of classification.

    Returns
    -------
    pyarrow.Table
        A row for each: `row`, `of_type`, `system`, `code`, `name`, `location`.
    """
    import pyarrow as pa

    found = [
        (row, of_type, *_classify(reference))
        for row, of_type, relation in _associations(file, products, "IfcRelAssociatesClassification")
        for reference in related(relation, "RelatingClassification")
    ]
    columns = (
        ("row", pa.int32()),
        ("of_type", pa.bool_()),
        ("system", pa.string()),
        ("code", pa.string()),
        ("name", pa.string()),
        ("location", pa.string()),
    )
    return _tabulate(found, columns)


def _associations(file: Any, products: Products, name: str) -> Iterator[tuple[int, bool, Any]]:
    """Each association of a class with the row, of elements or types, that it is about."""
    rows = {product.id(): (row, False) for row, product in enumerate(products.products)}
    rows |= {kind.id(): (row, True) for row, kind in enumerate(products.types)}
    for relation in by_type(file, name):
        for each in related(relation, "RelatedObjects"):
            if each.id() in rows:
                yield *rows[each.id()], relation


def _parts(material: Any, units: Units) -> Iterator[tuple[str, str | None, str | None, str | None, float, float]]:
    """Kind, name, part, category, thickness and fraction of each material in one, a set, or the usage of a set."""
    for attribute in ("ForLayerSet", "ForProfileSet"):
        material = attribute_of(material, attribute) or material
    for name, attribute, kind in _SETS:
        if material.is_a(name):
            for part in related(material, attribute):
                yield _part(part, kind, units)
            return
    yield _part(material, "single" if material.is_a("IfcMaterial") else "layer", units)


def _part(part: Any, kind: str, units: Units) -> tuple[str, str | None, str | None, str | None, float, float]:
    material = part if part.is_a("IfcMaterial") else attribute_of(part, "Material")
    thickness, fraction = (attribute_of(part, name) for name in ("LayerThickness", "Fraction"))
    category = attribute_of(part, "Category") or (attribute_of(material, "Category") if material is not None else None)
    return (
        kind,
        attribute_of(material, "Name") if material is not None else None,
        None if part is material else attribute_of(part, "Name"),
        category,
        thickness * units.length_m if isinstance(thickness, int | float) else math.nan,
        fraction if isinstance(fraction, int | float) else math.nan,
    )


def _classify(reference: Any) -> tuple[str | None, str | None, str | None, str | None]:
    """System, code, name and location of a reference; the system is the source at the end of its chain."""
    code = attribute_of(reference, "Identification") or attribute_of(reference, "ItemReference")
    system, steps = reference, 0
    while (above := attribute_of(system, "ReferencedSource")) is not None and steps < 32:
        system, steps = above, steps + 1
    if system is reference and not reference.is_a("IfcClassification"):
        return None, code, attribute_of(reference, "Name"), attribute_of(reference, "Location")
    return attribute_of(system, "Name"), code, attribute_of(reference, "Name"), attribute_of(reference, "Location")


def _tabulate(found: list[tuple[Any, ...]], columns: tuple[tuple[str, pa.DataType], ...]) -> pa.Table:
    import pyarrow as pa

    parts = list(zip(*found, strict=True)) if found else [()] * len(columns)
    return pa.table({name: pa.array(part, kind) for part, (name, kind) in zip(parts, columns, strict=True)})
