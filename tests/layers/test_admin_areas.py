from __future__ import annotations

from typing import Any

import pytest
import shapely

from layers.admin_areas import ADMIN_AREAS, LEVELS, check_parents

COUNTY = {"area_id": "371321", "name": "沂南县", "level": "county", "geometry": shapely.box(0, 0, 10_000, 10_000)}


def within(area_id: str, level: str, parent_id: str, *box: float) -> dict[str, Any]:
    return {"area_id": area_id, "name": area_id, "level": level, "parent_id": parent_id, "geometry": shapely.box(*box)}


TOWNSHIP = within("371321001", "township", "371321", 0, 0, 5_000, 10_000)
COMMUNITY = within("371321001001", "community", "371321001", 0, 0, 5_000, 5_000)


def test_areas_that_lie_in_their_parents_have_no_faults(frame: Any) -> None:
    assert check_parents(frame(ADMIN_AREAS, [COUNTY, TOWNSHIP, COMMUNITY], "EPSG:4548").data) == []
    assert check_parents(frame(ADMIN_AREAS, [COUNTY], "EPSG:4548").data) == []
    assert check_parents(frame(ADMIN_AREAS, [], "EPSG:4548").data) == []


def test_a_level_may_be_left_out_of_the_hierarchy(frame: Any) -> None:
    cell = within("371321G001", "grid", "371321", 0, 0, 100, 100)
    assert check_parents(frame(ADMIN_AREAS, [COUNTY, cell], "EPSG:4548").data) == []


def test_parents_that_were_not_delivered_are_no_fault(frame: Any) -> None:
    city = COUNTY | {"parent_id": "371300"}
    other = within("371321002", "township", "371321", 5_000, 0, 10_000, 10_000)
    cell = within("371321G001", "grid", "371321001009", 0, 0, 100, 100)
    for rows in ([city], [TOWNSHIP, other], [city, TOWNSHIP, cell]):
        assert check_parents(frame(ADMIN_AREAS, rows, "EPSG:4548").data) == []


@pytest.mark.parametrize(
    ("area", "what"),
    [
        (within("371321002", "township", "371322", 0, 0, 1, 1), "there is no area with this parent_id"),
        (within("371321002", "township", "371321001001", 0, 0, 1, 1), "the parent is not of a higher level"),
        (within("371321002", "township", "371321001", 0, 0, 1, 1), "the parent is not of a higher level"),
        (within("371321002", "township", "371321002", 0, 0, 1, 1), "the parent is not of a higher level"),
        (within("371321002", "township", "371321", 9_400, 0, 10_400, 1_000), "the area does not lie in its parent"),
        (within("371321002", "township", "371321", 20_000, 0, 21_000, 1_000), "the area does not lie in its parent"),
    ],
)
def test_an_area_that_does_not_fit_its_parent_is_a_fault(frame: Any, area: dict[str, Any], what: str) -> None:
    faults = check_parents(frame(ADMIN_AREAS, [COUNTY, TOWNSHIP, COMMUNITY, area], "EPSG:4548").data)
    assert [(fault.what, fault.row, fault.field, fault.value) for fault in faults] == [
        (what, 3, "parent_id", area["parent_id"])
    ]


def test_outlines_of_two_sources_may_differ_by_a_little(frame: Any) -> None:
    sticks_out_by_4_percent = within("371321002", "township", "371321", 9_040, 0, 10_040, 1_000)
    assert check_parents(frame(ADMIN_AREAS, [COUNTY, sticks_out_by_4_percent], "EPSG:4548").data) == []


def test_levels_are_known_under_the_words_departments_use() -> None:
    words = {alias: code.value for code in LEVELS for alias in (code.title_zh, *code.aliases)}
    assert words["区县"] == "county"
    assert words["街道"] == "township"
    assert words["行政村"] == "community"
    assert words["单元网格"] == "grid"
    assert len(words) == sum(1 + len(code.aliases) for code in LEVELS)  # no word means two levels
