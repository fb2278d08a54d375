"""Which features a query of WFS means: found in one state of a layer, in an order that lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from api.context import Context
from api.errors import OptionNotSupported
from api.features.sorting import after_place, name_place
from api.wfs.ask import Ask
from api.wfs.crs import Srs, offer_srs
from api.wfs.fes import box_condition, property_name, read_filter
from api.wfs.names import find_type, read_resource_id
from twin.errors import InvalidParameter
from twin.expressions import FALSE, Expression, among, both
from twin.frame import Frame
from twin.layer import Layer
from twin.parts import Part
from twin.query import Order, Query
from twin.schema import GEOMETRY

#: Features that are written at a time.
BATCH = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """The features of a query in one state of a layer.

    Parameters
    ----------
    part, revision
        Whose, and in which state.
    matched
        How many there are.
    keys
        Of those on this page, in order: no more than are sent.
    begin
        How many stand before them.
    following
        Names the place of the last one where there are more.
    context
        Where they are read.
    """

    part: Part
    revision: int
    matched: int
    keys: npt.NDArray[np.object_]
    begin: int
    following: str | None
    context: Context

    @property
    def layer(self) -> Layer:
        """What they are shown as."""
        return self.part.shown

    def frames(self) -> Iterator[Frame]:
        """The features of the page, some at a time: from memory, or read in the same state."""
        held = self.context.frames.peek(self.part.layer)
        for first in range(0, len(self.keys), BATCH):
            keys = self.keys[first : first + BATCH]
            if held is not None and held.revision == self.revision:
                found = held
            else:
                query = Query(ids=tuple(keys), known_at=self.revision)
                found = self.context.store.read(self.part.layer, query)
            yield replace(found.take(found.data.index.get_indexer(keys)), layer=self.layer)


def find_features(context: Context, ask: Ask, part: Part, *, count: int, begin: int, after: str | None) -> Found:
    """Find the features that a request asks for.

    Parameters
    ----------
    context, ask, part
        Where, what, of which layer or part of one.
    count, begin
        How many of them are wanted, and how many are passed over before.
    after
        A place instead of `begin`, as `Found.following` names it: what comes behind it, whatever was written meanwhile.
    """
    layer = part.layer
    order = read_order(ask, layer)
    where = both(part.where, read_condition(context, ask, part))
    everything = Query(where=where, known_at=context.store.latest(layer), order=order)
    matched = context.store.count(layer, everything)
    page = replace(everything, limit=count + 1)
    if after is not None and order:
        page = replace(page, where=both(page.where, after_place(after, order, layer)))
    elif after is not None:
        page = replace(page, after=after)
    keys = context.store.keys(layer, page, skip=begin if after is None else 0)
    following = _name_last(context, layer, page, keys[count - 1]) if 0 < count < len(keys) else None
    return Found(
        part=part,
        revision=everything.known_at or 0,
        matched=matched,
        keys=keys[:count],
        begin=begin,
        following=following,
        context=context,
    )


def _name_last(context: Context, layer: Layer, page: Query, key: str) -> str:
    """Name the place of a feature among those of a query."""
    if not page.order:
        return key
    fields = tuple(each.field for each in page.order)
    one = Query(ids=(key,), known_at=page.known_at, fields=fields)
    return name_place(context.store.read(layer, one), page.order)


def read_condition(context: Context, ask: Ask, part: Part) -> Expression | None:
    """The condition that a request makes: by ids, by a box, by a filter; all of them hold."""
    layer = part.layer
    srs = offer_srs(context.store, context.crs)
    parts: list[Expression | None] = []
    ids = [read_resource_id(rid) for rid in ask.names("resourceId")]
    if ids:
        keys = tuple(key for layer_id, key in ids if layer_id == part.shown.id)
        parts.append(among(layer.key, keys) if keys else FALSE)
    if box := ask.get("bbox"):
        parts.append(_read_box(box, layer, context, srs))
    if ask.filter is not None:
        parts.append(read_filter(ask.filter, layer, context.store, srs, most_vertices=context.settings.max_vertices))
    return both(*parts)


def part_of(context: Context, ask: Ask) -> Part:
    """The one layer, or part of one, that a query is about: by its name, or by the ids of its features.

    Raises
    ------
    OptionNotSupported
        There are several: joins are not offered.
    """
    names = " ".join(ask.names("typeNames")).split()
    names = names or [rid.partition(".")[0] for rid in ask.names("resourceId")[:1]]
    if len(names) > 1:
        raise OptionNotSupported(
            "joins are not offered; several types are asked for by several queries, as typeNames=(first)(second)",
            parameter="typeNames",
        )
    return find_type(names[0] if names else ask["typeNames"], context.collections)


def read_order(ask: Ask, layer: Layer) -> tuple[Order, ...]:
    """The fields by which features are sorted.

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
        order.append(Order(name, descending=direction.strip().upper().startswith("D")))
    return tuple(order)


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
