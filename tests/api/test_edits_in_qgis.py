"""Real QGIS edits features over the service: 3.40 does, 3.22 cannot yet and reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import shapely

import layers
from tests_qgis import BACKPORT, VERSIONS, run_in_qgis
from tests_server import serving
from tests_transforms import find_transformer
from twin.crs import parse_crs
from twin.keys import add_key
from twin.store import Changes
from twin.stores import create_store, open_store

STATIONS = layers.catalog().layer("weather_stations")
EDIT = Path(__file__).parents[1] / "support" / "edit_in_qgis.py"
#: Where things go: in degrees, and in the storage CRS of the county by PROJ's own words for EPSG:4548.
NEW, MOVED = (117.51, 35.23, 88.5), (117.52, 35.24, 120.5)
TO_METRES = find_transformer("EPSG:4490", "+proj=tmerc +lon_0=117 +x_0=500000 +ellps=GRS80")
STATION = {"station_id": "D9001", "name": "新站", "kind": "automatic", "status": "in_service"}


def edit(root: str, version: Path | None, changes: Any, **more: Any) -> Any:
    asked = {"url": f"{root}/", "layer": "weather_stations", "srs": None, "key": "station_id", "changes": changes}
    return run_in_qgis(EDIT, asked | more, version=version)


def history(store: Path) -> list[tuple[Any, ...]]:
    command = [sys.executable, "-m", "twin.cli", "--store", str(store), "history", "weather_stations", "--json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [tuple(each[name] for name in ("author", "reason", "inserted", "updated", "deleted")) for each in told]


def place_in(srs: str, place: tuple[float, ...]) -> shapely.Point:
    """A place as QGIS shows it in a layer of a CRS, x first whatever the order of axes."""
    return shapely.Point(*TO_METRES.transform(*place[:2]), place[2]) if srs == "EPSG:4548" else shapely.Point(*place)


@pytest.fixture
def stations(county: Path, tmp_path: Path) -> Path:
    """Two weather stations in a store of EPSG:4548, whose first axis is north."""
    path = tmp_path / "stations.gpkg"
    with open_store(county) as source, create_store(path, crs=parse_crs("EPSG:4548")) as store:
        rows = source.read(STATIONS).data.set_crs("EPSG:4548", allow_override=True)
        store.write(STATIONS, Changes(insert=rows), author="weather", reason="register")
    return path


@pytest.mark.needs("qgis_backport")
@pytest.mark.parametrize("srs", ["OGC:CRS84", "EPSG:4490", "EPSG:4548"])
def test_qgis_adds_changes_moves_and_removes_features_and_history_knows_who(
    stations, tmp_path, monkeypatch, srs
) -> None:
    keys = tmp_path / "twin.keys"
    monkeypatch.setenv("TWIN_KEYS", str(keys))
    key = add_key(keys, "zhang")
    new, moved = place_in(srs, NEW), place_in(srs, MOVED)
    changes = [["add", STATION, new.wkt], ["rename", "S1", "北站改名"], ["move", "S1", moved.wkt], ["delete", "S2"]]
    with serving(stations, log=tmp_path / "log") as (_, root):
        seen = edit(root, BACKPORT, changes, srs=srs, user="zhang", password=key)
        stranger = edit(root, BACKPORT, [], srs=srs)
    assert seen["errors"] == []
    assert (seen["crs"], seen["can"]) == (srs, ["add", "delete", "move", "rename"])
    with open_store(stations) as store:
        got = store.read(STATIONS).data
    assert got["name"].to_dict() == {"D9001": "新站", "S1": "北站改名"}
    for key, place, shown in (("D9001", NEW, new), ("S1", MOVED, moved)):
        stored = shapely.get_coordinates(got.geometry[key], include_z=True)[0]
        assert stored == pytest.approx([*TO_METRES.transform(*place[:2]), place[2]], abs=1e-4)
        for layer in (seen, stranger):
            drawn = shapely.get_coordinates(shapely.from_wkt(layer["features"][key]), include_z=True)[0]
            assert drawn == pytest.approx(shapely.get_coordinates(shown, include_z=True)[0], abs=1e-4)
    assert history(stations) == [
        ("weather", "register", 2, 0, 0),
        ("zhang", "add D9001", 1, 0, 0),
        ("zhang", "change S1", 0, 1, 0),
        ("zhang", "change S1", 0, 1, 0),
        ("zhang", "remove S2", 0, 0, 1),
    ]
    assert stranger["can"] == []  # without a key it reads


@pytest.mark.needs("qgis_backport")
def test_qgis_shows_why_an_edit_was_refused_and_nothing_is_written(county, tmp_path) -> None:
    wrong = [["add", STATION | {"kind": "mars"}, shapely.Point(NEW).wkt]]
    with serving(county, log=tmp_path / "log") as (_, root):
        seen = edit(root, BACKPORT, wrong)
    assert any("Feature creation failed" in error for error in seen["errors"])
    assert len(history(county)) == 1


@pytest.mark.parametrize("version", VERSIONS[:1])
def test_an_older_qgis_reads(county, tmp_path, version) -> None:
    with serving(county, log=tmp_path / "log") as (_, root):
        seen = edit(root, version, [])
    assert (seen["valid"], seen["can"], sorted(seen["features"])) == (True, [], ["S1", "S2"])
