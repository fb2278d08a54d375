"""`twin bim check`: schema, IDS, rule files, reports, and what happens when the rules do not end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bcf.v3.bcfxml
import ifcopenshell.api.pset
import openpyxl
import pytest
from click.testing import CliRunner, Result
from ifctester import ids

from bim.checking import inspecting
from check_models import write_spoiled
from twin.cli import main_group


def _check(*words: object) -> Result:
    return CliRunner().invoke(main_group, ["bim", "check", *map(str, words)])


def _write_ids(path: Path) -> Path:
    """Every wall has a fire rating."""
    asked = ids.Ids(title="Walls")
    specification = ids.Specification(name="Fire ratings", ifcVersion=["IFC4"])
    specification.applicability.append(ids.Entity(name="IFCWALL"))
    specification.requirements.append(
        ids.Property(propertySet="Pset_WallCommon", baseName="FireRating", dataType="IFCLABEL")
    )
    asked.specifications.append(specification)
    asked.to_xml(str(path))
    return path


def _rate_first_wall(file: Any) -> None:
    wall = next(each for each in file.by_type("IfcWall") if each.Name == "Wall 1")
    said = ifcopenshell.api.pset.add_pset(file, product=wall, name="Pset_WallCommon")
    ifcopenshell.api.pset.edit_pset(file, pset=said, properties={"FireRating": "2h"})


def _break_schema(file: Any) -> None:
    """Two walls with one GlobalId, and a ratio below nothing."""
    wall, other = file.by_type("IfcWall")
    wall.GlobalId = other.GlobalId
    file.createIfcPropertySingleValue("Ratio", None, file.createIfcPositiveRatioMeasure(-1.0), None)


def test_a_sound_model_is_accepted(tmp_path: Path) -> None:
    result = _check(write_spoiled(tmp_path / "sound.ifc"))
    assert (result.exit_code, result.output) == (0, "sound.ifc: accepted: 0 errors, 0 warnings, 0 notes\n")


def test_the_rules_of_the_schema_are_evaluated(tmp_path: Path) -> None:
    result = _check(write_spoiled(tmp_path / "bad.ifc", _break_schema), "--json")
    assert result.exit_code == 1
    (report,) = json.loads(result.stdout)
    found = {finding["rule"]: finding for finding in report["findings"]}
    assert "IfcPositiveRatioMeasure.WR1" in found["IFC-RULE"]["what"]
    assert found["IFC-GUID"]["entity"].startswith("IfcWall #")
    assert report["counts"]["error"] == 1
    assert not report["accepted"]


def test_an_ids_file_names_the_elements_that_lack_what_it_asks_for(tmp_path: Path) -> None:
    model = write_spoiled(tmp_path / "walls.ifc", _rate_first_wall)
    result = _check(model, "--ids", _write_ids(tmp_path / "walls.ids"), "--json")
    assert result.exit_code == 1
    (report,) = json.loads(result.stdout)
    (finding,) = report["findings"]
    second = next(each.GlobalId for each in ifcopenshell.open(str(model)).by_type("IfcWall") if each.Name == "Wall 2")
    assert (finding["rule"], finding["element"]) == ("IDS", second)
    assert "Fire ratings" in finding["what"]


def test_what_is_no_ids_file_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.ids"
    wrong.write_text("<ids/>")
    result = _check(write_spoiled(tmp_path / "sound.ifc"), "--ids", wrong)
    assert result.exit_code == 1
    assert "wrong.ids is no valid IDS file" in str(result.exception)


def test_a_rule_file_sets_limits_and_severities(tmp_path: Path) -> None:
    rules = tmp_path / "county.toml"
    rules.write_text('[BIM-LEVEL]\nlevel = 50\n\n[BIM-SIZE]\nmegabytes = 0.001\nseverity = "error"\n')
    result = _check(write_spoiled(tmp_path / "sound.ifc"), "--rules", rules, "--report", tmp_path / "reports")
    assert result.exit_code == 1
    assert "error BIM-SIZE the file: it is large" in result.output
    room = tmp_path / "reports"
    assert "rule file county.toml" in (room / "sound.ifc.html").read_text("utf-8")
    sheet = openpyxl.load_workbook(room / "sound.ifc.xlsx")["Findings 问题清单"]
    assert [sheet["A2"].value, sheet["B2"].value, sheet["H2"].value] == ["BIM-SIZE", "error 错误", 0.001]


def test_findings_about_elements_are_topics(tmp_path: Path) -> None:
    model = write_spoiled(tmp_path / "walls.ifc", _rate_first_wall)
    _check(model, "--ids", _write_ids(tmp_path / "walls.ids"), "--report", tmp_path / "walls.bcf")
    with bcf.v3.bcfxml.BcfXml.load(tmp_path / "walls.bcf") as file:
        (topic,) = file.topics.values()
        (view,) = topic.viewpoints.values()
        (component,) = view.visualization_info.components.selection.component
        camera = view.visualization_info.perspective_camera
    assert topic.topic.title.startswith("IDS Information that was asked for is missing")
    assert len(component.ifc_guid) == 22
    # It looks from the south-west and above onto the middle of the second wall: x 1 to 6, y 2 to 2.3, z 3.3 to 6.3.
    at, way = camera.camera_view_point, camera.camera_direction
    distance_m = (4.8 - at.z) / way.z
    assert (at.x + distance_m * way.x, at.y + distance_m * way.y) == pytest.approx((3.5, 2.15), abs=1e-4)


def test_rules_that_do_not_end_cost_their_time_and_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sleepy = (
        "import time, bim.checking.worker as worker\n"
        "worker.inspect_schema = lambda opened: time.sleep(1000)\n"
        "worker.main()"
    )
    monkeypatch.setattr(inspecting, "WORKER", (sys.executable, "-c", sleepy))
    model = write_spoiled(tmp_path / "walls.ifc", _rate_first_wall)
    result = _check(model, "--file-seconds", 15, "--ids", _write_ids(tmp_path / "walls.ids"), "--json")
    (report,) = json.loads(result.stdout)
    assert [finding["rule"] for finding in report["findings"]] == ["IFC-DONE", "IDS"]
    assert "15 s, was over" in report["findings"][0]["what"]


def test_a_file_that_cannot_be_read_is_not_accepted_and_the_others_are_checked(tmp_path: Path) -> None:
    sound, broken = write_spoiled(tmp_path / "sound.ifc"), tmp_path / "broken.ifc"
    broken.write_bytes(sound.read_bytes()[:-20])
    result = _check(broken, sound)
    assert result.exit_code == 1
    first, last = result.output.strip().splitlines()
    assert first.startswith("broken.ifc: not accepted: broken.ifc is cut off")
    assert last.startswith("sound.ifc: accepted")
