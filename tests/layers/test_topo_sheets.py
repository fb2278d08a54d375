"""Map coverage: whose ground counts, once, and what it is divided by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from layers.topo_sheets import topographic_coverage
from tests_sheets import (
    EAST,
    EIGHT,
    NINE,
    NINTH,
    NORTH,
    PLANNING,
    Row,
    area,
    geodesic_area_m2,
    measure_sheets,
    missing,
    sheet,
    square,
)
from twin.crs import parse_crs, reproject, transverse_mercator
from twin.errors import InvalidParameter
from twin.indicator import Measure


@pytest.fixture(scope="session")
def measure(frame: Any) -> Callable[..., Measure]:
    return partial(measure_sheets, frame)


def test_eight_of_nine_sheets_cover_eight_ninths_of_the_ellipsoid(measure: Any) -> None:
    found = measure(EIGHT)
    covered_m2 = sum(geodesic_area_m2(row["geometry"]) for row in EIGHT)
    total_m2 = geodesic_area_m2(PLANNING["geometry"])
    assert found.value == pytest.approx(covered_m2 / total_m2, rel=1e-8)
    assert found.value == pytest.approx(8 / 9, abs=1e-6)  # the grid is 435 to 450 ppm larger than the ellipsoid here
    assert found.numerator == pytest.approx(covered_m2, rel=1e-8)
    assert found.denominator == pytest.approx(total_m2, rel=1e-8)
    assert topographic_coverage.target.verdict(found.value) == "missed"
    assert topographic_coverage.example.value == pytest.approx(covered_m2 / total_m2, abs=1e-9)


def test_four_sheets_of_1_to_1000_fill_the_ninth(measure: Any) -> None:
    quarters = [sheet(2000 + east, 2000 + north, 1000) for east in (0, 500) for north in (0, 500)]
    found = measure(EIGHT + quarters)
    assert found.value == pytest.approx(1.0, abs=1e-12)
    assert [(part["scale"], part["sheets"]) for part in found.details["by_scale"]] == [(1000, 4), (2000, 8)]
    assert [part["ratio"] for part in found.details["by_scale"]] == pytest.approx([1 / 9, 8 / 9], abs=1e-6)
    assert missing(found) == []


def test_overlapping_sheets_count_once(measure: Any) -> None:
    twice = [*EIGHT, sheet(0, 0, 1000), sheet(250, 250, sheet_id="shifted")]
    assert measure(twice).value == pytest.approx(measure(EIGHT).value, abs=1e-12)


def test_sheets_are_clipped_to_the_area(measure: Any) -> None:
    half_outside, outside, beside = sheet(2500, 2000), sheet(5000, 0), sheet(3000, 0)
    assert measure([half_outside]).value == pytest.approx(0.5 / 9, abs=1e-6)
    found = measure([*EIGHT, outside, beside])
    assert found.value == pytest.approx(measure(EIGHT).value, abs=1e-12)
    assert set(found.covered["topo_sheets"]) == {row["sheet_id"] for row in EIGHT}


def test_only_accepted_sheets_count_unless_asked(measure: Any) -> None:
    sheets = [*EIGHT[:7], EIGHT[7] | {"status": "in_progress"}, NINTH | {"status": "rejected"}]
    found = measure(sheets)
    assert found.value == pytest.approx(7 / 9, abs=1e-6)
    assert found.uncovered["topo_sheets"] == tuple(sorted((EIGHT[7]["sheet_id"], NINTH["sheet_id"])))
    assert measure(sheets, status="not_rejected").value == pytest.approx(8 / 9, abs=1e-6)
    assert measure(sheets, status="any").value == pytest.approx(1.0)


def test_a_sheet_that_does_not_say_whether_it_is_accepted_does_not_count_and_is_told(measure: Any) -> None:
    sheets = [*EIGHT, NINTH | {"status": None}]
    found = measure(sheets)
    assert found.value == pytest.approx(8 / 9, abs=1e-6)
    assert "1 sheets that do not say whether they are accepted are not counted" in found.note
    assert measure(sheets, status="not_rejected").value == measure(sheets, status="any").value == pytest.approx(1.0)
    assert "do not say" not in measure(sheets, status="any").note


def test_other_scales_count_only_when_asked(measure: Any) -> None:
    sheets = [*EIGHT, *(sheet(2000 + e, 2000 + n, 500) for e in range(0, 1000, 250) for n in range(0, 1000, 250))]
    assert measure(sheets).value == pytest.approx(8 / 9, abs=1e-6)
    assert measure(sheets, scales="500, 1000, 2000").value == pytest.approx(1.0)
    assert measure(sheets, scales="500").value == pytest.approx(1 / 9, abs=1e-6)
    for wrong in ("", "1000;2000", "1500"):
        with pytest.raises(InvalidParameter, match="scales"):
            measure(sheets, scales=wrong)


def test_old_and_undated_sheets_do_not_count_when_a_survey_date_is_asked(measure: Any) -> None:
    dates = ["2015-06-01", "2018-01-01", "2018-01-01", "2021-10-31", *[None] * 4]
    sheets = [row | {"survey_date": day} for row, day in zip(EIGHT, dates, strict=True)]
    found = measure(sheets, surveyed_since=date(2018, 1, 1))
    assert found.value == pytest.approx(3 / 9, abs=1e-6)
    assert "4 sheets without a survey date" in found.note
    assert (found.details["surveyed_from"], found.details["surveyed_to"]) == ("2018-01-01", "2021-10-31")
    assert measure(sheets).value == pytest.approx(8 / 9, abs=1e-6)


def test_both_readings_of_the_denominator_are_told(measure: Any) -> None:
    urban = area(square(0, 0, 2000), "U", kind="urban")
    found = measure(EIGHT, [PLANNING, urban])
    assert found.value == pytest.approx(8 / 9, abs=1e-6)
    assert found.details["other_area_ratio"] == pytest.approx(1.0)
    assert "urban area (城区): 1.0000" in found.note
    swapped = measure(EIGHT, [PLANNING, urban], area="urban")
    assert swapped.value == pytest.approx(1.0)
    assert swapped.details["area_ids"] == ["U"]
    assert swapped.details["other_area_ratio"] == pytest.approx(8 / 9, abs=1e-6)
    assert "none is in force" in measure(EIGHT).note


def test_the_areas_in_force_are_taken_together_and_other_versions_on_request(measure: Any) -> None:
    areas = [
        area(square(0, 0, 1000), "A"),
        area(square(500, 0, 1000), "B"),
        area(square(2000, 2000, 1000), "old", version="2005-2020", status="superseded"),
        area(square(0, 0, 9000), "new", version="2035-2050", status="draft"),
    ]
    found = measure(EIGHT[:1], areas)
    assert found.value == pytest.approx(1 / 1.5, abs=1e-5)
    assert found.details["area_ids"] == ["A", "B"]
    assert measure(NINE, areas, area_version="2035-2050").value == pytest.approx(9 / 81, abs=1e-5)
    assert measure([NINTH], areas, area_version="2005-2020").value == pytest.approx(1.0)
    both = measure(EIGHT[:1], [*areas, area(square(0, 0, 9000), "also", version="2005-2020")])
    assert "Versions 2005-2020, 2018-2035 are in force together" in both.note
    assert "together" not in found.note
    unnamed = measure(EIGHT, [PLANNING | {"version": None}])
    assert unnamed.value == pytest.approx(8 / 9, abs=1e-6)
    assert unnamed.details["area_versions"] == []


def test_without_an_area_or_without_sheets_there_is_no_value(measure: Any) -> None:
    nothing = measure(NINE, [])
    assert nothing.value is None
    assert "no planning area" in nothing.note
    assert measure(NINE, [PLANNING], area_version="1990").value is None
    empty = measure([])
    assert (empty.value, empty.numerator) == (None, None)
    assert "No topographic sheets" in empty.note
    assert measure([sheet(9000, 0)]).value == 0.0
    assert len(missing(empty)) == 9  # 8 of 9 are not 90 %


def test_townships_add_up_to_the_whole(measure: Any) -> None:
    def town(area_id: str, *box: float, level: str = "township") -> Row:
        geometry = shapely.box(EAST + box[0], NORTH + box[1], EAST + box[2], NORTH + box[3])
        return {"area_id": area_id, "name": area_id, "level": level, "geometry": geometry}

    towns = [
        town("W", -5000, 0, 1500, 3000),
        town("E", 1500, 0, 5000, 3000),
        town("far", 5000, 0, 6000, 3000),
        town("county", -9000, -9000, 9000, 9000, level="county"),
    ]
    found = measure(EIGHT, towns=towns)
    assert [part.area_id for part in found.breakdown] == ["E", "W"]
    assert [part.value for part in found.breakdown] == pytest.approx([3.5 / 4.5, 1.0], abs=1e-6)
    assert sum(part.numerator or 0 for part in found.breakdown) == pytest.approx(found.numerator, rel=1e-8)
    assert sum(part.denominator or 0 for part in found.breakdown) == pytest.approx(found.denominator, rel=1e-8)


def test_ground_of_two_townships_counts_once_and_ground_of_none_is_told(measure: Any) -> None:
    towns = [
        {"area_id": key, "name": key, "level": "township", "geometry": square(*corner, 2000)}
        for key, corner in (("A", (0, 0)), ("B", (1000, 0)))
    ]
    found = measure(EIGHT, towns=[*towns, {**towns[0], "area_id": "Z", "geometry": square(500, 500, 100)}])
    assert [part.area_id for part in found.breakdown] == ["A", "B"]
    assert [part.denominator for part in found.breakdown] == pytest.approx([4e6, 2e6], rel=1e-3)
    told = sum(part.denominator for part in found.breakdown) + found.details["area_outside_townships_m2"]
    assert told == pytest.approx(found.denominator, rel=1e-9)


def test_covered_and_uncovered_geometry_make_up_the_area(measure: Any) -> None:
    assert [shape.role for shape in measure(NINE).shapes] == ["covered"]
    shapes = {shape.role: shape.geometry for shape in measure([*EIGHT, sheet(5000, 0)]).shapes}
    assert shapes["covered"].area == pytest.approx(8e6)
    assert shapes["uncovered"].equals(square(2000, 2000, 1000))
    assert shapes["missing_sheet"].equals(square(2000, 2000, 1000))


@pytest.mark.parametrize("stored", ["EPSG:4490", "EPSG:4548", "EPSG:4549", transverse_mercator(118.5)])
def test_an_area_on_the_border_of_two_zones_is_measured_alike_in_every_grid(measure: Any, stored: Any) -> None:
    """A tenth of a degree each way of 118.5° E; the sheet is all that lies west of it."""
    crs = parse_crs(stored)

    def move(west: float, east: float) -> BaseGeometry:
        dense = shapely.segmentize(shapely.box(west, 35.5, east, 35.6), 0.001)
        return reproject([dense], parse_crs("EPSG:4490"), crs)[0]

    found = measure([sheet(0, 0, geometry=move(118.3, 118.5))], [area(move(118.4, 118.6))], crs=crs)
    assert found.value == pytest.approx(0.5, abs=1e-8)
    whole_m2 = geodesic_area_m2(shapely.box(118.4, 35.5, 118.6, 35.6), "EPSG:4490", step=1e-3)
    assert found.denominator == pytest.approx(whole_m2, rel=1e-7)


def test_the_indicator_offers_its_parameters() -> None:
    parameters = topographic_coverage.parameters
    assert parameters["area"].choices == ("planning", "urban")
    assert parameters["fill_scheme"].choices == ("rectangular_50x50", "rectangular_50x40", "graticule")
    assert parameters["fill_scheme"].optional
    assert topographic_coverage.parse({"surveyed_since": "2018-01-01"})["surveyed_since"] == date(2018, 1, 1)
    assert all(parameter.about for parameter in parameters.values())
