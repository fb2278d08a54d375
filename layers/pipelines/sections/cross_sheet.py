"""The drawing of a cross section: lengths and heights to one scale, so that pipes have their shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layers.pipelines.sections.sheet import GROUND, WEAK, WIDTH_MM, draw_cut, draw_frame, lay_out
from twin.paper import Paper

if TYPE_CHECKING:
    from layers.pipelines.sections.cross import CrossSection
    from layers.pipelines.sections.cuts import Cut

_FOOT_MM = 66.0
_LEAST_SINE = 0.1
_APART_MM = 3.0


def draw_cross_section(section: CrossSection, *, title: str) -> Paper:
    """Draw a cross section, with a list of what is cut below it."""
    heights = [each for cut in section.cuts for each in (cut.axis_m - cut.height_m / 2, cut.axis_m, cut.ground_m)]
    field = lay_out(section.length_m, heights, true_shape=True)
    paper = Paper(WIDTH_MM, field.bottom_mm + _FOOT_MM, title=title)
    draw_frame(paper, field, title)
    ground = [(field.x(cut.at_m), field.y(cut.ground_m)) for cut in section.cuts if math.isfinite(cut.ground_m)]
    paper.line(ground, color=GROUND, width_mm=0.5)
    free = -math.inf
    for number, cut in enumerate(section.cuts, 1):
        at, free = field.x(cut.at_m), max(field.x(cut.at_m), free + _APART_MM)
        if math.isfinite(cut.axis_m):
            paper.line([(at, field.y(cut.axis_m)), (at, field.bottom_mm)], color=WEAK, width_mm=0.13, dashes="2 1")
        paper.line([(at, field.bottom_mm), (free, field.bottom_mm + 4)], color=WEAK, width_mm=0.13)
        paper.text(free + 0.8, field.bottom_mm + 5, _describe(number, cut), size_mm=2.2, anchor="end", upwards=True)
        draw_cut(paper, field, cut, cut.width_m / max(math.sin(math.radians(cut.angle_deg)), _LEAST_SINE))
    return paper


def _describe(number: int, cut: Cut) -> str:
    place = f"{number}  {cut.pipe_class} {cut.size}  {cut.at_m:.2f} m"
    if not math.isfinite(cut.axis_m):
        return f"{place}  depth unknown 埋深不明"
    return f"{place}  axis 中心 {cut.axis_m:.2f}  cover 覆土 {cut.cover_m:.2f}"
