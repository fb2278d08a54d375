"""`twin bim check` over every IFC file of the shared data: each has a verdict in its time, with what others find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.util.element
import pytest
from click.testing import CliRunner
from ifctester import ids

from real_models import find_ifc
from twin.cli import main_group

#: Findings of the schema, as `ifcopenshell.validate` gives them when it is run on the file directly; absent are none.
SCHEMA = {
    "doubleguids.ifc": {"IFC-GUID": 4},
    "revit2013_japanese_unicode.ifc": {"IFC-HEADER": 1},
    # 21 statements, and two errors of the text that are of the parser.
    "hang_fixed_reference_sweptarea.ifc": {"IFC-TEXT": 2, "IFC-RULE": 21},
    "large_offset.ifc": {"IFC-RULE": 3},
    "IfcOpenHouse_IFC4.ifc": {},
    "wall_door_column_ifc4x3_feet.ifc": {},
    "linear-placement-of-signal.ifc": {},
    "grid_placement_no_shapes.ifc": {},
}
REFUSED = {
    "awkward": {"4walls1floorSite.ifcxml", "errorfile.ifc", "no_header.ifc", "syntax_error.ifc"},
    "infra": {"drainage_system_2_rc.ifc", "georeferencing_tin_12d_1_rc.ifc"},
}
FOLDERS = ("awkward", "building", "georef", "infra", "mep", "structure")


def check(path: Path, *words: object) -> tuple[int, dict[str, Any]]:
    """The exit code and the report."""
    limits = ("--product-seconds", 3, "--file-seconds", 600)
    result = CliRunner().invoke(main_group, ["bim", "check", *map(str, (path, "--json", *limits, *words))])
    (report,) = json.loads(result.stdout)
    return result.exit_code, report


def count_of(report: dict[str, Any], prefix: str) -> dict[str, int]:
    """How many findings there are of each rule that begins so."""
    rules = [found["rule"] for found in report["findings"] if found["rule"].startswith(prefix)]
    return {rule: rules.count(rule) for rule in rules}


def test_every_folder_is_checked(shared_data: Path) -> None:
    assert {path.relative_to(shared_data / "ifc").parts[0] for path in find_ifc(shared_data)} == set(FOLDERS)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_has_a_verdict(shared_data: Path, folder: str) -> None:
    refused = set()
    files = find_ifc(shared_data / "ifc" / folder)
    # Of buildingSMART's samples, each the same empty model but for one value, every fourth.
    samples = [path for path in files if "bsi_rules" in path.parts]
    for path in sorted({*files} - {*samples} | {*samples[::4]}):
        code, report = check(path)
        if report.get("refused"):
            assert (code, report["accepted"]) == (1, False)
            assert report["refused"].startswith(path.name)
            refused.add(path.name)
            continue
        errors = report["counts"]["error"]
        assert (path.name, code, report["accepted"]) == (path.name, int(errors > 0), errors == 0)
        assert not [found for found in report["findings"] if found["rule"] == "IFC-DONE"], path.name
        if path.name in SCHEMA:
            assert (path.name, count_of(report, "IFC-")) == (path.name, SCHEMA[path.name])
    assert refused == REFUSED.get(folder, set())


def test_an_ids_file_finds_the_walls_that_have_no_fire_rating(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "ifc/building/IfcOpenHouse_IFC4.ifc"
    asked = ids.Ids(title="Walls")
    specification = ids.Specification(name="Fire ratings", ifcVersion=["IFC4"])
    specification.applicability.append(ids.Entity(name="IFCWALLSTANDARDCASE"))
    specification.requirements.append(
        ids.Property(propertySet="Pset_WallCommon", baseName="FireRating", dataType="IFCLABEL")
    )
    asked.specifications.append(specification)
    asked.to_xml(str(tmp_path / "walls.ids"))
    file: Any = ifcopenshell.open(path)
    asked.validate(file)
    walls = file.by_type("IfcWallStandardCase")
    lacking = {
        wall.GlobalId
        for wall in walls
        if "FireRating" not in ifcopenshell.util.element.get_psets(wall).get("Pset_WallCommon", {})
    }
    assert lacking == {wall.GlobalId for wall in specification.failed_entities}

    code, report = check(path, "--ids", tmp_path / "walls.ids")

    found = [finding["element"] for finding in report["findings"] if finding["rule"] == "IDS"]
    assert (code, len(found)) == (1, len(lacking))
    assert set(found) == lacking
    assert lacking
