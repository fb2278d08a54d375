"""What a file says of its elements and types: property sets, quantities, materials, classifications, as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ifcopenshell

from bim.ifc.elements import Products, attribute_of, by_type, related
from bim.ifc.units import SYMBOLS, find_factor, find_offset, name_unit_type
from bim.model import Units

if TYPE_CHECKING:
    import pyarrow as pa

#: Where quantities keep their value, and its measure.
_QUANTITIES = {
    "IfcQuantityLength": ("LengthValue", "IfcLengthMeasure"),
    "IfcQuantityArea": ("AreaValue", "IfcAreaMeasure"),
    "IfcQuantityVolume": ("VolumeValue", "IfcVolumeMeasure"),
    "IfcQuantityWeight": ("WeightValue", "IfcMassMeasure"),
    "IfcQuantityTime": ("TimeValue", "IfcTimeMeasure"),
    "IfcQuantityCount": ("CountValue", "IfcCountMeasure"),
    "IfcQuantityNumber": ("NumberValue", "IfcNumericMeasure"),
}
#: Where properties keep a value, or several.
_LISTED = {
    "IfcPropertySingleValue": "NominalValue",
    "IfcPropertyEnumeratedValue": "EnumerationValues",
    "IfcPropertyListValue": "ListValues",
}
_TEXT_OF = {True: "true", False: "false"}


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value of a property or quantity.

    Parameters
    ----------
    name
        The property; within a complex one `outer.inner`.
    text
        The value as text, lists joined by semicolons; None where nothing is said.
    number
        The value as a number in SI; not a number where it is none.
    unit
        The unit of `number`.
    measure
        The type of the value in IFC.
    """

    name: str
    text: str | None
    number: float
    unit: str
    measure: str


def read_properties(file: Any, products: Products, units: Units) -> pa.Table:
    """Read property sets and quantities.

    Returns
    -------
    pyarrow.Table
        A row for each value: `row` (of the elements, or of the types where `of_type`), `of_type`, `set`, `kind`
        (`property` or `quantity`), `name`, `value` (text), `number` (SI), `unit`, `measure`.
    """
    import pyarrow as pa

    rows: dict[str, list[Any]] = {name: [] for name in ("row", "of_type", "set", "kind")}
    values: list[Value] = []
    read: dict[int, tuple[str, str, list[Value]]] = {}
    for row, of_type, defined in _definitions(file, products):
        if defined.id() not in read:
            read[defined.id()] = _read_set(defined, units)
        name, kind, found = read[defined.id()]
        for column, value in zip(rows.values(), (row, of_type, name, kind), strict=True):
            column.extend([value] * len(found))
        values.extend(found)
    return pa.table(
        {
            "row": pa.array(rows["row"], pa.int32()),
            "of_type": pa.array(rows["of_type"], pa.bool_()),
            "set": pa.array(rows["set"], pa.string()),
            "kind": pa.array(rows["kind"], pa.string()),
            "name": pa.array([value.name for value in values], pa.string()),
            "value": pa.array([value.text for value in values], pa.string()),
            "number": pa.array([value.number for value in values], pa.float64()),
            "unit": pa.array([value.unit for value in values], pa.string()),
            "measure": pa.array([value.measure for value in values], pa.string()),
        }
    )


def _definitions(file: Any, products: Products) -> Iterator[tuple[int, bool, Any]]:
    """Each set of properties with the row that it belongs to."""
    rows = {product.id(): row for row, product in enumerate(products.products)}
    for relation in by_type(file, "IfcRelDefinesByProperties"):
        sets = [each for defined in related(relation, "RelatingPropertyDefinition") for each in _unfold(defined)]
        for element in related(relation, "RelatedObjects"):
            if element.id() in rows:
                yield from ((rows[element.id()], False, each) for each in sets)
    for row, kind in enumerate(products.types):
        yield from ((row, True, each) for each in related(kind, "HasPropertySets"))


def _unfold(defined: Any) -> Iterator[Any]:
    """A definition itself, or those of an IfcPropertySetDefinitionSet."""
    if defined.is_a("IfcPropertySetDefinitionSet"):
        yield from defined.wrappedValue
    else:
        yield defined


