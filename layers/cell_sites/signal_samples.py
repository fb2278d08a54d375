"""Measured 5G signal: samples at the key points of places, along test drives and on the grid of measurement reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layers.cell_sites.layer import OPERATORS
from twin.errors import Fault
from twin.layer import Layer, Style
from twin.schema import Code, Field

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

KINDS = (
    Code(
        value="key_point",
        title="Key point of a place",
        title_zh="关键点位测试",
        aliases=("关键点", "关键点位", "定点测试", "定点", "CQT"),
    ),
    Code(
        value="drive",
        title="Drive or walk test",
        title_zh="路测",
        aliases=("道路测试", "驱车测试", "步行测试", "步测", "扫街", "DT"),
    ),
    Code(
        value="grid",
        title="Grid cell of measurement reports",
        title_zh="MR栅格",
        aliases=("栅格", "MR", "MR 栅格", "测量报告", "测量报告栅格"),
    ),
)


def check_kind_fields(rows: GeoDataFrame) -> list[Fault]:
    """Find key-point samples that name no place, and grid samples without the size of their cell."""
    kind = rows["kind"].to_numpy(object)
    return [
        Fault(what=f"a sample of kind {needed} needs {name}", row=row, field=name)
        for needed, name in (("key_point", "place_id"), ("grid", "cell_size_m"))
        for row in np.flatnonzero((kind == needed) & rows[name].isna().to_numpy()).tolist()
    ]


SIGNAL_SAMPLES = Layer(
    id="signal_samples",
    title="Signal samples",
    title_zh="5G信号测试样本",
    about=(
        "Measured 5G signal strength and quality: at the key points of places, on drive and walk tests, or the cells "
        "of a raster of measurement reports, each by its centre."
    ),
    group=("Communications", "通信"),
    geometry="Point",
    key="sample_id",
    makes_keys=True,
    fields=(
        Field(
            name="sample_id",
            title="Sample identifier",
            title_zh="样本标识",
            required=True,
            max_length=64,
            aliases=("样本编号", "采样点编号", "测试点编号", "栅格编号", "编号", "序号", "id"),
        ),
        Field(
            name="kind",
            title="Kind",
            title_zh="测试方式",
            required=True,
            codes=KINDS,
            aliases=("测试方式", "测试类型", "样本类型", "采样方式", "类型"),
        ),
        Field(
            name="place_id",
            title="Key place",
            title_zh="所属场所标识",
            max_length=64,
            aliases=("场所编号", "场所标识", "区域编号", "所属场所"),
            note="The key place whose key point this is; grid and drive samples belong to the place they lie in.",
        ),
        Field(
            name="operator",
            title="Operator",
            title_zh="运营商",
            codes=OPERATORS,
            aliases=("运营商", "测试网络", "所属运营商"),
        ),
        Field(
            name="ss_rsrp_dbm",
            type="real",
            title="SS-RSRP",
            title_zh="SS-RSRP 信号强度",
            unit="dBm",
            minimum=-156,
            maximum=-31,
            required=True,
            aliases=("RSRP", "SS-RSRP", "SSRSRP", "SS_RSRP", "平均RSRP", "信号强度"),
            note="Power of the synchronisation signal; range as reported, 3GPP TS 38.133 table 10.1.6.1-1.",
        ),
        Field(
            name="ss_sinr_db",
            type="real",
            title="SS-SINR",
            title_zh="SS-SINR 信号质量",
            unit="dB",
            minimum=-23,
            maximum=40,
            aliases=("SINR", "SS-SINR", "SSSINR", "SS_SINR", "平均SINR", "信噪比"),
            note="Range as reported, 3GPP TS 38.133 table 10.1.16.1-1.",
        ),
        Field(
            name="measured_at",
            type="datetime",
            title="Measured at",
            title_zh="测试时间",
            aliases=("测试时间", "采样时间", "测试日期", "采集时间"),
        ),
        Field(
            name="cell_size_m",
            type="real",
            title="Size of the grid cell",
            title_zh="栅格边长",
            unit="m",
            minimum=1,
            maximum=5000,
            aliases=("栅格大小", "栅格边长", "栅格尺寸", "分辨率"),
            note="Side of the square the sample stands for, aligned with the storage grid.",
        ),
    ),
    zooms=(12, 22),
    style=Style(
        color="#2f8f9d",
        by="kind",
        colors={"key_point": "#b5476b", "drive": "#2f8f9d", "grid": "#7a9cc6"},
        opacity=0.8,
        radius_px=3,
        label_zoom=18,
    ),
    standard="工信部联通信〔2023〕257号 (covered = all key points of a place); 3GPP TS 38.133",
    row_checks=(check_kind_fields,),
    example={
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.4651, 35.5497]},
        "properties": {
            "sample_id": "hospital-001-gate",
            "kind": "key_point",
            "place_id": "hospital-001",
            "operator": "china_mobile",
            "ss_rsrp_dbm": -87.5,
            "ss_sinr_db": 12.0,
            "measured_at": "2022-11-03T02:15:00Z",
        },
    },
)
