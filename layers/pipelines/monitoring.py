"""The indicator pipe_monitoring: how much of the municipal pipelines is watched by devices."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.classes import CLASS_CODES
from layers.pipelines.devices import read_watched
from layers.pipelines.lengths import AREA_ABOUT, Area, break_down, find_area, measure_lengths
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, indicator
from twin.scope import tell_absence
from twin.service_life import find_in_service

#: What the note of the standard names: 水、电、气.
WATCHED_CLASSES = ("JS", "DL", "RQ")

_TITLES_ZH = {code.value: (code.title, code.title_zh) for code in CLASS_CODES}


def _segment(name: str, begin: int, end: int) -> dict[str, Any]:
    heights = {"depth_ref": "center", "from_depth_m": 1.0, "to_depth_m": 1.0, "status": "in_service"}
    line = f"LINESTRING Z ({500000 + begin} 3930000 99, {500000 + end} 3930000 99)"
    ends = {"from_node": f"n{begin}", "to_node": f"n{end}"}
    return {"segment_id": name, "class": "JS", "owner": "自来水公司", **ends, **heights, "geometry": line}


#: Of 100 + 50 + 80 m the first and the last are watched: 180 / 230. The ground is 1 m above the axis.
EXAMPLE = Example(
    crs="EPSG:4549",
    rows={
        "pipe_segments": (_segment("a", 0, 100), _segment("b", 100, 150), _segment("c", 150, 230)),
        "monitoring_devices": (
            {
                "device_id": "d1",
                "kind": "pressure",
                "segment_ids": "a;c",
                "status": "in_service",
                "geometry": "POINT Z (500000 3930000 100)",
            },
        ),
        "planning_areas": (
            {
                "area_id": "urban",
                "name": "城区",
                "kind": "urban",
                "version": "2018-2035",
                "status": "in_force",
                "geometry": "MULTIPOLYGON (((499000 3929000, 501000 3929000, 501000 3931000, 499000 3931000, "
                "499000 3929000)))",
            },
        ),
    },
    value=180 / 230,
)


@indicator(
    title="Municipal pipelines watched by devices",
    title_zh="市政管网管线智能化监测管理率",
    unit="ratio",
    target=None,
    clause=Clause(
        document="《山东省新型智慧城市试点示范建设工作方案》附件2 (数鲁专组办发〔2019〕7号)",
        article="9. 市政管网管线智能化监测管理率",
        text="“由物联网等技术进行智能化监测管理的城市市政管网管线长度/城市市政管网管线总长度。”"
        "“‘智能化监测’即实现对水、电、气的运行状态进行监测、安全预警、水质监测等功能。”",
    ),
    example=EXAMPLE,
    titles={
        "area": ("Area", "范围"),
        "classes": ("Classes", "管线类别"),
        "on_date": ("Devices in service on", "设备在用日期"),
        "county": ("County", "全县"),
        "water_power_gas": ("Water, power and gas", "水、电、气"),
        "all": ("All", "全部"),
        "devices": ("Devices in service", "在用设备数"),
        "devices_without_segments": ("Devices that name no segment", "未关联管段的设备数"),
        "unknown_segments": ("Segments named that are not there", "不存在的关联管段"),
        "by_class": ("By class", "按管线类别"),
        "by_owner": ("By owner", "按权属单位"),
        "name": ("Name", "名称"),
        "name_zh": ("Chinese name", "中文名称"),
        "length_m": ("Length", "长度"),
        "watched_m": ("Length watched", "监测长度"),
        "share": ("Share", "占比"),
    },
    numerator_unit="m",
    denominator_unit="m",
    about={
        "area": AREA_ABOUT,
        "classes": "Water, power and gas, which the standard names as what is watched, or pipelines of every class.",
        "on_date": "Day on which devices must be in service.",
    },
)
def pipe_monitoring(
    pipe_segments: Frame,
    monitoring_devices: Frame,
    planning_areas: Frame,
    admin_areas: Frame,
    *,
    area: Area = "urban",
    classes: Literal["water_power_gas", "all"] = "water_power_gas",
    on_date: date | None = None,
) -> Measure:
    """Length of the pipelines that devices watch by the length of all, in an area.

    A segment is watched if a device in service names it; to be near one is not enough. Only segments in service count,
    abandoned and empty ones do not. Lengths are those of the axis in space; in plan where its depth is unknown.

    References
    ----------
    山东省新型智慧城市试点示范建设工作方案 (2019), appendix 2, indicator 9.
    """
    scope = find_area(planning_areas, admin_areas, area)
    if scope is None:
        return Measure(value=None, note=tell_absence(area))
    data = pipe_segments.data
    counts = (data["status"] == "in_service").to_numpy(bool)
    if classes == "water_power_gas":
        counts = counts & data["class"].isin(WATCHED_CLASSES).to_numpy(bool)
    lengths = np.where(counts, measure_lengths(pipe_segments, scope), 0.0)
    serving = find_in_service(monitoring_devices.data, on_date)
    device, names = read_watched(monitoring_devices)
    named = np.unique(names[serving[device]].astype(str))
    watched = data.index.isin(named) & (lengths > 0)
    watched_m = np.where(watched, lengths, 0.0)
    total = float(lengths.sum())
    details = {
        "devices": int(serving.sum()),
        "devices_without_segments": int((serving & ~np.isin(np.arange(len(serving)), device)).sum()),
        "unknown_segments": sorted(set(named.tolist()) - set(data.index)),
        "by_class": _by(data["class"].to_numpy(dtype=object), watched_m, lengths),
        "by_owner": _by(data["owner"].to_numpy(dtype=object), watched_m, lengths),
    }
    keys = data.index.to_numpy(object)
    common: dict[str, Any] = {
        "numerator": float(watched_m.sum()),
        "denominator": total,
        "covered": {
            "pipe_segments": tuple(keys[watched].tolist()),
            "monitoring_devices": tuple(monitoring_devices.data.index[serving].tolist()),
        },
        "uncovered": {"pipe_segments": tuple(keys[(lengths > 0) & ~watched].tolist())},
        "breakdown": break_down(pipe_segments, scope, admin_areas, watched_m, lengths),
        "details": details,
    }
    if not total:
        return Measure(value=None, note="There is no such pipeline in service in the area.", **common)
    return Measure(value=float(watched_m.sum()) / total, note=_tell(details, scope.tell()), **common)


def _tell(details: dict[str, Any], more: Any) -> str:
    said = list(more)
    if without := details["devices_without_segments"]:
        said.append(f"{without} devices in service name no segment, so they watch none.")
    if unknown := details["unknown_segments"]:
        said.append(f"{len(unknown)} segments that devices name are not there.")
    return " ".join(said)


def _by(
    groups: npt.NDArray[np.object_], watched_m: npt.NDArray[np.float64], lengths_m: npt.NDArray[np.float64]
) -> list[dict[str, Any]]:
    """The ratio for each group that has a length, the longest first."""
    names = np.where([isinstance(name, str) for name in groups], groups, "").astype(str)
    kinds, group = np.unique(names, return_inverse=True)
    watched = np.bincount(group, weights=watched_m, minlength=len(kinds))
    whole = np.bincount(group, weights=lengths_m, minlength=len(kinds))
    return [
        {
            "name": _TITLES_ZH.get(kind, (kind, kind))[0],
            "name_zh": _TITLES_ZH.get(kind, (kind, kind))[1],
            "length_m": float(whole[number]),
            "watched_m": float(watched[number]),
            "share": float(watched[number] / whole[number]),
        }
        for number, kind in sorted(enumerate(kinds.tolist()), key=lambda each: -whole[each[0]])
        if whole[number]
    ]
