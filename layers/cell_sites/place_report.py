"""What key_place_5g tells about places once they are judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.cell_sites.judging import Outcome
from layers.cell_sites.serving import Serving
from twin.breakdown import locate_points, make_parts, select_townships
from twin.crs import reproject
from twin.frame import Frame
from twin.indicator import Measure, Shape

Mask = npt.NDArray[np.bool_]

#: The classes of place in the pilot standard, and those of the county plan: two scopes, two results.
SCOPES = {
    "pilot_standard": (
        "station",
        "airport",
        "sight",
        "park",
        "square",
        "library",
        "hospital",
        "school",
        "service_center",
    ),
    "county_plan": ("township_seat", "industrial_park", "service_area"),
}

#: What people read for the parameters, choices and details that no field or code of the inputs names.
TITLES = {
    "method": ("Evidence", "判定依据"),
    "rsrp_dbm": ("Least SS-RSRP", "SS-RSRP 门限"),
    "sinr_db": ("Least SS-SINR", "SS-SINR 门限"),
    "area_share": ("Covered share", "覆盖占比"),
    "min_samples": ("Fewest samples", "最少测试点数"),
    "min_measured_share": ("Least measured share", "最小实测占比"),
    "radius_scale": ("Factor on the radius", "半径系数"),
    "measured_since": ("Measured since", "测试日期不早于"),
    "on_date": ("In service on", "在用日期"),
    "best": ("Best there is", "最优依据"),
    "key_points": ("Key points", "关键点测试"),
    "radius": ("Stated radius", "标称半径"),
    "none": ("None", "无"),
    "key_point": ("Key points", "关键点测试"),
    "grid": ("Measured grid", "实测栅格"),
    "drive": ("Drive test", "路测"),
    "sectors": ("Sectors", "扇区"),
    "by_category": ("By category", "按类别"),
    "by_scope": ("By scope", "按口径"),
    "by_method": ("By evidence", "按判定依据"),
    "pilot_standard": ("Pilot standard", "试点标准"),
    "county_plan": ("County plan", "实施方案"),
    "value": ("Share", "覆盖率"),
    "places": ("Places", "区域"),
    "covered": ("Covered", "已覆盖"),
    "evidence": ("Measured by", "数据"),
    "share": ("Share found", "实际占比"),
    "needed_share": ("Share needed", "所需占比"),
    "count": ("Samples or cells", "样本或小区数"),
    "cells_without_technology": ("Cells without technology", "未注明制式小区数"),
    "cells_without_sector": ("Cells without a sector", "无扇区小区数"),
    "cells_taken_as_circles": ("Cells taken as circles", "按全向计算小区数"),
    "places_outside_townships": ("Places outside townships", "乡镇外区域数"),
}


def report_outcome(outcome: Outcome, key_places: Frame, admin_areas: Frame, *, serving: Serving) -> Measure:
    """Turn n judged places into the measure."""
    covered, methods = outcome.covered, outcome.methods
    keys, category = outcome.places.keys.to_numpy(object), key_places.data["category"].to_numpy(object)
    categories = [str(code.value) for code in key_places.layer.schema["category"].codes]
    townships = select_townships(admin_areas)
    township = locate_points(shapely.point_on_surface(key_places.geometry), townships)
    located = township >= 0
    held = np.bincount(township[located], minlength=len(townships))
    good = np.bincount(township[located & covered], minlength=len(townships))

    def count(mask: Mask) -> dict[str, Any]:
        places, good = int(mask.sum()), int((mask & covered).sum())
        return {"places": places, "covered": good, "value": good / places if places else None}

    return Measure(
        value=float(covered.sum() / len(covered)),
        numerator=float(covered.sum()),
        denominator=float(len(covered)),
        note=" ".join((*_tell_methods(methods), *serving.tell())),
        covered={"key_places": tuple(keys[covered].tolist())},
        uncovered={"key_places": tuple(keys[~covered].tolist())},
        shapes=tuple(_shapes(outcome, key_places)),
        breakdown=make_parts(townships, good, held),
        details={
            "by_category": {name: count(category == name) for name in categories if (category == name).any()},
            "by_scope": {name: count(np.isin(category, members)) for name, members in SCOPES.items()},
            "by_method": {name: count(methods == name) for name in ("key_points", "area_share", "radius", "none")},
            "cells_without_technology": serving.unsaid,
            "cells_without_sector": serving.undrawn,
            "cells_taken_as_circles": serving.circles,
            "places_outside_townships": int((~located).sum()),
            "places": list(_tell_places(outcome, key_places.data["name"].tolist(), category.tolist())),
        },
    )


def _tell_methods(methods: npt.NDArray[np.object_]) -> Iterator[str]:
    estimated, unknown = int((methods == "radius").sum()), int((methods == "none").sum())
    if estimated:
        yield f"{estimated} of {len(methods)} places are judged by the stated radius of sectors: an estimate."
    if unknown:
        yield f"{unknown} of {len(methods)} places have no evidence and count as not covered."


def _tell_places(outcome: Outcome, names: list[str], categories: list[str]) -> Iterator[dict[str, Any]]:
    """One entry a place: what judged it, by how much, and how."""
    for row, (key, number) in enumerate(zip(outcome.places.keys.tolist(), outcome.by.tolist(), strict=True)):
        judgement = outcome.judgements[number] if number >= 0 else None
        yield {
            "place_id": key,
            "name": names[row],
            "category": categories[row],
            "covered": bool(outcome.covered[row]),
            "method": judgement.method if judgement else "none",
            "evidence": judgement.evidence if judgement else None,
            "share": round(float(judgement.share[row]), 6) if judgement else None,
            "needed_share": judgement.needed if judgement else None,
            "count": int(judgement.count[row]) if judgement else 0,
        }


def _shapes(outcome: Outcome, key_places: Frame) -> Iterator[Shape]:
    """What is missing, in the storage CRS: weak spots where it was measured, the rest of the area where estimated."""
    for number, judgement in enumerate(outcome.judgements):
        missing = shapely.union_all(judgement.missing[(outcome.by == number) & ~outcome.covered])
        if missing.is_empty:
            continue
        estimated = judgement.method == "radius"
        yield Shape(
            role="uncovered" if estimated else "weak_spots",
            title="Not reached by any stated sector" if estimated else "Measured below the threshold",
            title_zh="扇区未覆盖部分(估算)" if estimated else "实测弱覆盖点",
            geometry=reproject([missing], outcome.places.plane, key_places.crs)[0],
            properties={"method": judgement.method, "evidence": judgement.evidence},
        )
