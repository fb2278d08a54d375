"""The sheet that sections are drawn on: as wide as A3 and as high as needed, with scales, and a grid of heights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from layers.pipelines.codes.classes import COLORS
from layers.pipelines.sections.cuts import Cut
from twin.paper import Paper

WIDTH_MM = 420.0
#: Heights that there is room for.
_ROOM_MM = 200.0
_LEFT, RIGHT, _TOP = 56.0, 12.0, 48.0
GROUND, WEAK = "#7a5c2e", "#777777"
_GRID = "#dddddd"
_MM = 1000.0
#: Heights are drawn larger than lengths, but not more than this.
_MOST_RAISED = 20
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
    """

    across: float
    upright: float
    length_m: float
    low_m: int
    high_m: int

    @property
    def bottom_mm(self) -> float:
        """Where its lower edge is, from the top of the sheet."""
        return _TOP + (self.high_m - self.low_m) * _MM / self.upright

    def x(self, along_m: float) -> float:
        """Where a distance is, mm from the left."""
        return _LEFT + along_m * _MM / self.across

    def y(self, height_m: float) -> float:
        """Where a height is, mm from the top."""
        return self.bottom_mm - (height_m - self.low_m) * _MM / self.upright


def lay_out(length_m: float, heights: Iterable[float], *, true_shape: bool) -> Field:
    """Choose the largest scales at which everything has room; one for both where shapes are to be true."""
    known = [height for height in heights if math.isfinite(height)] or [0.0]
    low, high = math.floor(min(known) - 0.3), math.ceil(max(known) + 0.3)
    across = _at_least(length_m * _MM / (WIDTH_MM - _LEFT - RIGHT))
    upright = _at_least((high - low) * _MM / _ROOM_MM)
    if true_shape:
        across = upright = max(across, upright)
    upright = max(upright, across / _MOST_RAISED)
    return Field(across=across, upright=upright, length_m=length_m, low_m=low, high_m=high)


def _at_least(denominator: float) -> float:
    return next((scale for scale in _SCALES if scale >= denominator), denominator)


def draw_frame(paper: Paper, field: Field, title: str) -> None:
    """Draw title, scales, and the grid of heights at their left."""
    scale = f"1:{field.across:g}" if field.across == field.upright else f"1:{field.across:g}, 1:{field.upright:g}"
    paper.text(WIDTH_MM / 2, 13, title, size_mm=5, anchor="middle")
    paper.text(
        WIDTH_MM / 2, 20, f"Scale of lengths and heights 比例尺 {scale}; 1985 national heights 1985国家高程基准, m",
        size_mm=2.6, anchor="middle", color=WEAK,
    )  # fmt: skip
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if step * _MM / field.upright >= 4)
    for height in range(field.low_m, field.high_m + 1, step):
        y = field.y(height)
        paper.line([(field.x(0), y), (field.x(field.length_m), y)], color=_GRID, width_mm=0.13)
        paper.text(field.x(0) - 2, y + 0.9, str(height), size_mm=2.4, anchor="end", color=WEAK)
    paper.line([(field.x(0), field.y(field.low_m)), (field.x(0), field.y(field.high_m))], width_mm=0.25)


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
