"""The layer of conflicts of pipelines: what the analysis of the same name finds, and what people say of it."""

from __future__ import annotations

from layers.pipelines.codes.classes import CLASS_CODES
from twin.layer import Layer, Style
from twin.schema import Code, Field

RULES = (
    Code(value="CLASH", title="Share room", title_zh="空间碰撞"),
    Code(value="CLR-H", title="Too close in plan", title_zh="水平净距不足"),
    Code(value="CLR-V", title="Too close where they cross", title_zh="垂直净距不足"),
    Code(value="COVER", title="Too little ground above", title_zh="覆土深度不足"),
)

SEVERITIES = (
    Code(value="error", title="Cannot be", title_zh="错误"),
    Code(value="warning", title="To be looked at", title_zh="需核查"),
)

OTHERS = (
    Code(value="pipe_segments", title="Pipeline segment", title_zh="管线段"),
    Code(value="buildings", title="Building", title_zh="建筑物"),
    Code(value="roads", title="Carriageway", title_zh="车行道"),
)

STATES = (
    Code(value="open", title="Not looked at", title_zh="待处理"),
    Code(value="accepted", title="Accepted, measures are taken", title_zh="已采取措施"),
    Code(value="refuted", title="Is none", title_zh="非冲突"),
)


def _id(name: str, title: str, title_zh: str, note: str = "") -> Field:
    return Field(name=name, title=title, title_zh=title_zh, max_length=160, note=note)


def _metres(name: str, title: str, title_zh: str, note: str) -> Field:
    return Field(name=name, type="real", title=title, title_zh=title_zh, unit="m", note=note)


PIPE_CONFLICTS = Layer(
    id="pipe_conflicts",
    title="Conflicts of pipelines",
    title_zh="管线冲突",
    about=(
        "Where pipelines are nearer to one another or to buildings than they may be, share room, or have too little "
        "ground above them; each at the middle of the two nearest places. `twin ask pipe_conflicts --keep` makes the "
        "layer equal to what there is now; state and remark are people's."
    ),
    group=("Underground pipelines", "地下管线"),
    geometry="Point",
    has_z=True,
    key="conflict_id",
    fields=(
        Field(
            name="conflict_id",
            title="Conflict identifier",
            title_zh="冲突标识",
            required=True,
            max_length=36,
            note="A UUID made of rule and features, so a conflict that stays keeps it; the topic in BCF has it too.",
        ),
        Field(name="rule", title="Rule", title_zh="规则", required=True, codes=RULES),
        Field(name="severity", title="Severity", title_zh="严重程度", required=True, codes=SEVERITIES),
        _id("first_id", "Segment", "管线段号"),
        Field(name="first_class", title="Class of the segment", title_zh="管线大类", codes=CLASS_CODES),
        Field(
            name="second_layer",
            title="What the other one is",
            title_zh="另一要素类型",
            codes=OTHERS,
            note="Empty where there is too little ground above a pipe beside carriageways.",
        ),
        _id("second_id", "The other one", "另一要素标识"),
        Field(name="second_class", title="Class of the other one", title_zh="另一管线大类", codes=CLASS_CODES),
        _metres("measured_m", "Measured", "实测值", "Between outer walls, or above the outer top; negative: shared."),
        _metres("limit_m", "Limit", "限值", "What there has to be; 0 of a clash."),
        Field(
            name="confidence",
            title="Confidence in the limit",
            title_zh="限值可信度",
            codes=(
                Code(value="H", title="Checked against the standard", title_zh="已核对"),
                Code(value="M", title="Agrees with older editions", title_zh="与旧版一致"),
                Code(value="L", title="From one source", title_zh="单一来源"),
            ),
        ),
        Field(name="source", title="Source of the limit", title_zh="依据", max_length=100),
        Field(name="state", title="State", title_zh="处理状态", required=True, default="open", codes=STATES),
        Field(name="remark", title="Remark", title_zh="备注", max_length=500),
    ),
    zooms=(13, 22),
    style=Style(
        color="#d97f34",
        by="rule",
        colors={"CLASH": "#c4161c", "CLR-H": "#e08a3c", "CLR-V": "#b23a6b", "COVER": "#8a6d3b"},
        opacity=1,
        radius_px=4,
        marker="triangle",
        label="rule",
        label_zoom=18,
    ),
    standard="GB 50289-2016 城市工程管线综合规划规范",
    example={
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.4652, 35.5498, 119.1]},
        "properties": {
            "conflict_id": "4f0e8b52-8e0f-5c55-9d3c-1f6cf3f5a001",
            "rule": "CLR-V",
            "severity": "warning",
            "first_id": "WS12-WS13",
            "first_class": "PS",
            "second_layer": "pipe_segments",
            "second_id": "JS4-JS5",
            "second_class": "JS",
            "measured_m": 0.31,
            "limit_m": 0.4,
            "confidence": "H",
            "source": "GB 50289-2016, Table 4.1.14",
            "state": "open",
        },
    },
)
