"""Which features stand on a page: found in memory, or read from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from api.area import AskedArea, within_area
from api.context import Context
from api.crs import NamedCrs, find_crs
from api.geojson import encode_features
from api.params import ItemsParams
from api.ready import ReadyItems
from api.sorting import after_place, name_place, parse_fields, parse_sortby
from twin.crs import BBox
from twin.expressions import Expression, Scalar, both, compare
from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf, Order, Query


@dataclass(frozen=True, kw_only=True)
class ItemsWish:
    """Which features of a layer are asked for.

    Parameters
    ----------
    layer
        The layer.
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
    """

    layer: Layer
    wanted: Mapping[str, Scalar]
    area: AskedArea | None
    crs: NamedCrs
    as_of: AsOf | None
    limit: int
    after: str | None
    where: Expression | None = None
    order: tuple[Order, ...] = ()
    fields: tuple[str, ...] | None = None

    @property
    def plain(self) -> bool:
        """Whether the features are asked for as they are, in the order of their keys."""
        return self.where is None and not self.order and self.fields is None

    @classmethod
    def of(
        cls, context: Context, layer: Layer, params: ItemsParams, base: str, *, where: Expression | None = None
    ) -> ItemsWish:
        """What parameters ask for of a service at a base address; no more features at once than its settings allow."""
        of_box = find_crs(params.bbox_crs, layer, context.crs, base, parameter="bbox-crs")
        return cls(
            layer=layer,
            wanted=params.wanted(layer),
            area=None if params.bbox is None else AskedArea.of_box(params.bbox, of_box),
            crs=find_crs(params.crs, layer, context.crs, base),
            as_of=params.as_of,
            limit=min(params.limit, context.settings.max_items),
            after=params.after,
            where=where,
            order=() if params.sortby is None else parse_sortby(params.sortby, layer),
            fields=None if params.properties is None else parse_fields(params.properties, layer),
        )


@dataclass(frozen=True, kw_only=True)
class ItemsPage:
    """Features in the order of their keys.

    Parameters
    ----------
    features
        Their texts with commas between them.
    returned, matched
        How many they are, and how many there are on all pages together.
    following
        Names the place of the last one where there are more.
    revision
        The last revision of the layer that they reflect.
    """

    features: bytes
    returned: int
    matched: int
    following: str | None
    revision: int


def read_rows(context: Context, wish: ItemsWish) -> tuple[Frame, int]:
    """Read the features of a page from the store, and count those of all pages in the state that this one shows."""
    where = both(*(compare(name, "=", value) for name, value in wish.wanted.items()), wish.where)
    everything = Query(where=where, as_of=wish.as_of)
    if wish.area is not None:
        extent = extent_of(context, wish.layer, wish.as_of)
        everything = within_area(everything, wish.area, extent, context.store.crs)
    frame = context.store.read(wish.layer, _query_page(wish, everything))
    if not frame.truncated and wish.after is None:
        return frame, len(frame)
    return frame, context.store.count(wish.layer, replace(everything, known_at=frame.revision))


def _query_page(wish: ItemsWish, everything: Query) -> Query:
    """Of all features that are meant, those of one page."""
    fields = None if wish.fields is None else (*wish.fields, *(order.field for order in wish.order))
    page = replace(everything, limit=wish.limit, fields=fields, order=wish.order)
    if wish.after is None or not wish.order:
        return replace(page, after=wish.after)
    return replace(page, where=both(everything.where, after_place(wish.after, wish.order, wish.layer)))


def read_page(context: Context, wish: ItemsWish) -> ItemsPage:
    """Make a page from the store."""
    frame, matched = read_rows(context, wish)
    return ItemsPage(
        features=",".join(encode_features(frame, named=wish.crs, only=wish.fields)).encode(),
        returned=len(frame),
        matched=matched,
        following=name_place(frame, wish.order) if frame.truncated else None,
        revision=frame.revision,
    )


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
        features=items.written(chosen, wish.crs),
        returned=len(chosen),
        matched=matched,
        following=texts.key(chosen[-1]) if end < matched else None,
        revision=frame.revision,
    )


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
