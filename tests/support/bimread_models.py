"""Small IFC models whose numbers are known, written by ifcopenshell's own authoring functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.api.aggregate
import ifcopenshell.api.context
import ifcopenshell.api.feature
import ifcopenshell.api.geometry
import ifcopenshell.api.material
import ifcopenshell.api.owner
import ifcopenshell.api.project
import ifcopenshell.api.pset
import ifcopenshell.api.root
import ifcopenshell.api.spatial
import ifcopenshell.api.style
import ifcopenshell.api.type
import ifcopenshell.api.unit
import numpy as np

api = ifcopenshell.api


def empty_model(schema: str = "IFC4", *, milli: bool = False) -> Any:
    """A file with a project, units (metres or millimetres) and a Body context."""
    file = api.project.create_file(version=schema)
    if schema == "IFC2X3":
        person = api.owner.add_person(file, identification="t", family_name="Test", given_name="T")
        organisation = api.owner.add_organisation(file, identification="t", name="Test")
        api.owner.add_person_and_organisation(file, person=person, organisation=organisation)
        api.owner.add_application(file, application_developer=organisation, version="1", application_full_name="Test")
    api.root.create_entity(file, ifc_class="IfcProject", name="Project")
    length = api.unit.add_si_unit(file, unit_type="LENGTHUNIT", prefix="MILLI" if milli else None)
    area = api.unit.add_si_unit(file, unit_type="AREAUNIT")
    volume = api.unit.add_si_unit(file, unit_type="VOLUMEUNIT")
    api.unit.assign_unit(file, units=[length, area, volume])
    model = api.context.add_context(file, context_type="Model")
    api.context.add_context(
        file, context_type="Model", context_identifier="Body", target_view="MODEL_VIEW", parent=model
    )
    return file


def add_block(
    file: Any, ifc_class: str, name: str, *, size: tuple[float, float, float], at: tuple[float, float, float]
) -> Any:
    """An element that is a box: its size along x, y, z and its corner with the smallest coordinates, in metres."""
    scale = 1000.0 if _is_milli(file) else 1.0
    body = next(each for each in file.by_type("IfcGeometricRepresentationSubContext"))
    element = api.root.create_entity(file, ifc_class=ifc_class, name=name)
    width, depth, height = (side * scale for side in size)
    corner = file.createIfcAxis2Placement2D(file.createIfcCartesianPoint((width / 2, depth / 2)))
    profile = file.createIfcRectangleProfileDef("AREA", None, corner, width, depth)
    place = file.createIfcAxis2Placement3D(file.createIfcCartesianPoint((0.0, 0.0, 0.0)), None, None)
    up = file.createIfcDirection((0.0, 0.0, 1.0))
    solid = file.createIfcExtrudedAreaSolid(profile, place, up, height)
    shape = file.createIfcShapeRepresentation(body, "Body", "SweptSolid", [solid])
    element.Representation = file.createIfcProductDefinitionShape(None, None, [shape])
    place_at(file, element, at)
    return element


def repeat_block(file: Any, element: Any, name: str, *, at: tuple[float, float, float]) -> Any:
    """Another element whose shape is that of the first one, mapped: what a type's shape looks like in a file."""
    (shape,) = element.Representation.Representations
    if not shape.RepresentationMap:
        origin = file.createIfcAxis2Placement3D(file.createIfcCartesianPoint((0.0, 0.0, 0.0)), None, None)
        file.createIfcRepresentationMap(origin, shape)
    target = file.createIfcCartesianTransformationOperator3D(
        None, None, file.createIfcCartesianPoint((0.0, 0.0, 0.0)), None, None
    )
    item = file.createIfcMappedItem(shape.RepresentationMap[0], target)
    mapped = file.createIfcShapeRepresentation(shape.ContextOfItems, "Body", "MappedRepresentation", [item])
    copy = api.root.create_entity(file, ifc_class=element.is_a(), name=name)
    copy.Representation = file.createIfcProductDefinitionShape(None, None, [mapped])
    place_at(file, copy, at)
    return copy


def place_at(file: Any, element: Any, at: tuple[float, float, float]) -> None:
    """Place an element in metres of the project."""
    matrix = np.eye(4)
    matrix[:3, 3] = at
    api.geometry.edit_object_placement(file, product=element, matrix=matrix, is_si=True)


def add_storeys(file: Any, elevations_m: tuple[float, ...]) -> list[Any]:
    """A site with a building and its storeys; elevations in the file's unit of length."""
    scale = 1000.0 if _is_milli(file) else 1.0
    site = api.root.create_entity(file, ifc_class="IfcSite", name="Site")
    building = api.root.create_entity(file, ifc_class="IfcBuilding", name="School")
    api.aggregate.assign_object(file, products=[site], relating_object=file.by_type("IfcProject")[0])
    api.aggregate.assign_object(file, products=[building], relating_object=site)
    storeys = []
    for number, elevation_m in enumerate(elevations_m, start=1):
        storey = api.root.create_entity(file, ifc_class="IfcBuildingStorey", name=f"Storey {number}")
        storey.Elevation = elevation_m * scale
        place_at(file, storey, (0.0, 0.0, elevation_m))
        storeys.append(storey)
    api.aggregate.assign_object(file, products=storeys, relating_object=building)
    for each in (site, building):
        place_at(file, each, (0.0, 0.0, 0.0))
    return storeys


def write_model(file: Any, path: Path) -> Path:
    """Write a file and say where it is."""
    file.write(str(path))
    return path


def _is_milli(file: Any) -> bool:
    return any(unit.Prefix == "MILLI" for unit in file.by_type("IfcSIUnit") if unit.UnitType == "LENGTHUNIT")
