"""The table below a section: bands of figures, at points or between them, none of which covers or drops another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from layers.pipelines.sections.sheet import INDENT, LEFT, RIGHT, WEAK, Field, spread
from twin.paper import Paper
from twin.title_block import width_of

_BAND_MM, _FAN_MM = 9.0, 5.0
_SIZE_MM, _HEADING_MM = 2.4, 2.4
#: Room that a figure takes that stands upright.
_UPRIGHT_MM = 3.2


@dataclass(frozen=True, kw_only=True)
class Band:
    """A row of the table.

    Parameters
    ----------
    heading
        What its figures are, with their unit.
    figures
        At each of n points one figure or several; or one for each of the n - 1 stretches between them.
    between
        Whether they are those of stretches.
    height_mm
        Of the row.
    """

    heading: str
    figures: Sequence[Sequence[str]]
    between: bool = False
    height_mm: float = _BAND_MM


def room_of(bands: Sequence[Band]) -> list[float]:
    """How much room the figures of each of n points take in a row."""
    at_points = [band.figures for band in bands if not band.between]
    return [_UPRIGHT_MM * max(map(len, of_point)) for of_point in zip(*at_points, strict=True)]


def height_of(bands: Sequence[Band]) -> float:
    """How high a table is, with the lines that lead to it."""
    return _FAN_MM + sum(band.height_mm for band in bands)


def draw_bands(paper: Paper, field: Field, points: Sequence[float], bands: Sequence[Band]) -> None:
    """Write the table below a field, with a line to each of n points, mm from the left."""
    places = spread(points, room_of(bands), field.width_mm - RIGHT)
    left, right = INDENT, max([*places, field.x(field.length_m)]) + 6
    y = field.bottom_mm + _FAN_MM
    for point, place in zip(points, places, strict=True):
        paper.line([(point, field.bottom_mm), (place, y)], color=WEAK, width_mm=0.13)
    top = y
    for band in bands:
        paper.line([(left, y), (right, y)], width_mm=0.18)
        paper.text(left + 1, y + band.height_mm / 2 + 0.9, band.heading, size_mm=_HEADING_MM)
        if band.between:
            _write_between(paper, places, y, band)
        else:
            _write_at_points(paper, places, y, band)
        y += band.height_mm
    paper.line([(left, top), (left, y), (right, y), (right, top)], width_mm=0.18)
    paper.line([(LEFT - 5, top), (LEFT - 5, y)], width_mm=0.18)


def _write_at_points(paper: Paper, places: Sequence[float], top: float, band: Band) -> None:
    """Write upright at each point, side by side where there are several."""
    for x, texts in zip(places, band.figures, strict=True):
        for number, text in enumerate(texts):
            beside = (number - (len(texts) - 1) / 2) * _UPRIGHT_MM
            _write(paper, x + beside, top + band.height_mm / 2, text, band.height_mm - 0.6, upwards=True)


def _write_between(paper: Paper, places: Sequence[float], top: float, band: Band) -> None:
    """Write in the middle between points; upright where there is too little room."""
    for x in places:
        paper.line([(x, top), (x, top + band.height_mm)], color=WEAK, width_mm=0.13)
    for (begin, end), (text,) in zip(pairwise(places), band.figures, strict=True):
        lies = width_of(text, _SIZE_MM) <= end - begin - 0.6
        room = end - begin if lies else band.height_mm - 0.6
        _write(paper, (begin + end) / 2, top + band.height_mm / 2, text, room, upwards=not lies)


def _write(paper: Paper, x: float, y: float, text: str, room_mm: float, *, upwards: bool) -> None:
    size = min(_SIZE_MM, _SIZE_MM * room_mm / max(width_of(text, _SIZE_MM), 0.1))
    down = (size / 3, 0.0) if upwards else (0.0, size / 3)
    paper.text(x + down[0], y + down[1], text, size_mm=size, anchor="middle", upwards=upwards)
