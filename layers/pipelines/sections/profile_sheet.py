"""The drawing of a long section: heights to a larger scale than lengths, figures of points and pipes below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from layers.pipelines.codes.classes import COLORS
from layers.pipelines.sections.sheet import (
    GROUND,
    RIGHT,
    WEAK,
    WIDTH_MM,
    Field,
    draw_cut,
    draw_frame,
    lay_out,
)
from twin.paper import Paper

if TYPE_CHECKING:
    from layers.pipelines.sections.profile import Crossing, Profile, Run

_BAND_MM, _FOOT_MM, _BANDS = 9.0, 10.0, 7
_INDENT = 5.0
#: Figures stand upright in their band; nearer to one another than this they would cover one another.
_APART_MM = 3.2
_SIZE_MM, _LEAST_MM = 2.4, 1.2
#: Width of a letter by its height, about.
_WIDE = 0.6


def draw_profile(profile: Profile, *, title: str) -> Paper:
    """Draw a long section."""
    runs, stations = profile.runs, profile.stations
    field = lay_out(
        stations[-1].at_m,
        [
            *(station.ground_m for station in stations),
            *(height for run in runs for _, height in run.axis),
            *(height for run in runs for height in run.inverts_m),
            *(crossing.cut.axis_m for crossing in profile.crossings),
        ],
        true_shape=False,
    )
    paper = Paper(WIDTH_MM, field.bottom_mm + _BANDS * _BAND_MM + _FOOT_MM, title=title)
    draw_frame(paper, field, title)
    ground = [(field.x(station.at_m), field.y(station.ground_m)) for station in stations]
    for x, y in ground:
        paper.line([(x, y), (x, field.bottom_mm)], color=WEAK, width_mm=0.13, dashes="2 1")
    for run in runs:
        _draw_run(paper, field, run)
    for crossing in profile.crossings:
        draw_cut(paper, field, crossing.cut, crossing.cut.width_m)
        _label(paper, field, crossing)
    paper.line(ground, color=GROUND, width_mm=0.5)
    _draw_bands(paper, field, profile)
    return paper


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


def _label(paper: Paper, field: Field, crossing: Crossing) -> None:
    """Name what crosses, with its height and the clearance to the pipe of the section."""
    cut = crossing.cut
    if math.isfinite(cut.axis_m):
        words = f"{cut.pipe_class} {cut.size} {cut.axis_m:.2f} 净距 {_figure(crossing.clearance_m, 2)}"
        top = cut.axis_m + cut.height_m / 2 if math.isfinite(cut.height_m) else cut.axis_m
        paper.text(field.x(cut.at_m) + 0.8, field.y(top) - 1.2, words, size_mm=2.1, upwards=True)


def _draw_bands(paper: Paper, field: Field, profile: Profile) -> None:
    """Write the figures below the drawing: at points, upright, or along segments."""
    runs, stations = profile.runs, profile.stations
    inverts = [
        [runs[0].inverts_m[0]],
        *([a.inverts_m[1], b.inverts_m[0]] for a, b in pairwise(runs)),
        [runs[-1].inverts_m[1]],
    ]
    depths = [[station.ground_m - each for each in both] for station, both in zip(stations, inverts, strict=True)]
    places = [field.x(station.at_m) for station in stations]
    at_points = {
        0: ("Ground 地面标高 (m)", [[_figure(station.ground_m, 2)] for station in stations]),
        1: ("Invert 管内底标高 (m)", [_different(both) for both in inverts]),
        2: ("Depth of the invert 埋深 (m)", [_different(both) for both in depths]),
        5: ("Distance 里程 (m)", [[f"{station.at_m:.1f}"] for station in stations]),
        6: ("Point 点号", [[station.node_id] for station in stations]),
    }
    along = {
        3: ("Size and material 管径、材质", [f"{run.size} {run.material}" for run in runs]),
        4: ("Slope, length (m) 坡度、平距", [f"{_figure(run.slope * 1000, 1)}‰  {run.length_m:.1f}" for run in runs]),
    }
    middles = [field.bottom_mm + (number + 0.5) * _BAND_MM for number in range(_BANDS)]
    for number, (heading, figures) in at_points.items():
        paper.text(_INDENT + 1, middles[number] + 0.9, heading, size_mm=2.4)
        _write_at_points(paper, places, middles[number], figures)
    for number, (heading, words) in along.items():
        paper.text(_INDENT + 1, middles[number] + 0.9, heading, size_mm=2.4)
        _write_along(paper, places, middles[number], words)
    for number in range(_BANDS + 1):
        y = field.bottom_mm + number * _BAND_MM
        paper.line([(_INDENT, y), (WIDTH_MM - RIGHT, y)], width_mm=0.18)


def _different(both: Sequence[float]) -> list[str]:
    """Figures of the pipe that arrives and of the one that leaves, one where they are the same."""
    return list(dict.fromkeys(_figure(each, 2) for each in both))


def _figure(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def _write_at_points(paper: Paper, stations: Sequence[float], middle: float, words: Sequence[Sequence[str]]) -> None:
    """Write upright at each point, before and after it where there are two; points too near are left out."""
    free = -math.inf
    for x, texts in zip(stations, words, strict=True):
        if x - free < _APART_MM:
            continue
        for number, text in enumerate(texts):
            beside = (number - (len(texts) - 1) / 2) * _SIZE_MM * 1.1
            size = min(_SIZE_MM, (_BAND_MM - 0.6) / max(len(text), 1) / _WIDE)
            paper.text(x + beside + size / 3, middle, text, size_mm=size, anchor="middle", upwards=True)
        free = x


def _write_along(paper: Paper, stations: Sequence[float], middle: float, words: Sequence[str]) -> None:
    """Write in the middle between points, as small as there is room for."""
    for (begin, end), text in zip(pairwise(stations), words, strict=True):
        paper.line([(end, middle - _BAND_MM / 2), (end, middle + _BAND_MM / 2)], color=WEAK, width_mm=0.13)
        size = min(_SIZE_MM, (end - begin) / max(len(text), 1) / _WIDE)
        if size >= _LEAST_MM:
            paper.text((begin + end) / 2, middle + size / 3, text, size_mm=size, anchor="middle")
