"""A small model that breaks no rule of delivery, to be spoiled by one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ifcopenshell.api.aggregate
import ifcopenshell.api.georeference
import ifcopenshell.api.pset
import ifcopenshell.api.spatial
import ifcopenshell.api.unit

from bimread_models import add_block, add_storeys, empty_model, write_model

api = ifcopenshell.api


def sound_model() -> Any:
    """Two storeys with a wall and a space each, georeferenced in EPSG:4548, with areas of spaces."""
    file = empty_model()
    api.unit.assign_unit(file, units=[api.unit.add_si_unit(file, unit_type="PLANEANGLEUNIT")])
    file.header.file_description.description = ("ViewDefinition [ReferenceView_V1.2]",)
    file.header.file_name.name = "sound.ifc"
    file.header.file_name.author = ("Author",)
    file.header.file_name.organization = ("Office",)
    file.header.file_name.authorization = "nobody"
    api.georeference.add_georeferencing(file)
    api.georeference.edit_georeferencing(
        file,
        projected_crs={"Name": "EPSG:4548", "VerticalDatum": "EPSG:5737"},
        coordinate_operation={
            "Eastings": 632885.385,
            "Northings": 3936656.695,
            "OrthogonalHeight": 120.5,
            "Scale": 1.0001986,
        },
    )
    for number, storey in enumerate(add_storeys(file, (0.0, 3.3)), start=1):
        height_m = 3.3 * (number - 1)
        wall = add_block(file, "IfcWall", f"Wall {number}", size=(5.0, 0.3, 3.0), at=(1.0, 2.0, height_m))
        space = add_block(file, "IfcSpace", f"10{number}", size=(5.0, 4.0, 3.0), at=(1.0, 2.3, height_m))
        api.spatial.assign_container(file, products=[wall], relating_structure=storey)
        api.aggregate.assign_object(file, products=[space], relating_object=storey)
        areas = api.pset.add_qto(file, product=space, name="Qto_SpaceBaseQuantities")
        api.pset.edit_qto(file, qto=areas, properties={"NetFloorArea": 20.0})
    return file


def write_spoiled(path: Path, spoil: Callable[[Any], None] = lambda _: None) -> Path:
    """Write the sound model with something changed."""
    file = sound_model()
    spoil(file)
    return write_model(file, path)
