"""Map coverage and its missing sheets. Areas to compare with are PROJ's geodesic polygons on densified edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from layers.admin_areas import ADMIN_AREAS
from layers.planning_areas import PLANNING_AREAS
from layers.topo_sheets import TOPO_SHEETS, topographic_coverage
from layers.topo_sheets.missing import find_fewest_sheets
from layers.topo_sheets.series import Series
from twin.area import ellipsoidal_area_m2
from twin.crs import parse_crs, reproject
from twin.errors import CrsError, InvalidParameter
from twin.indicator import Measure

CRS = "EPSG:4548"
EAST, NORTH = 632_000, 3_936_000
Row = dict[str, Any]


def square(east: float, north: float, side: float) -> BaseGeometry:
    """A square with its corner so many metres from the south-west corner of the planning area."""
    return shapely.box(EAST + east, NORTH + north, EAST + east + side, NORTH + north + side)


def sheet(east: float, north: float, scale: int = 2000, *, side: float = 0, **fields: Any) -> Row:
    side = side or scale / 2
    no = f"{(NORTH + north) / 1000:.1f}-{(EAST + east) / 1000:.1f}"
    plain = {"scheme": "rectangular_50x50", "status": "accepted", "geometry": square(east, north, side)}
    return {"sheet_id": f"{scale}/{no}", "sheet_no": no, "scale": scale, **plain, **fields}


def area(geometry: BaseGeometry, area_id: str = "P", **fields: Any) -> Row:
    plain = {"name": area_id, "kind": "planning", "version": "2018-2035", "status": "in_force"}
    return {"area_id": area_id, "geometry": geometry, **plain, **fields}


NINE = [sheet(east, north) for north in (0, 1000, 2000) for east in (0, 1000, 2000)]
EIGHT, NINTH = NINE[:8], NINE[8]
PLANNING = area(square(0, 0, 3000))


@pytest.fixture(scope="session")
def measure(frame: Any) -> Callable[..., Measure]:
    """The indicator on rows written by hand."""

    def run(
        sheets: Iterable[Row],
        areas: Iterable[Row] = (PLANNING,),
        towns: Iterable[Row] = (),
        crs: Any = CRS,
        **params: Any,
    ) -> Measure:
        frames = (frame(TOPO_SHEETS, sheets, crs), frame(PLANNING_AREAS, areas, crs), frame(ADMIN_AREAS, towns, crs))
        return topographic_coverage.function(*frames, **params)

    return run


def geodesic_area_m2(polygon: BaseGeometry, crs: str = CRS) -> float:
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4490", always_xy=True)
    lon, lat = to_degrees.transform(*shapely.get_coordinates(shapely.segmentize(polygon, 25.0)).T)
    return abs(pyproj.Geod(a=6378137, rf=298.257222101).polygon_area_perimeter(lon, lat)[0])


def missing(found: Measure) -> list[str]:
    return [missing["sheet_no"] for missing in found.details["missing_sheets"]]


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


def test_the_missing_sheet_is_named(measure: Any) -> None:
    found = measure(EIGHT)
    (only,) = found.details["missing_sheets"]
    assert only["sheet_no"] == "3938.0-634.0"
    assert only["scale"] == 2000
    assert only["gain_m2"] == pytest.approx(geodesic_area_m2(square(2000, 2000, 1000)), rel=1e-8)
    assert only["ratio_then"] == pytest.approx(1.0)
    # A quarter is enough, 8.25 of 9; the western two are the larger by 3 ppm, as they lie nearer to the meridian.
    assert missing(measure(EIGHT, fill_scale=1000)) in (["3938.0-634.0"], ["3938.5-634.0"])
    with pytest.raises(InvalidParameter, match="would not count"):
        measure(EIGHT, fill_scale=500)


def test_missing_sheets_reach_the_target_and_all_but_the_last_do_not(measure: Any) -> None:
    ragged = area(shapely.Point(EAST + 1500, NORTH + 1500).buffer(1480.3))
    before = measure(NINE[:3], [ragged])
    assert before.value < 0.9
    planned = [
        NINE[0] | {"sheet_id": f"plan{i}", "geometry": shape.geometry}
        for i, shape in enumerate(shape for shape in before.shapes if shape.role == "missing_sheet")
    ]
    after, short = measure([*NINE[:3], *planned], [ragged]), measure([*NINE[:3], *planned[:-1]], [ragged])
    assert short.value < 0.9 <= after.value
    assert after.value == pytest.approx(before.details["missing_sheets"][-1]["ratio_then"], abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1))
def test_no_smaller_choice_of_sheets_is_enough(seed: int, share: float) -> None:
    """All subsets of the candidates are tried, on random uncovered areas of up to nine sheets."""
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 2400, (4, 2))
    uncovered = shapely.union_all([square(*corner, side=random.uniform(1, 600)) for corner in corners])
    crs = parse_crs(CRS)
    candidates = [square(east, north, 1000) for north in (0, 1000, 2000) for east in (0, 1000, 2000)]
    gains = ellipsoidal_area_m2([shapely.intersection(cell, uncovered) for cell in candidates], crs)
    needed_m2 = share * gains.sum() * 0.999
    fewest = min(
        count for count in range(10) if any(sum(some) >= needed_m2 for some in combinations(gains.tolist(), count))
    )
    squares = Series(scheme="rectangular_50x50", crs=crs)
    found = find_fewest_sheets(uncovered, crs, needed_m2=needed_m2, scale=2000, series=squares)
    assert len(found.sheet_no) == fewest
    assert found.gain_m2.sum() >= needed_m2


def test_a_twin_in_degrees_is_filled_with_graticule_sheets(measure: Any) -> None:
    cells = [(row, column) for row in (72, 73) for column in (433, 434)]
    west, north, width, height = 118.5, 35.5 + 25 / 3600, 37.5 / 3600, 25 / 3600  # I50I072433 lies at 118.5 35.5

    def cell(row: int, column: int) -> Row:
        x, y = west + (column - 433) * width, north - (row - 72) * height
        geometry = shapely.box(x, y - height, x + width, y)
        no = f"I50I{row:03d}{column:03d}"
        return {"sheet_id": no, "sheet_no": no, "scale": 2000, "scheme": "graticule", "status": "accepted",
                "geometry": geometry}  # fmt: skip

    whole = area(shapely.union_all([cell(*at)["geometry"] for at in cells]))
    found = measure([cell(*at) for at in cells[:3]], [whole], crs="EPSG:4490")
    assert found.value == pytest.approx(3 / 4, abs=1e-4)
    assert missing(found) == ["I50I073434"]
    assert found.details["missing_sheets"][0]["ratio_then"] == pytest.approx(1.0)
    with pytest.raises(InvalidParameter, match="count in metres"):
        measure([], [whole], crs="EPSG:4490", fill_scheme="rectangular_50x50")


@pytest.mark.parametrize("stored", ["EPSG:4490", "EPSG:4549", "EPSG:4527", "EPSG:3857", "EPSG:32650"])
def test_missing_sheets_continue_the_series_that_is_there(measure: Any, stored: str) -> None:
    """Numbers that count in EPSG:4548, whatever the twin is stored in."""

    def move(row: Row) -> Row:
        return row | {"geometry": reproject([row["geometry"]], parse_crs(CRS), parse_crs(stored))[0]}

    found = measure([move(row) for row in EIGHT], [move(PLANNING)], crs=stored)
    assert found.value == pytest.approx(8 / 9, abs=1e-4)
    assert missing(found) == ["3938.0-634.0"]
    (box,) = (shape.geometry for shape in found.shapes if shape.role == "missing_sheet")
    after = measure([move(row) for row in EIGHT] + [NINTH | {"geometry": box}], [move(PLANNING)], crs=stored)
    assert after.value == pytest.approx(found.details["missing_sheets"][0]["ratio_then"], abs=1e-9)


@pytest.mark.parametrize("changed", [{"sheet_no": "3936.0-1.0"}, {"sheet_no": "?"}, {"sheet_crs": "EPSG:99"}])
def test_sheets_whose_rows_are_wrong_are_measured_by_their_footprints(measure: Any, changed: Row) -> None:
    """Ingest refuses such rows; another program may have written them. The new sheets then count in the twin's grid."""
    found = measure([row | changed for row in EIGHT])
    assert found.value == measure(EIGHT).value
    (only,) = found.details["missing_sheets"]
    assert (only["sheet_no"], only["sheet_crs"]) == ("3938.0-634.0", CRS)


