"""The drawing of a long section: heights to a larger scale than lengths, figures of points and pipes below.

The table is that of long sections of drains: ground, invert, depth, size, slope, length, chainage, number of the well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from layers.pipelines.codes.classes import COLORS
from layers.pipelines.sections.bands import Band, draw_bands, height_of, room_of
from layers.pipelines.sections.sheet import GROUND, RIGHT, WEAK, Field, draw_cut, lay_out, make_sheet, spread
from twin.paper import Paper
from twin.title_block import Basis

if TYPE_CHECKING:
    from layers.pipelines.sections.profile import Crossing, Profile, Run

_FOOT_MM = 8.0
#: Where names of crossing pipes begin; they are written upwards from there.
_NAMES_MM = 68.0
_NAME_MM, _BESIDE_MM = 2.1, 2.8
#: How long arrows of flow are.
_ARROW_MM = 6.0


def draw_profile(profile: Profile, *, title: str, basis: Basis) -> Paper:
    """Draw a long section.

    Parameters
    ----------
    profile
        What to draw.
    title, basis
        What the sheet is called, and what it rests on.
    """
    runs, stations = profile.runs, profile.stations
    bands = _tabulate(profile)
    known = [each for each in profile.crossings if math.isfinite(each.cut.axis_m)]
    field = lay_out(
        stations[-1].at_m,
        [
            *(station.ground_m for station in stations),
            *(height for run in runs for _, height in run.axis),
            *(height for run in runs for height in run.inverts_m),
            *(crossing.cut.axis_m for crossing in profile.crossings),
        ],
        true_shape=False,
        least_mm=max(sum(room_of(bands)), len(known) * _BESIDE_MM),
        top_mm=_NAMES_MM + 4 if known else 40,
    )
    classes = {*(run.pipe_class for run in runs), *(each.cut.pipe_class for each in known)}
    paper = make_sheet(field, height_of(bands) + _FOOT_MM, title, basis=basis, classes=classes)
    for number, station in enumerate(stations):
        _draw_well(paper, field, station.at_m, station.ground_m, _inverts_at(runs, number))
    for run in runs:
        _draw_run(paper, field, run)
    names = spread([field.x(each.cut.at_m) for each in known], [_BESIDE_MM] * len(known), field.width_mm - RIGHT)
    for crossing, name in zip(known, names, strict=True):
        _draw_crossing(paper, field, crossing, name)
    paper.line([(field.x(each.at_m), field.y(each.ground_m)) for each in stations], color=GROUND, width_mm=0.5)
    draw_bands(paper, field, [field.x(station.at_m) for station in stations], bands)
    return paper


def _inverts_at(runs: Sequence[Run], number: int) -> list[float]:
    """Inner bottoms of the pipe that arrives at a station and of the one that leaves."""
    return [*(run.inverts_m[1] for run in runs[:number][-1:]), *(run.inverts_m[0] for run in runs[number : number + 1])]


def _draw_well(paper: Paper, field: Field, at_m: float, ground_m: float, inverts_m: Sequence[float]) -> None:
    """Draw a line from the ground to the invert, and a weak one on to the table."""
    x = field.x(at_m)
    foot = min((each for each in inverts_m if math.isfinite(each)), default=ground_m)
    paper.line([(x, field.y(ground_m)), (x, field.y(foot))], width_mm=0.25)
    paper.line([(x, field.y(foot)), (x, field.bottom_mm)], color=WEAK, width_mm=0.13, dashes="2 1")


def _draw_run(paper: Paper, field: Field, run: Run) -> None:
    """Fill the opening of a pipe between its invert and its top."""
    half = run.height_m / 2
    if not math.isfinite(half + run.axis[0][1]):
        return
    upper = [(field.x(at), field.y(height + half)) for at, height in run.axis]
    lower = [(field.x(at), field.y(height - half)) for at, height in run.axis]
    color = COLORS[run.pipe_class]
    paper.area([*upper, *reversed(lower)], fill=color, opacity=0.25)
    paper.line(upper, color=color, width_mm=0.4)
    paper.line(lower, color=color, width_mm=0.4)
    if run.flow:
        _draw_flow(paper, upper, run.flow)


def _draw_flow(paper: Paper, upper: Sequence[tuple[float, float]], flow: int) -> None:
    """Draw an arrow above the middle of a pipe, the way it flows, where there is room for one."""
    (x0, y0), (x1, y1) = upper[0], upper[-1]
    if x1 - x0 < 2 * _ARROW_MM:
        return
    long = math.hypot(x1 - x0, y1 - y0) * flow
    along = ((x1 - x0) / long, (y1 - y0) / long)
    xs, ys = zip(*upper, strict=True)
    x = (x0 + x1) / 2
    y = float(np.interp(x, xs, ys)) - 2

    def at(ahead: float, aside: float) -> tuple[float, float]:
        return x + ahead * along[0] - aside * along[1], y + ahead * along[1] + aside * along[0]

    half = _ARROW_MM / 2
    paper.line([at(-half, 0), at(half - 2, 0)], width_mm=0.3)
    paper.area([at(half, 0), at(half - 2.2, 0.7), at(half - 2.2, -0.7)], fill="#000000")


def _draw_crossing(paper: Paper, field: Field, crossing: Crossing, name_mm: float) -> None:
    """Draw what crosses, and above the ground its kind, size and height, and the clearance to the pipe below it."""
    cut = crossing.cut
    at = field.x(cut.at_m)
    top = cut.axis_m + (cut.height_m / 2 if math.isfinite(cut.height_m) else 0)
    paper.line([(at, field.y(top)), (at, _NAMES_MM + 4), (name_mm, _NAMES_MM)], color=WEAK, width_mm=0.13)
    draw_cut(paper, field, cut, cut.width_m)
    words = f"{cut.kind} {cut.size} 中心 {cut.axis_m:.2f} 净距 {_figure(crossing.clearance_m, 2)}"
    paper.text(name_mm + _NAME_MM / 3, _NAMES_MM - 0.8, words, size_mm=_NAME_MM, upwards=True)


def _tabulate(profile: Profile) -> list[Band]:
    runs, stations = profile.runs, profile.stations
    inverts = [_inverts_at(runs, number) for number in range(len(stations))]
    depths = [[station.ground_m - each for each in both] for station, both in zip(stations, inverts, strict=True)]
    return [
        Band(heading="Ground 地面标高 (m)", figures=[[_figure(station.ground_m, 2)] for station in stations]),
        Band(heading="Invert 管内底标高 (m)", figures=[_different(both) for both in inverts]),
        Band(heading="Depth of invert 管内底埋深 (m)", figures=[_different(both) for both in depths]),
        Band(
            heading="Size, material 管径、材质 (mm)",
            figures=[[f"{run.size} {run.material}".strip()] for run in runs],
            between=True,
        ),
        Band(heading="Slope 坡度 (‰)", figures=[[_figure(run.slope * 1000, 1)] for run in runs], between=True),
        Band(
            heading="Length in plan 平面距离 (m)",
            figures=[[f"{b.at_m - a.at_m:.1f}"] for a, b in pairwise(stations)],
            between=True,
        ),
        Band(heading="Chainage 桩号", figures=[[_chainage(station.at_m)] for station in stations], height_mm=13),
        Band(heading="Well or point 井号、点号", figures=[[station.node_id] for station in stations], height_mm=15),
    ]


def _chainage(at_m: float) -> str:
    tenths = round(at_m * 10)
    return f"K{tenths // 10_000}+{tenths % 10_000 / 10:05.1f}"


def _different(both: Sequence[float]) -> list[str]:
    """Figures of the pipe that arrives and of the one that leaves, one where they are the same."""
    return list(dict.fromkeys(_figure(each, 2) for each in both))


def _figure(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"
