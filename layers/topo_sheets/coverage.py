"""How much of the planning area large-scale topographic maps cover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.topo_sheets.layer import SCALES
from layers.topo_sheets.missing import MissingSheets, find_fewest_sheets
from layers.topo_sheets.series import choose_series
from twin.area import ellipsoidal_area_m2
from twin.breakdown import cut_by_township, make_parts
from twin.crs import CRS, parse_crs
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, Shape, Target, indicator
from twin.overlay import cut, shares_area
from twin.scope import SCOPE_TITLES, find_scope

TARGET = Target(op=">=", value=0.9, note="by the end of 2022")

#: Digits after the point to which a ratio is told: areas are known to 1e-8, so nothing hangs on the next digit.
_DIGITS = 9
_STEP = 10**-_DIGITS


@indicator(
    title="Coverage by 1:1000 and 1:2000 topographic maps",
    title_zh="多尺度地理信息覆盖率",
    unit="ratio",
    target=TARGET,
    clause=Clause(
        document=(
            "《沂南县新型智慧城市建设实施方案》(2022);"
            "数鲁专组办发〔2019〕7号附件2《山东省县级新型智慧城市试点示范建设标准(试行)》"
        ),
        article="18. 构建多尺度地理信息平台;10. 多尺度地理信息覆盖情况",
        text=(
            "“2022年底前,城区1:1000或1:2000比例尺地形图覆盖率达到90%”;"
            "“城市规划区1:1000或1:2000比例尺地形图覆盖面积/城市规划区面积。”"
        ),
    ),
    about={
        "area": "Divide by the planning area (城市规划区) or the urban area (城区).",
        "area_version": "Take this version of the area, whatever its status; the one in force by default.",
        "scales": "Scale denominators that count, joined by commas; add 500 where a larger scale may stand in.",
        "status": "Which sheets count: accepted ones, all but rejected ones, or any.",
        "surveyed_since": "Only sheets surveyed on or after this day; sheets without a date then do not count.",
        "fill_scale": "Scale of the missing sheets; the smallest of the scales that count by default.",
        "fill_scheme": "How the missing sheets are cut; by default as most sheets there, else squares or graticule.",
        "fill_crs": "CRS in which their numbers count; by default as most sheets there, else the storage CRS.",
    },
    example=Example(
        crs="EPSG:4548",
        rows={
            "planning_areas": (
                {
                    "area_id": "P",
                    "name": "城市规划区",
                    "kind": "planning",
                    "version": "2018-2035",
                    "status": "in_force",
                    "geometry": "MULTIPOLYGON (((632000 3936000, 635000 3936000, 635000 3939000, 632000 3939000, "
                    "632000 3936000)))",
                },
            ),
            "topo_sheets": tuple(
                {
                    "sheet_id": f"{north}.0-{east}.0",
                    "sheet_no": f"{north}.0-{east}.0",
                    "scale": 2000,
                    "scheme": "rectangular_50x50",
                    "status": "accepted",
                    "geometry": f"POLYGON (({east}000 {north}000, {east + 1}000 {north}000, "
                    f"{east + 1}000 {north + 1}000, {east}000 {north + 1}000, {east}000 {north}000))",
                }
                for north in (3936, 3937, 3938)
                for east in (632, 633, 634)
                if (north, east) != (3938, 634)
            ),
        },
        value=0.8888896204,
    ),
)
def topographic_coverage(
    topo_sheets: Frame,
    planning_areas: Frame,
    admin_areas: Frame,
    *,
    area: Literal["planning", "urban"] = "planning",
    area_version: str | None = None,
    scales: str = "1000,2000",
    status: Literal["accepted", "not_rejected", "any"] = "accepted",
    surveyed_since: date | None = None,
    fill_scale: int | None = None,
    fill_scheme: Literal["rectangular_50x50", "rectangular_50x40", "graticule"] | None = None,
    fill_crs: str | None = None,
) -> Measure:
    """Area of the planning area covered by 1:1000 or 1:2000 topographic maps ÷ area of the planning area.

    Areas are areas on the CGCS2000 ellipsoid; their ratio is told to 1e-9, finer than they are known. Sheets are
    clipped to the area and overlaps count once. The areas in force of the chosen kind are taken together. The pilot
    standard divides by the planning area, the plan that sets the target speaks of the urban area: the value for the
    other one stands in the note and in the details. Where townships overlap, the ground belongs to the first.

    The missing sheets in the details are the fewest cells of the sheet grid that would reach the target, in the
    order of what they gain; see `layers.topo_sheets.missing`.

    Raises
    ------
    InvalidParameter
        The scales, or the scale, scheme or CRS of the missing sheets, are not what sheets can have.

    References
    ----------
    数鲁专组办发〔2019〕7号, annex 2, item 10 (definition); 沂南县新型智慧城市建设实施方案 (2022), item 18 (target);
    GB/T 50280-98 (planning area).
    """
    wanted = _parse_scales(scales)
    scale = _choose_fill_scale(fill_scale, wanted)
    fill_grid = None if fill_crs is None else parse_crs(fill_crs)
    scope = find_scope(planning_areas, area, version=area_version)
    if scope is None:
        version = f" of version {area_version}" if area_version else " in force"
        return Measure(value=None, note=f"There is no {SCOPE_TITLES[area]}{version}: nothing to divide by.")
    crs = planning_areas.crs
    sheets = topo_sheets.take(topo_sheets.data["scale"].isin(wanted).to_numpy(bool))
    counts = _find_counted(sheets, status, surveyed_since)
    inside = shares_area(scope.geometry, sheets.geometry)
    mapped_by_scale = [_unite(sheets, counts & _has_scale(sheets, each)) for each in wanted]
    mapped = shapely.union_all(mapped_by_scale)

    covered, *covered_by_scale = cut(np.array([mapped, *mapped_by_scale], dtype=object), scope.geometry)
    uncovered = shapely.difference(scope.geometry, mapped)
    total_m2, covered_m2 = ellipsoidal_area_m2([scope.geometry, covered], crs).tolist()
    missing = find_fewest_sheets(
        uncovered,
        crs,
        needed_m2=(TARGET.value - _STEP / 2) * total_m2 - covered_m2,
        scale=scale,
        series=choose_series(sheets.take(inside).data, scale, scheme=fill_scheme, crs=fill_grid),
    )
    missing_sheets = missing.describe(covered_m2, total_m2)
    other: Literal["urban", "planning"] = "urban" if area == "planning" else "planning"
    other_scope = find_scope(planning_areas, other)
    other_ratio = None if other_scope is None else _measure_ratio(other_scope.geometry, mapped, crs)
    townships, within = cut_by_township(scope.geometry, admin_areas)
    within_m2 = ellipsoidal_area_m2(within, crs)
    return Measure(
        value=round(covered_m2 / total_m2, _DIGITS),
        numerator=covered_m2,
        denominator=total_m2,
        note=" ".join(_note(area, other, other_ratio, sheets.take(inside), status, surveyed_since)),
        covered={"topo_sheets": tuple(sheets.data.index[counts & inside])},
        uncovered={"topo_sheets": tuple(sheets.data.index[~counts & inside])},
        shapes=_show(covered, uncovered, missing, missing_sheets),
        breakdown=make_parts(townships, ellipsoidal_area_m2(cut(within, covered), crs).tolist(), within_m2.tolist()),
        details={
            "area": area,
            "area_ids": list(scope.ids),
            "area_versions": list(scope.versions),
            "area_outside_townships_m2": max(0.0, total_m2 - float(within_m2.sum())),
            "other_area_ratio": other_ratio,
            "by_scale": [
                {
                    "scale": each,
                    "sheets": int((counts & inside & _has_scale(sheets, each)).sum()),
                    "covered_m2": area_m2,
                    "ratio": area_m2 / total_m2,
                }
                for each, area_m2 in zip(wanted, ellipsoidal_area_m2(covered_by_scale, crs).tolist(), strict=True)
            ],
            **_describe_dates(sheets.take(counts & inside)),
            "missing_sheets": missing_sheets,
        },
    )


def _parse_scales(text: str) -> tuple[int, ...]:
    known = {str(code.value): int(code.value) for code in SCALES}
    parts = {part.strip() for part in text.split(",")}
    if not parts <= known.keys():
        raise InvalidParameter(
            f"scales must be scale denominators joined by commas, as 1000,2000, not {text!r}; "
            f"there are {', '.join(known)}",
            parameter="scales",
        )
    return tuple(sorted(known[part] for part in parts))


def _choose_fill_scale(fill_scale: int | None, wanted: tuple[int, ...]) -> int:
    if fill_scale is None:
        return max(wanted)
    if fill_scale not in wanted:
        raise InvalidParameter(
            f"missing sheets of 1:{fill_scale} would not count: scales are {', '.join(map(str, wanted))}",
            parameter="fill_scale",
        )
    return fill_scale


def _find_counted(sheets: Frame, status: str, surveyed_since: date | None) -> npt.NDArray[np.bool_]:
    said = sheets.data["status"]
    counted = np.ones(len(sheets), dtype=bool)
    if status == "accepted":
        counted = (said == "accepted").to_numpy(bool)
    elif status == "not_rejected":
        counted = ~(said == "rejected").to_numpy(bool)
    if surveyed_since is not None:
        counted = counted & (sheets.data["survey_date"] >= np.datetime64(surveyed_since, "s")).to_numpy(bool)
    return counted


def _has_scale(sheets: Frame, scale: int) -> npt.NDArray[np.bool_]:
    result: npt.NDArray[np.bool_] = (sheets.data["scale"] == scale).to_numpy(bool)
    return result


def _measure_ratio(area: BaseGeometry, mapped: BaseGeometry, crs: CRS) -> float:
    covered = cut(np.array([mapped], dtype=object), area)[0]
    covered_m2, area_m2 = ellipsoidal_area_m2([covered, area], crs).tolist()
    return float(covered_m2 / area_m2)


def _unite(sheets: Frame, rows: npt.NDArray[np.bool_]) -> BaseGeometry:
    polygons = sheets.geometry[rows]
    # Sheets of one series share their edges and overlap nowhere: then dropping the shared edges is enough, and faster.
    if shapely.coverage_is_valid(polygons):
        return shapely.coverage_union_all(polygons)
    return shapely.union_all(polygons)


def _show(
    covered: BaseGeometry, uncovered: BaseGeometry, missing: MissingSheets, described: list[dict[str, Any]]
) -> tuple[Shape, ...]:
    areas = (
        Shape(role="covered", title="Covered area", title_zh="已覆盖范围", geometry=covered),
        Shape(role="uncovered", title="Uncovered area", title_zh="未覆盖范围", geometry=uncovered),
    )
    sheets = (
        Shape(role="missing_sheet", title="Missing sheet", title_zh="缺测图幅", geometry=box, properties=sheet)
        for box, sheet in zip(missing.footprint, described, strict=True)
    )
    return (*(shape for shape in areas if not shape.geometry.is_empty), *sheets)


def _describe_dates(sheets: Frame) -> dict[str, Any]:
    dates = sheets.data["survey_date"].dropna()
    return {
        "surveyed_from": dates.min().date().isoformat() if len(dates) else None,
        "surveyed_to": dates.max().date().isoformat() if len(dates) else None,
        "sheets_without_date": len(sheets) - len(dates),
    }


def _note(
    area: str, other: str, other_ratio: float | None, sheets: Frame, status: str, surveyed_since: date | None
) -> Iterator[str]:
    compared = "none is in force" if other_ratio is None else f"{other_ratio:.4f}"
    yield (
        f"Divided by the {SCOPE_TITLES[area]}. The pilot standard 数鲁专组办发〔2019〕7号 divides by the planning "
        f"area, the plan that sets the target names the urban area. Divided by the {SCOPE_TITLES[other]}: {compared}."
    )
    unstated = int(sheets.data["status"].isna().sum())
    if unstated and status == "accepted":
        yield f"{unstated} sheets that do not say whether they are accepted are not counted."
    undated = int(sheets.data["survey_date"].isna().sum())
    if undated and surveyed_since:
        yield f"{undated} sheets without a survey date are not counted."