def test_missing_sheets_are_cut_as_asked(measure: Any) -> None:
    found = measure(EIGHT, fill_crs="EPSG:4549")
    assert {sheet["sheet_crs"] for sheet in found.details["missing_sheets"]} == {"EPSG:4549"}
    assert found.details["missing_sheets"][-1]["ratio_then"] >= 0.9
    flat = measure(EIGHT, fill_scheme="rectangular_50x40").details["missing_sheets"]
    assert {sheet["scheme"] for sheet in flat} == {"rectangular_50x40"}
    with pytest.raises(CrsError):
        measure(EIGHT, fill_crs="EPSG:1")


def test_a_ratio_of_exactly_the_target_meets_it(measure: Any) -> None:
    """Ten graticule sheets side by side are equal: nine of them are 90 %, whatever the last digit of a sum is."""
    cells = [shapely.box(118.4 + n / 96, 35.5, 118.4 + (n + 1) / 96, 35.5 + 1 / 144) for n in range(10)]
    rows = [sheet(0, 0, sheet_id=f"{n}", scheme=None, geometry=cell) for n, cell in enumerate(cells)]
    found = measure(rows[:8], [area(shapely.union_all(cells))], crs="EPSG:4490", fill_scheme="graticule")
    assert len(missing(found)) == 1
    for left_out in range(10):
        nine = measure([row for n, row in enumerate(rows) if n != left_out], [area(shapely.union_all(cells))],
                       crs="EPSG:4490")  # fmt: skip
        assert (nine.value, missing(nine)) == (0.9, [])


def test_a_metric_twin_may_be_filled_with_graticule_sheets(measure: Any) -> None:
    found = measure(EIGHT, fill_scheme="graticule")
    assert all(number.startswith("I50I") for number in missing(found))
    assert found.details["missing_sheets"][-1]["ratio_then"] >= 0.9


def test_the_indicator_offers_its_parameters() -> None:
    parameters = topographic_coverage.parameters
    assert parameters["area"].choices == ("planning", "urban")
    assert parameters["fill_scheme"].choices == ("rectangular_50x50", "rectangular_50x40", "graticule")
    assert parameters["fill_scheme"].optional
    assert topographic_coverage.parse({"surveyed_since": "2018-01-01"})["surveyed_since"] == date(2018, 1, 1)
    assert all(parameter.about for parameter in parameters.values())
