"""The layer of clashes of building models: what the analysis of the same name finds, and what people say of it."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Code, Field

RULES = (
    Code(value="CLASH", title="Share room", title_zh="空间碰撞"),
    Code(value="CLEAR", title="Too near", title_zh="间距不足"),
)

OTHERS = (
    Code(value="building_elements", title="Building element", title_zh="建筑构件"),
    Code(value="pipe_segments", title="Pipeline segment", title_zh="管线段"),
    Code(value="pipe_nodes", title="Well", title_zh="检查井"),
    Code(value="buildings", title="Another building", title_zh="其他建筑物"),
    Code(value="admin_areas", title="Administrative area", title_zh="行政区划"),
    Code(value="planning_areas", title="Planning area", title_zh="规划区域"),
    Code(value="key_places", title="Key place", title_zh="重点场所"),
    Code(value="topo_sheets", title="Topographic sheet", title_zh="地形图图幅"),
)

_SEVERITIES = (
    Code(value="error", title="Cannot be", title_zh="错误"),
    Code(value="warning", title="To be looked at", title_zh="需核查"),
)

_STATES = (
    Code(value="open", title="Not looked at", title_zh="待处理"),
    Code(value="accepted", title="Accepted", title_zh="已接受"),
    Code(value="refuted", title="Is none", title_zh="非碰撞"),
)


def _text(name: str, title: str, title_zh: str, note: str = "", length: int = 260) -> Field:
    return Field(name=name, title=title, title_zh=title_zh, max_length=length, note=note)


BUILDING_CLASHES = Layer(
    id="building_clashes",
    title="Clashes of building models",
    title_zh="建筑模型碰撞",
    about=(
        "Where elements of building models share room with one another, with pipes, with other buildings or with "
        "areas, or are nearer than they may be; each in the middle of the shared room, or between the two nearest "
        "places. `twin ask building_clashes --keep` makes the layer equal to what there is now; state and remark "
        "are people's."
    ),
    group=("Buildings and places", "建筑与场所"),
    geometry="Point",
    has_z=True,
    key="clash_id",
    fields=(
        Field(
            name="clash_id",
            title="Clash identifier",
            title_zh="碰撞标识",
            required=True,
            max_length=36,
            note="A UUID made of rule and features, so a clash that stays keeps it; the topic in BCF has it too.",
        ),
        Field(name="rule", title="Rule", title_zh="规则", required=True, codes=RULES),
        Field(name="severity", title="Severity", title_zh="严重程度", required=True, codes=_SEVERITIES),
        _text("building_id", "Building", "建筑标识", "Of the element.", 64),
        _text("storey", "Storey", "楼层名称", "Of the element.", 200),
        _text("first_id", "Element", "构件标识", "Of the layer `building_elements`."),
        _text("first_guid", "GlobalId of the element", "构件全局标识", length=40),
        _text("first_class", "Class of the element", "构件 IFC 类", length=64),
        _text("first_name", "Name of the element", "构件名称", length=500),
        Field(name="second_layer", title="What the other one is", title_zh="另一要素类型", codes=OTHERS),
        _text("second_id", "The other one", "另一要素标识"),
        _text("second_guid", "GlobalId of the other one", "另一构件全局标识", "Of an element.", 40),
        _text("second_class", "Class of the other one", "另一要素类别", "Of an element or a pipe.", 64),
        _text("second_name", "Name of the other one", "另一要素名称", length=500),
        Field(
            name="measured_m",
            type="real",
            title="Measured",
            title_zh="实测值",
            unit="m",
            note="Between the surfaces; negative: how thick the shared room is; of areas in plan.",
        ),
        Field(
            name="limit_m",
            type="real",
            title="Limit",
            title_zh="限值",
            unit="m",
            note="What there has to be: of a clash less than 0, by the tolerance.",
        ),
        Field(
            name="shared_m3",
            type="real",
            title="Shared room",
            title_zh="重叠体积",
            unit="m³",
            minimum=0,
            note="Volume; of areas nothing.",
        ),
        Field(
            name="shared_m2",
            type="real",
            title="Area within",
            title_zh="占压面积",
            unit="m²",
            minimum=0,
            note="In plan: what of the element is within an area.",
        ),
        Field(name="state", title="State", title_zh="处理状态", required=True, default="open", codes=_STATES),
        _text("remark", "Remark", "备注", length=500),
    ),
    zooms=(15, 22),
    style=Style(
        color="#c4161c",
        by="rule",
        colors={"CLASH": "#c4161c", "CLEAR": "#e08a3c"},
        opacity=1,
        radius_px=4,
        marker="triangle",
        label="rule",
        label_zoom=19,
    ),
    standard="ISO 16739-1:2024 (IFC); BCF-XML 2.1, 3.0",
    example={
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.46510, 35.55004, 123.4]},
        "properties": {
            "clash_id": "0d5a2c6e-6a55-5f0e-8c39-8f7d3f0d9b11",
            "rule": "CLASH",
            "severity": "error",
            "building_id": "b-000001",
            "storey": "2F",
            "first_id": "教学楼.1hqIFTRjfV6AWq_bMtnZwI",
            "first_guid": "1hqIFTRjfV6AWq_bMtnZwI",
            "first_class": "IfcPipeSegment",
            "first_name": "消防立管 DN100",
            "second_layer": "building_elements",
            "second_id": "教学楼.2O2Fr$t4X7Zf8NOew3FNr2",
            "second_guid": "2O2Fr$t4X7Zf8NOew3FNr2",
            "second_class": "IfcColumn",
            "second_name": "框架柱 KZ01",
            "measured_m": -0.1,
            "limit_m": -0.01,
            "shared_m3": 0.0194,
            "state": "open",
        },
    },
)
