"""IFC models that say where they stand, at every level and in every schema, written by ifcopenshell's own functions."""

from __future__ import annotations

from typing import Any

import ifcopenshell.api.georeference
import ifcopenshell.api.pset
import ifcopenshell.api.spatial
import numpy as np

from bim.georeference.choosing import Assessment, assess_levels
from bim.georeference.levels import Levels
from bim.georeference.reading import read_levels
from bimread_models import add_block, add_storeys, empty_model

api = ifcopenshell.api
SCHEMAS = ("IFC2X3", "IFC4", "IFC4X3_ADD2")
#: The place of standards: the county seat in EPSG:4548.
EASTING, NORTHING, HEIGHT = 632885.385, 3936656.695, 120.5
AXIS = {"XAxisAbscissa": float(np.cos(np.radians(30))), "XAxisOrdinate": 0.5}


def make_model(schema: str = "IFC4", *, milli: bool = False, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Any:
    """A site, a building, a storey and walls of 10 m around a place in project coordinates, in metres."""
    file = empty_model(schema, milli=milli)
    (storey,) = add_storeys(file, (0.0,))
    corners = [(at[0] + number, at[1], at[2]) for number in range(4)]
    walls = [add_block(file, "IfcWall", "Wall", size=(10.0, 0.2, 3.0), at=corner) for corner in corners]
    api.spatial.assign_container(file, products=walls, relating_structure=storey)
    return file


def add_conversion(
    file: Any, *, crs: dict[str, Any] | None = None, kind: str = "IfcMapConversion", **values: Any
) -> Any:
    """Give a model a conversion into EPSG:4548 at the place of standards; other values by name, None takes one away."""
    api.georeference.add_georeferencing(file, ifc_class=kind)
    said = {"Eastings": EASTING, "Northings": NORTHING, "OrthogonalHeight": HEIGHT, **AXIS, **values}
    if kind == "IfcRigidOperation":
        said = values
    named: dict[str, Any] = {"Name": "EPSG:4548", **(crs or {})}
    if file.schema != "IFC2X3":
        metre = api.unit.add_si_unit(file, unit_type="LENGTHUNIT")
        named = {"VerticalDatum": "EPSG:5737", "MapUnit": metre, **named}
    api.georeference.edit_georeferencing(file, coordinate_operation=said, projected_crs=named)
    return file


def set_position(file: Any, latitude: Any, longitude: Any, elevation: float | None = None) -> Any:
    """Give the site of a model a latitude, a longitude and an elevation in its unit."""
    site = file.by_type("IfcSite")[0]
    site.RefLatitude, site.RefLongitude, site.RefElevation = latitude, longitude, elevation
    return file


def place_site(file: Any, at: tuple[float, float, float]) -> Any:
    """Place the site, and with it all that is placed relative to it, in metres."""
    placement = file.by_type("IfcSite")[0].ObjectPlacement
    for other in file.by_type("IfcLocalPlacement"):
        if other != placement and other.PlacementRelTo is None:
            other.PlacementRelTo = placement
    scale = 1000.0 if is_milli(file) else 1.0
    placement.RelativePlacement.Location.Coordinates = tuple(value * scale for value in at)
    return file


def is_milli(file: Any) -> bool:
    """Whether its lengths are in millimetres."""
    return any(unit.Prefix == "MILLI" for unit in file.by_type("IfcSIUnit") if unit.UnitType == "LENGTHUNIT")


def levels_of(file: Any) -> Levels:
    """What a model says."""
    return read_levels(file, length_unit_m=0.001 if is_milli(file) else 1.0)


def assess(file: Any) -> Assessment:
    """What comes of judging it."""
    return assess_levels(levels_of(file))


def findings_of(assessment: Assessment) -> dict[str, str]:
    """The findings: how severe each is."""
    return {finding.id: finding.severity for finding in assessment.findings}
