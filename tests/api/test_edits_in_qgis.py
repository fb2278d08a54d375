"""Real QGIS edits features over the service: 3.40 does, 3.22 cannot yet and reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import shapely

from tests_qgis import BACKPORT, VERSIONS, run_in_qgis
from tests_server import serving
from twin.keys import add_key

EDIT = Path(__file__).parents[1] / "support" / "edit_in_qgis.py"
#: Where things go, in degrees; S1 of the county stands 3,900 km north, on the central meridian 118.5°.
NEW, MOVED = "PointZ (118.51 35.23 88.5)", "PointZ (118.52 35.24 120.5)"
STATION = {"station_id": "D9001", "name": "新站", "kind": "automatic", "status": "in_service"}
CHANGES = [["add", STATION, NEW], ["rename", "S1", "北站改名"], ["move", "S1", MOVED], ["delete", "S2"]]


def edit(root: str, version: Path | None, changes: Any, **more: Any) -> Any:
    asked = {"url": f"{root}/", "layer": "weather_stations", "srs": None, "key": "station_id", "changes": changes}
    return run_in_qgis(EDIT, asked | more, version=version)


def history(store: Path) -> list[tuple[Any, ...]]:
    command = [sys.executable, "-m", "twin.cli", "--store", str(store), "history", "weather_stations", "--json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [tuple(each[name] for name in ("author", "reason", "inserted", "updated", "deleted")) for each in told]


@pytest.mark.needs("qgis_backport")
def test_qgis_adds_changes_moves_and_removes_features_and_history_knows_who(county, tmp_path, monkeypatch) -> None:
    keys = tmp_path / "twin.keys"
    monkeypatch.setenv("TWIN_KEYS", str(keys))
    key = add_key(keys, "zhang")
    with serving(county, log=tmp_path / "log") as (_, root):
        seen = edit(root, BACKPORT, CHANGES, user="zhang", password=key)
        stranger = edit(root, BACKPORT, [])
    assert seen["errors"] == []
    assert seen["can"] == ["add", "delete", "move", "rename"]
    assert {key: shapely.from_wkt(place).wkt for key, place in seen["features"].items()} == {
        "D9001": shapely.from_wkt(NEW).wkt,
        "S1": shapely.from_wkt(MOVED).wkt,
    }
    assert history(county) == [
        ("weather", "register", 2, 0, 0),
        ("zhang", "add D9001", 1, 0, 0),
        ("zhang", "change S1", 0, 1, 0),
        ("zhang", "change S1", 0, 1, 0),
        ("zhang", "remove S2", 0, 0, 1),
    ]
    assert (stranger["can"], stranger["features"]) == ([], seen["features"])  # without a key it reads


@pytest.mark.needs("qgis_backport")
def test_qgis_shows_why_an_edit_was_refused_and_nothing_is_written(county, tmp_path) -> None:
    wrong = [["add", STATION | {"kind": "mars"}, NEW]]
    with serving(county, log=tmp_path / "log") as (_, root):
        seen = edit(root, BACKPORT, wrong)
    assert any("Feature creation failed" in error for error in seen["errors"])
    assert len(history(county)) == 1


@pytest.mark.parametrize("version", VERSIONS[:1])
def test_an_older_qgis_reads(county, tmp_path, version) -> None:
    with serving(county, log=tmp_path / "log") as (_, root):
        seen = edit(root, version, [])
    assert (seen["valid"], seen["can"], sorted(seen["features"])) == (True, [], ["S1", "S2"])
