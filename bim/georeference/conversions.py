"""Reads conversions into the CRS of a map (level 50): entities since IFC4, property sets in IFC2X3.

The user guide of buildingSMART for IFC2X3 names the sets ``ePSet_MapConversion`` and ``ePSet_ProjectedCRS``. Writers
spell them in every way and hang them on the project, the site or the building, so any is read.

References
----------
ISO 16739-1:2024, IfcMapConversion, IfcMapConversionScaled, IfcRigidOperation, IfcProjectedCRS, IfcGeographicCRS.
buildingSMART (2020): User Guide for Geo-referencing in IFC, v2.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan
from typing import Any

from bim.georeference.levels import Conversion, NamedCrs
from bim.ifc.units import find_factor

#: An entity of a file: what ifcopenshell makes of it has attributes that no type tells.
Entity = Any

_OWNERS = ("IfcProject", "IfcSite", "IfcBuilding")
#: Units of maps that property sets give by name.
_UNITS_M = {"METRE": 1.0, "METER": 1.0, "M": 1.0, "MILLIMETRE": 0.001, "MM": 0.001, "FOOT": 0.3048}
_DEGREES_IN_RADIAN = 57.29577951308232


def read_conversions(model: Entity) -> tuple[Conversion, ...]:
    """Read every conversion of a file, in its own numbers."""
    if model.schema == "IFC2X3":
        return tuple(_read_property_sets(model))
    operations = model.by_type("IfcCoordinateOperation")
    return tuple(_read_operation(one) for one in operations if not _is_between_maps(one))


def _is_between_maps(operation: Entity) -> bool:
    return operation.SourceCRS is not None and operation.SourceCRS.is_a("IfcCoordinateReferenceSystem")


def _read_operation(operation: Entity) -> Conversion:
    entity, target = f"{operation.is_a()} #{operation.id()}", operation.TargetCRS
    crs = _read_crs(target) if target is not None and target.is_a("IfcCoordinateReferenceSystem") else None
    if operation.is_a("IfcRigidOperation"):
        pair = (operation.FirstCoordinate, operation.SecondCoordinate)
        measures = tuple("none" if measure is None else measure.is_a() for measure in pair)
        factor = (crs and crs.angle_unit_deg) or 1.0
        eastings, northings = (
            _given(measure and measure.wrappedValue) * (factor if kind == "IfcPlaneAngleMeasure" else 1.0)
            for measure, kind in zip(pair, measures, strict=True)
        )
        return Conversion(
            entity=entity,
            kind=operation.is_a(),
            crs=crs,
            eastings=eastings,
            northings=northings,
            height=operation.Height or 0.0,
            measures=measures,
            is_rigid=True,
        )
    scaled = operation.is_a("IfcMapConversionScaled")
    return Conversion(
        entity=entity,
        kind=operation.is_a(),
        crs=crs,
        eastings=_given(operation.Eastings),
        northings=_given(operation.Northings),
        height=_given(operation.OrthogonalHeight),
        axis=_axis(operation.XAxisAbscissa, operation.XAxisOrdinate),
        scale=operation.Scale,
        factors=(_given(operation.FactorX), _given(operation.FactorY), _given(operation.FactorZ))
        if scaled
        else (1.0, 1.0, 1.0),
    )


def _given(value: float | None) -> float:
    """Return a number that the standard wants to be there; what is missing fits nowhere."""
    return nan if value is None else value


def _axis(abscissa: float | None, ordinate: float | None) -> tuple[float, float] | None:
    axis = (abscissa or 0.0, ordinate or 0.0)
    return axis if any(axis) else None


def _read_crs(crs: Entity) -> NamedCrs:
    texts = [text.WellKnownText for text in getattr(crs, "WellKnownText", None) or ()]
    return NamedCrs(
        entity=f"{crs.is_a()} #{crs.id()}",
        kind=crs.is_a(),
        name=(crs.Name or "").strip(),
        geodetic_datum=(crs.GeodeticDatum or "").strip(),
        vertical_datum=(getattr(crs, "VerticalDatum", None) or "").strip(),
        map_unit_m=_in_metres(getattr(crs, "MapUnit", None) or getattr(crs, "HeightUnit", None)),
        angle_unit_deg=_in_degrees(getattr(crs, "AngleUnit", None)),
        wkt=texts[0] if texts else "",
    )


def _in_degrees(unit: Entity | None) -> float | None:
    radians = None if unit is None else find_factor(unit)
    return None if radians is None else radians * _DEGREES_IN_RADIAN


def _in_metres(unit: Entity | None) -> float | None:
    return None if unit is None else find_factor(unit)


# --- IFC2X3 ----------------------------------------------------------------------------------------------------------


def _read_property_sets(model: Entity) -> Iterator[Conversion]:
    for owner_class in _OWNERS:
        for owner in model.by_type(owner_class):
            sets = dict(_sets_of(owner))
            found = _named(sets, "mapconversion")
            if found is None:
                continue
            pset, said = found
            yield Conversion(
                entity=f"{pset.Name} #{pset.id()} of {owner.is_a()} #{owner.id()}",
                kind="ePSet_MapConversion",
                crs=_crs_of(sets) or next(_crs_anywhere(model), None),
                eastings=_given(_number(said, "eastings")),
                northings=_given(_number(said, "northings")),
                height=_number(said, "orthogonalheight") or 0.0,
                axis=_axis(_number(said, "xaxisabscissa"), _number(said, "xaxisordinate")),
                scale=_number(said, "scale"),
            )


def _sets_of(owner: Entity) -> Iterator[tuple[Entity, Mapping[str, Any]]]:
    """Give the property sets of an object, with their values by the name in small letters."""
    for relation in owner.IsDefinedBy:
        pset = getattr(relation, "RelatingPropertyDefinition", None)
        if pset is not None and pset.is_a("IfcPropertySet"):
            single = [p for p in pset.HasProperties or () if p.is_a("IfcPropertySingleValue") and p.Name]
            values = {p.Name.strip().lower(): p.NominalValue.wrappedValue for p in single if p.NominalValue is not None}
            yield pset, values | _unit(single)


def _unit(properties: list[Entity]) -> dict[str, Any]:
    """Return the unit of a map, where a set holds it as that of a value."""
    units = [p.Unit for p in properties if p.Name.strip().lower() == "mapunit" and p.Unit is not None]
    return {"mapunit_m": _in_metres(units[0])} if units else {}


def _named(sets: Mapping[Entity, Mapping[str, Any]], wanted: str) -> tuple[Entity, Mapping[str, Any]] | None:
    """Find the set of a name, whatever its prefix and its letters."""
    for pset, values in sets.items():
        name = (pset.Name or "").lower().replace("_", "").replace(" ", "")
        if name in {f"epset{wanted}", f"pset{wanted}", wanted}:
            return pset, values
    return None


def _crs_of(sets: Mapping[Entity, Mapping[str, Any]]) -> NamedCrs | None:
    found = _named(sets, "projectedcrs")
    if found is None:
        return None
    pset, said = found
    return NamedCrs(
        entity=f"{pset.Name} #{pset.id()}",
        kind="ePSet_ProjectedCRS",
        name=str(said.get("name", "")).strip(),
        geodetic_datum=str(said.get("geodeticdatum", "")).strip(),
        vertical_datum=str(said.get("verticaldatum", "")).strip(),
        map_unit_m=said.get("mapunit_m") or _UNITS_M.get(str(said.get("mapunit", "")).strip().upper()),
    )


def _crs_anywhere(model: Entity) -> Iterator[NamedCrs]:
    """Give the CRS of the file, where it hangs on another object than the conversion."""
    for owner_class in _OWNERS:
        for owner in model.by_type(owner_class):
            crs = _crs_of(dict(_sets_of(owner)))
            if crs is not None:
                yield crs


def _number(said: Mapping[str, Any], name: str) -> float | None:
    """Return a number of a set, also where it was written as text."""
    try:
        return float(said[name])
    except (KeyError, TypeError, ValueError):
        return None
