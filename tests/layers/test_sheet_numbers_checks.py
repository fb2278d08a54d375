"""Sheets of any scheme and CRS, and the check that a delivered number and footprint agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from layers.topo_sheets.checks import check_footprints
from layers.topo_sheets.layer import TOPO_SHEETS
from layers.topo_sheets.numbering import DECODABLE, footprint, grid, number_at
from layers.topo_sheets.rectangular import Offset
from layers.topo_sheets.series import Series, find_series, own_series
from twin.crs import CRS84, parse_crs, reproject, same_grid
from twin.errors import InvalidParameter

GAUSS_117 = parse_crs("EPSG:4548")
#: A county's own grid: CGCS2000 transverse Mercator at 118.5° E.
LOCAL = parse_crs("+proj=tmerc +lat_0=0 +lon_0=118.5 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +type=crs")

#: Storage CRS of every kind.
STORED = ["EPSG:4548", "EPSG:4549", "EPSG:4527", "EPSG:4490", "EPSG:32650", "EPSG:3857", LOCAL.to_wkt()]

square, wide = "rectangular_50x50", "rectangular_50x40"


def sheet(
    sheet_no: str, geometry: BaseGeometry, scale: int = 2000, scheme: str | None = square, **fields: Any
) -> dict[str, Any]:
    plain = {"status": "accepted", "scale": scale, "scheme": scheme}
    return {"sheet_id": sheet_no, "sheet_no": sheet_no, "geometry": geometry, **plain, **fields}


def faults(frame: Any, *rows: dict[str, Any], crs: Any = GAUSS_117) -> list[str]:
    return [fault.what.partition(";")[0] for fault in check_footprints(frame(TOPO_SHEETS, rows, crs).data)]


HOME = shapely.box(632_000, 3_936_000, 633_000, 3_937_000)
MISPLACED = "the footprint is not where the sheet number says"


def test_a_footprint_where_the_number_says_is_fine(frame: Any) -> None:
    assert faults(frame) == []
    assert faults(frame, sheet("3936.0-632.0", HOME)) == []
    assert faults(frame, sheet("3936.0-632.0", shapely.segmentize(HOME, 100))) == []
    assert faults(frame, sheet("3936.0-632.0", shapely.transform(HOME, lambda xy: xy + 0.1))) == []
    assert faults(frame, sheet("20-60-Ⅳ", shapely.box(61e3, 20e3, 62e3, 21e3), scheme="basic_sheet")) == []


@pytest.mark.parametrize(
    "geometry",
    [
        shapely.transform(HOME, lambda xy: xy + 0.3),
        shapely.transform(HOME, lambda xy: xy + 100),
        shapely.transform(HOME, lambda xy: np.add(xy, (1000, 0))),
        shapely.transform(HOME, lambda xy: np.add(xy, (90_000, 0))),
    ],
    ids=["shifted 0.3 m", "older datum", "next sheet", "far away"],
)
def test_a_footprint_elsewhere_is_a_fault(frame: Any, geometry: BaseGeometry) -> None:
    neighbour = sheet("3937.0-632.0", shapely.transform(HOME, lambda xy: np.add(xy, (0, 1000))))
    assert faults(frame, neighbour, sheet("3936.0-632.0", geometry)) == [MISPLACED]


@pytest.mark.parametrize(
    "geometry",
    [
        shapely.box(632_000, 3_936_000, 633_000, 3_936_800),
        HOME.difference(shapely.box(632_900, 3_936_900, 633_000, 3_937_000)),
        HOME.difference(shapely.box(632_400, 3_936_400, 632_600, 3_936_600)),
    ],
    ids=["other height", "corner cut off", "hole"],
)
def test_a_sheet_may_be_mapped_in_part_unless_it_says_that_it_is_whole(frame: Any, geometry: BaseGeometry) -> None:
    assert faults(frame, sheet("3936.0-632.0", geometry)) == []
    assert faults(frame, sheet("3936.0-632.0", geometry, whole=False)) == []
    assert faults(frame, sheet("3936.0-632.0", geometry, whole=True)) == [MISPLACED]
    assert faults(frame, sheet("3936.0-632.0", HOME, whole=True)) == []
    beyond = shapely.union(geometry, shapely.box(633_000, 3_936_000, 633_001, 3_936_100))
    assert faults(frame, sheet("3936.0-632.0", beyond)) == [MISPLACED]


def test_the_faulty_row_field_and_value_are_named(frame: Any) -> None:
    good, bad = sheet("3936.0-632.0", HOME), sheet("3936.5-632.5", HOME)
    (fault,) = check_footprints(frame(TOPO_SHEETS, [good, bad], GAUSS_117).data)
    assert (fault.row, fault.field, fault.value) == (1, "sheet_no", "3936.5-632.5")
    assert "multiple of 1000 m" in fault.what


def test_numbers_that_cannot_be_decoded_are_left_alone(frame: Any) -> None:
    rows = [
        sheet("A-4", HOME, scheme="row_column"),
        sheet("YN-8", HOME, scheme="running_number"),
        sheet("3936.0-700.0", HOME, scheme=None),
    ]
    assert faults(frame, *rows) == []


@pytest.mark.parametrize("crs", STORED)
@pytest.mark.parametrize("sheet_no", ["3936.0-632.0", "3936.0-39632.0", "3936.0-20632.0"])
def test_numbers_may_count_in_a_national_zone_whatever_the_storage_crs(frame: Any, crs: str, sheet_no: str) -> None:
    """The same sheet without zone number, in 3° zone 39 and in 6° zone 20."""
    (stored,) = reproject([HOME], GAUSS_117, parse_crs(crs))
    assert faults(frame, sheet(sheet_no, stored, whole=True), crs=crs) == []
    (shifted,) = reproject([shapely.transform(HOME, lambda xy: xy + 0.3)], GAUSS_117, parse_crs(crs))
    assert faults(frame, sheet(sheet_no, shifted), crs=crs) == [MISPLACED]


def test_numbers_in_a_grid_that_nobody_named_are_checked_for_their_form_only(frame: Any) -> None:
    (stored,) = reproject([HOME], LOCAL, GAUSS_117)
    assert faults(frame, sheet("3936.0-632.0", stored)) == []
    assert "multiple of 1000 m" in faults(frame, sheet("3936.5-632.0", stored))[0]
    # Where one sheet shows the grid, all others count in it.
    assert faults(frame, sheet("3936.0-632.0", HOME), sheet("3937.0-632.0", stored)) == [MISPLACED]


def test_numbers_on_an_older_datum_are_checked_for_their_form_only(frame: Any) -> None:
    about = shapely.transform(HOME, lambda xy: xy + 60)
    assert faults(frame, sheet("3936.0-632.0", about)) == [MISPLACED]
    assert faults(frame, sheet("3936.0-632.0", about, sheet_crs="EPSG:2384")) == []
    assert "decimals" in faults(frame, sheet("3936-632", about, sheet_crs="EPSG:2384"))[0]


def test_numbers_may_count_in_another_crs_than_the_storage_crs(frame: Any) -> None:
    (stored,) = reproject([HOME], GAUSS_117, LOCAL)
    assert faults(frame, sheet("3936.0-632.0", stored, sheet_crs="EPSG:4548"), crs=LOCAL) == []
    assert faults(frame, sheet("3936.0-632.0", stored, sheet_crs="EPSG:4549"), crs=LOCAL) == [MISPLACED]
    assert "not a known" in faults(frame, sheet("3936.0-632.0", stored, sheet_crs="EPSG:1"), crs=LOCAL)[0]
    assert "in metres" in faults(frame, sheet("3936.0-632.0", stored, sheet_crs="EPSG:4490"), crs=LOCAL)[0]


def test_truncated_numbers_need_their_offset(frame: Any) -> None:
    assert faults(frame, sheet("36.0-32.0", HOME, offset_north_km=3900, offset_east_km=600)) == []
    assert faults(frame, sheet("3936.0-632.0", HOME), sheet("36.0-32.0", HOME)) == [MISPLACED]


@pytest.mark.parametrize("crs", [CRS84, GAUSS_117, LOCAL], ids=["degrees", "Gauss-Krüger", "local grid"])
def test_graticule_sheets_are_found_in_any_crs(frame: Any, crs: Any) -> None:
    box = shapely.box(*footprint("I50I065429", scale=2000, scheme="graticule"))
    (stored,) = reproject([box], CRS84, crs)
    assert faults(frame, sheet("I50I065429", stored, scheme="graticule"), crs=crs) == []
    assert faults(frame, sheet("I50I065430", stored, scheme="graticule"), crs=crs) == [MISPLACED]
    assert "is a number of scale 1:2000" in faults(frame, sheet("I50I065429", stored, 5000, "graticule"), crs=crs)[0]


def test_the_layer_has_a_valid_example(frame: Any) -> None:
    row = TOPO_SHEETS.example["properties"] | {"geometry": shapely.geometry.shape(TOPO_SHEETS.example["geometry"])}
    assert faults(frame, row, crs=CRS84) == []


def test_a_grid_holds_every_sheet_that_shares_area_and_no_other() -> None:
    area = shapely.Point(632_500, 3_936_500).buffer(1_000)  # touches nothing but covers parts of a 3 × 3 block
    numbers, footprints = grid(area, GAUSS_117, scale=2000, scheme=square)
    assert numbers.tolist() == [
        f"{north}.0-{east}.0"
        for north, easts in ((3937, (631, 632, 633)), (3936, (631, 632, 633)), (3935, (631, 632, 633)))
        for east in easts
    ]
    assert shapely.union_all(footprints).covers(area)
    alone, _ = grid(HOME, GAUSS_117, scale=2000, scheme=square)  # eight neighbours share an edge or corner only
    assert alone.tolist() == ["3936.0-632.0"]
    (stored,) = reproject([HOME], GAUSS_117, CRS84)  # whose corners are off by rounding when they come back
    alone, _ = grid(stored, CRS84, scale=2000, scheme=square, numbers_crs=GAUSS_117)
    assert alone.tolist() == ["3936.0-632.0"]


@pytest.mark.parametrize("scheme", DECODABLE)
def test_a_grid_is_numbered_as_its_points_are(scheme: str) -> None:
    area = shapely.box(632_100, 3_936_100, 633_900, 3_937_900)
    numbers, footprints = grid(area, GAUSS_117, scale=1000, scheme=scheme)
    native = GAUSS_117.geodetic_crs if scheme == "graticule" else GAUSS_117
    inside = reproject(shapely.centroid(footprints), GAUSS_117, native)
    assert [number_at(point.x, point.y, scale=1000, scheme=scheme) for point in inside] == numbers.tolist()
    assert shapely.union_all(footprints).buffer(0.001).covers(area)
    assert shapely.area(footprints).sum() == pytest.approx(shapely.union_all(footprints).area)


def test_a_grid_of_truncated_numbers_leaves_the_offset_out() -> None:
    offset = Offset(north_km=3900, east_km=600)
    numbers, _ = grid(HOME, GAUSS_117, scale=2000, scheme=square, offset=offset)
    assert numbers.tolist() == ["36.0-32.0"]


def test_numbers_leave_out_the_zone_number_of_the_grid() -> None:
    prefixed = parse_crs("EPSG:4527")
    (home,) = reproject([HOME], GAUSS_117, prefixed)
    for series, sheet_no in (
        (own_series(prefixed, square), "3936.0-632.0"),
        (Series(scheme=square, crs=prefixed), "3936.0-39632.0"),
    ):
        numbers, footprints = grid(home, prefixed, scale=2000, scheme=square, offset=series.offset)
        assert numbers.tolist() == [sheet_no]
        assert footprints[0].bounds == pytest.approx((39_632_000, 3_936_000, 39_633_000, 3_937_000))
    assert own_series(GAUSS_117, square).offset == own_series(CRS84, "graticule").offset == Offset()


@pytest.mark.parametrize("crs", STORED)
def test_the_series_of_sheets_is_known_by_their_numbers(frame: Any, crs: str) -> None:
    def rows(*fields: dict[str, Any]) -> Any:
        (home,) = reproject([HOME], GAUSS_117, parse_crs(crs))
        given = [sheet("3936.0-632.0", home) | {"sheet_id": f"{n}"} | row for n, row in enumerate(fields)]
        return frame(TOPO_SHEETS, given, crs).data

    found = find_series(rows({}, {}, {"scheme": None}))
    assert found.scheme == square
    assert same_grid(found.crs, GAUSS_117) or (crs == "EPSG:4527" and found.offset == Offset(east_km=39_000))
    truncated = {"sheet_no": "36.0-32.0", "offset_north_km": 3900, "offset_east_km": 600, "sheet_crs": "EPSG:4548"}
    assert find_series(rows({}, truncated, truncated)).offset == Offset(north_km=3900, east_km=600)
    assert find_series(rows({"scheme": "running_number"})) is None
    assert find_series(rows({"sheet_no": "3900.0-600.0"})) is None
    assert find_series(rows({"sheet_crs": "EPSG:2384"})) is None


def test_what_has_no_numbers_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="catalogue"):
        number_at(0, 0, scale=2000, scheme="running_number")
    with pytest.raises(InvalidParameter, match="catalogue"):
        footprint("A-4", scale=2000, scheme="row_column")
    with pytest.raises(InvalidParameter, match="count in metres"):
        grid(shapely.box(118, 35, 119, 36), CRS84, scale=2000, scheme=square)
    with pytest.raises(InvalidParameter, match="more than 500000 sheets"):
        grid(shapely.box(0, 3_000_000, 1_000_000, 4_000_000), GAUSS_117, scale=500, scheme=wide)
