"""A small building whose numbers are known: four walls, slabs, a roof, a space, written with ifcopenshell's API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from ifcopenshell import api, guid

from bimread_models import add_block, add_storeys, empty_model, write_model
from layers.buildings.layer import BUILDINGS
from twin.columns import typed_series

#: 12 m by 8 m outside, walls of 0.3 m, two storeys of 3 m, a roof that projects by 0.5 m all around.
EAST_M, NORTH_M, HIGH_M = 12.0, 8.0, 6.0
WALLS = {
    "South": ((12.0, 0.3, 6.0), (0.0, 0.0, 0.0)),
    "North": ((12.0, 0.3, 6.0), (0.0, 7.7, 0.0)),
    "West": ((0.3, 7.4, 6.0), (0.0, 0.3, 0.0)),
    "East": ((0.3, 7.4, 6.0), (11.7, 0.3, 0.0)),
}


def write_building(path: Path, *, wall_names: dict[str, str] | None = None, without: tuple[str, ...] = ()) -> Path:
    """Write it with the same GlobalIds each time; walls may have other names, or be missing."""
    file = empty_model()
    ground, upper = add_storeys(file, (0.0, 3.0))
    for name, (size, at) in WALLS.items():
        if name not in without:
            wall = add_block(file, "IfcWall", (wall_names or {}).get(name, name), size=size, at=at)
            api.spatial.assign_container(file, products=[wall], relating_structure=ground)
            _say(file, wall, "Pset_WallCommon", {"IsExternal": True, "FireRating": "2 h"})
            _measure(file, wall, "Qto_WallBaseQuantities", {"NetVolume": size[0] * size[1] * size[2]})
    floor = add_block(file, "IfcSlab", "Floor", size=(12.0, 8.0, 0.2), at=(0.0, 0.0, -0.2))
    roof = add_block(file, "IfcRoof", "Roof", size=(13.0, 9.0, 0.3), at=(-0.5, -0.5, 6.0))
    space = add_block(file, "IfcSpace", "101", size=(11.4, 7.4, 2.8), at=(0.3, 0.3, 0.0))
    api.spatial.assign_container(file, products=[floor], relating_structure=ground)
    api.spatial.assign_container(file, products=[roof], relating_structure=upper)
    api.aggregate.assign_object(file, products=[space], relating_object=ground)
    _measure(file, space, "Qto_SpaceBaseQuantities", {"NetFloorArea": 11.4 * 7.4})
    concrete = api.material.add_material(file, name="C30")
    api.material.assign_material(file, products=[floor], material=concrete)
    for number, product in enumerate(sorted(file.by_type("IfcProduct"), key=lambda each: (each.is_a(), _size(each)))):
        product.GlobalId = guid.compress(f"{number + 1:032x}")
    for name, size in WALLS.items():  # by their places, since names may change
        for wall in file.by_type("IfcWall"):
            if _corner(wall) == size[1]:
                wall.GlobalId = guid.compress(f"{100 + list(WALLS).index(name):032x}")
    return write_model(file, path)


def survey_building(key: str, outline: shapely.Polygon, **values: Any) -> gpd.GeoDataFrame:
    """A row of the layer `buildings`, in EPSG:4548, as a survey delivers it."""
    values |= {"building_id": key}
    columns = {field.name: typed_series([values.get(field.name)], field) for field in BUILDINGS.schema}
    return gpd.GeoDataFrame(columns, geometry=[shapely.MultiPolygon([outline])], crs="EPSG:4548").set_axis([key])


def _corner(product: Any) -> tuple[float, ...]:
    return tuple(round(value, 6) for value in product.ObjectPlacement.RelativePlacement.Location.Coordinates)


def _size(product: Any) -> str:
    return f"{product.Name}"


def _say(file: Any, product: Any, name: str, properties: dict[str, Any]) -> None:
    api.pset.edit_pset(file, pset=api.pset.add_pset(file, product=product, name=name), properties=properties)


def _measure(file: Any, product: Any, name: str, quantities: dict[str, float]) -> None:
    api.pset.edit_qto(file, qto=api.pset.add_qto(file, product=product, name=name), properties=quantities)
