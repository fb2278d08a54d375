"""The rooms of the three buildings, storey by storey."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sample_gis.models.lot import Lot
from sample_gis.models.plan import OUTER_MM, Rect, Room, divide

_HALF = OUTER_MM // 2

#: Widths of corridors: gallery of a school, corridor of a hospital (beds pass each other), ring round a courtyard.
_GALLERY_MM, _WARD_MM, _RING_MM = 2_400, 2_700, 2_700


def arrange_school(lot: Lot, storey: int) -> list[Room]:
    """Two wings and a bar between them, round a yard that opens to the south: the gallery of the bar is along it."""
    ring = lot.outline_mm[0]
    (width, depth), wing, bar = lot.size_mm, ring[1][0], ring[2][1]
    east_wing = ring[3][0]
    north = Rect(west=_HALF, south=bar + _HALF, east=width - _HALF, north=depth - _HALF)
    gallery = Rect(west=north.west, south=north.south, east=north.east, north=north.south + _GALLERY_MM)
    rooms = [Room(name="走廊", use="corridor", box=gallery)]
    first = (storey - 1) * 4
    classes = [f"{'一二三四五六'[(first + n) // 4 % 6]}年级{(first + n) % 4 + 1}班教室" for n in range(4)]
    middle = ("门厅", "hall") if storey == 1 else ("开放阅读区", "hall")
    names = [classes[0], classes[1], middle, classes[2], classes[3]]
    strip = Rect(west=north.west, south=gallery.north, east=north.east, north=north.north)
    for each, box in zip(names, divide(strip, shares=(5, 5, 4, 5, 5)), strict=True):
        name, use = each if isinstance(each, tuple) else (each, "classroom")
        rooms.append(Room(name=name, use=use, box=box, entrance=use == "hall"))
    west = Rect(west=_HALF, south=_HALF, east=wing - _HALF, north=gallery.south)
    east = Rect(west=east_wing + _HALF, south=_HALF, east=width - _HALF, north=gallery.south)
    special = ("物理实验室", "化学实验室", "生物实验室", "信息技术教室", "音乐教室", "美术教室")
    large = [special[(2 * storey + n) % 6] for n in (0, 1)]
    # From the facade inwards in the western wing, the other way in the eastern one.
    rooms += _wing(west, (large[0], "教师办公室"), ("楼梯 1", "器材室"), outside="west")
    rooms += _wing(east, (large[1], "多功能教室"), ("楼梯 2", "卫生间"), outside="east")
    return rooms


def _wing(box: Rect, large: tuple[str, str], small: tuple[str, str], *, outside: str) -> list[Room]:
    """Two large rooms, a corridor, and a stair beside a small room."""
    deep = (box.east - box.west - _GALLERY_MM) * 3 // 5
    if outside == "west":
        a, b, c = box.west + deep, box.west + deep + _GALLERY_MM, box.east
        strips = (box.west, a), (a, b), (b, c)
    else:
        a, b = box.east - deep, box.east - deep - _GALLERY_MM
        strips = (a, box.east), (b, a), (box.west, b)
    wide, way, narrow = (Rect(west=low, south=box.south, east=high, north=box.north) for low, high in strips)
    stair = Rect(west=narrow.west, south=narrow.north - 7_200, east=narrow.east, north=narrow.north)
    rest = Rect(west=narrow.west, south=narrow.south, east=narrow.east, north=stair.south)
    uses = {"卫生间": "toilet", "教师办公室": "office", "器材室": "storage"}
    return [
        Room(name="西翼走廊" if outside == "west" else "东翼走廊", use="corridor", box=way),
        *(
            Room(name=name, use=uses.get(name, "laboratory"), box=part)
            for name, part in zip(large, divide(wide, shares=(1, 1), along_y=True), strict=True)
        ),
        Room(name=small[0], use="stair", box=stair),
        Room(name=small[1], use=uses[small[1]], box=rest),
    ]


#: What hospitals have on the storeys from the ground up: rooms on the facades, rooms inside.
_WARDS = (
    (("挂号收费", "药房", "急诊室", "抢救室", "CT 室", "X 光室"), ("配电间", "候诊区", "检验科", "消毒间")),
    (("内科", "外科", "儿科", "妇科", "眼科", "口腔科"), ("换药室", "候诊区", "B 超室", "心电图室")),
    (("病房", "病房", "病房", "病房", "医生办公室", "护士长室"), ("治疗室", "护士站", "处置室", "库房")),
)  # fmt: skip


def arrange_hospital(lot: Lot, storey: int) -> list[Room]:
    """Two corridors along the building, with a core of stairs, lifts and rooms without daylight between them."""
    width, depth = lot.size_mm
    inner = Rect(west=_HALF, south=_HALF, east=width - _HALF, north=depth - _HALF)
    deep = (depth - 2 * _HALF - 2 * _WARD_MM) * 3 // 11
    lines = (inner.south, inner.south + deep, inner.south + deep + _WARD_MM)
    south_room, south_way = (
        Rect(west=inner.west, south=low, east=inner.east, north=high) for low, high in pairwise(lines)
    )
    north_room = Rect(west=inner.west, south=inner.north - deep, east=inner.east, north=inner.north)
    north_way = Rect(west=inner.west, south=north_room.south - _WARD_MM, east=inner.east, north=north_room.south)
    core = Rect(west=inner.west, south=south_way.north, east=inner.east, north=north_way.south)
    outer, dark = _WARDS[min(storey - 1, 2)]
    rooms = [
        Room(name="南走廊", use="corridor", box=south_way),
        Room(name="北走廊", use="corridor", box=north_way),
    ]
    for side, strip in (("南", south_room), ("北", north_room)):
        boxes = divide(strip, shares=(6, 6, 6, 7, 6, 6, 6))
        names = [*outer[:3], "大厅", *outer[3:]] if side == "南" else [*outer[3:], "休息厅", *outer[:3]]
        for number, (name, box) in enumerate(zip(names, boxes, strict=True), start=1):
            hall = name.endswith("厅")
            use = "hall" if hall else "ward" if name == "病房" else "treatment"
            label = name if hall else f"{side}{name} {storey}{number:02d}"
            rooms.append(Room(name=label, use=use, box=box, entrance=hall))
    return rooms + _core(core, dark)


def _core(box: Rect, dark: Sequence[str]) -> list[Room]:
    """Rooms back to back; in the middle a way through, beside it the lifts."""
    columns = divide(box, shares=(4.4, 7, 6, 3, 5, 3, 6, 7, 4.4))
    south, north = ([divide(each, shares=(1, 1), along_y=True)[n] for each in columns] for n in (0, 1))
    uses = (
        ("楼梯 1", "stair"), (dark[0], "utility"), ("卫生间（男）", "toilet"), ("电梯 1", "lift"), None,
        ("电梯 2", "lift"), ("污物间", "utility"), (dark[2], "treatment"), ("楼梯 2", "stair"),
    )  # fmt: skip
    others = (
        ("楼梯 3", "stair"), (dark[1], "treatment"), ("卫生间（女）", "toilet"), ("电梯 3", "lift"), None,
        ("电梯 4", "lift"), ("清洁间", "utility"), (dark[3], "treatment"), ("楼梯 4", "stair"),
    )  # fmt: skip
    rooms = [
        Room(name=each[0], use=each[1], box=part)
        for row, strip in ((uses, south), (others, north))
        for each, part in zip(row, strip, strict=True)
        if each is not None
    ]
    return [Room(name="电梯厅", use="hall", box=columns[4]), *rooms]


_COUNTERS = (
    "不动产登记", "企业开办", "工程建设项目审批", "社会保险", "医疗保障", "公安户政", "税务服务", "婚姻登记", "公积金",
    "法律援助",
)  # fmt: skip


def arrange_centre(lot: Lot, storey: int) -> list[Room]:
    """Four sides round a courtyard, with a corridor along it; the hall is in the south."""
    (width, depth), yard = lot.size_mm, lot.outline_mm[1]
    low_x, high_x = min(x for x, _ in yard), max(x for x, _ in yard)
    low_y, high_y = min(y for _, y in yard), max(y for _, y in yard)
    west, east, south, north = _HALF, width - _HALF, _HALF, depth - _HALF
    inner_w, inner_e, inner_s, inner_n = low_x - _HALF, high_x + _HALF, low_y - _HALF, high_y + _HALF
    ways = {
        "南廊": Rect(west=west, south=inner_s - _RING_MM, east=east, north=inner_s),
        "北廊": Rect(west=west, south=inner_n, east=east, north=inner_n + _RING_MM),
        "西廊": Rect(west=inner_w - _RING_MM, south=inner_s, east=inner_w, north=inner_n),
        "东廊": Rect(west=inner_e, south=inner_s, east=inner_e + _RING_MM, north=inner_n),
    }
    rooms = [Room(name=name, use="corridor", box=box) for name, box in ways.items()]
    first = 2 * storey
    counters = [f"{_COUNTERS[(first + n) % len(_COUNTERS)]}窗口" for n in range(8)]
    strip = Rect(west=west, south=south, east=east, north=ways["南廊"].south)
    hall = ("办事大厅" if storey == 1 else "等候大厅", "hall")
    row = [(counters[0], "counter"), ("楼梯 1", "stair"), hall, ("卫生间", "toilet"), (counters[1], "counter")]
    rooms += _row(strip, row, (13, 4, 18, 6, 13), gate=True)
    strip = Rect(west=west, south=ways["北廊"].north, east=east, north=north)
    row = [
        (counters[2], "counter"),
        ("会议室", "meeting"),
        ("档案室", "archive"),
        ("楼梯 2", "stair"),
        (counters[3], "counter"),
    ]
    rooms += _row(strip, row, (13, 9, 12, 4, 13), gate=False)
    for side, (low, high), names in (
        ("西", (west, ways["西廊"].west), counters[4:6]),
        ("东", (ways["东廊"].east, east), counters[6:8]),
    ):
        column = Rect(west=low, south=inner_s, east=high, north=inner_n)
        for name, box in zip(names, divide(column, shares=(1, 1), along_y=True), strict=True):
            rooms.append(Room(name=f"{side}区{name}", use="counter", box=box))
    return rooms


def _row(strip: Rect, names: Sequence[tuple[str, str]], shares: Sequence[float], *, gate: bool) -> list[Room]:
    return [
        Room(name=name, use=use, box=box, entrance=gate and use == "hall")
        for (name, use), box in zip(names, divide(strip, shares=shares), strict=True)
    ]
