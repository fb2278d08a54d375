"""Which features stand on a page: found in memory, or read from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from shapely.geometry.base import BaseGeometry

from api.area import within_area
from api.context import Context
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
    area_crs84
        What they share a point with, degrees.
    as_of
        The state; the current one by default.
    limit
        How many at most.
    after
        Only keys that come after this one.
    """

    layer: Layer
    wanted: Mapping[str, Scalar]
    area_crs84: BaseGeometry | None
    as_of: AsOf | None
    limit: int
    after: str | None

    @classmethod
    def of(cls, layer: Layer, params: ItemsParams, most: int) -> ItemsWish:
        """What parameters ask for; no more than a certain number of features is given at once."""
        return cls(
            layer=layer,
            wanted=params.wanted(layer),
            area_crs84=params.bbox,
            as_of=params.as_of,
            limit=min(params.limit, most),
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
    if wish.area_crs84 is not None:
        query = within_area(query, wish.area_crs84, _extent(context, wish.layer, wish.as_of), context.store.crs)
    frame = context.store.read(wish.layer, query)
    if not frame.truncated and query.after is None:
        return frame, len(frame)
    everything = replace(query, limit=None, after=None, known_at=frame.revision)
    return frame, context.store.count(wish.layer, everything)


def read_page(context: Context, wish: ItemsWish) -> ItemsPage:
    """Make a page from the store."""
    frame, matched = read_rows(context, wish)
    return ItemsPage(
        features=",".join(encode_features(frame)).encode(),
        returned=len(frame),
        matched=matched,
        following=frame.data.index[-1] if frame.truncated else None,
        revision=frame.revision,
    )


def make_page(frame: Frame, items: ReadyItems, wish: ItemsWish) -> ItemsPage:
    """Make a page of the current state from memory."""
    texts = items.texts
    rows = items.find(frame, wish.wanted, wish.area_crs84)
    matched = len(texts) if rows is None else len(rows)
    begin = 0 if wish.after is None else texts.count_until(wish.after)
    if rows is not None:
        begin = int(np.searchsorted(rows, begin))
    end = min(matched, begin + wish.limit)
    chosen = np.arange(begin, end) if rows is None else rows[begin:end]
    return ItemsPage(
        features=texts.joined(chosen),
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
