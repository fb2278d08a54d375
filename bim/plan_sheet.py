"""The sheet of the plan of a storey: what is cut is filled, rooms have names and areas; scale, north, title block."""

from __future__ import annotations

import math
from dataclasses import dataclass

import shapely

from bim.plan import Part, Plan
from twin.paper import Paper
from twin.title_block import BINDING_MM, BLOCK_MM, EDGE_MM, Basis, frame_sheet

#: A3, and what is kept free around the plan.
_WIDTH_MM, _HEIGHT_MM = 420.0, 297.0
_SIDE_MM, _TOP_MM, _FOOT_MM = 9.0, 30.0, EDGE_MM + BLOCK_MM + 15.0
_LEFT_MM, _RIGHT_MM = BINDING_MM + _SIDE_MM, _WIDTH_MM - EDGE_MM - _SIDE_MM
_MIDDLE_MM = (_LEFT_MM + _RIGHT_MM) / 2
#: Denominators of the scales of drawings (GB/T 50001-2017, 6.0.4).
_SCALES = (20, 50, 100, 150, 200, 300, 500, 1000, 2000, 5000, 10_000)
_MM = 1000.0
_WEAK = "#666666"
#: Names of rooms: their size, the smallest that can be read, and how long is too long for one line.
_TEXT_MM, _SMALL_MM, _LONG = 3.0, 1.0, 10
#: Parts of the bar that measures: metres, and how long on paper they are at least.
_PARTS_M, _PART_MM = (0.5, 1, 2, 5, 10, 20, 50, 100, 200), 8.0

#: Fill, outline, width of the outline and title of each way to be drawn, from below to above.
_LOOKS = {
    "space": ("#eef3ea", "none", 0.0, "Rooms 房间"),
    "other": ("#c9c2d6", "#6f6787", 0.13, "Other elements 其他构件"),
    "stair": ("#e6e1d6", "#8a7f66", 0.13, "Stairs 楼梯"),
    "window": ("#a9d3e6", "#1f6f93", 0.13, "Windows 窗"),
    "door": ("#c98f52", "#7b4f1f", 0.13, "Doors 门"),
    "wall": ("#4a4a4a", "#000000", 0.18, "Walls 墙"),
    "column": ("#000000", "#000000", 0.18, "Columns 柱"),
}


@dataclass(frozen=True, kw_only=True)
class _Field:
    """Where metres of a plan are on the paper."""

    scale: float
    middle_m: tuple[float, float]

    def put(self, points: shapely.Geometry) -> list[tuple[float, float]]:
        """Points in millimetres of the paper."""
        (x0, y0), per_m = self.middle_m, _MM / self.scale
        left, top = _MIDDLE_MM, (_HEIGHT_MM + _TOP_MM - _FOOT_MM) / 2
        return [(left + (x - x0) * per_m, top - (y - y0) * per_m) for x, y in shapely.get_coordinates(points).tolist()]


def draw_plan(plan: Plan, *, title: str, basis: Basis) -> Paper:
    """Draw a plan on A3, to the largest scale at which it has room.

    Parameters
    ----------
    plan
        What to draw.
    title
        What the sheet is called.
    basis
        What it rests on.
    """
    west, south, east, north = plan.bounds_m
    room_mm = (_RIGHT_MM - _LEFT_MM, _HEIGHT_MM - _TOP_MM - _FOOT_MM)
    needed = max((east - west) * _MM / room_mm[0], (north - south) * _MM / room_mm[1])
    scale = next((each for each in _SCALES if each >= needed), needed)
    field = _Field(scale=scale, middle_m=((west + east) / 2, (south + north) / 2))
    paper = Paper(_WIDTH_MM, _HEIGHT_MM, title=title)
    for look, (fill, color, width_mm, _) in _LOOKS.items():
        for shape in (shape for part in plan.parts if part.look == look for shape in shapely.get_parts(part.shape)):
            if isinstance(shape, shapely.Polygon):
                holes = [field.put(ring) for ring in shape.interiors]
                paper.area(field.put(shape.exterior), fill=fill, color=color, width_mm=width_mm, holes=holes)
            else:
                paper.line(field.put(shape), color=color, width_mm=width_mm)
    rooms = [part for part in plan.parts if part.look == "space" and shapely.area(part.shape) > 0]
    for part in rooms:
        _name_room(paper, part, field)
    paper.text(_MIDDLE_MM, 15, title, size_mm=5, anchor="middle")
    cut = f"Cut at {plan.cut_m:.2f} m 剖切标高; areas in m² 面积单位 m²"
    paper.text(_MIDDLE_MM, 21, cut, size_mm=2.6, anchor="middle", color=_WEAK)
    frame_sheet(paper, title, scale=f"1:{scale:g}", basis=basis)
    _point_north(paper, plan.turn_deg)
    _measure(paper, scale)
    _explain(paper, {part.look for part in plan.parts})
    return paper


