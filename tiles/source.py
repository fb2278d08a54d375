"""Sources of tiles: what they offer, and the vector tiles of one or several layers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial, reduce
from typing import Protocol

from tiles.grid import Grid
from tiles.kernels.sketch import BUFFER, EXTENT
from tiles.mvt import MEDIA_TYPE
from tiles.prepared import is_prepared, prepare
from tiles.pushdown import FEW, TileRows
from tiles.reading import FrameReader, PinnedFrames
from tiles.square import TOWN_ZOOM, LayerState, Level, Making, Square, Tile, is_viewed, view_of, view_once
from twin.crs import CRS84, BBox, reproject_bbox
from twin.errors import StoreUnavailable
from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf, Query

#: Part of every ETag; a change of what the encoder writes for the same rows raises it.
ENCODER_VERSION = 3

#: The name under which a frame keeps its box.
_BOUNDS = "tiles.bounds"

#: Layers with more rows than this are not waited for.
_LARGE = 20_000

#: What a tile may take unless everything is asked for.
BUDGET_BYTES = 500_000

#: What tiles leave out below the last zoom of a layer, by the name under which it is counted.
RULES: Mapping[str, str] = {
    "simplify": "vertices that move no line by more than half a pixel (1/1024 of the tile); shared borders stay shared",
    "pixel": "areas smaller than a pixel (1/512 of the tile) are drawn as the pixel they lie in, once for all there",
    "collapsed": "features without length or area on the grid of the tile",
    "coalesced": f"below web zoom {TOWN_ZOOM}, lines that meet end to end and differ only in key and nodes are one "
    "without these",
    "broken": "features of the whole layer whose coordinates have no place in the grid",
    "budget": "features of lowest rank beyond the budget: small areas, short lines, points by a fixed number",
}


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
    grid
        Which squares the tiles are.
    bounds_crs84
        The box around the data, degrees; None where there is none.
    min_zoom, max_zoom
        Levels of the grid with content.
    layers
        The layers inside each tile, with their fields and their own zooms.
    attribution
        Who is to be named on a map.
    revision
        Number of the latest revision that the tiles reflect.
    budget_bytes
        What a tile may take; None: it holds everything.
    pushed_down
        The layers that are too large for memory, see `tiles.pushdown`.
    """

    id: str
    title: str
    title_zh: str
    media_type: str
    grid: Grid
    bounds_crs84: BBox | None
    min_zoom: int
    max_zoom: int
    layers: tuple[Layer, ...]
    attribution: str
    revision: int
    budget_bytes: int | None
    pushed_down: tuple[Layer, ...] = ()


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
    """Layers as vector tiles, every feature with its id and all its attributes.

    A layer stands in a tile only at its own zooms (`twin.layer.Layer.zooms`); outside of them it is left out, as
    TileJSON says with ``minzoom`` and ``maxzoom``. Within them the rules of `tiles.drawing` leave out what nobody can
    see, except at the last zoom, from which maps go on drawing when they are closer; below `TOWN_ZOOM` lines are joined
    (`tiles.chains`); and a tile is kept to a budget.

    Parameters
    ----------
    layers
        At least one.
    frames
        Where their rows come from.
    grid
        Which squares the tiles are.
    as_of
        Revision number or instant; the current state by default.
    strict
        Leave nothing out, however large the tile becomes.
    budget_bytes
        What a tile may take unless it is strict; layers that take less than their share leave room for the others.
    attribution
        Who is to be named on a map.
    """

    layers: tuple[Layer, ...]
    frames: FrameReader
    grid: Grid
    as_of: AsOf | None = None
    strict: bool = False
    budget_bytes: int = BUDGET_BYTES
    attribution: str = ""

    @property
    def key(self) -> Hashable:
        """What tells this source from the others over the same store."""
        names = tuple(layer.id for layer in self.layers)
        return names, self.grid.id, self.as_of, self.strict, self.budget_bytes

    def pinned(self, z: int, x: int, y: int) -> VectorSource:
        """The same source for one tile, with the rows that there are now, whatever is written later.

        Of a large layer that is not in memory yet, only the rows of the tile are read, which gives the same tile, and
        the layer is fetched in the background. Of one that is too large for memory they are read when they are drawn.
        """
        box, zoom = self.grid.box(z, x, y), z + self.grid.web_zoom
        shown = [layer for layer in self.layers if self._shows(layer, zoom)]
        return replace(self, frames=PinnedFrames.of(self.frames, shown, lambda layer: self._frame_for(layer, box)))

    def at_hand(self, z: int) -> Level | None:
        """The tiles of a level if all that they are made from is in memory; nobody is asked."""
        zoom = z + self.grid.web_zoom
        frames = {layer.id: self.frames.peek(layer, ask=False) for layer in self.layers if self._shows(layer, zoom)}
        there = {
            name: frame
            for name, frame in frames.items()
            if frame is not None and is_viewed(frame, self.grid.crs, zoom, strict=self.strict)
        }
        if self.as_of is not None or len(there) < len(frames):
            return None
        pinned = replace(self, frames=PinnedFrames.only(self.frames, there))
        return Level(grid=self.grid, z=z, layers=[pinned._state(layer, zoom) for layer in self.layers], made=self._made)

    def held(self) -> VectorSource:
        """The same source with all the rows that there are now, whatever is written later."""
        as_of = self.frames.store.latest() if self.as_of is None else self.as_of
        pinned = PinnedFrames.of(self.frames, self.layers, lambda layer: self.frames.get(layer, as_of))
        return replace(self, frames=pinned)

    def reaches(self, z: int, x: int, y: int) -> bool:
        """Whether the box of any feature shares a point with a tile or its buffer."""
        box = self.grid.box(z, x, y)
        return any(self._reaches(layer, box) for layer in self.layers)

    def _reaches(self, layer: Layer, box: BBox) -> bool:
        rows = self._rows_beyond(layer, box)
        if rows is not None:
            return rows.tally.count > 0
        seen = box.buffer((box.east - box.west) * BUFFER / EXTENT)
        return prepare(self._frame(layer), self.grid.crs).reaches(seen)

    def _rows_beyond(self, layer: Layer, box: BBox) -> TileRows | None:
        """The rows of a square where they are not in memory, and never will be."""
        known_at, most = self.frames.beyond(layer), self.frames.most_rows
        if known_at is None:
            return None
        return TileRows(
            store=self.frames.store,
            layer=layer,
            box=box,
            crs=self.grid.crs,
            known_at=known_at,
            name_revision=self.frames.name_revision,
            as_of=self.as_of,
            few=most if self.strict else min(most, FEW),
        )

    def _frame_for(self, layer: Layer, box: BBox) -> Frame:
        frames, store = self.frames, self.frames.store
        # Where vertices are left out or lines are joined, neighbours outside of the tile count as well.
        if self.as_of is not None or layer.simplify or layer.joined_over is not None:
            return self._frame(layer)
        whole = frames.follow(layer)
        if whole is not None and is_prepared(whole, self.grid.crs):
            return whole
        if store.count(layer) < _LARGE:
            return self._frame(layer)
        frames.fetch(layer, self._prepare)
        near = reproject_bbox(box.buffer((box.east - box.west) * BUFFER / EXTENT), self.grid.crs, store.crs)
        try:
            return store.read(layer, Query(bbox=near))
        except StoreUnavailable:  # another program damaged a geometry here, and whole layers do without
            return self._frame(layer)

    def _prepare(self, frame: Frame) -> None:
        prepare(frame, self.grid.crs)
        _bounds_crs84(frame)

    @property
    def info(self) -> TileInfo:
        """What the source offers."""
        extents, revisions = zip(*map(self._extent_crs84, self.layers), strict=True)
        boxes = [box for box in extents if box is not None]
        first, last = self.grid.levels
        zooms = [zoom - self.grid.web_zoom for layer in self.layers for zoom in layer.zooms]
        return TileInfo(
            id=",".join(layer.id for layer in self.layers),
            title=", ".join(layer.title for layer in self.layers),
            title_zh="、".join(layer.title_zh for layer in self.layers),
            media_type=MEDIA_TYPE,
            grid=self.grid,
            bounds_crs84=reduce(BBox.union, boxes) if boxes else None,
            min_zoom=min(last, max(first, min(zooms))),
            max_zoom=min(last, max(first, *zooms)),
            layers=self.layers,
            attribution=self.attribution,
            revision=max(revisions),
            budget_bytes=None if self.strict else self.budget_bytes,
            pushed_down=tuple(layer for layer in self.layers if self.frames.beyond(layer) is not None),
        )

    def _extent_crs84(self, layer: Layer) -> tuple[BBox | None, int]:
        """The box around a layer and its revision; no layer is read for it, unless its rows stay what they are."""
        is_cheap = self.as_of is None or self.frames.beyond(layer) is not None
        frame = self.frames.peek(layer) if is_cheap else self._frame(layer)
        stays = not is_cheap or isinstance(self.frames, PinnedFrames)
        if frame is not None and (stays or frame.rows.at_hand or frame.keeps(_BOUNDS)):
            return _bounds_crs84(frame), frame.revision
        store = self.frames.store
        box = store.extent(layer)
        return None if box is None else reproject_bbox(box, store.crs, CRS84), store.latest(layer)

    def etag(self, z: int, x: int, y: int) -> str:
        """Return the entity tag of a tile: a digest of what decides its bytes, known without encoding it.

        Raises
        ------
        InvalidParameter
            There is no such tile.
        """
        return self.square(z, x, y).etag

    def tile(self, z: int, x: int, y: int) -> Tile:
        """Make the tile at a level, column and row (rows count from the north).

        Raises
        ------
        InvalidParameter
            There is no such tile.
        """
        return self.square(z, x, y).tile()

    def square(self, z: int, x: int, y: int) -> Square:
        """Look into a tile, see `etag` and `tile`."""
        box, zoom = self.grid.box(z, x, y), z + self.grid.web_zoom
        layers = [self._state_beyond(layer, zoom, box) or self._state(layer, zoom) for layer in self.layers]
        return Square(layers, box, f"{self.grid.id}/{z}/{x}/{y}", self._made)

    @property
    def _made(self) -> Making:
        twin = self.frames.store.created_at.isoformat()
        how = f"{ENCODER_VERSION} {self.strict} {self.budget_bytes}"
        budget_bytes = None if self.strict else self.budget_bytes
        return Making(twin, how, budget_bytes, self.frames.name_revision)

    def _state_beyond(self, layer: Layer, zoom: int, box: BBox) -> LayerState | None:
        rows = self._rows_beyond(layer, box) if self._shows(layer, zoom) else None
        if rows is None:
            return None
        generalise = not self.strict and zoom < layer.zooms[1]
        state = rows.state(generalise=generalise, join=generalise and zoom < TOWN_ZOOM)
        return LayerState(layer.id, None, state, partial(self._read, rows, state, zoom, generalise=generalise))

    def _state(self, layer: Layer, zoom: int) -> LayerState:
        if not self._shows(layer, zoom):
            return LayerState(layer.id, None, "-")
        frame = self._frame(layer)
        view = view_of(frame, self.grid.crs, zoom, self.frames.departures, strict=self.strict)
        if self.as_of is None:
            return LayerState(layer.id, view)
        # Two instants may see the same last revision and yet different rows, so an instant is part of the state.
        past = self.as_of.isoformat() if isinstance(self.as_of, datetime) else self.as_of
        return LayerState(layer.id, view, f"{self.frames.name_revision(frame.revision)} {past}")

    def _read(self, rows: TileRows, state: str, zoom: int, *, generalise: bool) -> LayerState:
        budget_bytes = None if self.strict else self.budget_bytes
        frame, left_out = rows.read(
            generalise=generalise, join=generalise and zoom < TOWN_ZOOM, budget_bytes=budget_bytes
        )
        view = view_once(frame, self.grid.crs, zoom, strict=self.strict)
        return LayerState(rows.layer.id, view, state, left_out=left_out)

    @staticmethod
    def _shows(layer: Layer, zoom: int) -> bool:
        return layer.zooms[0] <= zoom <= layer.zooms[1]

    def _frame(self, layer: Layer) -> Frame:
        return self.frames.get(layer, self.as_of)


def _bounds_crs84(frame: Frame) -> BBox | None:
    if len(frame) == 0:
        return None
    return frame.keep(_BOUNDS, lambda: reproject_bbox(BBox.around(frame.geometry), frame.crs, CRS84))
