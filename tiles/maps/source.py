"""Map tiles: what a style draws of layers in the squares of a grid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from tiles.grid import Grid
from tiles.maps.painting import Picture
from tiles.maps.pieces import PIXELS, Piece, cut_pieces
from tiles.maps.refusing import require_drawn
from tiles.reading import FrameReader
from tiles.source import TileInfo, VectorSource
from tiles.square import Square
from twin.layer import Layer
from twin.query import AsOf

#: Part of every entity tag; a change of what is drawn of the same tiles by the same style raises it.
DRAWING_VERSION = 1

#: How far a picture of 256 pixels is from the zooms of styles, which are those of tiles of 512.
_ZOOMS_LESS = 1

#: How close maps are offered, as `twin.layer.Layer.zooms` count.
_LAST_ZOOM = 20

Place = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class MapSource:
    """Layers drawn by a style, as tiles of 256 pixels.

    Parameters
    ----------
    style
        The layers of the style, the lowest first; each draws a layer of vector tiles, or the background.
    layers
        What vector tiles hold that the style draws.
    frames, grid, as_of
        As `tiles.source.VectorSource` has them.
    """

    style: Sequence[Mapping[str, Any]]
    layers: tuple[Layer, ...]
    frames: FrameReader
    grid: Grid
    as_of: AsOf | None = None

    def __post_init__(self) -> None:
        for layer in self.style:
            require_drawn(layer)

    @property
    def key(self) -> Hashable:
        """What tells this source from the others over the same store."""
        return "map", self._digest, tuple(layer.id for layer in self.layers), self.grid.id, self.as_of

    @property
    def vectors(self) -> VectorSource:
        """All layers of it as vector tiles."""
        return VectorSource(layers=self.layers, frames=self.frames, grid=self.grid, as_of=self.as_of)

    @property
    def info(self) -> TileInfo:
        """What the source offers; it is drawn closer than there are vector tiles."""
        info = self.vectors.info
        last = min(self.grid.levels[1], max(info.max_zoom, _LAST_ZOOM - self.grid.web_zoom))
        return replace(info, max_zoom=last, media_type="image/png")

    @cached_property
    def _digest(self) -> str:
        written = json.dumps([DRAWING_VERSION, list(self.style)], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(written.encode()).hexdigest()[:32]

    def tile(self, z: int, x: int, y: int) -> MapTile:
        """Look into a tile; its picture is drawn when it is asked for.

        Raises
        ------
        InvalidParameter
            There is no such tile.
        """
        self.grid.require(z, x, y)
        return MapTile(self, (z, x, y))

    def looks(self, place: Place) -> Iterator[Look]:
        """Look into the vector tiles that a picture is drawn from: the last ones of layers where the map is closer."""
        z, x, y = place
        zoom = self.zoom(z)
        shown = {
            layer["source-layer"]: layer["type"] in ("circle", "symbol")
            for layer in sorted(self.style, key=lambda layer: layer["type"] in ("circle", "symbol"))
            if "source-layer" in layer and layer.get("minzoom", 0) <= zoom < layer.get("maxzoom", 99)
        }
        groups: dict[tuple[int, bool], list[Layer]] = {}
        for layer in self.layers:
            named = [name for name in (layer.id, f"{layer.id}_labels") if name in shown]
            if named:
                level = max(self.grid.levels[0], min(z, layer.zooms[1] - self.grid.web_zoom))
                groups.setdefault((level, any(shown[name] for name in named)), []).append(layer)
        for (level, is_near), layers in groups.items():
            source = replace(self.vectors, layers=tuple(layers))
            up = z - level
            at_hand = source.at_hand(level)
            for column, row in self._around(place, up) if is_near else [(x >> up, y >> up)]:
                own = (column, row) == (x >> up, y >> up)
                if at_hand is not None:
                    square = at_hand.square(column, row)
                else:
                    square = source.pinned(level, column, row).square(level, column, row)
                yield Look(square, (level, column, row), PIXELS << up, is_near, own)

    def zoom(self, z: int) -> float:
        """The zoom of a level as styles count."""
        return z + self.grid.web_zoom - _ZOOMS_LESS

    def _around(self, place: Place, up: int) -> list[tuple[int, int]]:
        """The tiles some levels above in which a tile lies and those around it."""
        z, x, y = place
        columns, rows = (count << (z - self.grid.levels[0]) for count in (self.grid.columns, self.grid.rows))
        near = {
            (column >> up, row >> up)
            for column in range(max(0, x - 1), min(columns, x + 2))
            for row in range(max(0, y - 1), min(rows, y + 2))
        }
        return sorted(near)


class Look(NamedTuple):
    """A vector tile that a picture is drawn from.

    Parameters
    ----------
    square, place
        What it is.
    side_px
        In the picture.
    is_near
        Whether what lies around the picture counts of its layers.
    is_own
        Whether the picture lies in it.
    """

    square: Square
    place: Place
    side_px: int
    is_near: bool
    is_own: bool

    def pieces(self) -> Mapping[str, Piece]:
        """Its layers, read."""
        _, column, row = self.place
        return cut_pieces(self.square.tile().data, column * self.side_px, row * self.side_px, self.side_px)


class MapTile:
    """One tile of a map: its entity tag, known before the work, and its picture.

    Parameters
    ----------
    source, place
        Of which map, and which.
    """

    def __init__(self, source: MapSource, place: Place) -> None:
        self._source, self._place = source, place
        self._looks = list(source.looks(place))

    @property
    def etag(self) -> str:
        """A digest of what decides the picture."""
        known = [str(self._source.key), str(self._place), *(look.square.etag for look in self._looks)]
        return f'"{hashlib.sha256("/".join(known).encode()).hexdigest()[:32]}"'

    def svg(self) -> str:
        """The picture."""
        z, x, y = self._place
        own: dict[str, Piece] = {}
        near: list[Mapping[str, Piece]] = []
        for look in self._looks:
            pieces = look.pieces()
            if look.is_own:
                own |= pieces
            if look.is_near:
                near.append(pieces)
        corner = (x * PIXELS, y * PIXELS)
        return Picture(self._source.style, self._source.zoom(z), corner, own, near).write()
