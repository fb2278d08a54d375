"""The layer of cell sites: one row per sector and carrier of a base station."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.errors import Fault
from twin.layer import Layer, Style
from twin.schema import Code, Field
from twin.service_life import SERVICE_FIELDS, check_service_period

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

OPERATORS = (
    Code(value="china_mobile", title="China Mobile", title_zh="中国移动", aliases=("移动", "CMCC", "移动公司", "CM")),
    Code(value="china_unicom", title="China Unicom", title_zh="中国联通", aliases=("联通", "CUCC", "联通公司", "CU")),
    Code(value="china_telecom", title="China Telecom", title_zh="中国电信", aliases=("电信", "CTCC", "电信公司", "CT")),
    Code(value="china_broadnet", title="China Broadnet", title_zh="中国广电", aliases=("广电", "CBN", "广电网络")),
)

TECHNOLOGIES = (
    Code(
        value="5G", title="5G NR", title_zh="5G", aliases=("NR", "5G NR", "5G-NR", "NR/5G", "5G SA", "5G NSA", "五代")
    ),
    Code(value="4G", title="4G LTE", title_zh="4G", aliases=("LTE", "4G LTE", "FDD-LTE", "TD-LTE", "TDD-LTE", "LTE-A")),
)

#: Bands in use in China; an n-band is NR, a B-band LTE. A frequency is an alias only where one band can be meant.
BANDS = (
    Code(value="n1", title="NR 2100 MHz", title_zh="n1 (2.1 GHz)", aliases=("NR2100", "NR2.1G", "5G 2.1G")),
    Code(value="n3", title="NR 1800 MHz", title_zh="n3 (1.8 GHz)", aliases=("NR1800", "NR1.8G", "5G 1.8G")),
    Code(value="n5", title="NR 850 MHz", title_zh="n5 (800 MHz)", aliases=("NR800", "NR800M", "5G 800M")),
    Code(value="n8", title="NR 900 MHz", title_zh="n8 (900 MHz)", aliases=("NR900", "NR900M", "5G 900M")),
    Code(value="n28", title="NR 700 MHz", title_zh="n28 (700 MHz)", aliases=("700M", "700MHz", "NR700", "NR700M")),
    Code(value="n40", title="NR 2300 MHz", title_zh="n40 (2.3 GHz)", aliases=("NR2300", "NR2.3G")),
    Code(value="n41", title="NR 2600 MHz", title_zh="n41 (2.6 GHz)", aliases=("NR2600", "NR2.6G", "5G 2.6G")),
    Code(value="n77", title="NR 3300-4200 MHz", title_zh="n77 (3.3–4.2 GHz)"),
    Code(value="n78", title="NR 3500 MHz", title_zh="n78 (3.5 GHz)", aliases=("3.5G", "3.5GHz", "3500M", "NR3500")),
    Code(value="n79", title="NR 4900 MHz", title_zh="n79 (4.9 GHz)", aliases=("4.9G", "4.9GHz", "4900M", "NR4900")),
    Code(value="n258", title="NR 26 GHz", title_zh="n258 (26 GHz)", aliases=("26G", "26GHz", "NR26G")),
    Code(value="B1", title="LTE 2100 MHz", title_zh="B1 (2.1 GHz)", aliases=("L2100", "LTE2100", "FDD2100", "BAND1")),
    Code(value="B3", title="LTE 1800 MHz", title_zh="B3 (1.8 GHz)", aliases=("L1800", "LTE1800", "FDD1800", "BAND3")),
    Code(value="B5", title="LTE 850 MHz", title_zh="B5 (800 MHz)", aliases=("L800", "LTE800", "FDD800", "BAND5")),
    Code(value="B8", title="LTE 900 MHz", title_zh="B8 (900 MHz)", aliases=("L900", "LTE900", "FDD900", "BAND8")),
    Code(value="B34", title="LTE 2000 MHz (A)", title_zh="B34 (A频段)", aliases=("A频段", "BAND34")),
    Code(value="B39", title="LTE 1900 MHz (F)", title_zh="B39 (F频段)", aliases=("F频段", "BAND39")),
    Code(value="B40", title="LTE 2300 MHz (E)", title_zh="B40 (E频段)", aliases=("E频段", "BAND40")),
    Code(value="B41", title="LTE 2600 MHz (D)", title_zh="B41 (D频段)", aliases=("D频段", "BAND41")),
)


def check_band_technology(rows: GeoDataFrame) -> list[Fault]:
    """Find rows whose technology does not go with their band: an n-band carries 5G, a B-band 4G."""
    band, technology = rows["band"].to_numpy(object), rows["technology"].to_numpy(object)
    expected = {"n": "5G", "B": "4G"}
    return [
        Fault(
            what=f"the technology does not go with band {band[row]}",
            row=row,
            field="technology",
            value=technology[row],
            limit=expected[band[row][0]],
        )
        for row in np.flatnonzero(rows["band"].notna() & rows["technology"].notna()).tolist()
        if technology[row] != expected.get(band[row][0])
    ]


CELL_SITES = Layer(
    id="cell_sites",
    title="Cell sites",
    title_zh="移动通信基站小区",
    about=(
        "Sectors of mobile base stations, one row per sector and carrier: who runs it, on which band, where it points "
        "and how far it is stated to serve. The point stands at the antenna, its height is that of the ground."
    ),
    group=("Communications", "通信"),
    geometry="Point",
    has_z=True,
    key="cell_id",
    fields=(
        Field(
            name="cell_id",
            title="Cell identifier",
            title_zh="小区标识",
            required=True,
            max_length=64,
            aliases=("小区编号", "小区标识", "小区ID", "CGI", "NCGI", "ECGI", "NR CGI", "cellid", "编号"),
        ),
        Field(
            name="site_id",
            title="Site identifier",
            title_zh="基站标识",
            max_length=64,
            aliases=(
                "基站编号",
                "基站标识",
                "基站ID",
                "站址编码",
                "站点编号",
                "物理站址编码",
                "gNB",
                "gNodeB",
                "gnbid",
            ),
            note="Sectors of one base station share it.",
        ),
        Field(
            name="name",
            title="Cell name",
            title_zh="小区名称",
            max_length=200,
            aliases=("小区名称", "基站名称", "站点名称", "站名", "名称"),
        ),
        Field(
            name="operator",
            title="Operator",
            title_zh="运营商",
            codes=OPERATORS,
            aliases=("运营商", "运营企业", "所属运营商", "归属运营商", "建设单位"),
        ),
        Field(
            name="technology",
            title="Technology",
            title_zh="网络制式",
            codes=TECHNOLOGIES,
            aliases=("网络制式", "制式", "网络类型", "系统制式", "rat"),
            note="Where it is empty the band decides: an n-band is 5G.",
        ),
        Field(
            name="band",
            title="Band",
            title_zh="频段",
            codes=BANDS,
            aliases=("频段", "工作频段", "频带", "使用频段"),
            note="3GPP TS 38.104 (n-bands) and TS 36.104 (B-bands).",
        ),
        Field(
            name="azimuth_deg",
            type="real",
            title="Azimuth",
            title_zh="方位角",
            unit="deg",
            minimum=0,
            maximum=360,
            aliases=("方位角", "天线方位角", "方向角", "azimuth"),
            note="Direction of the main lobe, clockwise from true (not grid) north; empty for an omnidirectional cell.",
        ),
        Field(
            name="beamwidth_deg",
            type="real",
            title="Horizontal angle served",
            title_zh="水平波瓣宽度",
            unit="deg",
            minimum=1,
            maximum=360,
            aliases=("波瓣宽度", "水平波瓣宽度", "水平波束宽度", "水平半功率角", "半功率角", "beamwidth"),
            note=(
                "The whole angle the cell serves, half of it either side of the azimuth; 360 is omnidirectional. "
                "The half-power width of an antenna (65° for a 120° sector) given here makes an estimate smaller."
            ),
        ),
        Field(
            name="height_m",
            type="real",
            title="Antenna height above ground",
            title_zh="天线挂高",
            unit="m",
            minimum=0,
            maximum=500,
            aliases=("挂高", "天线挂高", "天线高度", "站高", "height"),
        ),
        Field(
            name="power_w",
            type="real",
            title="Transmit power",
            title_zh="发射功率",
            unit="W",
            minimum=0,
            maximum=2000,
            aliases=("发射功率", "功率", "额定功率", "最大发射功率", "power"),
        ),
        Field(
            name="radius_m",
            type="real",
            title="Stated service radius",
            title_zh="覆盖半径",
            unit="m",
            minimum=1,
            maximum=100_000,
            aliases=("覆盖半径", "服务半径", "半径", "覆盖距离", "radius"),
            note="What the operator states, true metres on the ground; never derived by the twin.",
        ),
        *SERVICE_FIELDS,
    ),
    zooms=(9, 22),
    style=Style(
        color="#5a4fa2",
        by="operator",
        colors={
            "china_mobile": "#1f8ac0",
            "china_unicom": "#d2453a",
            "china_telecom": "#2b5fae",
            "china_broadnet": "#d88a1e",
        },
        opacity=0.9,
        radius_px=3.5,
        marker="triangle",
        label="name",
        label_zoom=16,
    ),
    standard="3GPP TS 38.104 (bands); 沂南县新型智慧城市建设实施方案 第16条",
    row_checks=(check_service_period, check_band_technology),
    example={
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.4652, 35.5498, 121.5]},
        "properties": {
            "cell_id": "460-00-1234567-1",
            "site_id": "1234567",
            "name": "县医院1扇区",
            "operator": "china_mobile",
            "technology": "5G",
            "band": "n41",
            "azimuth_deg": 30.0,
            "beamwidth_deg": 120.0,
            "height_m": 32.0,
            "power_w": 200.0,
            "radius_m": 500.0,
            "status": "in_service",
            "in_service_since": "2021-09-01",
        },
    },
)
