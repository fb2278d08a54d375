"""Names on maps: where they stand, and which of those that would cover one another are left out.

Each tile decides for itself and as its neighbours do: a name is drawn if none that it meets goes before it, whether or
not that one is drawn. So only what is near a tile counts, never what is left out farther away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from tiles.font import Font, load_font
from twin.paper import FONT_FILE

Floats = npt.NDArray[np.float64]

_LINE_HEIGHT = 1.2
#: How far a name follows its line around a bend, from one end to the other.
_MOST_TURN_DEG = 60.0
#: Where the sides of a box are from its anchor, in terms of its size.
_ACROSS = {"left": 0.0, "right": -1.0}
_DOWN = {"top": 0.0, "bottom": -1.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class Name:
    """A name that is to stand on a map.

    Parameters
    ----------
    lines
        Its text.
    size_px
        Of its letters.
    box_px
        What it covers, with some room: west, north, east, south, in pixels of the whole level.
    order
        What goes first is the least.
    at_px
        Where the middle of its first line stands, or the line along which it runs.
    overlaps
        Whether it is drawn wherever it stands.
    """

    lines: Sequence[str]
    size_px: float
    box_px: tuple[float, float, float, float]
    order: tuple[Any, ...]
    at_px: Floats
    overlaps: bool

    @property
    def runs_along(self) -> bool:
        """Whether it follows a line."""
        return len(self.at_px) > 1


def choose_names(names: Sequence[Name]) -> list[Name]:
    """Leave out the names that meet one that goes before them; see the module."""
    boxes = shapely.box(*np.array([name.box_px for name in names]).reshape(-1, 4).T)
    place = np.empty(len(names), dtype=np.int64)
    place[sorted(range(len(names)), key=lambda each: names[each].order)] = np.arange(len(names))
    one, other = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    beaten = np.zeros(len(names), dtype=bool)
    beaten[one[place[one] > place[other]]] = True
    return [name for name, is_beaten in zip(names, beaten, strict=True) if name.overlaps or not is_beaten]


def name_point(
    text: str,
    at_px: Floats,
    *,
    size_px: float,
    anchor: str = "center",
    offset_em: Sequence[float] = (0, 0),
    most_em: float = 10,
    room_px: float = 2,
    order: tuple[Any, ...] = (),
    overlaps: bool = False,
) -> Name:
    """Put a name at a point, in lines of so many letters' widths at most."""
    lines = break_lines(text, most_em)
    width = max(map(measure_em, lines)) * size_px
    height = len(lines) * _LINE_HEIGHT * size_px
    side, end = anchor.rpartition("-")[2], anchor.partition("-")[0]
    west = at_px[0] + offset_em[0] * size_px + width * _ACROSS.get(side, -0.5)
    north = at_px[1] + offset_em[1] * size_px + height * _DOWN.get(end, -0.5)
    box = (west - room_px, north - room_px, west + width + room_px, north + height + room_px)
    middle = np.array([[west + width / 2, north + _LINE_HEIGHT * size_px / 2]])
    return Name(lines=lines, size_px=size_px, box_px=box, order=order, at_px=middle, overlaps=overlaps)


def name_line(
    text: str,
    line_px: Floats,
    *,
    size_px: float,
    spacing_px: float = 250,
    room_px: float = 2,
    order: tuple[Any, ...] = (),
    overlaps: bool = False,
) -> Iterator[Name]:
    """Put a name along a line again and again, where there is room and the line is straight enough."""
    width = measure_em(text) * size_px
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(line_px, axis=0).T))))
    if not 0 < width <= along[-1]:
        return
    times = max(1, int(along[-1] // spacing_px))
    for middle in (np.arange(times) + 0.5) * along[-1] / times:
        begin, end = middle - width / 2, middle + width / 2
        if begin < 0 or end > along[-1]:
            continue
        between = along[(along > begin) & (along < end)]
        stops = np.concatenate(([begin], between, [end]))
        piece = np.column_stack([np.interp(stops, along, line_px[:, axis]) for axis in (0, 1)])
        turns = np.diff(np.unwrap(np.arctan2(*np.diff(piece, axis=0).T[::-1])))
        if len(turns) and np.degrees(np.abs(np.cumsum(turns))).max() > _MOST_TURN_DEG:
            continue
        if piece[-1, 0] < piece[0, 0]:  # to be read from below
            piece = piece[::-1]
        room = room_px + size_px / 2
        (west, north), (east, south) = piece.min(axis=0) - room, piece.max(axis=0) + room
        box = (float(west), float(north), float(east), float(south))
        yield Name(lines=[text], size_px=size_px, box_px=box, order=(*order, middle), at_px=piece, overlaps=overlaps)


def break_lines(text: str, most_em: float) -> list[str]:
    """Break a text into lines of about the same length: between words, or between ideographs."""
    whole = measure_em(text)
    wanted = whole / max(1, np.ceil(whole / most_em)) if most_em > 0 else whole
    lines, line = [], ""
    for part in _split(text):
        before, after = measure_em(line.rstrip()), measure_em((line + part).rstrip())
        if line and after - wanted > wanted - before:
            lines.append(line.strip())
            line = ""
        line += part
    return [*lines, line.strip()]


def measure_em(text: str) -> float:
    """How wide a text is, in terms of the size of its letters."""
    font = _font()
    glyphs = font.find_glyphs(np.array([ord(letter) for letter in text], dtype=np.int64))
    return float(font.advance_px[np.minimum(glyphs, len(font.advance_px) - 1)].sum())


@lru_cache(maxsize=1)
def _font() -> Font:
    return load_font(FONT_FILE, 1.0)


def _split(text: str) -> Iterator[str]:
    """The parts of a text between which a line may end."""
    word = ""
    for letter in text:
        ideograph = "\u2e80" <= letter <= "\u9fff"
        if ideograph and word:
            yield word
            word = ""
        word += letter
        if ideograph or letter == " ":
            yield word
            word = ""
    if word:
        yield word
