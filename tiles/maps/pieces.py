"""The layers of vector tiles in the pixels of a map, ready to be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.kernels.read import TileColumns, find_layers, read_features, write_paths
from tiles.kernels.sketch import EXTENT
from tiles.maps.expressions import Seen, passes
from tiles.mvtread import read_value

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Side of a picture: what tile grids, WMTS and OGC API call a tile has 256 pixels.
PIXELS = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """A layer of a vector tile, and where the tile lies in the map.

    Parameters
    ----------
    data
        The bytes of the tile.
    columns
        The features of the layer.
    west_px, north_px
        Pixels of the whole level from its corner, to the corner of the tile.
    side_px
        Of the tile.
    """

    data: bytes
    columns: TileColumns
    west_px: float
    north_px: float
    side_px: float

    @property
    def unit_px(self) -> float:
        """How many pixels a unit of the tile is."""
        return self.side_px / EXTENT

    @cached_property
    def names(self) -> list[str]:
        """The keys of the layer."""
        return [self.data[begin:end].decode() for begin, end in self.columns.names.tolist()]

    def groups(
        self, words: frozenset[str], condition: Any, zoom: float, box_px: tuple[float, float, float, float]
    ) -> Iterator[tuple[Seen, Integers]]:
        """Group the features that pass a filter, and of which something lies in a box, by what a style sees of them.

        Parameters
        ----------
        words
            What is looked at of them, besides other words.
        condition
            The filter.
        zoom
            Of the map.
        box_px
            West, north, east and south, as `west_px`.
        """
        columns = self.columns
        corner = np.array([self.west_px, self.north_px] * 2)
        box = (np.array(box_px) - corner) / self.unit_px
        rows = np.flatnonzero((columns.box[:, :2] <= box[2:]).all(axis=1) & (columns.box[:, 2:] >= box[:2]).all(axis=1))
        used = [place for place, name in enumerate(self.names) if name in words]
        told_by = np.column_stack([columns.kind[rows].astype(np.int64), columns.codes[rows][:, used]])
        distinct, which = np.unique(told_by, axis=0, return_inverse=True)
        for place, (kind, *codes) in enumerate(distinct.tolist()):
            told = {self.names[key]: self._value(code) for key, code in zip(used, codes, strict=True) if code >= 0}
            seen = Seen(zoom=zoom, properties=told, kind=kind)
            if passes(condition, seen):
                yield seen, rows[which.ravel() == place]

    def paths(self, rows: Integers) -> str:
        """The lines or areas of some features as data of an SVG path, in units of the tile."""
        return write_paths(rows, self.columns).tobytes().decode("ascii")

    def lines_px(self, row: int) -> Iterator[Floats]:
        """The paths of a feature, as `west_px`."""
        columns = self.columns
        for path in range(columns.first_path[row], columns.first_path[row + 1]):
            xy = columns.xy[columns.first_vertex[path] : columns.first_vertex[path + 1]]
            yield np.asarray(xy * self.unit_px + (self.west_px, self.north_px), dtype=np.float64)

    def points_px(self, rows: Integers) -> Floats:
        """The points of some features that are the tile's own, not of those beside it, as `west_px`."""
        columns = self.columns
        chosen = [xy for row in rows for xy in columns.xy[self._vertices(row)]]
        points = np.array(chosen, dtype=np.float64).reshape(-1, 2)
        own = ((points >= 0) & (points < EXTENT)).all(axis=1)
        return points[own] * self.unit_px + (self.west_px, self.north_px)

    def _vertices(self, row: int) -> slice:
        columns = self.columns
        first, last = columns.first_path[row], columns.first_path[row + 1]
        return slice(columns.first_vertex[first], columns.first_vertex[last])

    def _value(self, code: int) -> Any:
        begin, end = self.columns.values[code].tolist()
        return read_value(self.data[begin:end])


def cut_pieces(data: bytes, west_px: float, north_px: float, side_px: float) -> Mapping[str, Piece]:
    """Read the layers of a vector tile by name."""
    content = np.frombuffer(data, dtype=np.uint8)
    return {
        data[first:last].decode(): Piece(
            data=data,
            columns=read_features(content, begin, end),
            west_px=west_px,
            north_px=north_px,
            side_px=side_px,
        )
        for begin, end, first, last in find_layers(content).tolist()
    }
