"""Units of IFC files: factors to SI worked out by hand, and what is missing or broken is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.api.unit
import pytest

from bim.ifc.opening import open_ifc
from bim.ifc.units import find_factor, name_unit_type, read_units
from bimread_models import empty_model


def _model(*units: Any) -> Any:
    file = empty_model()
    assignment = file.by_type("IfcUnitAssignment")[0]
    assignment.Units = [make(file) for make in units] or assignment.Units
    return file


def _si(kind: str, name: str, prefix: str | None = None) -> Any:
    return lambda file: file.createIfcSIUnit(None, kind, prefix, name)


def _foot(file: Any) -> Any:
    metre = file.createIfcSIUnit(None, "LENGTHUNIT", None, "METRE")
    measure = file.createIfcMeasureWithUnit(file.createIfcLengthMeasure(0.3048), metre)
    return file.createIfcConversionBasedUnit(None, "LENGTHUNIT", "foot", measure)


@pytest.mark.parametrize(
    ("kind", "name", "prefix", "factor"),
    [
        ("LENGTHUNIT", "METRE", "MILLI", 0.001),
        ("AREAUNIT", "SQUARE_METRE", "MILLI", 1e-6),
        ("VOLUMEUNIT", "CUBIC_METRE", "CENTI", 1e-6),
        ("MASSUNIT", "GRAM", "KILO", 1.0),
        ("MASSUNIT", "GRAM", None, 0.001),
        ("PLANEANGLEUNIT", "RADIAN", None, 1.0),
        ("POWERUNIT", "WATT", "KILO", 1000.0),
    ],
)
def test_si_units_with_prefixes(kind: str, name: str, prefix: str | None, factor: float) -> None:
    units = read_units(_model(_si(kind, name, prefix)))
    assert units.factors[kind] == pytest.approx(factor, rel=1e-12)


def test_feet_and_a_derived_unit() -> None:
    file = _model(_foot)
    assert read_units(file).length_m == 0.3048
    elements = [file.createIfcDerivedUnitElement(_foot(file), 3), file.createIfcDerivedUnitElement(_foot(file), -1)]
    derived = file.createIfcDerivedUnit(elements, "USERDEFINED", "foot cubed by foot")
    assert find_factor(derived) == pytest.approx(0.3048**2)


def test_degrees_are_converted_and_celsius_is_moved() -> None:
    file = empty_model()
    degree = ifcopenshell.api.unit.add_conversion_based_unit(file, name="degree")
    celsius = file.createIfcSIUnit(None, "THERMODYNAMICTEMPERATUREUNIT", None, "DEGREE_CELSIUS")
    assignment = file.by_type("IfcUnitAssignment")[0]
    assignment.Units = [*assignment.Units, degree, celsius]
    units = read_units(file)
    assert 180 * units.factors["PLANEANGLEUNIT"] == pytest.approx(3.141592653589793, rel=1e-9)
    assert units.offsets == {"THERMODYNAMICTEMPERATUREUNIT": 273.15}


def test_missing_units_are_said_and_taken_as_si() -> None:
    units = read_units(_model(_si("TIMEUNIT", "SECOND")))
    assert units.length_m == 1.0
    assert units.notes == ("there is no usable unit of length, area, volume, angle: SI is taken",)


def test_a_file_without_any_assignment_of_units_is_read() -> None:
    file = empty_model()
    file.by_type("IfcProject")[0].UnitsInContext = None
    assert read_units(file).length_m == 1.0


def test_a_factor_of_zero_is_not_understood() -> None:
    file = _model(_foot)
    file.by_type("IfcMeasureWithUnit")[0].ValueComponent = file.createIfcLengthMeasure(0.0)
    units = read_units(file)
    assert units.length_m == 1.0
    assert any("unit of length cannot be understood" in note for note in units.notes)


def test_a_conversion_factor_that_is_a_bare_number_is_read(shared_data: Path) -> None:
    """US survey feet, 1200/3937 m; area and volume are declared as lengths in this file."""
    units = read_units(open_ifc(shared_data / "ifc/awkward/twin_branch_unit_error.ifc").file)
    assert units.length_m == pytest.approx(1200 / 3937, rel=1e-8)
    assert units.notes == (
        "there are several units of length: the first one is taken",
        "there is no usable unit of area, volume: SI is taken",
    )


@pytest.mark.parametrize(
    ("measure", "kind"),
    [
        ("IfcPositiveLengthMeasure", "LENGTHUNIT"),
        ("IfcNonNegativeLengthMeasure", "LENGTHUNIT"),
        ("IfcThermalTransmittanceMeasure", "THERMALTRANSMITTANCEUNIT"),
        ("IfcLabel", ""),
    ],
)
def test_the_type_of_unit_of_a_measure(measure: str, kind: str) -> None:
    assert name_unit_type(measure) == kind
