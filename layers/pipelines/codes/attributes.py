"""Materials, embedding, states, references of depth, pressure classes and directions of flow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.classes import DRIVES
from twin.schema import Code

if TYPE_CHECKING:
    import pandas as pd


def _code(value: str, title: str, title_zh: str, *aliases: str) -> Code:
    return Code(value=value, title=title, title_zh=title_zh, aliases=aliases)


#: CJJ 61-2017, C.0.1. The letters are unique in this table only: ZS is reclaimed water among sub-classes.
MATERIALS = (
    _code("ZT", "Cast iron", "铸铁", "灰口铸铁", "铁", "CI"),
    _code("QM", "Ductile iron", "球墨铸铁", "球墨", "球铁", "DI"),
    _code("G", "Steel", "钢", "钢管", "无缝钢管", "镀锌钢", "镀锌", "不锈钢"),
    _code("T", "Concrete", "混凝土", "砼", "砼管", "钢筋砼", "钢筋混凝土", "水泥", "TONG"),
    _code("PE", "Polyethylene", "聚乙烯", "HDPE", "MDPE", "PE管"),
    _code("PVC", "Polyvinyl chloride", "聚氯乙烯", "UPVC", "PVC-U", "PVC管"),
    _code("BLG", "Glass-reinforced plastic", "玻璃钢", "GRP", "FRP"),
    _code("ZS", "Masonry", "砖石", "砖石砌"),
    _code("Z", "Brick", "砖", "砖砌"),
    _code("S", "Stone", "石", "石砌", "块石"),
    _code("SM", "Asbestos cement", "石棉", "石棉水泥"),
    _code("TC", "Ceramic", "陶瓷", "陶", "陶土", "陶管"),
    _code("TZ", "Copper", "铜", "铜质", "铜芯"),
    _code("VL", "Aluminium conductor, steel reinforced", "钢芯铝绞线", "铝", "铝芯"),
    _code("GX", "Optical fibre", "光纤", "光缆", "光"),
)

#: CJJ 61-2017, C.0.2.
EMBEDDINGS = (
    _code("ZM", "Buried directly", "直埋"),
    _code("GM", "In a conduit", "管埋", "穿管", "套管"),
    _code("GK", "In a block of ducts", "管块"),
    _code("GG", "In a trench or culvert", "管沟", "沟埋", "沟道", "方沟"),
    _code("JK", "Overhead", "架空"),
    _code("DM", "On the ground", "地面"),
    _code("SJ", "Rising overhead", "上架"),
    _code("XTD", "In a small passage", "小通道"),
    _code("ZH", "In a utility tunnel", "综合管廊", "综合管沟", "共同沟"),
    _code("RF", "In a civil defence tunnel", "人防"),
    _code("JN", "Line inside a well", "井内连线", "井内"),
    _code("DG", "Jacked or drilled", "顶管/定向钻", "顶管", "定向钻", "非开挖"),
    _code("SX", "Under water", "水下"),
)

#: Above ground, where depth is negative or 0.
ABOVE_GROUND = ("JK", "DM", "SJ")

#: CJJ 61-2017, C.0.3, where they are the numbers 0 to 3.
STATES = (
    _code("in_service", "In service", "在用", "0", "使用", "正常", "运行", "已用"),
    _code("abandoned", "Abandoned", "废弃", "1", "报废", "停用", "废"),
    _code("empty", "Empty", "空管", "2", "空", "预埋"),
    _code("other", "Other", "其他", "3", "其它"),
)

#: What the measured depth reaches down to.
DEPTH_REFS = (
    _code("inner_bottom", "Inner bottom", "内底", "管内底", "管底", "沟内底", "沟底", "内底埋深"),
    _code("outer_top", "Outer top", "外顶", "管外顶", "管顶", "顶", "块顶", "外顶埋深"),
    _code("outer_bottom", "Outer bottom", "外底", "管外底"),
    _code("center", "Centre", "中心", "管中心", "管中", "中心埋深"),
)

#: Classes of pressure of gas pipes: code, titles, other spellings, and the pressure up to which a pipe is of it, MPa.
_PRESSURES: tuple[tuple[Code, float], ...] = (
    (_code("low", "Low", "低压", "低"), 0.01),
    (_code("medium_b", "Medium B", "中压B", "中B", "B级中压"), 0.2),
    (_code("medium_a", "Medium A", "中压A", "中A", "A级中压"), 0.4),
    (_code("sub_high_b", "Sub-high B", "次高压B", "次高B"), 0.8),
    (_code("sub_high_a", "Sub-high A", "次高压A", "次高A"), 1.6),
    (_code("high_b", "High B", "高压B", "高B"), 2.5),
    (_code("high_a", "High A", "高压A", "高A"), 4.0),
)
PRESSURE_CLASSES = tuple(code for code, _ in _PRESSURES)

#: Along the segment as it is named, against it, or both ways. Cities that write 0, 1 and 2 mean different things by it.
FLOW_DIRECTIONS = (
    _code("forward", "From its start to its end", "起点到终点", "+", "正", "正向", "顺", "顺向", "顺流", "起→终"),
    _code("backward", "From its end to its start", "终点到起点", "负", "反", "反向", "逆", "逆向", "逆流", "终→起"),
    _code("both", "Both ways", "双向"),
)


def pressure_class(pressure_mpa: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """The class of pressure of gas pipes, None where the pressure is unknown, negative or above 4 MPa.

    Parameters
    ----------
    pressure_mpa
        n design pressures, MPa; NaN where unknown.

    References
    ----------
    GB 50028-2006 (2020), 6.1.6.
    """
    pressures = np.asarray(pressure_mpa, dtype=float)
    names = np.array([*(code.value for code in PRESSURE_CLASSES), None], dtype=object)
    position = np.searchsorted([limit for _, limit in _PRESSURES], pressures)
    return np.asarray(names[np.where(pressures >= 0, position, len(PRESSURE_CLASSES))], dtype=object)


#: Where cables lie in a room of their own, whose floor is measured.
TRENCHES = ("GG", "XTD", "ZH", "RF")
_USUAL: Mapping[str, str] = MappingProxyType({"gravity": "inner_bottom", "pressure": "outer_top", "cable": "outer_top"})


def usual_depth_ref(classes: pd.Series[Any], embedding: pd.Series[Any]) -> pd.Series[Any]:
    """What surveyors measure down to where nobody says so.

    Gravity pipes and channels to the inner bottom, pressure pipes, buried cables and blocks of ducts to the outer top,
    trenches of cables to the inner bottom.

    Parameters
    ----------
    classes, embedding
        n letters of classes and of embedding; missing where unknown.

    Returns
    -------
    Series
        n codes of `DEPTH_REFS`, missing where the class is.

    References
    ----------
    CJJ 61-2017, 4 (objects and contents of detection).
    """
    drive = classes.map(DRIVES)
    usual = drive.map(_USUAL).astype("str")
    return usual.mask((drive == "cable") & embedding.isin(TRENCHES), "inner_bottom")


#: Materials of which no line of a class is made, as far as custom goes (no table of a standard says so).
UNFIT_MATERIALS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "JS": ("Z", "S", "ZS", "VL", "GX"),
        "PS": ("TZ", "VL", "GX"),
        "RQ": ("T", "Z", "S", "ZS", "SM", "TC", "VL", "GX"),
        "RL": ("PVC", "Z", "S", "ZS", "TC", "VL", "GX"),
        "GY": ("Z", "S", "ZS", "VL", "GX"),
    }
)
