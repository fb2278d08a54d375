"""Which sheets to survey next: the fewest that reach the target, named as the sheets there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.topo_sheets.missing import find_fewest_sheets
from layers.topo_sheets.series import Series
from tests_sheets import (
    CRS,
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
from twin.area import ellipsoidal_area_m2
from twin.crs import parse_crs, reproject
from twin.errors import CrsError, InvalidParameter
from twin.indicator import Measure


@pytest.fixture(scope="session")
def measure(frame: Any) -> Callable[..., Measure]:
    return partial(measure_sheets, frame)


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


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_no_mix_of_scales_is_enough_with_fewer_sheets(measure: Any, seed: int) -> None:
    """A planning area of 2 km by 2 km, partly mapped at both scales; all choices among 4 + 16 sheets are tried."""
    random = np.random.default_rng(seed)
    quarters = [(east, north) for north in range(0, 2000, 500) for east in range(0, 2000, 500)]
    wholes = [(east, north) for north in (0, 1000) for east in (0, 1000)]
    outline = shapely.Point(EAST + 1000, NORTH + 1000).buffer(random.uniform(700, 1400)) & square(0, 0, 2000)
    there = [sheet(*at, 1000) for at in quarters if random.random() < 0.3]
    there += [sheet(*at, side=random.uniform(100, 900), sheet_id=f"{at}") for at in wholes if random.random() < 0.3]
    found = measure([*there, sheet(9000, 0)], [area(outline)])

    left = shapely.difference(outline, shapely.union_all([row["geometry"] for row in there]))
    gains = ellipsoidal_area_m2([shapely.intersection(square(*at, 500), left) for at in quarters], parse_crs(CRS))
    cells = [square(*at, 1000) for at in wholes] + [square(*at, 500) for at in quarters]
    holds = [np.flatnonzero(shapely.covers(cell, [square(*at, 500) for at in quarters])) for cell in cells]
    needed_m2 = 0.9 * found.denominator - found.numerator
    choices = combinations(holds, max(0, len(missing(found)) - 1))
    assert needed_m2 <= sum(each["gain_m2"] for each in found.details["missing_sheets"]) + 0.01
    assert not missing(found) or max(gains[list({*chain(*some)})].sum() for some in choices) < needed_m2


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
