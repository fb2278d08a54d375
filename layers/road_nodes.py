"""Nodes of the road network: intersections and dead ends."""

from __future__ import annotations

from twin.layer import Layer, Style
from twin.schema import Code, Field

KINDS = (
    Code(
        value="intersection",
        title="Intersection",
        title_zh="路口",
        aliases=("交叉口", "十字路口", "丁字路口", "平面交叉口", "环岛", "交叉路口"),
    ),
    Code(value="interchange", title="Interchange", title_zh="立交", aliases=("立体交叉", "互通", "互通立交")),
    Code(value="end", title="End of a road", title_zh="端点", aliases=("断头路", "尽端", "道路端点")),
    Code(value="joint", title="Joint of two segments", title_zh="接点", aliases=("连接点", "属性变化点")),
)

ROAD_NODES = Layer(
    id="road_nodes",
    title="Road nodes",
    title_zh="道路结点",
    about="Where roads meet or end. The crossings of a dual carriageway at one place are one node.",
    group=("Transport", "交通"),
    geometry="Point",
    key="node_id",
    makes_keys=True,
    fields=(
        Field(
            name="node_id",
            title="Node identifier",
            title_zh="结点标识",
            required=True,
            max_length=64,
            aliases=("路口编号", "结点编号", "节点编号", "节点编码", "编号", "id"),
        ),
        Field(
            name="name",
            title="Name",
            title_zh="路口名称",
            max_length=200,
            aliases=("路口名称", "交叉口名称", "名称"),
        ),
        Field(
            name="kind",
            title="Kind",
            title_zh="类型",
            required=True,
            codes=KINDS,
            aliases=("类型", "路口类型", "结点类型", "节点类型"),
        ),
        Field(
            name="degree",
            type="integer",
            title="Roads that meet here",
            title_zh="相交道路条数",
            minimum=1,
            maximum=20,
            aliases=("相交道路数", "相交道路条数", "度"),
            note="Road ends at the node: 1 at a dead end, 3 or more at an intersection.",
        ),
        Field(
            name="signalised",
            type="boolean",
            title="Signal-controlled",
            title_zh="信号灯控制",
            aliases=("信号灯", "是否灯控", "灯控", "有无信号灯", "是否有信号灯"),
        ),
    ),
    zooms=(12, 22),
    style=Style(
        color="#6b6b6b",
        by="kind",
        colors={"intersection": "#d4553f", "interchange": "#b23a6b", "end": "#9a9a9a", "joint": "#c4c4c4"},
        opacity=1,
        radius_px=3,
        label="name",
        label_zoom=18,
    ),
    standard="CJJ 37-2012 (2016) 城市道路工程设计规范",
    survey=True,
    example={
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.4655, 35.5505]},
        "properties": {
            "node_id": "n-001",
            "name": "历山路与人民路路口",
            "kind": "intersection",
            "degree": 4,
            "signalised": True,
        },
    },
)
