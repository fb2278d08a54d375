"""The frame and the title block of a drawing: what it is of, to what scale, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from twin import __version__
from twin.crs import CRS, crs_label
from twin.moments import CHINA
from twin.paper import Paper
from twin.query import AsOf

#: The frame is so far from the edges; at the left there is room for binding (GB/T 14689-2008, table 2).
EDGE_MM, BINDING_MM = 5.0, 25.0
#: How high the block is: two rows of cells along the foot of the frame.
BLOCK_MM = 20.0
_HEADING_MM, _TEXT_MM, _PAD_MM = 1.9, 2.7, 1.5
#: Room to sign.
_LEAST_MM = 26.0
_WEAK = "#777777"

Cells = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a drawing rests on.

    Parameters
    ----------
    area, crs
        What the twin is called, and its system of places.
    state
        The moment that is drawn, and the revision of each layer.
    drawn
        The program that draws, and when.
    """

    area: str
    crs: str
    state: str
    drawn: str

    @classmethod
    def of(cls, area: str, crs: CRS, as_of: AsOf | None, revisions: Mapping[str, int], drawn_at: datetime) -> Basis:
        """Say what a drawing rests on; instants in the time of China.

        Parameters
        ----------
        area, crs
            What the twin is called, and its storage CRS.
        as_of
            The state that was asked for; None: that of the moment in which it is drawn.
        revisions
            Of each layer that was read.
        drawn_at
            When it is drawn.
        """
        at = drawn_at if as_of is None else as_of
        moment = f"revision {at}" if isinstance(at, int) else f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
        layers = ", ".join(f"{name} r{revision}" for name, revision in revisions.items())
        return cls(
            area=area,
            crs=crs_label(crs),
            state=f"{moment}; {layers}",
            drawn=f"county-twin {__version__}, {drawn_at.astimezone(CHINA):%Y-%m-%d}",
        )


def frame_sheet(paper: Paper, title: str, *, scale: str, basis: Basis) -> None:
    """Draw the frame of a sheet and along its foot the title block, with cells where people sign."""
    left, right = BINDING_MM, paper.width_mm - EDGE_MM
    top, bottom = EDGE_MM, paper.height_mm - EDGE_MM
    paper.line([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], width_mm=0.7)
    systems = f"{basis.crs}; 1985 national heights 1985国家高程基准; m"
    _draw_row(
        paper, left, right, bottom - BLOCK_MM,
        [("Title 图名", title), ("Area 工程范围", basis.area), ("Scale 比例尺", scale), ("Drawn by 绘制", basis.drawn)],
    )  # fmt: skip
    _draw_row(
        paper, left, right, bottom - BLOCK_MM / 2,
        [("Systems 坐标系统、高程基准", systems), ("Data as of 资料截止", basis.state),
         ("Checked 校核", ""), ("Approved 审核", "")],
    )  # fmt: skip


def width_of(words: str, size_mm: float) -> float:
    """How wide words are, about."""
    return size_mm * sum(1.0 if ord(each) > 0x2E7F else 0.56 for each in words)


def _draw_row(paper: Paper, left: float, right: float, top: float, cells: Cells) -> None:
    """Write cells side by side, wider where there is more to write, smaller where there is too little room."""
    needs = [max(width_of(words, _TEXT_MM) + 2 * _PAD_MM, _LEAST_MM) for _, words in cells]
    wider = (right - left) / sum(needs)
    paper.line([(left, top), (right, top)], width_mm=0.35)
    x = left
    for (name, words), need in zip(cells, needs, strict=True):
        if x > left:
            paper.line([(x, top), (x, top + BLOCK_MM / 2)], width_mm=0.18)
        pad, size = min(wider, 1) * _PAD_MM, min(wider, 1) * _TEXT_MM
        paper.text(x + pad, top + 3.2, name, size_mm=min(wider, 1) * _HEADING_MM, color=_WEAK)
        if words:
            paper.text(x + pad, top + 8, words, size_mm=size)
        x += need * wider
