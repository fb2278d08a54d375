"""The sheet that sections are drawn on: as long as they are, with heights at the left, and what colours mean."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from layers.pipelines.codes.classes import CLASSES, COLORS, PipeClass
from layers.pipelines.sections.cuts import Cut
from twin.paper import Paper
from twin.title_block import BINDING_MM, BLOCK_MM, EDGE_MM, Basis, frame_sheet, width_of

#: The shortest sheet (the long side of A4), and A3 lengthened by half (GB/T 50001-2017, 3.1.3): the largest scale is
#: taken that has room on that; the sheet is no longer than the section.
_SHORTEST_MM, _WIDTH_MM = 297.0, 630.0
#: Heights that there is room for.
_ROOM_MM = 200.0
INDENT = BINDING_MM + 3
LEFT, RIGHT = INDENT + 51, EDGE_MM + 9
GROUND, WEAK = "#7a5c2e", "#777777"
_GRID = "#dddddd"
_MM = 1000.0
#: Heights are drawn to ten times the scale of lengths where there is room, as long sections are; never more.
_RAISED = 10
#: A longer sheet is taken before lengths are drawn to a smaller scale, up to so many millimetres: of long sections, and
#: of cross sections, which are drawn in true shape.
_SMALLEST, _LONGEST_MM = 2000, 3000.0
_SMALLEST_TRUE, _LONGEST_TRUE_MM = 100, 1000.0
#: Half the size of what would be too small to be seen.
_SEEN_MM = 0.4
#: Denominators of scales.
_SCALES = tuple(base * 10**power for power in range(1, 6) for base in (1, 2, 5))


@dataclass(frozen=True, kw_only=True)
class Field:
    """Where distances and heights are on the paper.

    Parameters
    ----------
    across, upright
        Denominators of the scales of lengths and heights.
    length_m
        What the field is long.
    low_m, high_m
        Heights of its lower and upper edge.
    width_mm, top_mm
        Width of the sheet, and where the upper edge of the field is.
    """

    across: float
    upright: float
    length_m: float
    low_m: int
    high_m: int
    width_mm: float
    top_mm: float

    @property
    def bottom_mm(self) -> float:
        """Where its lower edge is, from the top of the sheet."""
        return self.top_mm + (self.high_m - self.low_m) * _MM / self.upright

    def x(self, along_m: float) -> float:
        """Where a distance is, mm from the left."""
        return LEFT + along_m * _MM / self.across

    def y(self, height_m: float) -> float:
        """Where a height is, mm from the top."""
        return self.bottom_mm - (height_m - self.low_m) * _MM / self.upright


def lay_out(
    length_m: float, heights: Iterable[float], *, true_shape: bool, least_mm: float = 0, top_mm: float = 40
) -> Field:
    """Choose the largest scales at which everything has room; one for both where shapes are to be true.

    Parameters
    ----------
    length_m, heights
        How long the section is, and what it has to show.
    true_shape
        Whether lengths and heights are to one scale.
    least_mm
        What figures below it take in a row; the sheet is as long as they need.
    top_mm
        Where the field begins.
    """
    known = [height for height in heights if math.isfinite(height)] or [0.0]
    low, high = math.floor(min(known) - 0.3), math.ceil(max(known) + 0.3)
    smallest, longest_mm = (_SMALLEST_TRUE, _LONGEST_TRUE_MM) if true_shape else (_SMALLEST, _LONGEST_MM)
    room_mm = max(_WIDTH_MM - LEFT - RIGHT, least_mm, min(length_m * _MM / smallest, longest_mm))
    across = _at_least(length_m * _MM / room_mm)
    upright = _at_least((high - low) * _MM / _ROOM_MM)
    if true_shape:
        across = upright = max(across, upright)
    upright = max(upright, across / _RAISED)
    long_mm = max(length_m * _MM / across, least_mm, _SHORTEST_MM - LEFT - RIGHT)
    return Field(
        across=across,
        upright=upright,
        length_m=length_m,
        low_m=low,
        high_m=high,
        width_mm=long_mm + LEFT + RIGHT,
        top_mm=top_mm,
    )


def _at_least(denominator: float) -> float:
    return next((scale for scale in _SCALES if scale >= denominator), denominator)


def make_sheet(field: Field, foot_mm: float, title: str, *, basis: Basis, classes: Collection[str]) -> Paper:
    """Make a sheet with its frame and title block, what colours mean, and the grid of heights with a staff at its left.

    `foot_mm` is what is needed below the field, but for the title block.
    """
    paper = Paper(field.width_mm, field.bottom_mm + foot_mm + BLOCK_MM + EDGE_MM, title=title)
    across, upright = f"1:{field.across:g}", f"1:{field.upright:g}"
    scale = across if across == upright else f"lengths 横 {across}, heights 纵 {upright}"
    middle = (BINDING_MM + field.width_mm - EDGE_MM) / 2
    paper.text(middle, 15, title, size_mm=5, anchor="middle")
    paper.text(middle, 21, scale, size_mm=2.6, anchor="middle", color=WEAK)
    frame_sheet(paper, title, scale=scale, basis=basis)
    _draw_legend(paper, field.width_mm - RIGHT, [each for each in CLASSES if each.code in classes])
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if step * _MM / field.upright >= 4)
    left = field.x(0)
    for height in range(field.low_m, field.high_m + 1, step):
        y = field.y(height)
        paper.line([(left, y), (field.x(field.length_m), y)], color=_GRID, width_mm=0.13)
        paper.text(left - 4, y + (0.9 if height > field.low_m else -0.4), str(height), size_mm=2.4, anchor="end")
        if height < field.high_m:  # the staff is black and white in turn
            upper = field.y(min(height + step, field.high_m))
            box = [(left - 3, y), (left - 1.5, y), (left - 1.5, upper), (left - 3, upper)]
            black = (height - field.low_m) // step % 2 == 0
            paper.area(box, fill="#000000" if black else "#ffffff", color="#000000", width_mm=0.18)
    return paper


def _draw_legend(paper: Paper, right_mm: float, classes: Sequence[PipeClass]) -> None:
    """Write what colours mean in a row, smaller where it would be too long."""
    names = [(each.color, f"{each.title} {each.title_zh}") for each in classes]
    words = ["Ground 地面线", *(name for _, name in names)]
    smaller = min(1.0, (right_mm - INDENT) / sum(13 + width_of(each, 2.4) for each in words))
    x, y = INDENT, 28.0
    paper.line([(x, y - 0.9), (x + 8 * smaller, y - 0.9)], color=GROUND, width_mm=0.5)
    for color, name in [("", "Ground 地面线"), *names]:
        if color:
            paper.ellipse(x + 6 * smaller, y - 0.9, 1.2 * smaller, 1.2 * smaller, fill=color)
        paper.text(x + 9 * smaller, y, name, size_mm=2.4 * smaller)
        x += (13 + width_of(name, 2.4)) * smaller


def spread(places: Sequence[float], widths: Sequence[float], last: float) -> list[float]:
    """Move what would cover one another apart along a line, in order and none beyond its last place."""
    apart = [(one + other) / 2 for one, other in pairwise(widths)]
    moved = list(places)
    for number, gap in enumerate(apart, start=1):
        moved[number] = max(moved[number], moved[number - 1] + gap)
    moved[-1:] = [min(moved[-1], max(last, places[-1]))] if moved else []
    for number in range(len(apart) - 1, -1, -1):
        moved[number] = min(moved[number], moved[number + 1] - apart[number])
    return moved


def draw_cut(paper: Paper, field: Field, cut: Cut, seen_m: float) -> None:
    """Draw a pipe that is cut, as wide as it is seen there; nothing where its depth is unknown."""
    if not math.isfinite(cut.axis_m):
        return
    x, y = field.x(cut.at_m), field.y(cut.axis_m)
    wide, high = seen_m * _MM / field.across, cut.height_m * _MM / field.upright
    rx, ry = max(wide / 2, _SEEN_MM), max(high / 2, _SEEN_MM)
    color = COLORS[cut.pipe_class]
    if cut.is_round:
        paper.ellipse(x, y, rx, ry, fill=color)
    else:
        corners = [(x - rx, y - ry), (x + rx, y - ry), (x + rx, y + ry), (x - rx, y + ry)]
        paper.area(corners, fill=color, color="#000000")
