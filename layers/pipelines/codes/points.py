"""Points of pipelines: features of the line itself (特征) and what is built onto it (附属物), and their roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from twin.schema import Code

if TYPE_CHECKING:
    import pandas as pd

#: What a point does in its network.
#:
#: ``valve``: can be closed by hand. ``check_valve``: lets through one way only. ``source``: what flows or is fed comes
#: from here. ``storage``: a tank. ``outfall``: what is drained leaves here. ``inlet``: drained water comes in here.
#: ``pump``, ``regulator``: change the pressure. ``hydrant``, ``consumer``: it is used here. ``well``: people or hands
#: get in. ``end``: the line may stop here. ``border``: it goes on where nobody surveyed. ``change``: diameter or
#: material may change here.
Role = Literal[
    "valve",
    "check_valve",
    "source",
    "storage",
    "outfall",
    "inlet",
    "pump",
    "regulator",
    "hydrant",
    "consumer",
    "well",
    "end",
    "border",
    "change",
]


@dataclass(frozen=True, kw_only=True)
class PointKind:
    """A kind of point.

    Parameters
    ----------
    code
        Its value in the layer, with titles and the spellings in deliveries.
    roles
        What such a point does in its network.
    degree
        Fewest and most segments that meet there; None where any number may.
    """

    code: Code
    roles: frozenset[Role] = frozenset()
    degree: tuple[int, int] | None = None


def _kind(
    value: str,
    title: str,
    title_zh: str,
    aliases: str = "",
    *roles: Role,
    degree: tuple[int, int] | None = None,
) -> PointKind:
    code = Code(value=value, title=title, title_zh=title_zh, aliases=tuple(aliases.split()))
    return PointKind(code=code, roles=frozenset(roles), degree=degree)


_MANY = 99

#: Features of the line (特征); aliases are parted by spaces.
FEATURES = (
    _kind("straight", "Point on a straight line", "直线点", "直通点 探测点 测点 直通", degree=(2, 2)),
    _kind("bend", "Bend", "弯头", "转折点 拐点 转点 折点 弯管 变向", degree=(2, 2)),
    _kind("tee", "Tee", "三通", "三分支 三分支点 三通点 3通", degree=(3, 3)),
    _kind("cross", "Cross", "四通", "四分支 四分支点 四通点 4通", degree=(4, 4)),
    _kind("many_ways", "Five ways or more", "多通", "五通 六通 五分支 六分支 多分支 多分支点", degree=(5, _MANY)),
    _kind("branch", "Branch", "分支点", "分支", degree=(3, _MANY)),
    _kind("diameter_change", "Change of diameter", "变径", "变径点 大小头 异径管", "change", degree=(2, 2)),
    _kind("material_change", "Change of material", "变材", "变材点 变质", "change", degree=(2, 2)),
    _kind("depth_change", "Change of depth", "变深", "变深点 变坡点 变坡", degree=(2, 2)),
    _kind("stub", "Stub for later", "预留口", "预留 预留点 预留管", "end", degree=(1, 1)),
    _kind("cap", "Cap", "盖堵", "堵头 管堵 封头 管帽 封堵", "end", degree=(1, 1)),
    _kind("emergence", "Where it leaves the ground", "出地", "出地点 出露点 出土 出地面", "end", degree=(1, 2)),
    _kind("house", "House connection", "入户", "入户点 进户 进户点 进房 进墙 用户", "end", "consumer", degree=(1, 2)),
    _kind(
        "unsurveyed",
        "Goes on unsurveyed",
        "非普查",
        "非普查区 非探测区 出测区 测区外",
        "end",
        "border",
        degree=(1, _MANY),
    ),
    _kind("line_start", "Start of the line", "起点", "起始点 始端", "end", degree=(1, _MANY)),
    _kind("line_end", "End of the line", "终点", "起讫点 起止点 末端 终止点", "end", degree=(1, _MANY)),
    _kind("outfall", "Outfall", "出水口", "排水口 排放口 排出口 出口 进出水口", "end", "outfall", degree=(1, _MANY)),
    _kind("intake", "Intake", "进水口", "入水口 进口 取水口", "end", "inlet", degree=(1, _MANY)),
    _kind("pole_rise", "Rises on a pole", "上杆", "上杆点 上架", "end", degree=(1, _MANY)),
    _kind("well_edge", "Edge of a well", "井边点", "井边 井壁点"),
    _kind("well_center", "Centre of a well", "井内点", "井中点 井中心"),
)

#: What is built onto the line (附属物); aliases are parted by spaces.
APPURTENANCES = (
    _kind("manhole", "Inspection well", "检查井", "检修井 窨井 雨水井 污水井 合流井 雨污井 探井 检查孔", "well"),
    _kind("access_hole", "Manhole of cables", "人孔", "人井 人孔井", "well"),
    _kind("hand_hole", "Hand hole", "手孔", "手井 手孔井", "well"),
    _kind("valve", "Valve", "阀门", "阀 闸阀 蝶阀 球阀 截止阀 截断阀 闸门阀", "valve"),
    _kind("valve_well", "Valve in a well", "阀门井", "闸阀井 阀井 闸井", "valve", "well"),
    _kind("check_valve", "Check valve", "止回阀", "单向阀 逆止阀 拍门 鸭嘴阀", "check_valve"),
    _kind("air_valve", "Air valve", "排气阀", "排气阀井 排气井 放气阀 放散阀 放散管", "well"),
    _kind("drain_valve", "Drain valve", "排泥阀", "排泥井 排泥阀井 排污阀 泄水阀 排水阀", "well"),
    _kind("pressure_reducer", "Pressure-reducing valve", "减压阀", "减压阀井 减压站", "regulator"),
    _kind("hydrant", "Hydrant", "消防栓", "消火栓 消防井 消防栓井 水鹤", "hydrant", "end"),
    _kind("meter", "Meter", "计量表", "水表 水表井 燃气表 气表 热量表 表井", "consumer", "end"),
    _kind("waterworks", "Waterworks", "水厂", "自来水厂 净水厂 给水厂", "source", "end"),
    _kind("water_source", "Well as a source", "水源井", "水井 深井 机井", "source", "end"),
    _kind("basin", "Basin", "水池", "清水池 蓄水池 储水池 调蓄池", "storage", "end"),
    _kind("water_tower", "Water tower", "水塔", "高位水箱 水箱", "storage", "end"),
    _kind(
        "pump_station", "Pumping station", "泵站", "水泵 加压站 提升泵站 排水泵站 雨水泵站 污水泵站 泵房", "pump", "end"
    ),
    _kind("gully", "Gully", "雨水箅", "雨水口 雨水篦 雨篦 雨水篦子 雨箅 收水井", "inlet", "well", "end"),
    _kind("sewage_gully", "Sewage grate", "污水箅", "污水篦 污水口 污篦", "inlet", "well", "end"),
    _kind("septic_tank", "Septic tank", "化粪池", "净化池", "inlet", "well", "end"),
    _kind("grease_trap", "Grease trap", "隔油池", "隔油井", "inlet", "well", "end"),
    _kind("drop_manhole", "Drop manhole", "跌水井", "跌水", "well"),
    _kind("silt_well", "Silt well", "沉泥井", "沉砂井 沉淀井 沉淀池", "well"),
    _kind("overflow_well", "Overflow", "溢流井", "截流井 截流堰 溢流堰", "well"),
    _kind("sluice", "Sluice", "闸门", "水闸 节制闸", "valve"),
    _kind("treatment_works", "Treatment works", "污水处理厂", "污水厂 处理厂 再生水厂", "outfall", "end"),
    _kind("gate_station", "Gas gate station", "门站", "燃气门站 分输站 接收站 气化站", "source", "end"),
    _kind("gas_holder", "Gas holder", "储气柜", "储气站 储配站 储气罐", "storage", "end"),
    _kind("regulator", "Gas regulator", "调压箱", "调压站 调压器 调压柜 调压室", "regulator", "end"),
    _kind("drip", "Condensate drip", "凝水缸", "抽水缸 凝水井 凝水器 抽水井", "well"),
    _kind("test_post", "Cathodic test post", "阴极测试桩", "测试桩 阴极保护桩 牺牲阳极"),
    _kind("heat_source", "Heat source", "热源厂", "锅炉房 热电厂 热源", "source", "end"),
    _kind("heat_station", "Heat exchange station", "换热站", "热力站 热交换站 热力点", "consumer", "end"),
    _kind("compensator", "Compensator", "补偿器", "伸缩器 伸缩节 补偿井", "well"),
    _kind("steam_trap", "Steam trap", "疏水阀", "疏水井 疏水器 疏水"),
    _kind("anchor", "Anchor", "固定节", "固定支架 固定墩 支墩"),
    _kind("substation", "Substation", "变电站", "变电所 变电室", "source", "end"),
    _kind("transformer", "Transformer", "变压器", "箱变 箱式变压器 变压箱", "end"),
    _kind("switch_room", "Switch room", "配电室", "配电房 开闭所 开关站 环网柜 开关柜", "end"),
    _kind("cabinet", "Cabinet or junction box", "接线箱", "配电箱 分线箱 控制柜 电缆分支箱 分支箱 控制箱", "end"),
    _kind("street_lamp", "Street lamp", "路灯", "灯杆 路灯杆 地灯 草坪灯", "consumer", "end"),
    _kind("signal_lamp", "Traffic signal", "信号灯", "交通信号灯 信号灯杆 红绿灯", "consumer", "end"),
    _kind("billboard", "Billboard", "广告牌", "灯箱 广告灯箱", "consumer", "end"),
    _kind("pole", "Pole", "电杆", "线杆 砼杆 电线杆 钢管杆 杆", "end"),
    _kind("tower", "Tower", "铁塔", "电塔 电力塔 发射塔 高压塔", "end"),
    _kind("exchange", "Exchange", "机房", "电信局 通信机房 基站 电话局", "source", "end"),
    _kind("cross_connect", "Cross-connection cabinet", "交接箱", "光交箱 电信交接箱 光缆交接箱", "end"),
    _kind("phone_booth", "Phone booth", "电话亭", "公用电话", "consumer", "end"),
    _kind("camera", "Camera", "监控器", "摄像头 监控 监控杆 电子眼", "consumer", "end"),
    _kind("vent", "Vent", "通风井", "通风口 通风孔", "well"),
    _kind("gauge", "Gauge", "测压装置", "压力表 测压点 流量计 流量井 测流点"),
)

FEATURE_CODES = tuple(kind.code for kind in FEATURES)
APPURTENANCE_CODES = tuple(kind.code for kind in APPURTENANCES)


def with_role(*roles: Role) -> frozenset[str]:
    """Values of features and appurtenances that have one of the roles."""
    return frozenset(str(kind.code.value) for kind in (*FEATURES, *APPURTENANCES) if kind.roles & set(roles))


def has_role(nodes: pd.DataFrame, *roles: Role) -> npt.NDArray[np.bool_]:
    """Which of n nodes has one of the roles, by its feature or its appurtenance.

    Parameters
    ----------
    nodes
        n rows with the fields ``feature`` and ``appurtenance``.
    *roles
        The roles.
    """
    kinds = with_role(*roles)
    found: npt.NDArray[np.bool_] = (nodes["feature"].isin(kinds) | nodes["appurtenance"].isin(kinds)).to_numpy(bool)
    return found
