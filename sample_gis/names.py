"""Invented names; every one says that it is an example (示例)."""

from __future__ import annotations

#: The seat's street office, then the towns.
TOWN_NAMES = (
    "沂城街道", "柳泉镇", "石门镇", "青岭镇", "河阳镇", "桃园镇", "大泉镇", "云台镇", "双河镇",
    "枣林镇", "黄崖镇", "清溪镇", "白塔镇", "古桥镇", "岳庄镇", "新集镇", "杏山镇", "汶滨镇",
)  # fmt: skip

_FIRST = "东西南北前后上下大小王李张刘高马孙朱杨杜宋石黄青白红柳杏桃枣榆槐松竹"
_SECOND = "家庄泉沟峪岭坡洼湾桥店埠官屯集寨崖河山岗"
_STREETS = (
    "文化", "人民", "振兴", "朝阳", "沂河", "银杏", "北园", "芙蓉",
    "花山", "正阳", "县府", "迎宾", "健康", "温泉", "西苑", "东苑",
)  # fmt: skip


def village_name(number: int) -> str:
    """The name of the village or community of a number, different for the first 700."""
    first, second = _FIRST[number % len(_FIRST)], _SECOND[(number // len(_FIRST)) % len(_SECOND)]
    third = "" if number < len(_FIRST) * len(_SECOND) else "新"
    return f"{first}{second}{third}"


def street_name(number: int, *, north_south: bool) -> str:
    """The name of a street of a town: 路 runs north, 街 east."""
    stem = _STREETS[number % len(_STREETS)]
    serial = "" if number < len(_STREETS) else "二三四五"[(number // len(_STREETS) - 1) % 4]
    return f"示例{stem}{serial}{'路' if north_south else '街'}"
