"""Which features stand on a page: found in memory, or read from the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from api.context import Context
from api.crs import Geometries, NamedCrs, find_crs
from api.features.area import AskedArea, Reach, within_area
from api.features.ready import Integers, ReadyItems
from api.features.sorting import after_place, name_place, parse_fields, parse_sortby
from api.forms.geojson import PIECE, encode_features
from api.params import Count, ItemsParams
from api.values import Corners
from bim.cityjson.modelled import Modelled
from twin.crs import BBox
from twin.expressions import Expression, Scalar, both, compare
from twin.frame import Frame
from twin.layer import Layer
from twin.parts import Part
from twin.query import AsOf, Order, Query

#: The most features that are read from a store for a page, however large it may be.
_MOST_READ = 10_000
#: As many features are counted one by one; beyond that their number is an estimate, unless it is asked for.
_MOST_COUNTED = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ItemsWish:
    """Which features of a layer are asked for.

    Parameters
    ----------
    layer
        The layer.
    shown
        As what its features are shown: the layer itself, or a part of it.
    wanted
        The values that fields must have.
    area
        What they share a point with.
    crs
        In which they are to be written.
    as_of
        The state; the current one by default.
    limit
        How many at most.
    after
        Only features that come after this one.
    where
        A condition that they meet.
    order
        By which fields they are sorted.
    fields
        The fields that are wanted; None for all.
    count
        How those of all pages are counted; by default as is cheap.
    """

    layer: Layer
    shown: Layer
    wanted: Mapping[str, Scalar]
    area: AskedArea | None
    crs: NamedCrs
    as_of: AsOf | None
    limit: int
    after: str | None
    where: Expression | None = None
    order: tuple[Order, ...] = ()
    fields: tuple[str, ...] | None = None
    count: Count = None

    @property
    def by_key_alone(self) -> bool:
        """Whether no condition, order or choice of fields is asked for, so that features in memory will do."""
        return self.where is None and not self.order and self.fields is None

    @classmethod
    def of(
        cls,
        context: Context,
        part: Part,
        params: ItemsParams,
        base: str,
        *,
        box: Corners | None = None,
        where: Expression | None = None,
    ) -> ItemsWish:
        """What parameters ask for of a service at a base address; no more features at once than its settings allow.

        The box may be given beside them.
        """
        layer = part.layer
        box = params.bbox if box is None else box
        of_box = find_crs(params.bbox_crs, layer, context.crs, base, parameter="bbox-crs")
        return cls(
            layer=layer,
            shown=part.shown,
            wanted=params.wanted(layer),
            area=None if box is None else AskedArea.of_box(box, of_box),
            crs=find_crs(params.crs, layer, context.crs, base),
            as_of=params.as_of,
            limit=min(params.limit, context.settings.max_items),
            after=params.after,
            where=both(part.where, where),
            order=() if params.sortby is None else parse_sortby(params.sortby, layer),
            fields=None if params.properties is None else parse_fields(params.properties, layer),
            count=params.count,
        )


@dataclass(frozen=True, kw_only=True)
class Matched:
    """How many features there are on all pages together.

    Parameters
    ----------
    number
        How many; None where that was not looked at.
    exact
        Whether so many, or about so many.
    """

    number: int | None
    exact: bool = True

    @property
    def members(self) -> dict[str, int]:
        """How documents say it; an estimate has a name of its own, because clients may rely on the other."""
        if self.number is None:
            return {}
        return {"numberMatched" if self.exact else "x-numberMatchedEstimate": self.number}


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemsPage:
    """Features in the order of their keys.

    Parameters
    ----------
    frame
        Where they are.
    rows
        Their positions there.
    items
        The features of the frame as finished text, where there is some.
    crs
        In which they are to be written.
    matched
        How many there are on all pages.
    following
        Names the place of the last one where there are more.
    fields
        Those of the features that are wanted; None for all.
    models
        Of which the form shows something beside the features; None where it does not.
    """

    frame: Frame
    rows: Integers
    items: ReadyItems | None
    crs: NamedCrs
    matched: Matched
    following: str | None
    fields: tuple[str, ...] | None = None
    models: Modelled | None = None

    @property
    def geometry_type(self) -> str:
        """The one type of every geometry, or ``Unknown`` where the layer has several."""
        layer = self.frame.layer
        return ("Unknown" if layer.also else layer.geometry) + (" Z" if layer.has_z else "")

    def pieces(self, size: int = PIECE) -> Iterator[Integers]:
        """The positions some at a time, so that no more is in memory; one piece at least."""
        for first in range(0, max(1, len(self.rows)), size):
            yield self.rows[first : first + size]

    def texts(self, rows: Integers, named: NamedCrs) -> list[bytes]:
        """Some of the features as GeoJSON in a CRS."""
        if self.items is not None:
            return self.items.written(rows, named)
        return [text.encode() for text in encode_features(self.frame.take(rows), named=named, only=self.fields)]

    def joined(self, rows: Integers, named: NamedCrs) -> bytes:
        """The same with commas between them."""
        return b",".join(self.texts(rows, named)) if self.items is None else self.items.joined(rows, named)

    def geometries(self, rows: Integers) -> Geometries:
        """The places of some of the features, storage CRS."""
        return self.frame.geometry[rows] if self.items is None else self.items.places.geometries[rows]


def read_page(context: Context, wish: ItemsWish) -> ItemsPage:
    """Read a page from the store, and count the features of all pages in the state that this one shows."""
    where = both(*(compare(name, "=", value) for name, value in wish.wanted.items()), wish.where)
    everything = Query(where=where, as_of=wish.as_of)
    if wish.area is not None:
        extent = extent_of(context, wish.layer, wish.as_of)
        everything = within_area(everything, wish.area, extent, context.store.crs)
    frame = context.store.read(wish.layer, _query_page(wish, everything))
    if not frame.truncated and wish.after is None:
        matched = Matched(number=len(frame))
    else:
        matched = _count(context, wish, replace(everything, known_at=frame.revision))
    return ItemsPage(
        frame=replace(frame, layer=wish.shown),
        rows=np.arange(len(frame)),
        items=None,
        crs=wish.crs,
        matched=matched,
        following=name_place(frame, wish.order) if frame.truncated else None,
        fields=wish.fields,
    )


def _query_page(wish: ItemsWish, everything: Query) -> Query:
    """Of all features that are meant, those of one page."""
    fields = None if wish.fields is None else (*wish.fields, *(order.field for order in wish.order))
    page = replace(everything, limit=min(wish.limit, _MOST_READ), fields=fields, order=wish.order)
    if wish.after is None or not wish.order:
        return replace(page, after=wish.after)
    return replace(page, where=both(everything.where, after_place(wish.after, wish.order, wish.layer)))


def make_page(frame: Frame, items: ReadyItems, wish: ItemsWish) -> ItemsPage:
    """Make a page of the current state from memory."""
    texts = items.texts
    rows = items.find(frame, wish.wanted, wish.area)
    matched = len(texts) if rows is None else len(rows)
    begin = 0 if wish.after is None else texts.count_until(wish.after)
    if rows is not None:
        begin = int(np.searchsorted(rows, begin))
    end = min(matched, begin + wish.limit)
    chosen = np.arange(begin, end) if rows is None else rows[begin:end]
    return ItemsPage(
        frame=frame,
        rows=chosen,
        items=items,
        crs=wish.crs,
        matched=Matched(number=None if wish.count == "none" else matched),
        following=texts.key(chosen[-1]) if end < matched else None,
    )


def _count(context: Context, wish: ItemsWish, query: Query) -> Matched:
    """Count as far as it is cheap, unless a certain kind of count is asked for; beyond that, estimate.

    The estimate takes features to be spread evenly over the layer's extent, and conditions to let all pass.
    """
    if wish.count == "none":
        return Matched(number=None)
    if wish.count == "exact" or (query.where is None and query.ids is None):
        return Matched(number=context.store.count(wish.layer, query))
    found = context.store.tally(wish.layer, replace(query, limit=_MOST_COUNTED + 1)).count
    if found <= _MOST_COUNTED:
        return Matched(number=found)
    share = 1.0
    extent = context.store.extent(wish.layer)
    if wish.area is not None and extent is not None:
        inside = Reach.of(extent, context.store.crs, wish.area.named.crs).find(wish.area)
        size = extent.polygon().area
        share = 1.0 if inside is None or size == 0 else inside.geometry.intersection(extent.polygon()).area / size
    everything = Query(as_of=wish.as_of, known_at=query.known_at)
    return Matched(number=max(found, round(share * context.store.count(wish.layer, everything))), exact=False)


def extent_of(context: Context, layer: Layer, as_of: AsOf | None) -> BBox | None:
    """The box around the rows of a state: cheap for the current one, from all rows for a past one."""
    if as_of is None:
        return context.store.extent(layer)
    if context.frames.beyond(layer) is None:
        pieces: Iterable[Frame] = (context.frames.get(layer, as_of),)
    else:
        pieces = context.store.scan(layer, Query(as_of=as_of, fields=()))
    boxes = [BBox.around(frame.geometry) for frame in pieces if len(frame)]
    return reduce(BBox.union, boxes) if boxes else None
