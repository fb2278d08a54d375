"""Tiles of a layer that is too large for memory: the database finds the rows that show, and only those are read.

| rows in the tile and its buffer | what is read |
|---|---|
| few | all of them, by their box |
| many | their geometries, a piece at a time, to choose (`tiles.choosing`); then those that are drawn, whole |

What was read is drawn as the rows of any layer are, so there is one answer to what a tile looks like: byte for byte
that of the whole layer in memory, but for what `differences` says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from tiles.choosing import choose_rows
from tiles.kernels.sketch import BUFFER, EXTENT
from tiles.labels import label_layer
from tiles.mvt import EncodedLayer
from twin.crs import CRS, BBox, reproject_bbox
from twin.errors import InvalidParameter
from twin.expressions import intersects
from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf, Query
from twin.store import Store, Tally

#: Rows of a tile that are read as they are; of more, those that are drawn are chosen first.
FEW = 50_000
#: A feature takes more of a budget than this, whatever it is: its number, its key, the value of that, and a point.
_LEAST_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class TileRows:
    """The rows of a layer in a tile, in the database until they are wanted.

    Parameters
    ----------
    store, layer
        Where they are.
    box, crs
        The square of the tile.
    known_at
        The last revision of the layer that is shown, whatever is written later.
    as_of
        Revision number or instant; the current state by default.
    name_revision
        Names a revision as no other is named.
    few
        How many are read as they are.
    """

    store: Store
    layer: Layer
    box: BBox
    crs: CRS
    known_at: int
    name_revision: Callable[[int], str]
    as_of: AsOf | None
    few: int

    @cached_property
    def tally(self) -> Tally:
        """The rows, counted as far as they are few."""
        return self.store.tally(self.layer, replace(self._near, limit=self.few + 1))

    def state(self, *, generalise: bool, join: bool) -> str:
        """Name what shows, without reading it.

        Where all is read, this is what stands in the square. Where that is more, or neighbours outside count as well,
        it is the revision of the layer, so an edit elsewhere makes another name too.
        """
        known_at = self.name_revision(self.known_at)
        if self.as_of is not None:
            return f"{known_at} {self.as_of.isoformat() if isinstance(self.as_of, datetime) else self.as_of}"
        entwined = self._joins(join) or (generalise and may_be_simplified(self.layer))
        if entwined or self.tally.count > self.few:
            return f"layer {known_at}"
        return f"square {self.name_revision(self.tally.opened)} {self.tally.count}"

    def read(self, *, generalise: bool, join: bool, budget_bytes: int | None) -> tuple[Frame, Counter[str]]:
        """Read what a tile draws, see `tiles.mvt.encode_layer`.

        Returns
        -------
        The rows to draw, and how many others were left out before they were read, by rule.

        Raises
        ------
        InvalidParameter
            They are not few, and without a budget all of them would have to be in memory.
        """
        if self.tally.count <= self.few:
            return self._read_all(with_neighbours=generalise and may_be_simplified(self.layer)), Counter()
        if budget_bytes is None:
            raise InvalidParameter(
                f"the tile with everything in it holds more than {self.few:,} features of {self.layer.id}; ask for a "
                "finer one, or without strict",
                parameter="strict",
            )
        keys, left_out = choose_rows(
            self.store.scan(self.layer, replace(self._near, fields=())),
            self.box,
            self.crs,
            # Of lines that are joined later none is too short by itself.
            generalise=generalise and not self._joins(join),
            most=budget_bytes // _LEAST_BYTES,
        )
        return self._read_by(keys), left_out

    @cached_property
    def _near(self) -> Query:
        seen = self.box.buffer((self.box.east - self.box.west) * BUFFER / EXTENT)
        near = reproject_bbox(seen, self.crs, self.store.crs)
        return Query(bbox=near, roughly=True, as_of=self.as_of, known_at=self.known_at, unreadable=True)

    def _joins(self, join: bool) -> bool:
        return join and self.layer.joined_over is not None

    def _read_by(self, keys: tuple[str, ...]) -> Frame:
        return self.store.read(self.layer, replace(self._near, bbox=None, ids=keys))

    def _read_all(self, *, with_neighbours: bool) -> Frame:
        """Read all rows, and those outside that share a border with one of them, where they are judged by that."""
        if not with_neighbours:
            return self.store.read(self.layer, self._near)
        rows = self.store.read(self.layer, replace(self._near, fields=()))
        assert self._near.bbox is not None
        reaching = ~shapely.within(rows.geometry, self._near.bbox.polygon())
        borders = _borders(rows.geometry[reaching])
        touching = replace(self._near, bbox=None, where=intersects(borders), fields=())
        outside = () if borders.is_empty else self.store.read(self.layer, touching).data.index
        return self._read_by(tuple(sorted({*rows.data.index, *outside})))


def count_besides(drawn: EncodedLayer, left_out: Mapping[str, int]) -> EncodedLayer:
    """Count what was left out before rows were read with what was left out of the rows that were drawn."""
    return replace(
        drawn,
        features_in=drawn.features_in + sum(left_out.values()) - left_out.get("broken", 0),
        left_out=dict(Counter(drawn.left_out) + Counter(left_out)),
    )


def may_be_simplified(layer: Layer) -> bool:
    """Whether vertices of a layer may be left out, so that borders are judged by the neighbours that share them."""
    return layer.simplify and any("Point" not in kind for kind in layer.geometries)


def differences(layer: Layer) -> list[str]:
    """Say what is not as in tiles of the whole layer in memory."""
    said = ["features that have no place in the grid are counted where the database takes them for near only"]
    if layer.joined_over is not None:
        said.append("lines are joined as far as they are read for a tile, and may have another id in the next one")
    if may_be_simplified(layer):
        said.append("where not all features of a tile are read, borders are judged by those that are drawn")
    if label_layer(layer) is not None:
        said.append("where not all features of a tile are read, those are named that are drawn")
    return said


def _borders(geometries: npt.NDArray[np.object_]) -> shapely.MultiLineString:
    flat = shapely.force_2d(geometries[~shapely.is_missing(geometries)])
    areas = shapely.get_dimensions(flat) == 2
    lines = np.concatenate((shapely.boundary(flat[areas]), flat[shapely.get_dimensions(flat) == 1]))
    parts = shapely.get_parts(lines)
    return shapely.MultiLineString(parts.tolist())
