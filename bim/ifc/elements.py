"""Products of a file as a table: what they are, where in the structure of the building they belong, their types."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bim.model import Units

if TYPE_CHECKING:
    import pyarrow as pa

#: What comes of a product's shape.
OUTCOMES = {
    "shape": "it has triangles",
    "none": "it has no representation",
    "empty": "its representations hold no body that can be drawn",
    "failed": "its representation cannot be turned into triangles",
    "unreached": "the time was over before its turn",
}

#: Relations that say what a product is part of, the strongest first: class, attribute of the whole, of the parts.
_WHOLES = (
    ("IfcRelAggregates", "RelatingObject", "RelatedObjects", "aggregated"),
    ("IfcRelNests", "RelatingObject", "RelatedObjects", "nested"),
    ("IfcRelContainedInSpatialStructure", "RelatingStructure", "RelatedElements", "contained"),
    ("IfcRelVoidsElement", "RelatingBuildingElement", "RelatedOpeningElement", "voids"),
    ("IfcRelProjectsElement", "RelatingElement", "RelatedFeatureElement", "projects"),
    ("IfcRelFillsElement", "RelatingOpeningElement", "RelatedBuildingElement", "fills"),
    ("IfcRelConnectsPortToElement", "RelatedElement", "RelatingPort", "port"),
    ("IfcRelAdheresToElement", "RelatingElement", "RelatedSurfaceFeatures", "adheres"),
)

#: Structures are never deeper; those that end in themselves are left after as many steps.
_DEEPEST = 64

_LEVELS = {"IfcSite", "IfcBuilding", "IfcBuildingStorey"}

#: Positions of the attributes of each class, by which they are read faster than by their names.
_POSITIONS: dict[str, dict[str, int]] = {}

_UNSAID = {None, "NOTDEFINED", "UNSET", ""}


@dataclass(frozen=True, kw_only=True)
class Products:
    """The products and types of an open file, in rows.

    Parameters
    ----------
    products, types
        The instances, row by row.
    table
        A row for each product: `element_id` (its GlobalId; `~2` is added to the second one that has the same),
        `global_id`, `step` (its number in the file), `class`, `predefined_type`, `name`, `long_name`, `description`,
        `object_type`, `tag`; `parent` (the row of what it is part of, -1 where there is none) and `relation` (how),
        `storey`, `building`, `site` (rows, -1 where there is none), `type` (row of the types); `elevation_m` (of a
        storey, as declared), `origin_z_m` (of sites, buildings, storeys, by their placement), `represented` and
        `representations` (which, as `Body (SweptSolid)`).
    type_table
        A row for each type: `type_id`, `step`, `class`, `predefined_type`, `name`, `description`, `tag`.
    notes
        What came to light.
    """

    products: list[Any]
    types: list[Any]
    table: pa.Table
    type_table: pa.Table
    notes: tuple[str, ...]


def read_products(file: Any, units: Units) -> Products:
    """Read every IfcProduct of a file, and the types that they name."""
    import pyarrow as pa

    products = file.by_type("IfcProduct")
    rows = {product.id(): row for row, product in enumerate(products)}
    parents, relations = _find_parents(file, rows, len(products))
    classes = [product.is_a() for product in products]
    types, of = _find_types(file, rows, len(products))
    identities, notes = _identify(products)
    columns: dict[str, Any] = {
        "element_id": identities,
        "global_id": texts(products, "GlobalId"),
        "step": pa.array([product.id() for product in products], pa.int64()),
        "class": classes,
        "predefined_type": [
            _predefined(each, types[kind] if kind >= 0 else None) for each, kind in zip(products, of, strict=True)
        ],
        **{
            column: texts(products, attribute)
            for column, attribute in (
                ("name", "Name"),
                ("long_name", "LongName"),
                ("description", "Description"),
                ("object_type", "ObjectType"),
                ("tag", "Tag"),
            )
        },
        "parent": parents,
        "relation": relations,
        "storey": _climb(parents, np.array([each.is_a("IfcBuildingStorey") for each in products], bool)),
        "building": _climb(parents, np.array([each.is_a("IfcBuilding") for each in products], bool)),
        "site": _climb(parents, np.array([each.is_a("IfcSite") for each in products], bool)),
        "type": of,
        "elevation_m": np.array([_number(each, "Elevation") * units.length_m for each in products]),
        "origin_z_m": np.array(
            [_origin_z(each) * units.length_m if each.is_a() in _LEVELS else math.nan for each in products]
        ),
        "represented": np.array([attribute_of(each, "Representation") is not None for each in products], bool),
        "representations": [_name_representations(each) for each in products],
    }
    type_columns = {
        "type_id": texts(types, "GlobalId"),
        "step": pa.array([each.id() for each in types], pa.int64()),
        "class": [each.is_a() for each in types],
        "predefined_type": [_predefined(each, None) for each in types],
        "name": texts(types, "Name"),
        "description": texts(types, "Description"),
        "tag": texts(types, "Tag"),
    }
    return Products(
        products=products,
        types=types,
        table=pa.table(columns),
        type_table=pa.table(type_columns),
        notes=notes,
    )


def attribute_of(instance: Any, name: str) -> Any:
    """An attribute; None where its class does not have it or its value is damaged."""
    try:
        kind = instance.is_a(True)
        if kind not in _POSITIONS:
            _POSITIONS[kind] = {instance.attribute_name(index): index for index in range(len(instance))}
        position = _POSITIONS[kind].get(name)
        return getattr(instance, name) if position is None else instance.get_argument(position)
    except (AttributeError, RuntimeError, ValueError):
        return None


def texts(instances: list[Any], name: str) -> Any:
    """A column of texts, null where there is none."""
    import pyarrow as pa

    values = (attribute_of(instance, name) for instance in instances)
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def related(relation: Any, name: str) -> Iterator[Any]:
    """The instances that an attribute of a relation names: one, several or none."""
    value = attribute_of(relation, name)
    yield from (value if isinstance(value, tuple) else () if value is None else (value,))


def _find_parents(file: Any, rows: dict[int, int], count: int) -> tuple[Any, list[str]]:
    """For each product the row of what it is part of, and by which relation."""
    parents = np.full(count, -1, np.int32)
    relations = [""] * count
    for name, whole, parts, word in _WHOLES:
        for relation in by_type(file, name):
            above = rows.get(next((each.id() for each in related(relation, whole)), -1), -1)
            for part in related(relation, parts):
                row = rows.get(part.id(), -1)
                if above >= 0 and row >= 0 and parents[row] < 0 and row != above:
                    parents[row] = above
                    relations[row] = word
    return parents, relations


def _climb(parents: Any, wanted: Any) -> Any:
    """For each row the nearest row above it, or itself, that is wanted; -1 where there is none."""
    found = np.where(wanted, np.arange(len(parents), dtype=np.int32), np.int32(-1))
    above = parents.copy()
    for _ in range(_DEEPEST):
        open_rows = (found < 0) & (above >= 0)
        if not open_rows.any():
            break
        found[open_rows] = found[above[open_rows]]
        above[open_rows] = parents[above[open_rows]]
    return found


def _find_types(file: Any, rows: dict[int, int], count: int) -> tuple[list[Any], Any]:
    """The types that products name, and for each product the row of its type."""
    types: dict[int, Any] = {}
    of = np.full(count, -1, np.int32)
    numbers: dict[int, int] = {}
    for relation in by_type(file, "IfcRelDefinesByType"):
        for kind in related(relation, "RelatingType"):
            for each in related(relation, "RelatedObjects"):
                row = rows.get(each.id(), -1)
                if row >= 0:
                    types.setdefault(kind.id(), kind)
                    of[row] = numbers.setdefault(kind.id(), len(numbers))
    return list(types.values()), of


def _identify(products: list[Any]) -> tuple[list[str], tuple[str, ...]]:
    """A key for each product: its GlobalId, made different where several have the same or it has none."""
    seen: Counter[str] = Counter()
    identities = []
    for product in products:
        said = str(attribute_of(product, "GlobalId") or "")
        seen[said] += 1
        identities.append(said if said and seen[said] == 1 else f"{said}~{seen[said]}")
    twice = [said for said, times in seen.items() if times > 1 and said]
    notes = []
    if twice:
        notes.append(
            f"{len(twice):,} GlobalIds stand for several products: {', '.join(twice[:3])}; they were told apart by ~2"
        )
    if seen[""]:
        notes.append(f"{seen['']:,} products have no GlobalId: they are called ~1, ~2, … in the order of the file")
    return identities, tuple(notes)


def _predefined(product: Any, kind: Any) -> str | None:
    """The predefined type: its own, or of its type; what users define by its name."""
    for each in (product, kind):
        if each is None:
            continue
        said = attribute_of(each, "PredefinedType")
        if said == "USERDEFINED":
            own = attribute_of(each, "ObjectType") or attribute_of(each, "ElementType")
            return str(own) if own else "USERDEFINED"
        if said not in _UNSAID:
            return str(said)
    return None


def _number(instance: Any, name: str) -> float:
    value = attribute_of(instance, name)
    return float(value) if isinstance(value, int | float) else math.nan


def _origin_z(product: Any) -> float:
    """Height of a product's origin in the file's unit of length, by the chain of its placements."""
    from ifcopenshell.util.placement import get_local_placement

    placement = attribute_of(product, "ObjectPlacement")
    if placement is None:
        return math.nan
    try:
        return float(get_local_placement(placement)[2, 3])
    except (AttributeError, TypeError, ValueError, RuntimeError, RecursionError, IndexError):
        return math.nan


def _name_representations(product: Any) -> str:
    """The representations of a product: `Axis (Curve2D), Body (SweptSolid)`; and how it is placed, where unusually."""
    names = [
        f"{attribute_of(each, 'RepresentationIdentifier') or '?'} ({attribute_of(each, 'RepresentationType') or '?'})"
        for each in related(attribute_of(product, "Representation"), "Representations")
    ]
    placement = attribute_of(product, "ObjectPlacement")
    unusual = placement is not None and not placement.is_a("IfcLocalPlacement")
    return (", ".join(names) or "nothing") + (f", placed by {placement.is_a()}" if unusual else "")


def by_type(file: Any, name: str) -> list[Any]:
    """Instances of a class; none where the schema does not have it."""
    try:
        return list(file.by_type(name))
    except RuntimeError:
        return []
