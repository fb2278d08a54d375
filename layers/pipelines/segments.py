"""The layer of pipeline segments: each from one point to the next, with its section and its depths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layers.pipelines.codes.attributes import DEPTH_REFS, EMBEDDINGS, FLOW_DIRECTIONS, MATERIALS, PRESSURE_CLASSES
from layers.pipelines.codes.classes import COLORS
from layers.pipelines.fields import CLASS_FIELDS, RECORD_FIELDS, check_subclass
from layers.pipelines.solids import solids_of_segments
from twin.errors import Fault
from twin.layer import Layer, Style
from twin.schema import Field

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def check_ends(rows: GeoDataFrame) -> list[Fault]:
    """Find segments that end where they start."""
    same = (rows["from_node"] == rows["to_node"]).to_numpy(bool)
    return [
        Fault(
            what="the segment ends at the point where it starts",
            row=row,
            field="to_node",
            value=rows["to_node"].iloc[row],
        )
        for row in np.flatnonzero(same).tolist()
    ]


def check_section(rows: GeoDataFrame) -> list[Fault]:
    """Find sections that are half known, or both round and rectangular."""
    round_, width, height = (rows[name].notna().to_numpy(bool) for name in ("diameter_mm", "width_mm", "height_mm"))
    return [
        Fault(what=what, row=row, field=field)
        for what, field, wrong in (
            ("a section is round or rectangular, not both", "diameter_mm", round_ & (width | height)),
            ("a rectangular section has a width and a height", "width_mm", width != height),
        )
        for row in np.flatnonzero(wrong).tolist()
    ]


#: Some are made of heads of two rows: 埋深 above 起点 and 终点.
_DEPTH_NAMES = {
    "from": ("起始埋深", "起点管线埋深", "起埋深", "埋深起点", "S_Deep"),
    "to": ("终止埋深", "终点管线埋深", "连接点埋深", "连接点管线埋深", "终埋深", "埋深终点", "E_Deep"),
}
_HEIGHT_NAMES = {
    "from": (
        *("起点管线高程", "起点管顶高程", "起点管底高程", "管线高程起点", "管顶高程起点", "高程起点"),
        *("S_High", "S_H"),
    ),
    "to": (
        *("终点管线高程", "终点管顶高程", "终点管底高程", "连接点高程", "管线高程终点", "管顶高程终点", "高程终点"),
        *("E_High", "E_H"),
    ),
}


def _depth(end: str, title: str, title_zh: str, aliases: tuple[str, ...]) -> Field:
    return Field(
        name=f"{end}_depth_m",
        type="real",
        title=title,
        title_zh=title_zh,
        unit="m",
        minimum=-50,
        maximum=100,
        aliases=aliases,
        note="From the ground down to what depth_ref says; negative above ground.",
    )


def _elevation(end: str, title: str, title_zh: str, aliases: tuple[str, ...]) -> Field:
    return Field(
        name=f"{end}_elevation_m",
        type="real",
        title=title,
        title_zh=title_zh,
        unit="m",
        minimum=-500,
        maximum=9000,
        aliases=aliases,
        note="1985 national height of what depth_ref says, as delivered.",
    )


def _size(name: str, title: str, title_zh: str, note: str, *aliases: str) -> Field:
    limits: dict[str, Any] = {"minimum": 1, "maximum": 20_000}
    return Field(
        name=name, type="real", title=title, title_zh=title_zh, unit="mm", aliases=aliases, note=note, **limits
    )


PIPE_SEGMENTS = Layer(
    id="pipe_segments",
    title="Pipeline segments",
    title_zh="管线段",
    about=(
        "Segments of underground pipelines between two points, with section, material and depths. The heights of the "
        "line are those of the axis, the centre of the opening, worked out from ground, depth and what depth is "
        "measured to; 0 where the depth is unknown."
    ),
    group=("Underground pipelines", "地下管线"),
    geometry="LineString",
    has_z=True,
    key="segment_id",
    makes_keys=True,
    fields=(
        Field(
            name="segment_id",
            title="Segment identifier",
            title_zh="管线段号",
            required=True,
            max_length=160,
            aliases=("管段编号", "管线编号", "管线段编号", "管段编码", "管段号", "线号", "Lno"),
            note="Numbers of up to six digits count lines and name none: such segments are called by their ends.",
        ),
        Field(
            name="from_node",
            title="Point it starts at",
            title_zh="起点点号",
            required=True,
            max_length=64,
            aliases=("起始点号", "起点号", "起点管线点号", "起点物探点号", "起点编号", "起点编码", "S_Exp", "S_Point"),
        ),
        Field(
            name="to_node",
            title="Point it ends at",
            title_zh="终点点号",
            required=True,
            max_length=64,
            aliases=(
                *("终止点号", "终点号", "终点管线点号", "终点物探点号", "终点编号", "终点编码", "连接点号"),
                *("连接管线点号", "连接点", "E_Exp", "E_Point"),
            ),
        ),
        *CLASS_FIELDS,
        _size(
            "diameter_mm",
            "Diameter",
            "管径",
            "Of the opening where a nominal one is not all that is known; empty for a rectangular section.",
            *("直径", "公称直径", "内径", "规格", "管线规格", "断面尺寸", "PSize"),
        ),
        _size("width_mm", "Width", "断面宽", "Of a rectangular opening.", "沟宽", "管沟宽"),
        _size("height_mm", "Height", "断面高", "Of a rectangular opening.", "沟高", "管沟高"),
        Field(
            name="wall_mm",
            type="real",
            title="Thickness of the wall",
            title_zh="壁厚",
            unit="mm",
            minimum=0,
            maximum=1000,
            aliases=("管壁厚", "管线壁厚", "WallThick"),
            note="Where it is empty, outer surfaces are reckoned as those of the opening.",
        ),
        Field(
            name="material",
            title="Material",
            title_zh="材质",
            codes=MATERIALS,
            aliases=("管材", "材料", "管线材质"),
            note="CJJ 61-2017, C.0.1.",
        ),
        Field(
            name="joint",
            title="Joint",
            title_zh="接口方式",
            max_length=50,
            aliases=("接口形式", "接口类型", "Interface"),
        ),
        Field(
            name="depth_ref",
            title="What depth is measured to",
            title_zh="埋深基准",
            required=True,
            codes=DEPTH_REFS,
            aliases=("埋深类型", "埋深位置", "埋深参考"),
            note="Inner bottom of gravity pipes and trenches, outer top of pressure pipes and cables by custom.",
        ),
        _depth("from", "Depth at the start", "起点埋深", _DEPTH_NAMES["from"]),
        _depth("to", "Depth at the end", "终点埋深", _DEPTH_NAMES["to"]),
        _elevation("from", "Height at the start", "起点高程", _HEIGHT_NAMES["from"]),
        _elevation("to", "Height at the end", "终点高程", _HEIGHT_NAMES["to"]),
        Field(
            name="embedding",
            title="Embedding",
            title_zh="埋设方式",
            codes=EMBEDDINGS,
            aliases=("埋设类型", "敷设方式", "EmBed"),
            note="CJJ 61-2017, C.0.2.",
        ),
        Field(
            name="flow_direction",
            title="Direction of flow",
            title_zh="流向",
            codes=FLOW_DIRECTIONS,
            aliases=("排水流向", "水流方向", "FlowDir", "Flow_Dir"),
        ),
        Field(
            name="pressure_mpa",
            type="real",
            title="Design pressure",
            title_zh="压力",
            unit="MPa",
            minimum=0,
            maximum=20,
            aliases=("设计压力", "压力值", "Pressure"),
        ),
        Field(
            name="pressure_class",
            title="Class of pressure",
            title_zh="压力级别",
            codes=PRESSURE_CLASSES,
            aliases=("压力等级", "压力类型"),
            note="Of gas, GB 50028-2006 (2020), 6.1.6.",
        ),
        Field(
            name="temperature_c",
            type="real",
            title="Temperature",
            title_zh="温度",
            unit="°C",
            minimum=-200,
            maximum=600,
            aliases=("介质温度", "Temperature"),
        ),
        Field(
            name="voltage_kv",
            type="real",
            title="Voltage",
            title_zh="电压",
            unit="kV",
            minimum=0,
            maximum=1200,
            aliases=("电压值", "电压等级", "Voltage"),
        ),
        Field(
            name="cables",
            type="integer",
            title="Cables",
            title_zh="电缆条数",
            minimum=0,
            maximum=10_000,
            aliases=("电缆根数", "条数", "根数", "CabNum"),
        ),
        Field(
            name="holes",
            type="integer",
            title="Holes",
            title_zh="总孔数",
            minimum=0,
            maximum=1000,
            aliases=("孔数", "管孔数", "TotalHole"),
        ),
        Field(
            name="used_holes",
            type="integer",
            title="Holes in use",
            title_zh="已用孔数",
            minimum=0,
            maximum=1000,
            aliases=("占用孔数", "UsedHole"),
        ),
        Field(
            name="manager",
            title="Run by",
            title_zh="管养单位",
            max_length=100,
            aliases=("管养单位名称", "管理单位", "养护单位", "MUnit"),
        ),
        Field(name="road_code", title="Code of the road", title_zh="道路编码", max_length=64, aliases=("道路代码",)),
        *RECORD_FIELDS,
    ),
    zooms=(12, 22),
    style=Style(color="#4a4a4a", by="class", colors=COLORS, opacity=1, width_px=1.2, label="segment_id", label_zoom=20),
    standard="CJJ 61-2017 城市地下管线探测技术规程; GB 50289-2016 城市工程管线综合规划规范",
    row_checks=(check_subclass, check_ends, check_section),
    survey=True,
    solids=solids_of_segments,
    example={
        "type": "Feature",
        "geometry": {
            "type": "LineString",
            "coordinates": [[118.4652, 35.5498, 119.1], [118.4655, 35.54985, 118.98]],
        },
        "properties": {
            "segment_id": "WS12-WS13",
            "from_node": "WS12",
            "to_node": "WS13",
            "class": "PS",
            "subclass": "WS",
            "feature_code": "52021000",
            "diameter_mm": 300.0,
            "wall_mm": 30.0,
            "material": "T",
            "depth_ref": "inner_bottom",
            "from_depth_m": 2.4,
            "to_depth_m": 2.45,
            "embedding": "ZM",
            "flow_direction": "forward",
            "status": "in_service",
            "owner": "沂南县住房和城乡建设局",
            "built_year": 2012,
            "road": "历山路",
            "project": "YN01",
            "survey_date": "2021-05-18",
        },
    },
)
