"""The units that a file writes its numbers in; what is missing or broken is said and never raised."""

from __future__ import annotations

import math
from typing import Any

from bim.model import Units

_PREFIXES = {
    "EXA": 1e18, "PETA": 1e15, "TERA": 1e12, "GIGA": 1e9, "MEGA": 1e6, "KILO": 1e3, "HECTO": 1e2, "DECA": 1e1,
    "DECI": 1e-1, "CENTI": 1e-2, "MILLI": 1e-3, "MICRO": 1e-6, "NANO": 1e-9, "PICO": 1e-12, "FEMTO": 1e-15,
    "ATTO": 1e-18,
}  # fmt: skip
_POWERS = {"SQUARE_METRE": 2, "CUBIC_METRE": 3}

#: Names of units of SI by type of unit.
SYMBOLS = {
    "LENGTHUNIT": "m",
    "AREAUNIT": "m²",
    "VOLUMEUNIT": "m³",
    "PLANEANGLEUNIT": "rad",
    "MASSUNIT": "kg",
    "TIMEUNIT": "s",
    "POWERUNIT": "W",
    "ENERGYUNIT": "J",
    "FORCEUNIT": "N",
    "PRESSUREUNIT": "Pa",
    "FREQUENCYUNIT": "Hz",
    "ILLUMINANCEUNIT": "lx",
    "LUMINOUSFLUXUNIT": "lm",
    "LUMINOUSINTENSITYUNIT": "cd",
    "ELECTRICCURRENTUNIT": "A",
    "ELECTRICVOLTAGEUNIT": "V",
    "VOLUMETRICFLOWRATEUNIT": "m³/s",
    "LINEARVELOCITYUNIT": "m/s",
    "MASSDENSITYUNIT": "kg/m³",
    "THERMALTRANSMITTANCEUNIT": "W/(m²·K)",
    "THERMALCONDUCTANCEUNIT": "W/(m·K)",
    "THERMODYNAMICTEMPERATUREUNIT": "K",
}


def read_units(file: Any) -> Units:
    """Read the units of a project.

    Parameters
    ----------
    file
        An open IFC model.

    Returns
    -------
    Units
        Factors to SI. A unit that is absent is SI, which the notes say of length, area, volume and angle.
    """
    factors: dict[str, float] = {}
    offsets: dict[str, float] = {}
    notes: list[str] = []
    for unit in _assigned(file):
        if unit.is_a("IfcMonetaryUnit"):
            continue
        kind = str(_attribute(unit, "UnitType") or "")
        factor = find_factor(unit)
        if factor is None:
            notes.append(f"the unit of {_word(kind)} cannot be understood (#{unit.id()} {unit.is_a()}): SI is taken")
        elif kind in factors and not math.isclose(factors[kind], factor):
            notes.append(f"there are several units of {_word(kind)}: the first one is taken")
        else:
            factors[kind] = factor
            offsets |= {kind: find_offset(unit)} if find_offset(unit) else {}
    missing = [
        _word(kind) for kind in ("LENGTHUNIT", "AREAUNIT", "VOLUMEUNIT", "PLANEANGLEUNIT") if kind not in factors
    ]
    if missing:
        notes.append(f"there is no usable unit of {', '.join(missing)}: SI is taken")
    return Units(
        length_m=factors.get("LENGTHUNIT", 1.0), factors=factors, offsets=offsets, notes=tuple(dict.fromkeys(notes))
    )


def find_factor(unit: Any) -> float | None:
    """The factor from a unit to SI (kilograms for mass, radians for angles); None where it makes no sense."""
    try:
        factor = _find_factor(unit)
    except (AttributeError, TypeError, ValueError, KeyError, RuntimeError, RecursionError, ArithmeticError):
        return None
    return factor if math.isfinite(factor) and factor > 0 else None


def _find_factor(unit: Any) -> float:
    if unit.is_a("IfcSIUnit"):
        factor = _PREFIXES[unit.Prefix] if unit.Prefix else 1.0
        return float((factor * 1e-3) if unit.Name == "GRAM" else factor ** _POWERS.get(unit.Name, 1))
    if unit.is_a("IfcConversionBasedUnit") and not unit.is_a("IfcConversionBasedUnitWithOffset"):
        measure = unit.ConversionFactor
        value = measure.ValueComponent
        return float(getattr(value, "wrappedValue", value)) * _find_factor(measure.UnitComponent)
    if unit.is_a("IfcDerivedUnit"):
        return math.prod(float(_find_factor(each.Unit) ** each.Exponent) for each in unit.Elements)
    if unit.is_a("IfcContextDependentUnit"):
        return 1.0
    raise ValueError(unit.is_a())


def find_offset(unit: Any) -> float:
    """What is added to reach SI: 273.15 of degrees Celsius, nothing of all others."""
    return 273.15 if unit.is_a("IfcSIUnit") and unit.Name == "DEGREE_CELSIUS" else 0.0


def name_unit_type(measure: str) -> str:
    """The type of unit that a measure is in: `AREAUNIT` of `IfcAreaMeasure`; nothing for texts and counts."""
    if not measure.endswith("Measure"):
        return ""
    name = measure.removeprefix("Ifc").removesuffix("Measure")
    return name.removeprefix("Positive").removeprefix("NonNegative").upper() + "UNIT"


def _assigned(file: Any) -> list[Any]:
    """The units that the project assigns."""
    try:
        return [unit for project in file.by_type("IfcProject") for unit in project.UnitsInContext.Units]
    except (AttributeError, TypeError, RuntimeError):
        return []


def _attribute(instance: Any, name: str) -> Any:
    try:
        return getattr(instance, name)
    except (AttributeError, RuntimeError):
        return None


def _word(kind: str) -> str:
    words = {"PLANEANGLEUNIT": "angle"}
    return words.get(kind, kind.removesuffix("UNIT").lower() or "a kind that is not named")
