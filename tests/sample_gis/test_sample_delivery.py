"""Faults put into a delivery on purpose: each rule names what was listed for it, and nothing else."""

from __future__ import annotations

import shutil
from collections import Counter

import pandas as pd
import pytest

from layers.pipelines import PIPE_SEGMENTS
from layers.pipelines.acceptance import pipelines
from layers.pipelines.rules import RULES
from sample_gis.pipes.delivery import tabulate, write_tables
from sample_gis.pipes.faults import plant_faults
from twin.intake import Order
from twin.stores import create_store, open_store

#: Some pairs of the sample are too close, and some sewers meet at a sharp angle, as in any town.
BUILT_SO = {"CLR-H", "CLR-V", "GRAV-TURN"}


@pytest.fixture(scope="module")
def planted(county):
    return plant_faults(county)


def deliver(store, county, tables, folder):
    folder.mkdir()
    files = write_tables(tables, folder)
    return pipelines.function(store, Order(files=files, author="surveyor", crs=county.crs.to_wkt()))


@pytest.fixture(scope="module")
def sound(county, tmp_path_factory):
    """The report on the county as it is, and how many of its segments are in each state."""
    folder = tmp_path_factory.mktemp("sound")
    with create_store(folder / "twin.gpkg", crs=county.crs, area=county.area) as store:
        report = deliver(store, county, tabulate(county), folder / "all")
        return report, Counter(store.read(PIPE_SEGMENTS).data["status"])


@pytest.fixture(scope="module")
def report(county, planted, tmp_path_factory):
    """The report on the county with faults, beside an area that was taken before, and the folder of its files."""
    folder = tmp_path_factory.mktemp("planted")
    with create_store(folder / "twin.gpkg", crs=county.crs, area=county.area) as store:
        assert deliver(store, county, planted.beside, folder / "beside").accepted
        return deliver(store, county, planted.tables, folder / "all"), folder / "all"


def found(report, folder=None):
    """How often each rule names each feature; what cannot be read stands against a row of a file."""
    keys = Counter()
    for finding in report.judgement.findings:
        key = finding.key
        if key is None:
            row = pd.read_csv(folder / finding.file, encoding="gbk", dtype=str).iloc[finding.row - 1]
            key = f"{row['S_Exp']}-{row['E_Exp']}"
        keys[finding.rule, key] += 1
    return keys


def test_without_faults_the_delivery_is_accepted_and_only_what_is_built_so_is_found(county, sound):
    report, states = sound
    assert report.accepted
    assert {rule for rule, count in report.judgement.counts.items() if count} == BUILT_SO
    assert states == Counter(county.layers["pipe_segments"]["status"])
    assert {table.name[:2] for table in report.tables} == {"JS", "PS", "RQ", "RL", "DL", "TX"}


def test_the_tables_of_what_is_stored_change_nothing_and_what_they_do_not_say_stays(county, sample_store, tmp_path):
    copy = shutil.copy(sample_store, tmp_path / "twin.gpkg")
    with open_store(str(copy), write=True) as store:
        report = deliver(store, county, tabulate(county), tmp_path / "again")
        assert report.accepted
        assert report.revisions == {}
        assert report.counts == {
            layer: {"inserted": 0, "updated": 0, "deleted": 0, "unchanged": len(county.layers[layer])}
            for layer in ("pipe_nodes", "pipe_segments")
        }
    kept = next(notice for notice in report.notices if "no column" in notice)
    assert "voltage_kv of" in kept
    assert "valve_state of" in kept


def test_there_is_a_fault_for_every_rule(planted):
    assert planted.faults.keys() == {rule.id for rule in RULES}


def test_every_rule_finds_the_faults_that_were_put_in_and_no_others(planted, sound, report):
    accepted, folder = report
    assert not accepted.accepted
    assert found(accepted, folder) - found(sound[0]) == Counter(
        (rule, key) for rule, keys in planted.faults.items() for key in keys
    )
    assert not found(sound[0]) - found(accepted, folder)


def test_faults_of_height_are_where_the_list_says(planted):
    tables, faults = planted.tables, planted.faults
    lines = pd.DataFrame(tables.lines)
    lines["key"] = lines["S_Exp"] + "-" + lines["E_Exp"]
    ground = pd.DataFrame(tables.points).drop_duplicates("Exp_No").set_index("Exp_No")["High"]
    off = pd.concat(
        [lines[f"{end}_Exp"].map(ground) - lines[f"{end}_Deep"] - lines[f"{end}_High"] for end in "SE"], axis=1
    )
    assert tuple(lines["key"][(off.astype(float).abs() > 0.01).any(axis=1)]) == faults["ELEV-ID"]
    assert tuple(lines["key"][(lines[["S_Deep", "E_Deep"]].astype(float) > 10).any(axis=1)]) == faults["DEPTH-RANGE"]
    uphill = lines["class"].eq("PS") & (lines["E_High"] - lines["S_High"] > 0.01)
    assert tuple(lines["key"][uphill]) == faults["GRAV-SLOPE"]
    assert tuple(lines["key"][lines["UsedHole"] > lines["TotalHole"]]) == faults["HOLES"]


def test_faults_stand_at_places_of_their_own(planted):
    # Two points at the ends of a short segment, and the ends of two areas, are told together; a segment that ends where
    # it starts is refused by the layer, too.
    together = {"LN-LEN", "LN-SELF"}
    alone = [key for rule, keys in planted.faults.items() if rule not in together for key in keys]
    ends = [end for key in alone for end in key.split("-")]
    assert max(map(ends.count, ends)) <= 2
