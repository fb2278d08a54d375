"""A layer ready for its tiles to be drawn: solids in their squares, colours, and what features say of themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tiles.scenes.b3dm import pack_b3dm
from tiles.scenes.encoding import PLAIN, Encoding
from tiles.scenes.forms import Form
from tiles.scenes.glb import Part, write_glb
from tiles.scenes.plan import Cell, Plan, choose_numbers, make_plan
from tiles.scenes.properties import Column, list_values, make_table, read_columns
from twin.frame import Frame
from twin.heights import GeoidOffset

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
    def of(cls, frame: Frame, geoid: GeoidOffset) -> Stage:
        """The stage of a frame, made once."""
        return frame.keep(f"scenes {geoid.offset_m!r}", lambda: _set_up(frame, geoid))

    def draw(self, cell: Cell, form: Form, encoding: Encoding = PLAIN) -> bytes:
        """Draw a square in a form."""
        numbers = choose_numbers(self.plan, cell)
        rows, owners = np.unique(self.plan.solids.rows[numbers], return_inverse=True)
        hues = self.hue_of[rows][owners]
        parts = []
        for hue in np.unique(hues).tolist():
            those = np.flatnonzero(hues == hue)
            for mesh in form.draw(self.plan.solids.take(numbers[those])):
                named = replace(mesh, owners=owners[those][mesh.owners])
                parts.append(Part(name=self.hues[hue].name, color=self.hues[hue].color, mesh=named))
        layer, origin = self.frame.layer, np.round((cell.box[:3] + cell.box[3:]) / 2).tolist()
        in_full = form.in_full and not cell.parts
        told = [each for each in self.columns if in_full or each.codes or each.field.name == layer.key]
        if encoding.edition == "1.0":
            glb = write_glb(parts, origin, (), len(rows), layer.id, encoding)
            return pack_b3dm(glb, len(rows), list_values(told, rows))
        return write_glb(parts, origin, make_table(told, rows), len(rows), layer.id, encoding)


def _set_up(frame: Frame, geoid: GeoidOffset) -> Stage:
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
        plan=make_plan(frame, geoid),
        columns=read_columns(frame),
        hues=(*hues, Hue(name=f"{frame.layer.title} {frame.layer.title_zh}", color=_read_color(style.color))),
        hue_of=hue_of,
    )


def _read_color(text: str) -> tuple[int, int, int]:
    red, green, blue = (int(text[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue
