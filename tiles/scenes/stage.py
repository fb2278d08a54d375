"""A layer ready for its tiles to be drawn: solids in their squares, colours, and what features say of themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tiles.scenes.content import write_content
from tiles.scenes.encoding import PLAIN, Encoding
from tiles.scenes.forms import Form
from tiles.scenes.glb import Part
from tiles.scenes.plan import Cell, Plan, choose_numbers, make_plan
from tiles.scenes.properties import Column, read_columns
from twin.frame import Frame
from twin.heights import GeoidOffset

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Hue:
    """A colour of a layer, and what has it."""

    name: str
    color: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """What the tiles of one layer at one revision are drawn from.

    Parameters
    ----------
    frame
        The rows.
    plan
        Their solids.
    columns
        Every field of the rows.
    hues, hue_of
        The colours, and the number of that of each row.
    """

    frame: Frame
    plan: Plan
    columns: tuple[Column, ...]
    hues: tuple[Hue, ...]
    hue_of: Numbers

    @classmethod
    def of(cls, frame: Frame, geoid: GeoidOffset, apart: frozenset[str] = frozenset()) -> Stage:
        """The stage of a frame, made once; features of some keys stand apart from the squares."""
        return frame.keep(f"scenes {geoid.offset_m!r} {sorted(apart)}", lambda: _set_up(frame, geoid, apart))

    def draw(self, cell: Cell, form: Form, encoding: Encoding = PLAIN) -> bytes:
        """Draw a square in a form."""
        numbers = choose_numbers(self.plan, cell)
        return self._draw(numbers, cell.box, form, encoding, in_full=form.in_full and not cell.parts)

    def draw_one(self, key: str, form: Form, encoding: Encoding = PLAIN) -> bytes:
        """Draw what stands apart."""
        numbers = np.array([self.plan.apart[key]])
        return self._draw(numbers, self.plan.solids.take(numbers).boxes()[0], form, encoding, in_full=form.in_full)

    def _draw(self, numbers: Numbers, box: Floats, form: Form, encoding: Encoding, *, in_full: bool) -> bytes:
        rows, owners = np.unique(self.plan.solids.rows[numbers], return_inverse=True)
        hues = self.hue_of[rows][owners]
        parts = []
        for hue in np.unique(hues).tolist():
            those = np.flatnonzero(hues == hue)
            for mesh in form.draw(self.plan.solids.take(numbers[those])):
                named = replace(mesh, owners=owners[those][mesh.owners])
                parts.append(Part(name=self.hues[hue].name, color=self.hues[hue].color, mesh=named))
        layer = self.frame.layer
        told = [each for each in self.columns if in_full or each.codes or each.field.name == layer.key]
        return write_content(parts, box, told, rows, layer.id, encoding)


def _set_up(frame: Frame, geoid: GeoidOffset, apart: frozenset[str]) -> Stage:
    style, data = frame.layer.style, frame.data
    titles = {}
    if style.by is not None:
        titles = {code.value: f"{code.title} {code.title_zh}" for code in frame.layer.schema[style.by].codes}
    codes = list(style.colors)
    hues = [Hue(name=titles.get(code, code), color=_read_color(style.colors[code])) for code in codes]
    hue_of = np.full(len(data), len(codes))
    if style.by is not None:
        for number, code in enumerate(codes):
            hue_of[(data[style.by] == code).to_numpy(bool)] = number
    return Stage(
        frame=frame,
        plan=make_plan(frame, geoid, apart),
        columns=read_columns(frame),
        hues=(*hues, Hue(name=f"{frame.layer.title} {frame.layer.title_zh}", color=_read_color(style.color))),
        hue_of=hue_of,
    )


def _read_color(text: str) -> tuple[int, int, int]:
    red, green, blue = (int(text[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue
