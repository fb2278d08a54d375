"""The layer of pipeline points: where lines bend, meet and end, their wells and what is built onto them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layers.pipelines.codes.classes import COLORS
from layers.pipelines.codes.points import APPURTENANCE_CODES, FEATURE_CODES, has_role
from layers.pipelines.fields import CLASS_FIELDS, RECORD_FIELDS, check_subclass
from layers.pipelines.solids import solids_of_nodes
from twin.errors import Fault
from twin.layer import Layer, Style
from twin.schema import Code, Field

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

VALVE_STATES = (
    Code(value="open", title="Open", title_zh="开启", aliases=("开", "常开", "打开")),
    Code(value="closed", title="Closed", title_zh="关闭", aliases=("关", "常闭", "闭")),
    Code(
        value="inoperable",
        title="Open and cannot be closed",
        title_zh="不可操作",
        aliases=("失效", "损坏", "锈死", "故障", "被埋"),
    ),
)

WELL_SHAPES = (
    Code(value="round", title="Round", title_zh="圆形", aliases=("圆", "圆井")),
    Code(value="rectangular", title="Rectangular", title_zh="矩形", aliases=("方", "方形", "方井", "长方形", "矩")),
    Code(value="other", title="Of another shape", title_zh="异形", aliases=("其他", "多边形", "扇形", "不规则")),
)

POINT_CLASSES = (
    Code(value="visible", title="Seen and measured", title_zh="明显点", aliases=("明显管线点", "明显")),
    Code(value="hidden", title="Found by detection", title_zh="隐蔽点", aliases=("隐蔽管线点", "隐蔽", "探测")),
    Code(value="assumed", title="Of a model or a plan", title_zh="推断点", aliases=("推断", "推测", "推测点", "模型")),
)


def check_valve_state(rows: GeoDataFrame) -> list[Fault]:
    """Find points that are no valves and have the state of one."""
    wrong = rows["valve_state"].notna().to_numpy(bool) & ~has_role(rows, "valve", "check_valve")
    return [
        Fault(what="only a valve has a state of one", row=row, field="valve_state", value=rows["valve_state"].iloc[row])
        for row in np.flatnonzero(wrong).tolist()
    ]


PIPE_NODES = Layer(
    id="pipe_nodes",
    title="Pipeline points",
    title_zh="管线点",
    about=(
        "Points of underground pipelines: bends, branches and ends, wells, valves and other appurtenances. The height "
        "of a point is that of the ground there, be it a cover or the ground above a hidden point."
    ),
    group=("Underground pipelines", "地下管线"),
    geometry="Point",
    has_z=True,
    key="node_id",
    fields=(
        Field(
            name="node_id",
            title="Point number",
            title_zh="管线点号",
            required=True,
            max_length=64,
            aliases=("物探点号", "点号", "管线点编号", "管点编号", "管点编码", "管线点编码", "点编号", "Exp_No"),
            note="By it segments name their ends.",
        ),
        Field(
            name="map_number",
            title="Number on the map",
            title_zh="图上点号",
            max_length=64,
            aliases=("图上编号", "Map_No"),
        ),
        *CLASS_FIELDS,
        Field(
            name="feature",
            title="Feature",
            title_zh="特征",
            codes=FEATURE_CODES,
            aliases=("特征点", "点特征", "管线点特征", "特征类型"),
        ),
        Field(
            name="appurtenance",
            title="Appurtenance",
            title_zh="附属物",
            codes=APPURTENANCE_CODES,
            aliases=("附属物名称", "附属设施", "附属物类型", "建构筑物", "Subsid"),
        ),
        Field(
            name="valve_state",
            title="State of the valve",
            title_zh="阀门状态",
            codes=VALVE_STATES,
            aliases=("阀门开关状态", "开关状态", "阀门启闭状态"),
            note="Where it is empty a valve counts as open and operable.",
        ),
        Field(
            name="well_depth_m",
            type="real",
            title="Depth of the well",
            title_zh="井底深",
            unit="m",
            minimum=0,
            maximum=100,
            aliases=("井深", "井底埋深", "窨井深度", "WellDeep"),
            note="From the cover to the bottom.",
        ),
        Field(
            name="well_shape",
            title="Shape of the well",
            title_zh="井室形状",
            codes=WELL_SHAPES,
            aliases=("井形状", "井型", "井类型"),
        ),
        Field(
            name="well_width_mm",
            type="real",
            title="Width of the well",
            title_zh="井室宽",
            unit="mm",
            minimum=1,
            maximum=100_000,
            aliases=("井直径", "井室直径", "井径", "井室尺寸"),
            note="Inside; the diameter of a round one.",
        ),
        Field(
            name="well_length_mm",
            type="real",
            title="Length of the well",
            title_zh="井室长",
            unit="mm",
            minimum=1,
            maximum=100_000,
            note="Inside; empty for a round one.",
        ),
        Field(
            name="cover_size",
            title="Size of the cover",
            title_zh="井盖规格",
            max_length=50,
            aliases=("井盖尺寸", "井盖大小"),
            note="Diameter or W×H, mm.",
        ),
        Field(name="cover_material", title="Material of the cover", title_zh="井盖材质", max_length=50),
        Field(
            name="offset_node",
            title="Point of the well it belongs to",
            title_zh="偏心井点号",
            max_length=64,
            aliases=("偏心井位", "井位点号", "偏心点号", "Offset"),
            note="Where the cover does not stand over the axis of the line: the point at the cover.",
        ),
        Field(
            name="point_class",
            title="How it was found",
            title_zh="点位类别",
            codes=POINT_CLASSES,
            aliases=("管线点类别", "点类别", "探测点类别"),
            note="Limits of error differ: a depth seen is good to 2.5 cm, one detected to 15 %, one assumed has none.",
        ),
        Field(
            name="angle_deg",
            type="real",
            title="Angle of the symbol",
            title_zh="符号角度",
            unit="deg",
            minimum=-360,
            maximum=360,
            aliases=("旋转角", "角度", "Angle"),
        ),
        Field(
            name="surface_building",
            title="Building above",
            title_zh="地面建筑物",
            max_length=100,
            aliases=("地面建(构)筑物", "地面建构筑物", "SurfBldg"),
        ),
        Field(name="sheet_no", title="Sheet number", title_zh="图幅号", max_length=64, aliases=("图幅", "TFH")),
        *RECORD_FIELDS,
    ),
    zooms=(14, 22),
    style=Style(
        color="#4a4a4a", by="class", colors=COLORS, opacity=0.95, radius_px=2.5, label="node_id", label_zoom=19
    ),
    standard="CJJ 61-2017 城市地下管线探测技术规程",
    row_checks=(check_subclass, check_valve_state),
    survey=True,
    solids=solids_of_nodes,
    example={
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.4652, 35.5498, 121.35]},
        "properties": {
            "node_id": "WS12",
            "class": "PS",
            "subclass": "WS",
            "feature_code": "52022205",
            "appurtenance": "manhole",
            "well_depth_m": 2.4,
            "well_shape": "round",
            "well_width_mm": 700.0,
            "point_class": "visible",
            "status": "in_service",
            "owner": "沂南县住房和城乡建设局",
            "built_year": 2012,
            "road": "历山路",
            "project": "YN01",
            "survey_date": "2021-05-18",
        },
    },
)
