"""The drawing of a cross section: lengths and heights to one scale, so that pipes have their shape."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from layers.pipelines.sections.bands import Band, draw_bands, height_of, room_of
from layers.pipelines.sections.sheet import GROUND, INDENT, WEAK, Field, draw_cut, lay_out, make_sheet
from twin.paper import Paper
from twin.title_block import Basis

if TYPE_CHECKING:
    from layers.pipelines.sections.cross import CrossSection

_FOOT_MM = 14.0
_LEAST_SINE = 0.1
#: How far from the top the places of its ends are written.
_ENDS_MM = (33.0, 36.5)

Ends = tuple[str, str]


def draw_cross_section(section: CrossSection, *, ends: Ends, title: str, basis: Basis) -> Paper:
    """Draw a cross section, with a table of what is cut below it.

    Parameters
    ----------
    section
        What to draw.
    ends
        Where the line begins and ends, in words.
    title, basis
        What the sheet is called, and what it rests on.
    """
    cuts = section.cuts
    apart = [[f"{b.at_m - a.at_m:.2f}"] for a, b in pairwise(cuts)]
    bands = [
        Band(heading="Pipe 管线", figures=[[cut.kind] for cut in cuts], height_mm=15),
        Band(heading="Size 规格 (mm)", figures=[[cut.size] for cut in cuts], height_mm=13),
        Band(heading="Ground 地面标高 (m)", figures=[[_figure(cut.ground_m)] for cut in cuts]),
        Band(heading="Axis 管中心标高 (m)", figures=[[_figure(cut.axis_m)] for cut in cuts]),
        Band(heading="Invert 管内底标高 (m)", figures=[[_figure(cut.invert_m)] for cut in cuts]),
        Band(heading="Cover 覆土 (m)", figures=[[_figure(cut.cover_m)] for cut in cuts]),
        Band(heading="Axis to axis 间距 (m)", figures=apart, between=True),
        Band(heading="Distance 距起点 (m)", figures=[[f"{cut.at_m:.2f}"] for cut in cuts]),
    ]
    heights = [each for cut in cuts for each in (cut.axis_m - cut.height_m / 2, cut.axis_m, cut.ground_m)]
    field = lay_out(section.length_m, heights, true_shape=True, least_mm=sum(room_of(bands)))
    classes = {cut.pipe_class for cut in cuts}
    paper = make_sheet(field, height_of(bands) + _FOOT_MM, title, basis=basis, classes=classes)
    ground = [(field.x(cut.at_m), field.y(cut.ground_m)) for cut in cuts if math.isfinite(cut.ground_m)]
    paper.line(ground, color=GROUND, width_mm=0.5)
    for beyond, (x, y) in zip((0.0, section.length_m), (ground[:1] + ground[-1:]), strict=False):
        paper.line([(field.x(beyond), y), (x, y)], color=GROUND, width_mm=0.5, dashes="2 1")
    _name_ends(paper, field, ends)
    for cut in cuts:
        at = field.x(cut.at_m)
        if math.isfinite(cut.axis_m):
            paper.line([(at, field.y(cut.axis_m)), (at, field.bottom_mm)], color=WEAK, width_mm=0.13, dashes="2 1")
        draw_cut(paper, field, cut, cut.width_m / max(math.sin(math.radians(cut.angle_deg)), _LEAST_SINE))
    draw_bands(paper, field, [field.x(cut.at_m) for cut in cuts], bands)
    note = (
        "Ground as it is above the pipes, dashed where none is 地面线按管线埋深推算, 虚线为外延; –: unknown 不明; "
        "pipes as wide as they are cut"
    )
    paper.text(INDENT, field.bottom_mm + height_of(bands) + 6, note, size_mm=2.4, color=WEAK)
    return paper


def _name_ends(paper: Paper, field: Field, ends: Ends) -> None:
    """Write where the line begins and ends above the field, one higher than the other as it may be short."""
    left, right = field.x(0), field.x(field.length_m)
    for x, y in ((left, _ENDS_MM[0]), (right, _ENDS_MM[1])):
        paper.line([(x, y + 1), (x, field.bottom_mm)], width_mm=0.18, dashes="6 1 1 1")
    paper.text(left, _ENDS_MM[0], f"A: {ends[0]}", size_mm=2.4)
    paper.text(right, _ENDS_MM[1], f"A′: {ends[1]}", size_mm=2.4, anchor="end")


def _figure(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"