def _read_set(defined: Any, units: Units) -> tuple[str, str, list[Value]]:
    """Name, kind and values of a set; a value that is damaged is left out."""
    name = str(attribute_of(defined, "Name") or defined.is_a())
    if defined.is_a("IfcElementQuantity"):
        return name, "quantity", list(_quantities(related(defined, "Quantities"), "", units))
    if defined.is_a("IfcPropertySet"):
        return name, "property", list(_properties(related(defined, "HasProperties"), "", units))
    return name, "property", list(_predefined(defined, units))


def _quantities(quantities: Iterator[Any], prefix: str, units: Units) -> Iterator[Value]:
    for quantity in quantities:
        name = prefix + str(attribute_of(quantity, "Name") or "")
        if quantity.is_a("IfcPhysicalComplexQuantity"):
            yield from _quantities(related(quantity, "HasQuantities"), f"{name}.", units)
        elif quantity.is_a() in _QUANTITIES:
            attribute, measure = _QUANTITIES[quantity.is_a()]
            yield _value(name, [attribute_of(quantity, attribute)], measure, attribute_of(quantity, "Unit"), units)


def _properties(properties: Iterator[Any], prefix: str, units: Units) -> Iterator[Value]:
    for each in properties:
        name = prefix + str(attribute_of(each, "Name") or "")
        kind = each.is_a()
        if kind == "IfcComplexProperty":
            yield from _properties(related(each, "HasProperties"), f"{name}.", units)
            continue
        unit = attribute_of(each, "Unit")
        if kind in _LISTED:
            yield _wrapped(name, list(related(each, _LISTED[kind])), unit, units)
        elif kind == "IfcPropertyBoundedValue":
            for part in ("SetPointValue", "LowerBoundValue", "UpperBoundValue"):
                if (bound := attribute_of(each, part)) is not None:
                    label = name if part == "SetPointValue" else f"{name}.{part.removesuffix('BoundValue').lower()}"
                    yield _wrapped(label, [bound], unit, units)
        elif kind == "IfcPropertyTableValue":
            keys, values = (list(related(each, part)) for part in ("DefiningValues", "DefinedValues"))
            for key, value in zip(keys, values, strict=False):
                yield _wrapped(f"{name}.{_text(_bare(key))}", [value], attribute_of(each, "DefinedUnit"), units)
        elif kind == "IfcPropertyReferenceValue":
            yield _value(name, [_describe(attribute_of(each, "PropertyReference"))], "", None, units)


def _predefined(defined: Any, units: Units) -> Iterator[Value]:
    """The attributes of a set that IFC defines itself, as IfcDoorLiningProperties."""
    schema = ifcopenshell.ifcopenshell_wrapper.schema_by_name(defined.file.schema_identifier)
    entity = schema.declaration_by_name(defined.is_a()).as_entity()
    for attribute in entity.all_attributes()[4:] if entity else ():
        value = attribute_of(defined, attribute.name())
        if isinstance(value, bool | int | float | str):
            declared = attribute.type_of_attribute().as_named_type()
            yield _value(attribute.name(), [value], declared.declared_type().name() if declared else "", None, units)


def _wrapped(name: str, values: list[Any], unit: Any, units: Units) -> Value:
    """A value whose type stands with it."""
    measure = next((value.is_a() for value in values if hasattr(value, "is_a")), "")
    return _value(name, [_bare(value) for value in values], measure, unit, units)


def _value(name: str, bare: list[Any], measure: str, unit: Any, units: Units) -> Value:
    """One value or a list of them, converted to SI by its own unit, otherwise by that of the project."""
    kind = name_unit_type(measure)
    number = math.nan
    if len(bare) == 1 and isinstance(bare[0], int | float) and not isinstance(bare[0], bool):
        own = find_factor(unit) if unit is not None else None
        offset = units.offsets.get(kind, 0.0) if own is None else find_offset(unit)
        number = float(bare[0]) * (own if own is not None else units.factors.get(kind, 1.0)) + offset
    said = [_text(value) for value in bare if value is not None]
    text = "; ".join(said) if said else None
    return Value(name=name, text=text, number=number, unit=SYMBOLS.get(kind, ""), measure=measure)


def _bare(value: Any) -> Any:
    return attribute_of(value, "wrappedValue") if hasattr(value, "is_a") and not value.id() else value


def _text(value: Any) -> str:
    return _TEXT_OF[value] if isinstance(value, bool) else str(value)


def _describe(instance: Any) -> str | None:
    """An instance that a property refers to, by class and name."""
    if instance is None:
        return None
    name = attribute_of(instance, "Name")
    return f"{instance.is_a()} {name}" if name else str(instance.is_a())
