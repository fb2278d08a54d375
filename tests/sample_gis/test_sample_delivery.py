"""Faults put into a delivery on purpose: each rule names what was listed for it, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from layers.pipelines.acceptance import pipelines
from sample_gis.pipes.delivery import plant_faults, tabulate, write_tables
from twin.intake import Order
from twin.stores import create_store

#: Some pairs of the sample are too close, and some sewers meet at a sharp angle, as in any town.
CLOSE = {"CLR-H", "CLR-V", "GRAV-TURN"}

#: What else a fault of one kind breaks: a point that is too near is a dead end, a long segment runs through the one
#: between its points, a depth above the ground does not fit the next pipe and has no cover, nor does concrete fit gas.
FOLLOWING = {
    "GRAV-FLOW": ["WS900001"],
    "CLASH-DOUBT": ["WS000031-WS000034"],
    "GRAV-FLAT": ["WS000031-WS000034"],
    "GRAV-WELLS": ["WS000031-WS000034"],
    "WELL-DEPTH": ["WS000025"],
    "NODE-CONSIST": ["JP000002", "TR000022"],
    "COVER": ["JP000002-JP000030"],
}


@pytest.fixture(scope="module")
def planted(county):
    return plant_faults(tabulate(county))


def deliver(county, tables, folder):
    with create_store(folder / "twin.gpkg", crs=county.crs, area=county.area) as store:
        files = write_tables(tables, folder)
        return pipelines.function(store, Order(files=files, author="surveyor", crs=county.crs.to_wkt()))


def test_without_faults_the_delivery_is_accepted_and_only_pairs_too_close_are_found(county, tmp_path):
    report = deliver(county, tabulate(county), tmp_path)
    assert report.accepted
    assert {rule for rule, count in report.judgement.counts.items() if count} <= CLOSE
    assert {path.name[:2] for path in tmp_path.glob("*LINE.csv")} == {"JS", "PS", "RQ", "RL", "DL", "TX"}


def test_every_rule_finds_the_faults_that_were_put_in_and_no_others(county, planted, tmp_path):
    tables, faults = planted
    report = deliver(county, tables, tmp_path)
    assert not report.accepted
    found = {rule: [] for rule in report.judgement.counts if rule not in CLOSE}
    for finding in report.judgement.findings:
        if finding.rule in CLOSE:
            continue
        key = finding.key
        if key is None:  # what cannot be read stands against a row of a file
            row = pd.read_csv(tmp_path / finding.file, encoding="gbk", dtype=str).iloc[finding.row - 1]
            key = f"{row['S_Exp']}-{row['E_Exp']}"
        found[finding.rule].append(key)
    assert len(found) >= 13
    assert {rule: sorted(keys) for rule, keys in found.items()} == {
        rule: sorted(faults.get(rule, FOLLOWING.get(rule, ()))) for rule in found
    }


def test_faults_of_height_are_where_the_list_says(planted):
    tables, faults = planted
    lines = pd.DataFrame(tables.lines)
    lines["key"] = lines["S_Exp"] + "-" + lines["E_Exp"]
    ground = pd.DataFrame(tables.points).drop_duplicates("Exp_No").set_index("Exp_No")["High"]
    off = pd.concat(
        [lines[f"{end}_Exp"].map(ground) - lines[f"{end}_Deep"] - lines[f"{end}_High"] for end in "SE"], axis=1
    )
    assert tuple(lines["key"][(off.astype(float).abs() > 0.01).any(axis=1)]) == faults["ELEV-ID"]
    assert tuple(lines["key"][(lines[["S_Deep", "E_Deep"]].astype(float) <= 0).any(axis=1)]) == faults["DEPTH-RANGE"]
    uphill = lines["class"].eq("PS") & (lines["E_High"] - lines["S_High"] > 0.01)
    assert tuple(lines["key"][uphill]) == faults["GRAV-SLOPE"]
    assert tuple(lines["key"][lines["UsedHole"] > lines["TotalHole"]]) == faults["HOLES"]


def test_faults_stand_at_places_of_their_own(planted):
    _, faults = planted
    # The stub that is too short ends at the point that is too near; a segment on itself is told twice.
    alone = [key for rule, keys in faults.items() if rule not in ("LN-LEN", "LN-SELF") for key in keys]
    ends = [end for key in alone for end in key.split("-")]
    assert len(faults) == 17
    assert max(map(ends.count, ends)) <= 2
