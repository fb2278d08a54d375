"""`twin bim`: a report for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import ifcopenshell.api.spatial
import pytest
from click.testing import CliRunner, Result

from bimread_models import add_block, add_storeys, empty_model, write_model
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


def test_nothing_pretends_to_be_imported(house: Path) -> None:
    result = _twin("bim", house)
    assert result.exit_code == 2
    assert "not yet imported: add --dry-run" in result.output
