"""One tile of layers that stay what they are: its entity tag, known before the work, and its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tiles.chains import joined_columns_of
from tiles.columns import Columns
from tiles.grid import Grid
from tiles.kernels.index import Sight, latest_within
from tiles.kernels.sketch import BUFFER, EXTENT
from tiles.labels import label_frame, label_layer
from tiles.mvt import MEDIA_TYPE, EncodedLayer, encode_columns
from tiles.prepared import Prepared, columns_of, prepare
from tiles.pushdown import count_besides
from twin.crs import CRS, BBox
from twin.departures import Departures
from twin.frame import Frame

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Lines are joined below this zoom; from it on a map shows a town, and each line by itself can be pointed at.
TOWN_ZOOM = 13

#: A tile of so many features and vertices at most is made in a millisecond or two, unless GEOS has to mend areas.
_FEW_FEATURES, _FEW_VERTICES = 2_000, 10_000


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One tile.

    Parameters
    ----------
    data
        Its bytes; empty where there is nothing.
    media_type
        Of the bytes.
    layers
        What of each layer it shows, by layer id, names of areas too; layers that are not drawn at its zoom are not
        named.
    """

    data: bytes
    media_type: str
    layers: Mapping[str, EncodedLayer]


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """How the tiles of one zoom show a layer, or the names of its areas.

    Parameters
    ----------
    name
        Of the layer in the tiles.
    drawn
        What is drawn.
    generalise
        Whether to leave out what nobody can see.
    reach
        Where what is drawn in a way of its own depends on each feature of the layer, with the revisions that wrote
        them; None where a tile depends on what is drawn in it.
    departed
        The same of former places, with the revisions since when nothing is there.
    names
        The view of the names of its areas.
    """

    name: str
    drawn: Prepared
    generalise: bool
    reach: tuple[Floats, Integers] | None = None
    departed: tuple[Floats, Integers] | None = None
    names: View | None = None

    def latest(self, seen: BBox, sight: Sight) -> int:
        """The last revision that wrote or removed anything that a tile shows, which sees so far."""
        latest = sight.latest if self.reach is None else latest_within(*self.reach, *seen)
        return latest if self.departed is None else max(latest, latest_within(*self.departed, *seen))


def view_of(frame: Frame, crs: CRS, zoom: int, departures: Departures, *, strict: bool) -> View:
    """How the tiles of a web zoom show a layer: found out once, then kept with its rows.

    Parameters
    ----------
    frame
        The rows.
    crs, zoom
        Of the tiles.
    departures
        Where features were before.
    strict
        Leave nothing out.
    """
    return frame.keep(_view_name(crs, zoom, strict), partial(_make_view, frame, crs, zoom, departures, strict))


def is_viewed(frame: Frame, crs: CRS, zoom: int, *, strict: bool) -> bool:
    """Whether nothing is left to be found out about the tiles of a zoom."""
    return frame.keeps(_view_name(crs, zoom, strict))


def _view_name(crs: CRS, zoom: int, strict: bool) -> str:
    return f"view {crs.srs} {zoom} {strict}"


def view_once(frame: Frame, crs: CRS, zoom: int, *, strict: bool) -> View:
    """How one tile shows rows that were read for it, whose state is named in another way; see `view_of`."""
    return _make_view(frame, crs, zoom, None, strict)


def _make_view(frame: Frame, crs: CRS, zoom: int, departures: Departures | None, strict: bool) -> View:
    layer, drawn = frame.layer, prepare(frame, crs)
    generalise = not strict and zoom < layer.zooms[1]
    joins = generalise and zoom < TOWN_ZOOM and layer.joined_over is not None
    if joins:
        drawn = Prepared.of(joined_columns_of(frame, crs))
    departed = reach = None
    if departures is not None:
        boxes, closed = departures.of(layer, crs)
        known = closed <= frame.revision
        departed = boxes[known], closed[known]
    if departed is not None and generalise and drawn.before.is_entwined:
        kept, columns, widen = (
            f"reach {crs.srs} {'joined' if joins else 'alone'}",
            columns_of(frame, crs),
            drawn.whole.widen,
        )
        reach = frame.keep(kept, partial(widen, columns.bounds)), columns.opened
        departed = frame.keep(f"{kept} departed", partial(widen, departed[0])), departed[1]
    points = label_layer(layer)
    names = None
    if points is not None and points.zooms[0] <= zoom <= points.zooms[1]:
        shown = label_frame(frame, points, zoom)
        names = View(
            name=points.id,
            drawn=prepare(shown, crs),
            generalise=not strict and zoom < points.zooms[1],
        )
    return View(name=layer.id, drawn=drawn, generalise=generalise, reach=reach, departed=departed, names=names)