def _name_room(paper: Paper, part: Part, field: _Field) -> None:
    """Its name and its area amid the widest place of a room, as large as they have room."""
    west, south, east, north = shapely.bounds(part.shape)
    ((x, y),) = field.put(shapely.point_on_surface(part.shape))
    area = shapely.area(part.shape) if part.area_m2 is None else part.area_m2
    lines = [*part.name.split(" ", 1), f"{area:.1f}"] if len(part.name) > _LONG else [part.name, f"{area:.1f}"]
    lines = [line for line in lines if line]
    wide_mm, high_mm = ((east - west) * _MM / field.scale, (north - south) * _MM / field.scale)
    upwards = high_mm > wide_mm and max(map(_width, lines)) * _TEXT_MM > wide_mm
    along, across = (high_mm, wide_mm) if upwards else (wide_mm, high_mm)
    size = min(_TEXT_MM, 0.92 * along / max(map(_width, lines)), 0.8 * across / len(lines))
    if size < _SMALL_MM:
        return
    for number, line in enumerate(lines):
        shift = (number - (len(lines) - 1) / 2) * 1.25 * size + 0.35 * size
        right, down = (shift, 0.0) if upwards else (0.0, shift)
        paper.text(x + right, y + down, line, size_mm=size, anchor="middle", upwards=upwards)


def _width(words: str) -> float:
    """How wide words are, in their size."""
    return sum(1.0 if ord(each) > 0x2E7F else 0.56 for each in words)


def _point_north(paper: Paper, turn_deg: float) -> None:
    """An arrow to true north; the paper's x axis points `turn_deg` from east."""
    x, y, long = _RIGHT_MM - 9.0, 23.0, 9.0
    angle = math.radians(turn_deg)
    north, east = (math.sin(angle), -math.cos(angle)), (math.cos(angle), math.sin(angle))
    tip, tail = ((x + side * long * north[0], y + side * long * north[1]) for side in (1, -1))
    wing = (tail[0] + 3 * east[0], tail[1] + 3 * east[1])
    other = (tail[0] - 3 * east[0], tail[1] - 3 * east[1])
    paper.area([tip, wing, (x, y)], fill="#000000")
    paper.area([tip, other, (x, y)], fill="#ffffff", color="#000000")
    paper.text(tip[0] + 2.5 * north[0], tip[1] + 2.5 * north[1] + 1.2, "N 北", size_mm=3, anchor="middle")


def _measure(paper: Paper, scale: float) -> None:
    """A bar of four parts, a round number of metres each."""
    part_m = next(each for each in _PARTS_M if each * _MM / scale >= _PART_MM)
    part_mm, y = part_m * _MM / scale, _HEIGHT_MM - EDGE_MM - BLOCK_MM - 5.0
    for number in range(4):
        left, right = _LEFT_MM + number * part_mm, _LEFT_MM + (number + 1) * part_mm
        fill = "#000000" if number % 2 == 0 else "#ffffff"
        paper.area([(left, y), (right, y), (right, y + 1.5), (left, y + 1.5)], fill=fill, color="#000000")
    for number in range(5):
        words = f"{number * part_m:g}" + (" m" if number == 4 else "")
        paper.text(_LEFT_MM + number * part_mm, y - 1.2, words, size_mm=2.4, anchor="middle")


def _explain(paper: Paper, looks: set[str]) -> None:
    """What the colours mean, of those that there are."""
    x, y = _MIDDLE_MM - 40, _HEIGHT_MM - EDGE_MM - BLOCK_MM - 3.5
    for look, (fill, color, _, title) in _LOOKS.items():
        if look in looks:
            paper.area([(x, y - 2), (x + 4, y - 2), (x + 4, y + 0.6), (x, y + 0.6)], fill=fill, color=_outline(color))
            paper.text(x + 5.2, y, title, size_mm=2.4)
            x += 9 + 2.4 * _width(title)


def _outline(color: str) -> str:
    return _WEAK if color == "none" else color
