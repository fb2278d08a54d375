"""What the figures of answers about pipelines are called, with their units."""

from __future__ import annotations

from collections.abc import Mapping

from layers.pipelines.conflicts.layer import RULES
from layers.pipelines.network.inference import Origin
from twin.analysis import Figure


def _figure(title: str, title_zh: str, unit: str = "", /, **members: Figure) -> Figure:
    return Figure(title=title, title_zh=title_zh, unit=unit, members=members)


LENGTH = _figure("Length", "长度", "m")
SEGMENTS = _figure("Segments", "管段数")
NODES = _figure("Points", "管点数")

_SEGMENT_ID = _figure("Segment", "管线段号")
_CLASS = _figure("Class", "管线大类")
_SUBCLASS = _figure("Sub-class", "管线小类")
_SIZE = _figure("Size", "规格", "mm")
_MATERIAL = _figure("Material", "材质")
_GROUND = _figure("Ground", "地面标高", "m")
_COVER = _figure("Cover", "覆土", "m")

_GAPS = _figure("Points beside an end under another number", "邻近异号未接点数")

CONNECTED: dict[str, Figure] = {"segments": SEGMENTS, "nodes": NODES, "length_m": LENGTH, "gaps": _GAPS}

_ORIGINS: dict[Origin, Figure] = {
    Origin.UNKNOWN: _figure("Unknown", "不明"),
    Origin.SURVEYED: _figure("Surveyed", "实测"),
    Origin.INVERTS: _figure("Inverts", "管底标高"),
    Origin.SOURCES: _figure("Sources or outfalls", "水源或出水口推断"),
    Origin.CHECK_VALVE: _figure("Check valve", "止回阀推断"),
}
TRACED: Mapping[str, Figure] = {
    **CONNECTED,
    "direction_from": _figure(
        "Segments by what tells their direction",
        "流向依据(管段数)",
        **{origin.name.lower(): each for origin, each in _ORIGINS.items()},
    ),
}

PATH: Mapping[str, Figure] = {
    "length_m": LENGTH,
    "segments": SEGMENTS,
    "order": _figure("Segments in the order of the way", "沿程管段"),
}

ISOLATION: Mapping[str, Figure] = {
    "valves": _figure("Valves to close", "需关阀门数"),
    "feeding": _figure("Valves to close first: supply is behind them", "先关阀门(有水源侧)"),
    "next_ring": _figure("Valves to close besides, if one fails", "阀门失效时扩大关阀"),
    "isolated_length_m": _figure("Length shut off", "停供管段长度", "m"),
    "isolated_segments": _figure("Segments shut off", "停供管段数"),
    "isolated_customers": _figure("Customers shut off", "停供用户"),
    "cut_off_length_m": _figure("Length cut off", "连带停供长度", "m"),
    "cut_off_segments": _figure("Segments cut off", "连带停供管段数"),
    "cut_off_customers": _figure("Customers cut off", "连带停供用户"),
}

DEAD_ENDS: Mapping[str, Figure] = {
    "pipe_ends": _figure("Pipe ends", "断头点数"),
    "closed_valves": _figure("Pipe ends at closed valves", "关阀断头数"),
    "sinks": _figure("Points from which nothing flows away", "有进无出点数"),
    "gaps": _GAPS,
}

LOOPS: Mapping[str, Figure] = {
    "loops": _figure("Independent loops", "独立环数"),
    "length_m": _figure("Length of each loop", "各环长度", "m"),
    "segments": _figure("Segments in loops", "环上管段数"),
}

UNSERVED: Mapping[str, Figure] = {
    "parts": _figure(
        "Parts",
        "管网片区",
        **{"class": _CLASS, "segments": SEGMENTS, "length_m": LENGTH, "first": _figure("First segment", "首管段")},
    ),
    "length_m": LENGTH,
}

FLOW_FAULTS: Mapping[str, Figure] = {
    "circles": _figure("Circles", "环流", segments=SEGMENTS, length_m=LENGTH),
    "contradicted": _figure("Segments that contradict", "流向矛盾管段数"),
    "check_valves": _figure("Check valves whose way is unknown", "方向不明止回阀数"),
}

_CUT: Mapping[str, Figure] = {
    "segment_id": _SEGMENT_ID,
    "pipe_class": _CLASS,
    "subclass": _SUBCLASS,
    "size": _SIZE,
    "is_round": _figure("Round", "圆形"),
    "at_m": _figure("Distance from the start", "距起点", "m"),
    "axis_m": _figure("Axis", "管中心标高", "m"),
    "invert_m": _figure("Invert", "管内底标高", "m"),
    "cover_m": _COVER,
    "width_m": _figure("Width, walls included", "外宽", "m"),
    "height_m": _figure("Height, walls included", "外高", "m"),
    "angle_deg": _figure("Angle of crossing", "交角", "°"),
    "ground_m": _GROUND,
}

LONG_SECTION: Mapping[str, Figure] = {
    "length_m": LENGTH,
    "stations": _figure(
        "Stations",
        "桩点",
        node_id=_figure("Point", "点号"),
        at_m=_figure("Chainage", "里程", "m"),
        ground_m=_GROUND,
    ),
    "segments": _figure(
        "Segments",
        "管段",
        segment_id=_SEGMENT_ID,
        size=_SIZE,
        material=_MATERIAL,
        from_m=_figure("From", "起点里程", "m"),
        to_m=_figure("To", "终点里程", "m"),
        length_m=_figure("Length in plan", "平面距离", "m"),
        inverts_m=_figure("Inverts at start and end", "起止管内底标高", "m"),
        covers_m=_figure("Covers at start and end", "起止覆土", "m"),
        slope=_figure("Slope", "坡度", "m/m"),
    ),
    "crossings": _figure(
        "Crossings",
        "交叉管线",
        **_CUT,
        clearance_m=_figure("Vertical clearance", "垂直净距", "m"),
        above=_figure("Above the path", "在上方"),
    ),
}

CROSS_SECTION: Mapping[str, Figure] = {"length_m": LENGTH, "cuts": _figure("Pipes cut", "剖切管线", **_CUT)}

DIG: Mapping[str, Figure] = {
    "reached": _figure("Pipes reached", "触及管段数"),
    "below": _figure("Pipes below", "开挖面以下管段数"),
    "buildings_in_the_area": _figure("Buildings in the area", "范围内建筑数"),
    "pipes": _figure(
        "Pipes",
        "管线",
        **{
            "segment_id": _SEGMENT_ID,
            "cover_m": _COVER,
            "reached": _figure("Reached", "触及"),
            "class": _CLASS,
            "subclass": _SUBCLASS,
            "owner": _figure("Owner", "权属单位"),
            "material": _MATERIAL,
            "diameter_mm": _figure("Diameter", "管径", "mm"),
            "pressure_class": _figure("Pressure class", "压力级别"),
            "valves": _figure("Valves to close", "需关阀门"),
        },
    ),
    "buildings": _figure(
        "Buildings",
        "建筑物",
        building_id=_figure("Building", "建筑物标识"),
        distance_m=_figure("Distance", "距离", "m"),
        foundation_depth_m=_figure("Depth of the foundation", "基础埋深", "m"),
        undermined=_figure("Undermined", "基础受扰"),
        name=_figure("Name", "名称"),
    ),
}

CONFLICTS: Mapping[str, Figure] = {
    **{str(rule.value): _figure(rule.title, rule.title_zh) for rule in RULES},
    "with_buildings": _figure("With buildings", "与建筑物之间"),
}
