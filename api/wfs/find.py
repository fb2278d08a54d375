"""Which features a query of WFS means: found in one state of a layer, in an order that lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from api.context import Context
from api.wfs.ask import Ask
from api.wfs.crs import Srs, offer_srs
from api.wfs.fes import box_condition, property_name, read_filter
from api.wfs.names import find_type, read_resource_id
from twin.errors import InvalidParameter
from twin.expressions import FALSE, Expression, among, both
from twin.frame import Frame
from twin.layer import Layer
from twin.query import Query
from twin.schema import GEOMETRY

if TYPE_CHECKING:
    import pandas as pd

#: Features that are written at a time.
BATCH = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """The features of a query in one state of a layer.

    Parameters
    ----------
    layer, revision
        Whose, and in which state.
    matched
        How many there are.
    keys
        Of those on this page, in order.
    begin
        How many stand before them.
    context
        Where they are read.
    """

    layer: Layer
    revision: int
    matched: int
    keys: npt.NDArray[np.object_]
    begin: int
    context: Context

    @property
    def more(self) -> bool:
        """Whether there are features behind those of this page."""
        return self.begin + len(self.keys) < self.matched

    def frames(self) -> Iterator[Frame]:
        """The features of the page, some at a time: from memory, or read in the same state."""
        held = self.context.frames.peek(self.layer)
        for first in range(0, len(self.keys), BATCH):
            keys = self.keys[first : first + BATCH]
            if held is not None and held.revision == self.revision:
                yield held.take(held.data.index.get_indexer(keys))
            else:
                query = Query(ids=tuple(keys), known_at=self.revision)
                read = self.context.store.read(self.layer, query)
                yield read.take(read.data.index.get_indexer(keys))


def find_features(context: Context, ask: Ask, layer: Layer, *, count: int, begin: int, after: str | None) -> Found:
    """Find the features that a request asks for.

    Parameters
    ----------
    context, ask, layer
        Where, what, of which layer.
    count, begin
        How many of them are wanted, and how many are passed over before.
    after
        A key instead of `begin`: what comes behind it, whatever was written meanwhile.
    """
    where = read_condition(context, ask, layer)
    order = read_order(ask, layer)
    revision = context.store.latest(layer)
    if context.frames.beyond(layer) is None and where is None:
        frame = context.frames.get(layer)
        revision, keys = frame.revision, _in_order(frame, order)
    else:
        query = Query(where=where, fields=tuple(name for name, _ in order), known_at=revision)
        keys = _scan(context, layer, query, order)
    if after is not None and not order:
        begin = int(np.searchsorted(keys, after, side="right"))
    chosen = keys[begin : begin + count]
    return Found(layer=layer, revision=revision, matched=len(keys), keys=chosen, begin=begin, context=context)


def read_condition(context: Context, ask: Ask, layer: Layer) -> Expression | None:
    """The condition that a request makes: by ids, by a box, by a filter; all of them hold."""
    srs = offer_srs(context.store, context.crs)
    parts: list[Expression | None] = []
    ids = [read_resource_id(rid) for rid in ask.names("resourceId")]
    if ids:
        keys = tuple(key for layer_id, key in ids if layer_id == layer.id)
        parts.append(among(layer.key, keys) if keys else FALSE)
    if box := ask.get("bbox"):
        parts.append(_read_box(box, layer, context, srs))
    if ask.filter is not None:
        parts.append(read_filter(ask.filter, layer, context.store, srs))
    return both(*parts)


def layer_of(context: Context, ask: Ask) -> Layer:
    """The one layer that a request is about: by its name, or by the ids of its features.

    Raises
    ------
    InvalidParameter
        There are several: joins are not offered.
    """
    names = ask.names("typeNames") or [rid.partition(".")[0] for rid in ask.names("resourceId")[:1]]
    if len(names) > 1:
        raise InvalidParameter("one feature type at a time is answered here; joins are not", parameter="typeNames")
    return find_type(names[0] if names else ask["typeNames"], context.served)


def read_order(ask: Ask, layer: Layer) -> list[tuple[str, bool]]:
    """The fields by which features are sorted, each with whether it ascends.

    Raises
    ------
    InvalidParameter
        It is not a field, or not ``ASC`` or ``DESC``.
    """
    order = []
    for part in ask.names("sortBy"):
        reference, _, direction = part.replace("+", " ").partition(" ")
        name = property_name(reference, layer)
        if name == GEOMETRY or direction.strip().upper() not in ("", "A", "D", "ASC", "DESC"):
            raise InvalidParameter(f"sortBy is fields with ASC or DESC, not {part!r}", parameter="sortBy")
        order.append((name, not direction.strip().upper().startswith("D")))
    return order


def _read_box(text: str, layer: Layer, context: Context, srs: Sequence[Srs]) -> Expression:
    *numbers, last = text.split(",")
    named = [*numbers, last] if len(numbers) == 3 else numbers
    try:
        west, south, east, north = map(float, named)
        if not (west <= east and south <= north and all(map(np.isfinite, (west, south, east, north)))):
            raise ValueError("its corners are in the wrong order")
    except ValueError as error:
        wanted = "four numbers, the lower corner first, perhaps with the name of their CRS"
        raise InvalidParameter(f"bbox must be {wanted}; not {text!r}", parameter="bbox") from error
    box = shapely.MultiPoint([(west, south), (east, north)]).envelope
    return box_condition(box, None if len(numbers) == 3 else last, layer, context.store, srs)


def _scan(context: Context, layer: Layer, query: Query, order: Sequence[tuple[str, bool]]) -> npt.NDArray[np.object_]:
    """Keys of the features that a query matches, in order; of rows no more than a piece is held."""
    import pandas as pd

    columns = [name for name, _ in order]
    pieces = [piece.data[columns] for piece in context.store.scan(layer, query)]
    rows = pd.concat(pieces) if pieces else pd.DataFrame(columns=columns)
    return _sorted(rows, order)


def _in_order(frame: Frame, order: Sequence[tuple[str, bool]]) -> npt.NDArray[np.object_]:
    if not order:
        return np.asarray(frame.data.index.to_numpy(), dtype=object)
    return _sorted(frame.data[[name for name, _ in order]], order)


def _sorted(rows: pd.DataFrame, order: Sequence[tuple[str, bool]]) -> npt.NDArray[np.object_]:
    """Keys sorted by fields, those without a value last, and by key where these are equal."""
    rows = rows.sort_index()
    if order:
        names, ascending = zip(*order, strict=True)
        rows = rows.sort_values(list(names), ascending=list(ascending), kind="stable", na_position="last")
    return np.asarray(rows.index.to_numpy(), dtype=object)
