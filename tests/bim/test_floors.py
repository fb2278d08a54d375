"""Floors of buildings: what a resident counts, of models with levels for foundations, landings and parapets too."""

from __future__ import annotations

import ifcopenshell.api.spatial
import pytest

from bim.footprint import project_instances
from bim.georeference.choosing import declare_place, require_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.placed import place_model
from bim.rows import element_keys, gather_properties
from bim.summary import summarise_buildings
from bimread_models import add_block, add_storeys, empty_model, write_model
from twin.crs import parse_crs

CRS = parse_crs("EPSG:4548")
PLACE = Declaration(
    name="place.toml", crs="EPSG:4548", easting_m=632_885.0, northing_m=3_936_656.0, height_m=120.0, scale="grid"
)


def summarise(model):
    by = require_place(declare_place(model.levels, PLACE), "model")
    placed = place_model(model, by, CRS, element_keys("m", model))
    (one,) = summarise_buildings(model, placed, project_instances(placed), gather_properties(model), by, CRS).values()
    return one


def count_floors(model):
    one = summarise(model)
    return one.storeys, one.storeys_below


def build(path, levels):
    """A model with four walls of 10 m by 10 m on each level: its elevation and the height of its walls."""
    file = empty_model()
    storeys = add_storeys(file, tuple(level for level, _ in levels))
    for storey, (level, height) in zip(storeys, levels, strict=True):
        walls = [
            add_block(file, "IfcWall", f"{level} {number}", size=(*size, height), at=(*at, level))
            for number, (size, at) in enumerate(WALLS)
        ]
        ifcopenshell.api.spatial.assign_container(file, products=walls, relating_structure=storey)
    return read_ifc(write_model(file, path))


WALLS = (((10.0, 0.2), (0.0, 0.0)), ((10.0, 0.2), (0.0, 9.8)), ((0.2, 9.6), (0.0, 0.2)), ((0.2, 9.6), (9.8, 0.2)))


@pytest.mark.parametrize(
    ("levels", "floors"),
    [
        ([(0.0, 3.0), (3.0, 3.0)], (2, 0)),
        ([(-3.0, 3.0), (0.0, 3.0), (3.0, 3.0)], (2, 1)),
        ([(-6.0, 3.0), (-3.0, 3.0), (0.0, 3.0)], (1, 2)),
        # A foundation, which is cut 2 m above its floor because the walls of the ground floor stand there.
        ([(-1.2, 1.2), (0.0, 3.0)], (1, 0)),
        # A landing between two floors.
        ([(0.0, 3.0), (1.5, 1.5), (3.0, 3.0)], (2, 0)),
        # A parapet on the roof.
        ([(0.0, 3.0), (3.0, 3.0), (6.0, 1.1)], (2, 0)),
    ],
    ids=["two floors", "a cellar", "two cellars", "a foundation", "a landing", "a parapet"],
)
def test_floors_are_levels_with_rooms(tmp_path, levels, floors):
    assert count_floors(build(tmp_path / "house.ifc", levels)) == floors


def test_a_lift_house_on_the_roof_is_no_floor(tmp_path):
    file = empty_model()
    storeys = add_storeys(file, (0.0, 3.0))
    hall = add_block(file, "IfcWall", "hall", size=(20.0, 20.0, 3.0), at=(0.0, 0.0, 0.0))
    for side, floors in ((9.0, 1), (11.0, 2)):
        lift = add_block(file, "IfcWall", "lift", size=(side, side, 3.0), at=(0.0, 0.0, 3.0))
        for storey, wall in zip(storeys, (hall, lift), strict=True):
            ifcopenshell.api.spatial.assign_container(file, products=[wall], relating_structure=storey)
        # Less than a quarter of the 400 m² below it, 81 m²; and more, 121 m².
        assert count_floors(read_ifc(write_model(file, tmp_path / f"{floors}.ifc"))) == (floors, 0)
        file.remove(lift)


@pytest.mark.parametrize(
    ("name", "floors"),
    [
        # Foundation, two levels and the roof over them.
        ("building/duplex_georeferenced_ifc2x3.ifc", (2, 0)),
        # Ground floor, three above it, and levels for the foundation, its top and the ridge.
        ("structure/schependomlaan_V_L_Constructief.ifc", (4, 0)),
        # Ground floor and a room under the roof.
        ("building/AC20-FZK-Haus.ifc", (2, 0)),
    ],
)
def test_floors_of_real_buildings(real_model, name, floors):
    assert count_floors(real_model(name)) == floors


def test_a_room_under_the_sky_is_no_floor_area(real_model):
    # 422.047 m² of all rooms, less R301 on the roof: 145.722 m².
    one = summarise(real_model("building/duplex_georeferenced_ifc2x3.ifc"))
    assert one.floor_area_m2 == pytest.approx(422.047 - 145.7217, abs=1e-3)
