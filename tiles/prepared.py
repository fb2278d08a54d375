"""What tiles of a layer are made from, through its edits: the columns of many features stay as they are for a while.

After an edit nothing of the many is copied. A tile without any of the changed features is drawn from the columns as
they were, one with some of them from columns of its own features, spliced for it. Either has the bytes of a tile that
is drawn from columns made anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tiles.columns import Columns, is_among, make_columns
from tiles.kernels.index import leaf_bounds, rows_in_box
from tiles.kernels.sketch import BUFFER, EXTENT
from twin.crs import CRS, BBox
from twin.frame import Frame
from twin.renewal import Renewal

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: For a tile of more features than these, or after more changes, the columns of all features are spliced.
_MOST_IN_TILE, _MOST_CHANGES = 20_000, 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """Columns of features, and what edits changed since those were made.

    Parameters
    ----------
    before
        The features before the edits; nothing is written to their columns. Those that are broken are told as of now.
    gone
        Ascending positions of those that have changed or are not there any more.
    come, places
        Those that have changed or are new, and the features before which they stand in the order of the columns.
    """

    before: Columns
    gone: Integers
    come: Columns
    places: Integers

    @classmethod
    def of(cls, columns: Columns) -> Prepared:
        """Columns of the features as they are."""
        none = np.empty(0, dtype=np.int64)
        return cls(before=columns, gone=none, come=columns.take(none), places=none)

    @cached_property
    def whole(self) -> Columns:
        """The columns of all features as they are now."""
        if self._changes == 0:
            return self.before
        stay = np.delete(np.arange(len(self.before)), self.gone)
        return self.before.spliced(stay, self.come, self.places)

    def part(self, square: BBox) -> Columns:
        """Columns from which a tile is drawn as from the whole."""
        if self._changes == 0:
            return self.before
        if "whole" in vars(self) or self.before.is_entwined:
            return self.whole
        # What is certainly seen in the tile: its buffer twice, whatever is rounded.
        box = square.buffer((square.east - square.west) * 2 * BUFFER / EXTENT)
        if len(rows_in_box(*self._changed, *box)) == 0:
            return self.before
        stay, new = self._rows_in(box)
        if len(stay) > _MOST_IN_TILE:
            return self.whole
        part = self.before.take(stay)
        return part.spliced(np.arange(len(stay)), self.come.take(new), np.searchsorted(stay, self.places[new]))

    def reaches(self, box: BBox) -> bool:
        """Whether the box of any feature shares a point with a box."""
        return any(map(len, self._rows_in(box)))

    def renewed(self, renewal: Renewal) -> Prepared:
        """Follow an edit, see `twin.renewal.Renewable`."""
        if "whole" in vars(self) or self._changes > _MOST_CHANGES:
            return Prepared.of(self.whole)._edited(renewal)
        return self._edited(renewal)

    @property
    def _changes(self) -> int:
        return len(self.gone) + len(self.come)

    @cached_property
    def _changed(self) -> tuple[Floats, Floats]:
        """The boxes of the features that have changed, as they were and as they are, and of runs of them."""
        bounds = np.concatenate((self.before.bounds[self.gone], self.come.bounds))
        return bounds, leaf_bounds(bounds)

    def _rows_in(self, box: BBox) -> tuple[Integers, Integers]:
        """Positions in a box of the features that stay, and of those that have come."""
        rows = self.before.rows_in(box)
        return rows[~is_among(rows, self.gone)], self.come.rows_in(box)

    def _edited(self, renewal: Renewal) -> Prepared:
        before, come = self.before, make_columns(renewal.come, self.before.crs)
        broken = (*(key for key in before.broken if key not in renewal.keys), *come.broken)
        stay = np.flatnonzero(~is_among(self.come.fid, renewal.gone))
        come = self.come.spliced(stay, come, self.come.places_of(come))
        return Prepared(
            before=before if broken == before.broken else replace(before, broken=broken),
            gone=np.union1d(self.gone, np.flatnonzero(is_among(before.fid, renewal.gone))),
            come=come,
            places=before.places_of(come),
        )


def prepare(frame: Frame, crs: CRS) -> Prepared:
    """Take the features of a frame apart for tiles in a CRS; done once, then kept with the frame and its followers."""
    return frame.keep(f"tiles {crs.srs}", lambda: Prepared.of(make_columns(frame, crs)))


def is_prepared(frame: Frame, crs: CRS) -> bool:
    """Whether a frame has been taken apart for tiles in a CRS."""
    return frame.keeps(f"tiles {crs.srs}")


def columns_of(frame: Frame, crs: CRS) -> Columns:
    """Give the columns of all features of a frame."""
    return prepare(frame, crs).whole


def columns_for(frame: Frame, crs: CRS, box: BBox) -> Columns:
    """Give columns from which the tile of a square is drawn as from those of all features of a frame."""
    return prepare(frame, crs).part(box)
