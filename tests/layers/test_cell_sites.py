from __future__ import annotations

from datetime import date

import pytest
import shapely

from layers.cell_sites.layer import CELL_SITES, check_band_technology
from layers.cell_sites.serving import build_serving
from layers.cell_sites.signal_samples import SIGNAL_SAMPLES, check_kind_fields
from twin.crs import parse_crs

CRS = "EPSG:4549"
SECTOR = {"azimuth_deg": 90.0, "beamwidth_deg": 120.0, "radius_m": 300.0}


@pytest.fixture
def cells(frame):
    def make(*rows):
        return frame(
            CELL_SITES,
            [
                {"cell_id": f"{number}", "geometry": "POINT Z (500000 3930000 100)", **row}
                for number, row in enumerate(rows)
            ],
            CRS,
        )

    return make


@pytest.fixture
def serving(cells):
    def run(*rows, **given):
        plain = {"operator": None, "on_date": None, "radius_scale": 1.0}
        return build_serving(cells(*rows), parse_crs(CRS), **{**plain, **given})

    return run


@pytest.mark.parametrize(
    ("row", "serves"),
    [
        ({"technology": "5G"}, True),
        ({"technology": "5G", "band": "n78"}, True),
        ({"band": "n41"}, True),
        ({"band": "B41"}, False),
        ({"technology": "4G", "band": "B3"}, False),
        ({}, False),
        ({"band": "n41", "status": "planned"}, False),
    ],
)
def test_a_cell_gives_5g_by_its_technology_or_else_by_its_band(serving, row, serves):
    assert len(serving({**SECTOR, **row}).sectors) == serves


def test_only_the_cells_of_the_operator_asked_for_serve(serving):
    found = serving(
        {**SECTOR, "band": "n41", "operator": "china_mobile"},
        {**SECTOR, "band": "n78", "operator": "china_unicom"},
        {**SECTOR, "band": "n78"},
        operator="china_unicom",
        on_date=date(2022, 1, 1),
    )
    assert len(found.sectors) == 1


def test_a_cell_that_says_too_little_has_no_sector_and_is_counted(serving):
    found = serving(
        {**SECTOR, "band": "n41"},
        {**SECTOR, "band": "n41", "azimuth_deg": None, "beamwidth_deg": 360.0},
        {**SECTOR, "band": "n41", "azimuth_deg": None},
        {**SECTOR, "band": "n41", "beamwidth_deg": None},
        {**SECTOR, "band": "n41", "radius_m": None},
    )
    assert (found.undrawn, found.unsaid, found.circles) == (3, 0, 0)
    assert shapely.area(found.sectors) == pytest.approx([94247.78, 282743.34])
    assert list(found.tell()) == ["3 5G cells in service lack a radius, an angle or an azimuth and were left out."]


def test_a_cell_that_states_only_a_radius_serves_a_circle(serving):
    found = serving({"band": "n41", "radius_m": 300.0})
    assert (found.undrawn, found.circles) == (0, 1)
    assert shapely.area(found.sectors) == pytest.approx([282743.34])


def test_cells_that_do_not_say_whether_they_give_5g_are_no_evidence_of_none(serving):
    assert not serving(SECTOR).is_evidence
    assert serving(SECTOR).unsaid == 1
    assert serving({**SECTOR, "band": "B41"}).is_evidence
    assert serving(SECTOR, {**SECTOR, "band": "n41"}).is_evidence
    assert not serving({"band": "n41"}).is_evidence


def test_the_scale_of_the_radius_goes_into_the_area_squared(serving):
    found = serving({"band": "n41", "beamwidth_deg": 360.0, "radius_m": 100.0}, radius_scale=2.0)
    assert shapely.area(found.sectors) == pytest.approx([125663.706])


def test_a_band_of_the_other_generation_is_a_fault(cells):
    rows = cells(
        {"band": "n41", "technology": "5G"},
        {"band": "B41", "technology": "5G"},
        {"band": "n1", "technology": "4G"},
        {"band": "n1"},
        {"technology": "5G"},
    )
    faults = check_band_technology(rows.data)
    assert [(fault.row, fault.value, fault.limit) for fault in faults] == [(1, "5G", "4G"), (2, "4G", "5G")]


def test_a_sample_needs_what_its_kind_rests_on(frame):
    rows = [
        {"sample_id": "a", "kind": "key_point", "place_id": "p"},
        {"sample_id": "b", "kind": "key_point"},
        {"sample_id": "c", "kind": "grid", "cell_size_m": 50.0},
        {"sample_id": "d", "kind": "grid"},
        {"sample_id": "e", "kind": "drive"},
    ]
    samples = frame(
        SIGNAL_SAMPLES, [{"ss_rsrp_dbm": -90.0, "geometry": "POINT (500000 3930000)", **row} for row in rows], CRS
    )
    assert [(fault.row, fault.field) for fault in check_kind_fields(samples.data)] == [
        (1, "place_id"),
        (3, "cell_size_m"),
    ]
