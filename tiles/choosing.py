"""Which features of very many a tile draws, found with a piece of them in memory at a time.

The rules are those of `tiles.drawing` and of the budget; they are asked of geometries alone, so that of the features
that are left out nothing else is ever read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiles.columns import Columns, make_columns
from tiles.drawing import PIXEL, draw
from tiles.kernels.sketch import BUFFER, EXTENT
from twin.crs import CRS, BBox
from twin.frame import Frame

Integers = npt.NDArray[np.int64]

#: Candidates that may gather before those are dropped that cannot be drawn any more.
_MOST_GATHERED = 200_000


@dataclass(frozen=True, kw_only=True, eq=False)
class _Candidates:
    """Features that a tile draws if it has room for them.

    Parameters
    ----------
    key
        n keys.
    along, rank
        n places and ranks, as in `tiles.columns.Columns`.
    pixel
        n: the pixel as which an area is drawn, -1 where it is drawn as itself.
    """

    key: npt.NDArray[np.str_]
    along: Integers
    rank: npt.NDArray[np.float64]
    pixel: Integers

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def of(cls, frame: Frame, columns: Columns, rows: Integers, pixel: Integers) -> _Candidates:
        order = np.argsort(frame.fid)
        place = order[np.searchsorted(frame.fid, columns.fid[rows], sorter=order)]
        key = frame.data.index.to_numpy(dtype=object)[place].astype(str)
        return cls(key=key, along=columns.along[rows], rank=columns.rank[rows], pixel=pixel)

    @classmethod
    def joined(cls, parts: list[_Candidates]) -> _Candidates:
        return cls(
            key=np.concatenate([np.empty(0, dtype="<U1"), *(part.key for part in parts)]),
            along=np.concatenate([np.empty(0, dtype=np.int64), *(part.along for part in parts)]),
            rank=np.concatenate([np.empty(0), *(part.rank for part in parts)]),
            pixel=np.concatenate([np.empty(0, dtype=np.int64), *(part.pixel for part in parts)]),
        )

    def take(self, rows: Integers) -> _Candidates:
        return _Candidates(key=self.key[rows], along=self.along[rows], rank=self.rank[rows], pixel=self.pixel[rows])

    def in_order(self) -> _Candidates:
        """The same in the order of columns."""
        return self.take(np.lexsort((self.key, self.along)))

    def alone_in_pixels(self) -> _Candidates:
        """The same, in order, with the first one only of those that are drawn as one pixel."""
        ordered = self.in_order()
        alone = ordered.pixel < 0
        alone[np.unique(ordered.pixel, return_index=True)[1]] = True
        return ordered.take(np.flatnonzero(alone))

    def highest(self, most: int) -> _Candidates:
        """So many of those of highest rank, in order."""
        order = np.argsort(-self.rank, kind="stable")
        return self.take(np.sort(order[:most]))


def choose_rows(
    pieces: Iterable[Frame], box: BBox, crs: CRS, *, generalise: bool, most: int
) -> tuple[tuple[str, ...], Counter[str]]:
    """Choose the features that a tile draws.

    Parameters
    ----------
    pieces
        All features that may show, without attributes, in any order.
    box
        The square of the tile.
    crs
        The CRS of the square.
    generalise
        Whether to leave out what nobody can see, by the rules of `tiles.drawing`.
    most
        More features than a tile has room for; of more, those of highest rank are chosen.

    Returns
    -------
    Their keys, and how many others each rule left out.
    """
    seen = box.buffer((box.east - box.west) * BUFFER / EXTENT)
    left_out: Counter[str] = Counter()
    gathered: list[_Candidates] = []
    for frame in pieces:
        columns = make_columns(frame, crs)
        drawing = draw(columns, box, columns.rows_in(seen), generalise=generalise)
        left_out.update({rule: len(rows) for rule, rows in drawing.left_out().items()})
        left_out["broken"] += len(columns.broken)
        drawn = drawing.rows[drawing.drawn]
        pixel = _pixels(columns, drawn, box) if generalise else np.full(len(drawn), -1)
        gathered.append(_Candidates.of(frame, columns, drawn, pixel))
        if sum(map(len, gathered)) > _MOST_GATHERED:
            gathered = [_narrow(_Candidates.joined(gathered), most, left_out)]
    kept = _narrow(_Candidates.joined(gathered), most, left_out)
    chosen = kept.highest(most)
    left_out["budget"] += len(kept) - len(chosen)
    return tuple(chosen.key.tolist()), +left_out


def _narrow(candidates: _Candidates, most: int, left_out: Counter[str]) -> _Candidates:
    """Drop what cannot be drawn whatever comes, and count it.

    An area that is drawn as a pixel stays, however low its rank: until the last one is seen it may be in the way of
    another one there.
    """
    alone = candidates.alone_in_pixels()
    left_out["pixel"] += len(candidates) - len(alone)
    areas, others = (alone.take(np.flatnonzero(which)) for which in (alone.pixel >= 0, alone.pixel < 0))
    highest = others.highest(most)
    left_out["budget"] += len(others) - len(highest)
    return _Candidates.joined([areas, highest]).in_order()


def _pixels(columns: Columns, rows: Integers, box: BBox) -> Integers:
    """Number the pixel as which each feature is drawn, as `tiles.kernels` does; -1 of those drawn as themselves."""
    scale = EXTENT / (box.east - box.west)
    west, south, east, north = columns.bounds[rows].T
    small = ((east - west) * scale < PIXEL) & ((north - south) * scale < PIXEL) & (columns.paths.dimension[rows] == 2)
    x, y = ((west + east) / 2 - box.west) * scale, (box.north - (south + north) / 2) * scale
    cells = (EXTENT + 2 * BUFFER) // PIXEL
    column, line = (((along + BUFFER) // PIXEL).clip(max=cells - 1) for along in (x, y))
    return np.where(small, column * cells + line, -1).astype(np.int64)
