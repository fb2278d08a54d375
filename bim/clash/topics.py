"""Clashes as topics for those who coordinate models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from twin.bcf import Topic
from twin.indicator import Shape

#: A GlobalId as IFC and BCF have it; city models name their parts otherwise.
_GLOBAL_ID = re.compile(r"[0-3][0-9A-Za-z_$]{21}")
_PRIORITY = {"error": "Critical", "warning": "Normal"}
_KINDS = {"CLASH": "Clash", "CLEAR": "Clearance"}
_LAYERS = {
    "building_elements": "Element 构件",
    "pipe_segments": "Pipeline segment 管线段",
    "pipe_nodes": "Well 检查井",
    "buildings": "Building 建筑物",
    "admin_areas": "Administrative area 行政区划",
    "planning_areas": "Planning area 规划区域",
    "key_places": "Key place 重点场所",
    "topo_sheets": "Topographic sheet 地形图图幅",
}
_SHARED = (("shared_m3", "Shared room 重叠体积", "m³"), ("shared_m2", "Area within 占压面积", "m²"))
#: How far off somebody stands who looks at a clash.
_AWAY_M = 6.0


def make_topics(shapes: Sequence[Shape]) -> list[Topic]:
    """Make a topic of each clash.

    Parameters
    ----------
    shapes
        Clashes, their properties the fields of ``building_clashes``.
    """
    return [_make_topic(shape) for shape in shapes]


def _make_topic(shape: Shape) -> Topic:
    told = shape.properties
    about = [
        ("building_elements", told["first_id"], told["first_guid"], told["first_class"], told["first_name"]),
        (told["second_layer"], told["second_id"], told["second_guid"], told["second_class"], told["second_name"]),
    ]
    named = [" ".join(filter(None, (kind, name or key))) for _, key, _, kind, name in about]
    guids = tuple(guid for _, _, guid, _, _ in about if _is_global_id(guid))
    return Topic(
        id=UUID(told["clash_id"]),
        title=f"{told['rule']} {shape.title} {shape.title_zh}: {' – '.join(named)}",
        description="\n".join(
            [
                f"{shape.title} {shape.title_zh}",
                *(f"{_LAYERS[layer]}: {key}" for layer, key, *_ in about),
                f"Measured 实测 {told['measured_m']:.3f} m, limit 限值 {told['limit_m']:.3f} m",
                *(f"{what} {told[name]:.4f} {unit}" for name, what, unit in _SHARED if told[name] is not None),
                *([f"Storey 楼层: {told['storey']}"] if told["storey"] else []),
            ]
        ),
        kind=_KINDS[told["rule"]],
        priority=_PRIORITY[told["severity"]],
        labels=tuple(sorted({told["rule"], *(kind for *_, kind, _ in about if kind)})),
        components=tuple((layer, key) for layer, key, guid, *_ in about if not _is_global_id(guid)),
        guids=guids,
        place=shape.geometry,
        away_m=_AWAY_M,
    )


def _is_global_id(guid: str | None) -> bool:
    return guid is not None and _GLOBAL_ID.fullmatch(guid) is not None
