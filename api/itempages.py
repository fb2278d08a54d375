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
from twin.crs import BBox
from twin.expressions import Scalar, both, compare
from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf, Query


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
        Only keys that come after this one.
    """

    layer: Layer
    wanted: Mapping[str, Scalar]
    area: AskedArea | None
    crs: NamedCrs
    as_of: AsOf | None
    limit: int
    after: str | None

    @classmethod
    def of(cls, context: Context, layer: Layer, params: ItemsParams, base: str) -> ItemsWish:
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
        The last key where there are more.
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
    where = both(*(compare(name, "=", value) for name, value in wish.wanted.items()))
    query = Query(where=where, as_of=wish.as_of, limit=wish.limit, after=wish.after)
    if wish.area is not None:
        query = within_area(query, wish.area, _extent(context, wish.layer, wish.as_of), context.store.crs)
    frame = context.store.read(wish.layer, query)
    if not frame.truncated and query.after is None:
        return frame, len(frame)
    everything = replace(query, limit=None, after=None, known_at=frame.revision)
    return frame, context.store.count(wish.layer, everything)


def read_page(context: Context, wish: ItemsWish) -> ItemsPage:
    """Make a page from the store."""
    frame, matched = read_rows(context, wish)
    return ItemsPage(
        features=",".join(encode_features(frame, named=wish.crs)).encode(),
        returned=len(frame),
        matched=matched,
        following=frame.data.index[-1] if frame.truncated else None,
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


def _extent(context: Context, layer: Layer, as_of: AsOf | None) -> BBox | None:
    """The box around the rows of a state: cheap for the current one, from all rows for a past one."""
    if as_of is None:
        return context.store.extent(layer)
    if context.frames.beyond(layer) is None:
        pieces: Iterable[Frame] = (context.frames.get(layer, as_of),)
    else:
        pieces = context.store.scan(layer, Query(as_of=as_of, fields=()))
    boxes = [BBox.around(frame.geometry) for frame in pieces if len(frame)]
    return reduce(BBox.union, boxes) if boxes else None
