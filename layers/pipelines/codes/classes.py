"""Classes of pipelines and their sub-classes, with their colours, and how editions and cities spell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from twin.ingest.names import normalise_name
from twin.schema import Code

#: How what a pipe carries moves: by its own weight, under pressure, or not at all (cables and ducts).
Drive = Literal["gravity", "pressure", "cable"]


@dataclass(frozen=True, kw_only=True)
class Subclass:
    """A sub-class: its letters (代号), its number within the class, its titles and other spellings."""

    code: str
    number: int
    title: str
    title_zh: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PipeClass:
    """A class of pipelines: its letters (代号), its digit in feature codes, its colour and its sub-classes."""

    code: str
    number: int
    title: str
    title_zh: str
    color: str
    drive: Drive
    subclasses: tuple[Subclass, ...]
    aliases: tuple[str, ...] = ()


def _sub(code: str, number: int, title: str, title_zh: str, *aliases: str) -> Subclass:
    return Subclass(code=code, number=number, title=title, title_zh=title_zh, aliases=aliases)


#: CJJ 61-2017, Appendix B. Ducts for several utilities are black there, pipes of unknown use violet; as one class,
#: others have the violet, since industrial pipes are black too.
CLASSES = (
    PipeClass(
        code="JS",
        number=1,
        title="Water supply",
        title_zh="给水",
        color="#00ffff",
        drive="pressure",
        aliases=("给水管道", "给水管线", "供水", "上水", "自来水"),
        subclasses=(
            _sub("JY", 1, "Raw water", "原水"),
            _sub("SS", 2, "Trunk water", "输水", "输配水"),
            _sub("ZS", 3, "Reclaimed water", "中水", "再生水"),
            _sub("JP", 4, "Distribution water", "配水", "生活给水", "生活用水"),
            _sub("JZ", 5, "Drinking water", "直饮水"),
            _sub("XS", 6, "Fire water", "消防水", "消防"),
            _sub("LS", 7, "Irrigation water", "绿化水", "绿化"),
            _sub("JH", 8, "Circulating water", "循环水"),
        ),
    ),
    PipeClass(
        code="PS",
        number=2,
        title="Drainage",
        title_zh="排水",
        color="#4c3926",
        drive="gravity",
        aliases=("排水管道", "排水管线", "下水"),
        subclasses=(
            _sub("YS", 1, "Storm water", "雨水"),
            _sub("WS", 2, "Sewage", "污水"),
            _sub("HS", 3, "Combined sewage", "雨污合流", "合流", "雨污"),
        ),
    ),
    PipeClass(
        code="RQ",
        number=3,
        title="Gas",
        title_zh="燃气",
        color="#ff00ff",
        drive="pressure",
        aliases=("燃气管道", "燃气管线"),
        subclasses=(
            _sub("MQ", 1, "Coal gas", "煤气"),
            _sub("YH", 2, "Liquefied gas", "液化气", "液化石油气"),
            _sub("TR", 3, "Natural gas", "天然气"),
        ),
    ),
    PipeClass(
        code="RL",
        number=4,
        title="Heat",
        title_zh="热力",
        color="#ff8000",
        drive="pressure",
        aliases=("热力管道", "热力管线", "供热", "供暖"),
        subclasses=(_sub("RS", 1, "Hot water", "热水"), _sub("ZQ", 2, "Steam", "蒸汽")),
    ),
    PipeClass(
        code="DL",
        number=5,
        title="Power",
        title_zh="电力",
        color="#ff0000",
        drive="cable",
        aliases=("电力管线", "电力电缆"),
        subclasses=(
            _sub("GD", 1, "Power supply", "供电"),
            _sub("LD", 2, "Street lighting", "路灯", "照明"),
            _sub("XH", 3, "Traffic signals", "交通信号", "信号灯"),
            _sub("DC", 4, "Tram supply", "电车"),
            _sub("GG", 5, "Billboards", "广告"),
        ),
    ),
    PipeClass(
        code="TX",
        number=6,
        title="Telecommunications",
        title_zh="通信",
        color="#00ff00",
        drive="cable",
        aliases=("DX", "电信", "通讯", "通信管线", "通信电缆"),
        subclasses=(
            _sub("DH", 1, "Telephone", "电话"),
            _sub("DS", 2, "Cable television", "有线电视"),
            _sub("XX", 3, "Data network", "信息网络"),
            _sub("GB", 4, "Broadcasting", "广播"),
        ),
    ),
    PipeClass(
        code="GY",
        number=7,
        title="Industry",
        title_zh="工业",
        color="#000000",
        drive="pressure",
        aliases=("工业管道", "工业管线"),
        subclasses=(
            _sub("QQ", 1, "Hydrogen", "氢", "氢气"),
            _sub("YQ", 2, "Oxygen", "氧", "氧气"),
            _sub("GQ", 3, "Acetylene", "乙炔"),
            _sub("YX", 4, "Ethylene", "乙烯"),
            _sub("BQ", 5, "Benzene", "苯"),
            _sub("LQ", 6, "Chlorine", "氯", "氯气"),
            _sub("DQ", 7, "Nitrogen", "氮", "氮气"),
            _sub("EY", 8, "Carbon dioxide", "二氧化碳"),
            _sub("AQ", 9, "Ammonia", "氨", "氨气"),
            _sub("JB", 10, "Toluene", "甲苯"),
        ),
    ),
    PipeClass(
        code="QT",
        number=8,
        title="Other",
        title_zh="其他",
        color="#6600cc",
        drive="cable",
        aliases=("其它", "其他管线"),
        subclasses=(
            _sub("ZH", 1, "Utility tunnel or duct", "综合管沟", "综合管廊", "综合管沟(廊)"),
            _sub("BM", 2, "Unknown", "不明管线", "不明"),
        ),
    ),
)

CLASS_CODES = tuple(Code(value=c.code, title=c.title, title_zh=c.title_zh, aliases=c.aliases) for c in CLASSES)
SUBCLASS_CODES = tuple(
    Code(value=s.code, title=s.title, title_zh=s.title_zh, aliases=s.aliases) for c in CLASSES for s in c.subclasses
)

#: The class of each sub-class; their letters are unique among sub-classes, and only there.
CLASS_OF: Mapping[str, str] = MappingProxyType({s.code: c.code for c in CLASSES for s in c.subclasses})

#: How what moves in each class is driven.
DRIVES: Mapping[str, Drive] = MappingProxyType({c.code: c.drive for c in CLASSES})

COLORS: Mapping[str, str] = MappingProxyType({c.code: c.color for c in CLASSES})

#: Chinese names of classes and sub-classes.
NAMES: Mapping[str, str] = MappingProxyType(
    {c.code: c.title_zh for c in CLASSES} | {s.code: s.title_zh for c in CLASSES for s in c.subclasses}
)


def find_class(text: str) -> tuple[str, str | None] | None:
    """Read a class or sub-class as it is delivered: ``给水``, ``DX``, ``WS``, ``污水``, or the digits ``2`` or ``202``.

    The 2003 edition and many cities put sewage and storm water beside the classes.

    Returns
    -------
    tuple
        Class and, where one is meant, sub-class; None where the text means neither.
    """
    return _spellings().get(normalise_name(text))


@cache
def _spellings() -> Mapping[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for each in CLASSES:
        for name in (each.code, str(each.number), each.title, each.title_zh, *each.aliases):
            found[normalise_name(name)] = (each.code, None)
        for sub in each.subclasses:
            for name in (sub.code, f"{each.number}{sub.number:02}", sub.title, sub.title_zh, *sub.aliases):
                found[normalise_name(name)] = (each.code, sub.code)
            for end in ("管", "管道", "管线"):
                found.setdefault(normalise_name(sub.title_zh + end), (each.code, sub.code))
    return found
