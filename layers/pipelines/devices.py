"""The layer of monitoring devices: what they measure, and which pipeline segments each of them watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.classes import CLASS_CODES
from twin.errors import Fault
from twin.layer import Layer, Style
from twin.schema import Code, Field
from twin.service_life import SERVICE_FIELDS, check_service_period

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from twin.frame import Frame

#: Parts the names of segments in one value.
SEPARATOR = ";"

KINDS = (
    Code(value="pressure", title="Pressure", title_zh="压力", aliases=("压力监测", "压力计", "压力传感器", "测压")),
    Code(value="flow", title="Flow", title_zh="流量", aliases=("流量监测", "流量计", "测流")),
    Code(value="level", title="Water level", title_zh="液位", aliases=("液位监测", "液位计", "水位", "水位计")),
    Code(value="quality", title="Water quality", title_zh="水质", aliases=("水质监测", "水质监测仪")),
    Code(value="leak_noise", title="Leak noise", title_zh="漏损噪声", aliases=("漏损监测", "噪声", "听漏", "渗漏预警")),
    Code(value="gas", title="Escaping gas", title_zh="可燃气体", aliases=("燃气泄漏", "可燃气体监测", "甲烷")),
    Code(value="temperature", title="Temperature", title_zh="温度", aliases=("温度监测", "测温", "光纤测温")),
    Code(value="electric", title="Load and fault current", title_zh="电气量", aliases=("电流", "负荷", "故障指示器")),
    Code(value="other", title="Other", title_zh="其他", aliases=("其它", "井盖", "位移", "视频")),
)


def split_names(watched: str) -> tuple[str, ...]:
    """Names of segments in one value of the field ``segment_ids``."""
    return tuple(name for name in map(str.strip, watched.split(SEPARATOR)) if name)


def read_watched(devices: Frame) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Which device watches which segment.

    Returns
    -------
    tuple
        m positions of devices; m names of segments.
    """
    names = [split_names(text) for text in devices.data["segment_ids"].fillna("").tolist()]
    device = np.repeat(np.arange(len(names)), [len(each) for each in names])
    return device, np.array([name for each in names for name in each], dtype=object)


def check_watched(rows: GeoDataFrame) -> list[Fault]:
    """Find devices that name a segment twice."""
    lists = [split_names(text) for text in rows["segment_ids"].fillna("").tolist()]
    return [
        Fault(
            what="a segment is named twice",
            row=row,
            field="segment_ids",
            value=next(n for n in names if names.count(n) > 1),
        )
        for row, names in enumerate(lists)
        if len(set(names)) < len(names)
    ]


MONITORING_DEVICES = Layer(
    id="monitoring_devices",
    title="Monitoring devices of pipelines",
    title_zh="管线监测设备",
    about=(
        "Sensors on water, gas, heat, power and drainage lines, each with the names of the segments that it watches: "
        "those whose state it tells by its place in the network, not all that lie near."
    ),
    group=("Underground pipelines", "地下管线"),
    geometry="Point",
    has_z=True,
    key="device_id",
    fields=(
        Field(
            name="device_id",
            title="Device identifier",
            title_zh="设备编号",
            required=True,
            max_length=64,
            aliases=("设备编码", "设备标识", "监测点编号", "传感器编号", "编号", "id"),
        ),
        Field(
            name="name",
            title="Name",
            title_zh="设备名称",
            max_length=100,
            aliases=("名称", "监测点名称", "监测设备名称"),
        ),
        Field(
            name="kind",
            title="What it measures",
            title_zh="监测类型",
            required=True,
            codes=KINDS,
            aliases=("监测内容", "监测指标", "监测项目", "设备类型", "类型"),
        ),
        Field(
            name="class",
            title="Class of the lines",
            title_zh="管线大类",
            codes=CLASS_CODES,
            aliases=("管类", "管线类别", "管线类型"),
        ),
        Field(
            name="segment_ids",
            title="Segments it watches",
            title_zh="监测管段",
            max_length=100_000,
            aliases=("监测管线段", "监测管段编号", "关联管段", "覆盖管段"),
            note=f"Identifiers of pipe_segments, parted by {SEPARATOR!r}; empty where nobody has said yet.",
        ),
        Field(
            name="node_id",
            title="Point it stands at",
            title_zh="安装点号",
            max_length=64,
            aliases=("管线点号", "所在点号", "安装位置点号"),
        ),
        Field(name="owner", title="Owner", title_zh="权属单位", max_length=100, aliases=("权属", "产权单位")),
        *SERVICE_FIELDS,
    ),
    zooms=(12, 22),
    style=Style(
        color="#b0246b",
        by="status",
        colors={"in_service": "#b0246b", "planned": "#d99ab9", "out_of_service": "#8a8f98"},
        opacity=0.95,
        radius_px=4,
        marker="diamond",
        label="name",
        label_zoom=16,
    ),
    standard="数鲁专组办发〔2019〕7号附件2 (市政管网管线智能化监测管理率); CJJ 61-2017 (classes)",
    row_checks=(check_service_period, check_watched),
    example={
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.4652, 35.5498, 121.35]},
        "properties": {
            "device_id": "YW-017",
            "name": "历山路液位监测点",
            "kind": "level",
            "class": "PS",
            "segment_ids": "WS12-WS13;WS13-WS14",
            "node_id": "WS12",
            "owner": "沂南县住房和城乡建设局",
            "status": "in_service",
            "in_service_since": "2022-03-01",
        },
    },
)
