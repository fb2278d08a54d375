"""How much of the planning area large-scale topographic maps cover."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.topo_sheets.layer import SCALES
from layers.topo_sheets.missing import MissingSheets, find_fewest_sheets
from layers.topo_sheets.overlay import cut, shares_area
from layers.topo_sheets.rectangular import SIZES_M
from layers.topo_sheets.scope import AREA_TITLES, find_scope, unite
from twin.area import ellipsoidal_area_m2
from twin.breakdown import select_townships
from twin.crs import CRS, is_metric
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, Part, Shape, Target, indicator

TARGET = Target(op=">=", value=0.9, note="by the end of 2022")

_STATUSES = {
    "accepted": ("accepted",),
    "not_rejected": ("accepted", "in_progress"),
    "any": ("accepted", "in_progress", "rejected"),
}


@indicator(
    title="Coverage by 1:1000 and 1:2000 topographic maps",
    title_zh="多尺度地理信息覆盖率",
    unit="ratio",
    target=TARGET,
    clause=Clause(
        document="沂南县新型智慧城市建设实施方案",
        article="18. 构建多尺度地理信息平台",
        text="2022年底前,城区1:1000或1:2000比例尺地形图覆盖率达到90%",
    ),
    about={
        "area": "Divide by the planning area (城市规划区) or the urban area (城区).",
        "area_version": "Take this version of the area, whatever its status; the one in force by default.",
        "scales": "Scale denominators that count, joined by commas; add 500 where a larger scale may stand in.",
        "status": "Which sheets count: accepted ones, all but rejected ones, or any.",
        "surveyed_since": "Only sheets surveyed on or after this day; sheets without a date then do not count.",
        "fill_scale": "Scale of the missing sheets; the smallest of the scales that count by default.",
        "fill_scheme": "Sheet grid of the missing sheets; graticule by default where the twin has no grid in metres.",
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
) -> Measure:
    """Area of the planning area covered by 1:1000 or 1:2000 topographic maps ÷ area of the planning area.

    Areas are areas on the CGCS2000 ellipsoid. Sheets are clipped to the area and overlaps count once. The areas in
    force of the chosen kind are taken together. The pilot standard divides by the planning area, the plan that sets
    the target speaks of the urban area: the value for the other one stands in the note and in the details.

    The missing sheets in the details are the fewest cells of the sheet grid that would reach the target, in the
    order of what they gain; see `layers.topo_sheets.missing`.

    References
    ----------
    数鲁专组办发〔2019〕7号, 10 and 11 (definition); GB/T 50280-98 (planning area).
    """
    wanted = _parse_scales(scales)
    scale = _choose_fill_scale(fill_scale, wanted)
    scope = find_scope(planning_areas, area, version=area_version)
    if scope is None:
        version = f" of version {area_version}" if area_version else " in force"
        return Measure(value=None, note=f"There is no {AREA_TITLES[area]}{version}: nothing to divide by.")
    crs = planning_areas.crs
    sheets = topo_sheets.take(topo_sheets.data["scale"].isin(wanted).to_numpy(bool))
    counts = _find_counted(sheets, status, surveyed_since)
    inside = shares_area(scope.geometry, sheets.geometry)
    mapped_by_scale = [unite(sheets, counts & _has_scale(sheets, each)) for each in wanted]
    mapped = shapely.union_all(mapped_by_scale)

    covered, *covered_by_scale = cut(np.array([mapped, *mapped_by_scale], dtype=object), scope.geometry)
    uncovered = shapely.difference(scope.geometry, mapped)
    total_m2, covered_m2 = ellipsoidal_area_m2([scope.geometry, covered], crs).tolist()
    missing = find_fewest_sheets(
        uncovered,
        crs,
        needed_m2=TARGET.value * total_m2 - covered_m2,
        scale=scale,
        scheme=fill_scheme or _choose_scheme(crs, scale),
    )
    missing_sheets = missing.describe(covered_m2, total_m2)
    other = find_scope(planning_areas, "urban" if area == "planning" else "planning")
    other_ratio = None if other is None else _measure_ratio(other.geometry, mapped, crs)
    undated = sheets.data["survey_date"].isna().to_numpy(bool)
    return Measure(
        value=covered_m2 / total_m2,
        numerator=covered_m2,
        denominator=total_m2,
        note=_note(area, other_ratio, int((undated & inside).sum()) if surveyed_since else 0),
        covered={"topo_sheets": tuple(sheets.data.index[counts & inside])},
        uncovered={"topo_sheets": tuple(sheets.data.index[~counts & inside])},
        shapes=_show(covered, uncovered, missing, missing_sheets),
        breakdown=_break_down(admin_areas, scope.geometry, covered),
        details={
            "area": area,
            "area_ids": list(scope.ids),
            "area_versions": list(scope.versions),
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


def _choose_scheme(crs: CRS, scale: int) -> str:
    return "rectangular_50x50" if is_metric(crs) and scale in SIZES_M["rectangular_50x50"] else "graticule"


def _find_counted(sheets: Frame, status: str, surveyed_since: date | None) -> npt.NDArray[np.bool_]:
    counted = sheets.data["status"].isin(_STATUSES[status])
    if surveyed_since is not None:
        counted &= sheets.data["survey_date"] >= np.datetime64(surveyed_since, "s")
    result: npt.NDArray[np.bool_] = counted.to_numpy(bool)
    return result


def _has_scale(sheets: Frame, scale: int) -> npt.NDArray[np.bool_]:
    result: npt.NDArray[np.bool_] = (sheets.data["scale"] == scale).to_numpy(bool)
    return result


def _measure_ratio(area: BaseGeometry, mapped: BaseGeometry, crs: CRS) -> float:
    covered = cut(np.array([mapped], dtype=object), area)[0]
    covered_m2, area_m2 = ellipsoidal_area_m2([covered, area], crs).tolist()
    return float(covered_m2 / area_m2)


def _break_down(admin_areas: Frame, scope: BaseGeometry, covered: BaseGeometry) -> tuple[Part, ...]:
    """Measure the part of the area in each township; townships outside of it have no part."""
    townships = select_townships(admin_areas)
    townships = townships.take(shares_area(scope, townships.geometry))
    within = cut(townships.geometry, scope)
    total_m2 = ellipsoidal_area_m2(within, townships.crs).tolist()
    covered_m2 = ellipsoidal_area_m2(cut(within, covered), townships.crs).tolist()
    names = townships.data["name"]
    return tuple(
        Part(id=str(key), name=name, value=part / whole, numerator=part, denominator=whole)
        for key, name, part, whole in zip(names.index, names, covered_m2, total_m2, strict=True)
    )


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


def _note(area: str, other_ratio: float | None, undated: int) -> str:
    other = AREA_TITLES["urban" if area == "planning" else "planning"]
    compared = "none is in force" if other_ratio is None else f"{other_ratio:.4f}"
    note = (
        f"Divided by the {AREA_TITLES[area]}. The pilot standard 数鲁专组办发〔2019〕7号 divides by the planning area, "
        f"the plan that sets the target names the urban area. Divided by the {other}: {compared}."
    )
    return f"{note} {undated} sheets without a survey date are not counted." if undated else note
