"""The indicators pipe_survey_completeness and pipe_age: what is known of the pipelines, and how old they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.classes import CLASS_CODES
from layers.pipelines.lengths import AREA_ABOUT, Area, break_down, find_area, measure_lengths
from layers.pipelines.monitoring import EXAMPLE as WATCHED
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, indicator
from twin.scope import tell_absence

CLAUSE = Clause(
    document="《关于加快推进智慧城市建设的意见》(东营市)",
    article="1. 智慧住建工程",
    text="“完善地下管线管理信息系统,全面掌握管线规模、位置关系、功能属性、产权归属、运行年限等基本情况。”",
)

#: What is to be known of each segment, in the words of the clause.
ASPECTS = {
    "scale": ("Scale", "管线规模"),
    "position": ("Position", "位置关系"),
    "function": ("Function", "功能属性"),
    "ownership": ("Ownership", "产权归属"),
    "age": ("Age", "运行年限"),
}

#: Decades by which lengths are told.
_DECADE = 10


def _example(value: float, *more: dict[str, Any]) -> Example:
    rows = [dict(row) | extra for row, extra in zip(WATCHED.rows["pipe_segments"], more, strict=True)]
    areas = WATCHED.rows["planning_areas"]
    return Example(crs=WATCHED.crs, rows={"pipe_segments": tuple(rows), "planning_areas": areas}, value=value)


_KNOWN = {"subclass": "JP", "diameter_mm": 200.0}


@indicator(
    title="Pipelines of which all is known",
    title_zh="地下管线普查信息完整率",
    unit="ratio",
    target=None,
    clause=CLAUSE,
    # All is known of 100 + 80 m; of 50 m the year is missing.
    example=_example(180 / 230, _KNOWN | {"built_year": 2010}, _KNOWN, _KNOWN | {"built_year": 2012}),
    titles={
        "area": ("Area", "范围"),
        "county": ("County", "全县"),
        "by_aspect": ("By what is known", "按信息项"),
        "name": ("Name", "名称"),
        "name_zh": ("Chinese name", "中文名称"),
        "length_m": ("Length", "长度"),
        "share": ("Share", "占比"),
    },
    numerator_unit="m",
    denominator_unit="m",
    about={"area": AREA_ABOUT},
)
def pipe_survey_completeness(
    pipe_segments: Frame, planning_areas: Frame, admin_areas: Frame, *, area: Area = "urban"
) -> Measure:
    """Length of the pipelines of which scale, position, function, ownership and age are known, by the length of all.

    Scale is the section (of cables, which may have none, their number or that of holes does as well), position the
    depth at both ends and what it is measured to, function class and sub-class, ownership the owner, age the year in
    which it was built. Segments of every state count, since what is abandoned lies there too. Lengths are those of the
    axis in space; in plan where its depth is unknown.

    References
    ----------
    《关于加快推进智慧城市建设的意见》(东营市): the five things that are to be known.
    """
    scope = find_area(planning_areas, admin_areas, area)
    if scope is None:
        return Measure(value=None, note=tell_absence(area))
    lengths = measure_lengths(pipe_segments, scope)
    known = _know(pipe_segments)
    complete = np.logical_and.reduce(list(known.values())) & (lengths > 0)
    complete_m, total = np.where(complete, lengths, 0.0), float(lengths.sum())
    keys = pipe_segments.data.index.to_numpy(object)
    common: dict[str, Any] = {
        "numerator": float(complete_m.sum()),
        "denominator": total,
        "covered": {"pipe_segments": tuple(keys[complete].tolist())},
        "uncovered": {"pipe_segments": tuple(keys[(lengths > 0) & ~complete].tolist())},
        "breakdown": break_down(pipe_segments, scope, admin_areas, complete_m, lengths),
    }
    if not total:
        return Measure(value=None, note="There is no pipeline in the area.", **common)
    aspects = [
        {
            "name": ASPECTS[name][0],
            "name_zh": ASPECTS[name][1],
            "length_m": float(lengths[each].sum()),
            "share": float(lengths[each].sum() / total),
        }
        for name, each in known.items()
    ]
    note = " ".join(scope.tell())
    return Measure(value=float(complete_m.sum()) / total, note=note, details={"by_aspect": aspects}, **common)


def _know(pipe_segments: Frame) -> dict[str, npt.NDArray[np.bool_]]:
    """Which of n segments are known in each aspect."""
    there = pipe_segments.data.notna()
    section = there["diameter_mm"] | (there["width_mm"] & there["height_mm"])
    cable = pipe_segments.data["class"].isin(("DL", "TX")) & (there["cables"] | there["holes"])
    known = {
        "scale": section | cable,
        "position": there["from_depth_m"] & there["to_depth_m"] & there["depth_ref"],
        "function": there["class"] & there["subclass"],
        "ownership": there["owner"],
        "age": there["built_year"],
    }
    return {name: each.to_numpy(bool) for name, each in known.items()}


@indicator(
    title="Mean age of pipelines",
    title_zh="地下管线平均运行年限",
    unit="a",
    target=None,
    clause=CLAUSE,
    # 100 m from 2000, 50 m from 2010, 80 m of which nobody knows; in 2020: (100 · 20 + 50 · 10) / 150.
    example=Example(
        crs=WATCHED.crs,
        rows=_example(0, {"built_year": 2000}, {"built_year": 2010}, {}).rows,
        value=2500 / 150,
        parameters={"year": 2020},
    ),
    titles={
        "area": ("Area", "范围"),
        "county": ("County", "全县"),
        "year": ("Year", "年份"),
        "by_decade": ("By decade", "按年代"),
        "by_class": ("By class", "按管线类别"),
        "from_year": ("From the year", "起始年份"),
        "name": ("Name", "名称"),
        "name_zh": ("Chinese name", "中文名称"),
        "length_m": ("Length", "长度"),
        "share": ("Share", "占比"),
        "mean_age_a": ("Mean age", "平均年限"),
        "unknown_m": ("Length of unknown age", "年限不明长度"),
    },
    numerator_unit="m·a",
    denominator_unit="m",
    about={"area": AREA_ABOUT, "year": "The year in which ages are told; the last in which one was built by default."},
)
def pipe_age(
    pipe_segments: Frame, planning_areas: Frame, admin_areas: Frame, *, area: Area = "urban", year: int | None = None
) -> Measure:
    """Mean age in years of the pipelines in service, each metre counting the same, and how much is from which decade.

    The age of a segment is the year asked for less the year in which it was built; segments built later, or nobody
    knows when, do not count.

    References
    ----------
    《关于加快推进智慧城市建设的意见》(东营市): 运行年限 is to be known.
    """
    scope = find_area(planning_areas, admin_areas, area)
    if scope is None:
        return Measure(value=None, note=tell_absence(area))
    data = pipe_segments.data
    serving = (data["status"] == "in_service").to_numpy(bool)
    lengths = np.where(serving, measure_lengths(pipe_segments, scope), 0.0)
    built = data["built_year"].to_numpy(dtype=float, na_value=np.nan)
    inside = lengths > 0
    if year is None and inside.any() and not np.isnan(built[inside]).all():
        year = int(np.nanmax(built[inside]))
    ages = np.nan_to_num(np.inf if year is None else year - built, nan=-1.0)
    counts = inside & (ages >= 0) & np.isfinite(ages)
    counted_m, metre_years = np.where(counts, lengths, 0.0), np.where(counts, lengths * ages, 0.0)
    keys = data.index.to_numpy(object)
    common: dict[str, Any] = {
        "numerator": float(metre_years.sum()),
        "denominator": float(counted_m.sum()),
        "covered": {"pipe_segments": tuple(keys[counts].tolist())},
        "uncovered": {"pipe_segments": tuple(keys[inside & ~counts].tolist())},
        "breakdown": break_down(pipe_segments, scope, admin_areas, metre_years, counted_m),
    }
    if not counts.any():
        return Measure(
            value=None, note="Of no pipeline in service in the area is it known when it was built.", **common
        )
    decades = (built[counts] // _DECADE * _DECADE).astype(int)
    details = {
        "year": year,
        "unknown_m": float(lengths.sum() - counted_m.sum()),
        "by_decade": [
            {
                "from_year": int(decade),
                "length_m": float(counted_m[counts][decades == decade].sum()),
                "share": float(counted_m[counts][decades == decade].sum() / counted_m.sum()),
            }
            for decade in np.unique(decades)
        ],
        "by_class": [
            {
                "name": code.title,
                "name_zh": code.title_zh,
                "length_m": float(counted_m[of].sum()),
                "mean_age_a": float(metre_years[of].sum() / counted_m[of].sum()),
            }
            for code in CLASS_CODES
            if (of := counts & (data["class"] == code.value).to_numpy(bool)).any()
        ],
    }
    value = float(metre_years.sum() / counted_m.sum())
    return Measure(value=value, note=" ".join(scope.tell()), details=details, **common)
