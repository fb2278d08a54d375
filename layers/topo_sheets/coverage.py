"""How much of the planning area large-scale topographic maps cover."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layers.topo_sheets.counting import Inventory, choose_fill_scale, parse_scales, take_inventory
from layers.topo_sheets.missing import MissingSheets, find_fewest_sheets
from layers.topo_sheets.series import choose_series
from twin.area import ellipsoidal_area_m2
from twin.breakdown import cut_by_township, make_parts
from twin.crs import parse_crs
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, Shape, Target, indicator
from twin.overlay import cut
from twin.scope import SCOPE_TITLES, find_scope

TARGET = Target(op=">=", value=0.9, note="by the end of 2022")

#: Digits to which the ratio is told: areas are known to 1e-8, so no verdict may hang on the next one.
DIGITS = 9


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
    wanted = parse_scales(scales)
    scale = choose_fill_scale(fill_scale, wanted)
    fill_grid = None if fill_crs is None else parse_crs(fill_crs)
    scope = find_scope(planning_areas, area, version=area_version)
    if scope is None:
        version = f" of version {area_version}" if area_version else " in force"
        return Measure(value=None, note=f"There is no {SCOPE_TITLES[area]}{version}: nothing to divide by.")
    crs = planning_areas.crs
    read = partial(take_inventory, topo_sheets, scales=wanted, status=status, surveyed_since=surveyed_since)
    inventory = read(scope.geometry)
    mapped_by_scale = [inventory.unite(each) for each in wanted]
    mapped = shapely.union_all(mapped_by_scale)
    covered, *covered_by_scale = cut(np.array([mapped, *mapped_by_scale], dtype=object), scope.geometry)
    uncovered = shapely.difference(scope.geometry, mapped)
    total_m2, covered_m2 = ellipsoidal_area_m2([scope.geometry, covered], crs).tolist()

    missing = find_fewest_sheets(
        uncovered,
        crs,
        needed_m2=(TARGET.value - 10**-DIGITS / 2) * total_m2 - covered_m2,
        scale=scale,
        series=choose_series(inventory.sheets.data, scale, scheme=fill_scheme, crs=fill_grid),
    )
    missing_sheets = missing.describe(covered_m2, total_m2)
    details = {
        "area": area,
        "area_ids": list(scope.ids),
        "area_versions": list(scope.versions),
        "missing_sheets": missing_sheets,
    }
    shapes = _show(covered, uncovered, missing, missing_sheets)
    if not len(topo_sheets):
        note = "No topographic sheets were delivered: what is mapped is not known."
        return Measure(value=None, denominator=total_m2, note=note, shapes=shapes, details=details)

    townships, within = cut_by_township(scope.geometry, admin_areas)
    within_m2 = ellipsoidal_area_m2(within, crs)
    other: Literal["urban", "planning"] = "urban" if area == "planning" else "planning"
    other_scope = find_scope(planning_areas, other)
    other_ratio = (
        None if other_scope is None else _measure_ratio(read(other_scope.geometry), other_scope.geometry, wanted)
    )
    keys = inventory.sheets.data.index
    return Measure(
        value=round(covered_m2 / total_m2, DIGITS),
        numerator=covered_m2,
        denominator=total_m2,
        note=" ".join(
            (
                _compare(area, other, other_ratio),
                *scope.tell(),
                *inventory.tell(status=status, surveyed_since=surveyed_since),
            )
        ),
        covered={"topo_sheets": tuple(keys[inventory.counts])},
        uncovered={"topo_sheets": tuple(keys[~inventory.counts])},
        shapes=shapes,
        breakdown=make_parts(townships, ellipsoidal_area_m2(cut(within, covered), crs), within_m2),
        details=details
        | {
            "area_outside_townships_m2": round(max(0.0, total_m2 - float(within_m2.sum())), 2),
            "other_area_ratio": other_ratio,
            "by_scale": [
                {
                    "scale": each,
                    "sheets": int(inventory.of_scale(each).sum()),
                    "covered_m2": area_m2,
                    "ratio": area_m2 / total_m2,
                }
                for each, area_m2 in zip(wanted, ellipsoidal_area_m2(covered_by_scale, crs).tolist(), strict=True)
            ],
            **inventory.describe_dates(),
        },
    )


def _measure_ratio(inventory: Inventory, area: BaseGeometry, scales: tuple[int, ...]) -> float:
    covered = shapely.intersection(shapely.union_all([inventory.unite(scale) for scale in scales]), area)
    covered_m2, area_m2 = ellipsoidal_area_m2([covered, area], inventory.sheets.crs).tolist()
    return float(covered_m2 / area_m2)


def _compare(area: str, other: str, other_ratio: float | None) -> str:
    compared = "none is in force" if other_ratio is None else f"{other_ratio:.4f}"
    return (
        f"Divided by the {SCOPE_TITLES[area]}. The pilot standard 数鲁专组办发〔2019〕7号 divides by the planning "
        f"area, the plan that sets the target names the urban area. Divided by the {SCOPE_TITLES[other]}: {compared}."
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