class LayerState(NamedTuple):
    """A layer of a source at one zoom.

    Parameters
    ----------
    name
        Of the layer.
    view
        How it is shown; None where it is not, or is not read yet.
    state
        The name of its state, if that is known.
    read
        Reads what the tile draws of it.
    left_out
        How many features were left out before others were read, by rule.
    """

    name: str
    view: View | None
    state: str = ""
    read: Callable[[], LayerState] | None = None
    left_out: Mapping[str, int] = {}


class _Look(NamedTuple):
    """A view, the columns from which it is drawn in one tile, and what is seen there."""

    view: View
    columns: Columns
    sight: Sight


class Making(NamedTuple):
    """How tiles are made, wherever they lie.

    Parameters
    ----------
    twin, how
        Which twin, and the name of the way.
    budget_bytes
        What a tile may take; None: whatever it needs.
    name_revision
        Names a revision as no other is named.
    """

    twin: str
    how: str
    budget_bytes: int | None
    name_revision: Callable[[int], str]


class Square:
    """One tile, looked into once: what shows there, its entity tag, and its bytes.

    Parameters
    ----------
    layers
        Of its source.
    box
        Its square, in the CRS of the views.
    address
        The name of its place.
    made
        How it is made.
    """

    def __init__(self, layers: Sequence[LayerState], box: BBox, address: str, made: Making) -> None:
        self._layers, self._box, self._address, self._made = layers, box, address, made
        self._seen = box.buffer((box.east - box.west) * BUFFER / EXTENT)
        self._looks = [self._look(view) for view in self._views()]

    def _look(self, view: View) -> _Look:
        columns = view.drawn.part(self._box)
        return _Look(view, columns, columns.look_into(self._seen))

    def _views(self) -> Iterator[View]:
        for layer in self._layers:
            if layer.view is not None:
                yield layer.view
                if layer.view.names is not None:
                    yield layer.view.names

    @property
    def budget_bytes(self) -> int | None:
        """What it may take; None: whatever it needs."""
        return self._made.budget_bytes

    @property
    def is_small(self) -> bool:
        """Whether it is made in a millisecond or two, unless that raises `TakesLonger`."""
        features = sum(len(look.sight.rows) for look in self._looks)
        return features <= _FEW_FEATURES and sum(look.sight.vertices for look in self._looks) <= _FEW_VERTICES

    @cached_property
    def etag(self) -> str:
        """The entity tag: a digest of what decides its bytes, known without encoding it."""
        latest = {look.view: look.view.latest(self._seen, look.sight) for look in self._looks}
        states = [
            f"{name}@{state if view is None or state else self._made.name_revision(latest[view])}"
            for name, view, state, *_ in self._layers
        ]
        known = "/".join((self._made.twin, *states, self._address, self._made.how))
        return f'"{hashlib.sha256(known.encode()).hexdigest()[:32]}"'

    def tile(self, *, patient: bool = True) -> Tile:
        """Make the tile, or raise `TakesLonger` where there is no time for that, see `tiles.drawing.draw`."""
        if any(layer.read is not None for layer in self._layers):
            layers = [layer if layer.read is None else layer.read() for layer in self._layers]
            return Square(layers, self._box, self._address, self._made).tile(patient=patient)
        encoded = {look.view.name: self._encode(look, patient=patient) for look in self._looks}
        if self.budget_bytes is not None:
            sizes = {name: len(layer.data) for name, layer in encoded.items()}
            if sum(sizes.values()) > self.budget_bytes:
                share = share_budget(sizes, self.budget_bytes)
                encoded |= {
                    look.view.name: self._encode(look, share) for look in self._looks if sizes[look.view.name] > share
                }
        encoded |= {
            layer.name: count_besides(encoded[layer.name], layer.left_out) for layer in self._layers if layer.left_out
        }
        data = b"".join(layer.data for layer in encoded.values())
        return Tile(data=data, media_type=MEDIA_TYPE, layers=encoded)

    def _encode(self, look: _Look, budget_bytes: int | None = None, *, patient: bool = True) -> EncodedLayer:
        return encode_columns(
            look.view.name,
            look.columns,
            self._box,
            look.sight.rows,
            generalise=look.view.generalise,
            budget_bytes=budget_bytes,
            patient=patient,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Level:
    """The tiles of one level, made from what is in memory and stays what it is.

    Parameters
    ----------
    grid, z
        Which level.
    layers
        Of the source at its zoom.
    made
        How tiles are made.
    """

    grid: Grid
    z: int
    layers: Sequence[LayerState]
    made: Making

    def square(self, x: int, y: int) -> Square:
        """Look into the tile in a column and row, see `tiles.source.VectorSource.square`."""
        return Square(self.layers, self.grid.box(self.z, x, y), f"{self.grid.id}/{self.z}/{x}/{y}", self.made)


def share_budget(sizes: Mapping[str, int], budget: int) -> int:
    """Find what each may take at most so that all keep to a budget and none gives up more than it must."""
    left = budget
    for done, size in enumerate(sorted(sizes.values())):
        share = left // (len(sizes) - done)
        if size > share:
            return share
        left -= size
    return budget
