"""`twin sample --delivery`: a delivery to try acceptance on, with its faults listed."""

from __future__ import annotations

import json

from layers.pipelines.acceptance import pipelines
from sample_gis.pipes.faults import plant_faults, write_planted
from tests_cli import Terminal
from twin.intake import Order
from twin.stores import create_store


def test_the_files_say_their_crs_and_every_listed_fault_is_found(county, tmp_path):
    folder = tmp_path / "delivery"
    write_planted(plant_faults(county), county.crs, folder)
    with create_store(tmp_path / "twin.gpkg", crs=county.crs, area=county.area) as store:
        beside, report = (
            pipelines.function(store, Order(files=sorted(files), author="surveyor"))
            for files in ((folder / "beside").glob("*.csv"), folder.glob("*.csv"))
        )
    assert beside.accepted
    assert not report.accepted
    listed = json.loads((folder / "faults.json").read_text("utf-8"))
    named = {(finding.rule, finding.key) for finding in report.judgement.findings}
    # What cannot be read stands against a row of a file.
    assert [
        (rule, key) for rule, keys in listed.items() for key in keys if not {(rule, key), (rule, None)} & named
    ] == []


def test_a_folder_that_holds_something_is_refused_before_anything_is_made(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.csv").write_text("a,b\n", "utf-8")
    code, _, told = Terminal(monkeypatch, capfd).run("sample", "county.gpkg", "--delivery", "full")
    assert code == 2
    assert "full is not empty; nothing was changed" in told
    assert not (tmp_path / "county.gpkg").exists()
