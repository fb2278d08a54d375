"""Sources of tiles: what they offer, and the vector tiles of one or several layers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Protocol

from tiles.grid import require_tile, tile_box
from tiles.mvt import MEDIA_TYPE, encode_layer
from twin.crs import CRS84, BBox, reproject_bbox
from twin.frame import Frame
from twin.frames import Frames
from twin.layer import Layer
from twin.query import AsOf

#: Part of every ETag; a change of what the encoder writes for the same rows raises it.
ENCODER_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class TileInfo:
    """What a source of tiles offers; TileJSON and tileset metadata are functions of it.

    Parameters
    ----------
    id
        What the source is called in an address: layer ids joined by commas.
    title, title_zh
        What people read.
    media_type
        Of every tile.
    bounds_crs84
        The box around the data, degrees; None where there is none.
    min_zoom, max_zoom
        Zooms with content.
    layers
        The layers inside each tile, with their fields and their own zooms.
    attribution
        Who is to be named on a map.
    revision
        Number of the latest revision that the tiles reflect.
    """

    id: str
    title: str
    title_zh: str
    media_type: str
    bounds_crs84: BBox | None
    min_zoom: int
    max_zoom: int
    layers: tuple[Layer, ...]
    attribution: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One tile.

    Parameters
    ----------
    data
        Its bytes; empty where there is nothing.
    media_type
        Of the bytes.
    features_in, features_out
        How many features have a part in the tile, and how many of them it shows; the others are smaller than the grid
        of the tile.
    """

    data: bytes
    media_type: str
    features_in: int
    features_out: int


class TileSource(Protocol):
    """A pure function from a place to bytes."""

    @property
    def info(self) -> TileInfo:
        """What the source offers."""
        ...

    def etag(self, z: int, x: int, y: int) -> str:
        """Return the entity tag of a tile, known without making the tile."""
        ...

    def tile(self, z: int, x: int, y: int) -> Tile:
        """Make one tile."""
        ...


@dataclass(frozen=True, kw_only=True)
class VectorSource:
    """Layers as vector tiles in WebMercatorQuad, every feature with its id and all its attributes.

    A layer stands in a tile only at its own zooms (`twin.layer.Layer.zooms`); outside of them it is left out, as
    TileJSON says with ``minzoom`` and ``maxzoom``. Within them no feature is thinned out.

    Parameters
    ----------
    layers
        At least one.
    frames
        Where their rows come from.
    as_of
        Revision number or instant; the current state by default.
    attribution
        Who is to be named on a map.
    """

    layers: tuple[Layer, ...]
    frames: Frames
    as_of: AsOf | None = None
    attribution: str = ""

    @property
    def info(self) -> TileInfo:
        """What the source offers."""
        frames = [self._frame(layer) for layer in self.layers]
        boxes = [box for box in map(_bounds_crs84, frames) if box is not None]
        return TileInfo(
            id=",".join(layer.id for layer in self.layers),
            title=", ".join(layer.title for layer in self.layers),
            title_zh="、".join(layer.title_zh for layer in self.layers),
            media_type=MEDIA_TYPE,
            bounds_crs84=reduce(BBox.union, boxes) if boxes else None,
            min_zoom=min(layer.zooms[0] for layer in self.layers),
            max_zoom=max(layer.zooms[1] for layer in self.layers),
            layers=self.layers,
            attribution=self.attribution,
            revision=max(frame.revision for frame in frames),
        )

    def etag(self, z: int, x: int, y: int) -> str:
        """Return the entity tag of a tile: a digest of what decides its bytes, known without encoding it.

        Raises
        ------
        InvalidParameter
            There is no such tile.
        """
        require_tile(z, x, y)
        # Two instants may see the same last revision and yet different rows, so an instant is part of the state.
        instant = self.as_of.isoformat() if isinstance(self.as_of, datetime) else ""
        states = [f"{layer.id}@{self._frame(layer).revision}" for layer in self.layers]
        twin = self.frames.store.created_at.isoformat()
        state = "/".join((twin, *states, instant, f"{z}/{x}/{y}", str(ENCODER_VERSION)))
        return f'"{hashlib.sha256(state.encode()).hexdigest()[:32]}"'

    def tile(self, z: int, x: int, y: int) -> Tile:
        """Make the tile at a zoom, column and row (XYZ: rows count from the north).

        Raises
        ------
        InvalidParameter
            There is no such tile.
        """
        box = tile_box(z, x, y)
        encoded = [
            encode_layer(self._frame(layer), box) for layer in self.layers if layer.zooms[0] <= z <= layer.zooms[1]
        ]
        return Tile(
            data=b"".join(layer.data for layer in encoded),
            media_type=MEDIA_TYPE,
            features_in=sum(layer.features_in for layer in encoded),
            features_out=sum(layer.features_out for layer in encoded),
        )

    def _frame(self, layer: Layer) -> Frame:
        return self.frames.get(layer, self.as_of)


def _bounds_crs84(frame: Frame) -> BBox | None:
    if len(frame) == 0:
        return None
    return frame.keep("tiles.bounds", lambda: reproject_bbox(BBox.around(frame.geometry), frame.crs, CRS84))
