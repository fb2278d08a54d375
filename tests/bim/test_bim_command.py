"""`twin bim`: a report for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import ifcopenshell.api.spatial
import pytest
from click.testing import CliRunner, Result

from bimread_models import add_block, add_storeys, empty_model, write_model
from cityjson_files import building, city, save, solid
from twin.cli import main_group


@pytest.fixture
def house(tmp_path: Path) -> Path:
    file = empty_model(milli=True)
    ground, _ = add_storeys(file, (0.0, 3.3))
    wall = add_block(file, "IfcWall", "Wall", size=(5.0, 0.3, 3.0), at=(1.0, 2.0, 0.0))
    ifcopenshell.api.spatial.assign_container(file, products=[wall], relating_structure=ground)
    return write_model(file, tmp_path / "房屋.ifc")


def _twin(*words: object) -> Result:
    return CliRunner().invoke(main_group, [str(word) for word in words])


def test_people_read_what_is_in_a_model(house: Path) -> None:
    result = _twin("bim", house, "--dry-run")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].startswith("房屋.ifc: IFC4, ")
    assert lines[0].endswith("unit of length 0.001 m")
    assert lines[1:3] == [
        "  2 storeys: Storey 1 +0.00 m, Storey 2 +3.30 m",
        "  5 products: 1 shape, 4 no representation",
    ]
    assert "    IfcWall: 1 shape" in lines


def test_programs_read_numbers(house: Path) -> None:
    (report,) = json.loads(_twin("bim", house, "--dry-run", "--json").output)
    assert report["products"]["IfcWall"] == {"none": 0, "shape": 1}
    assert report["box_m"] == pytest.approx([1.0, 2.0, 0.0, 6.0, 2.3, 3.0], abs=1e-6)
    assert (report["triangles"], report["instances"], report["missing"]) == (12, 1, [])
    assert report["storeys"][1] == {"name": "Storey 2", "elevation_m": 3.3}


def test_the_report_says_where_a_model_stands(house: Path, tmp_path: Path) -> None:
    (report,) = json.loads(_twin("bim", house, "--dry-run", "--json").output)
    assert report["place"]["used"] is None
    declared = tmp_path / "place.toml"
    declared.write_text('crs = "EPSG:4548"\neasting_m = 632885.385\nnorthing_m = 3936656.695\nheight_m = 120.5\n')
    result = _twin("bim", house, "--dry-run", "--georef", declared)
    assert "  place: used: the declaration: 632885.385, 3936656.695 in EPSG:4548, height 120.500 m" in result.output


def test_a_refused_file_does_not_keep_the_others_from_being_read(house: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ifc"
    broken.write_bytes(house.read_bytes()[:-20])
    result = _twin("bim", broken, house, "--dry-run", "--json")
    assert result.exit_code == 1
    reports = json.loads(result.stdout)
    assert "broken.ifc is cut off" in reports[0]["refused"]
    assert reports[1]["instances"] == 1
    assert [report["source"]["name"] for report in reports] == ["broken.ifc", house.name]


def test_a_model_is_imported_by_a_declaration_and_told(house: Path, tmp_path: Path) -> None:
    store, place = tmp_path / "county.gpkg", tmp_path / "place.toml"
    place.write_text("longitude_deg = 118.4655\nlatitude_deg = 35.5505\nheight_m = 120.0\nscale = 'true'\n")
    assert _twin("init", store, "--crs", "EPSG:4548").exit_code == 0

    refused = _twin("--store", store, "bim", house)
    told = _twin("--store", store, "bim", house, "--georef", place, "--reason", "竣工模型")
    again = _twin("--store", store, "--json", "bim", house, "--georef", place, "--dry-run")

    assert refused.exit_code == 1
    assert "--georef 房屋.ifc.toml places the model by it" in refused.output
    assert told.exit_code == 0, told.output
    assert "  elements: 5 added, 0 changed, 0 removed, 0 as before" in told.output.splitlines()
    (report,) = json.loads(again.stdout)
    assert (report["imported"]["unchanged"], report["imported"]["revisions"]) == (5, {})
    assert "竣工模型" in _twin("--store", store, "history", "building_elements").output


def test_names_are_given_to_one_file_at_a_time(house: Path) -> None:
    assert "one file at a time" in _twin("bim", house, house, "--model", "A").output


def test_a_city_model_is_told_by_its_content(tmp_path: Path) -> None:
    file = save(tmp_path / "城区.ifc", city({"B1": building(solid()), "R": {"type": "Road"}}))

    result = _twin("bim", file, "--dry-run")

    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "城区.ifc: CityJSON 2.0, unit of length 1 m"
    assert "    IfcBuilding: 1 shape" in lines
    assert "  note: left out, being no buildings: 1 Road" in lines
    assert "  place: used: level 50: 0, 0 in EPSG:4548, height 0.000 m, x axis 0.0000° from east, scale 1" in lines
