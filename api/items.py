"""Features as GeoJSON over HTTP: from memory where the layer is there, otherwise from the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from api.conditional import has_already
from api.context import Context
from api.crs import NamedCrs
from api.geojson import encode_collection, encode_features, to_json
from api.itempages import ItemsPage, ItemsWish, make_page, read_page
from api.links import Links, link
from api.media import GEOJSON, JSON
from api.ready import ReadyItems, ready_items
from api.sent import SentTile, choose_coding, headers_of, pack
from api.tags import digest, tag_item
from twin.errors import FeatureNotFound
from twin.frame import Frame
from twin.layer import Layer
from twin.query import Query

#: Layers with more rows than this are not waited for.
_LARGE = 20_000
#: Part of every entity tag; a change of what is written for the same features raises it.
_VERSION = 1

#: The entity tag, and what is sent; None where the client has it.
Sent = tuple[str, SentTile | None]


@dataclass(frozen=True, kw_only=True)
class ItemsClient:
    """Who asks.

    Parameters
    ----------
    links
        Of the request.
    accepted, asked
        Its ``Accept-Encoding`` and ``If-None-Match``.
    """

    links: Links
    accepted: str
    asked: str


def answer_page(context: Context, wish: ItemsWish, client: ItemsClient) -> Sent:
    """Answer with a page of features."""
    held = hold_items(context, wish.layer) if wish.as_of is None and wish.plain else None
    if held is not None:
        return send_page(context, client, wish, *held)
    page = read_page(context, wish)
    return _send_page(context, client, wish, page.revision, lambda: _encode_page(page, wish.layer, client.links))


def answer_item(
    context: Context, layer: Layer, key: str, as_of: datetime | None, named: NamedCrs, client: ItemsClient
) -> Sent:
    """Answer with one feature.

    Raises
    ------
    FeatureNotFound
        There is none of that key.
    """
    held = hold_items(context, layer) if as_of is None else None
    sent = None if held is None else send_item(context, client, layer, key, named, held[1])
    if sent is not None:
        return sent
    frame = read_item(context, layer, key, as_of)  # or say that there is none
    text = encode_features(frame, named=named)[0].encode()
    return _send_item(context, client, layer, opened_by(frame), named, text)


def opened_by(frame: Frame) -> int:
    """The revision that wrote the first feature of a frame as it is."""
    return frame.revision if frame.opened is None else int(frame.opened[0])


def read_item(context: Context, layer: Layer, key: str, as_of: datetime | None) -> Frame:
    """Read one feature from the store.

    Raises
    ------
    FeatureNotFound
        There is none of that key.
    """
    frame = context.store.read(layer, Query(ids=(key,), as_of=as_of))
    if len(frame) == 0:
        when = f" at {as_of.isoformat()}" if as_of else ""
        raise FeatureNotFound(f"{layer.id} has no feature {key}{when}", layer=layer.id, feature=key)
    return frame


def hold_items(context: Context, layer: Layer) -> tuple[Frame, ReadyItems] | None:
    """The current features of a layer in memory; None where that takes long: they are made ready in the background."""
    frames = context.frames
    frame = frames.follow(layer)
    if frame is None or not frame.keeps("items"):
        if frames.beyond(layer) is not None:
            return None
        if (context.store.count(layer) if frame is None else len(frame)) >= _LARGE:
            frames.fetch(layer, ready_items)
            return None
        frame = frames.get(layer)
    items = ready_items(frame)
    return None if items is None else (frame, items)


def send_page(context: Context, client: ItemsClient, wish: ItemsWish, frame: Frame, items: ReadyItems) -> Sent:
    """Send a page of features in memory."""

    def make() -> bytes:
        return _encode_page(make_page(frame, items, wish), wish.layer, client.links)

    return _send_page(context, client, wish, frame.revision, make)


def send_item(
    context: Context, client: ItemsClient, layer: Layer, key: str, named: NamedCrs, items: ReadyItems
) -> Sent | None:
    """Send one feature in memory; None where there is none of that key."""
    rows = np.arange(items.texts.count_before(key), items.texts.count_until(key))
    if not len(rows):
        return None
    return _send_item(context, client, layer, int(items.opened[rows[0]]), named, items.written(rows, named))


def items_headers(etag: str) -> dict[str, str]:
    """The headers of features, whether they are sent or the client has them."""
    return {**headers_of(etag), "ETag": etag, "Vary": "Accept, Accept-Encoding"}


def _send_item(
    context: Context, client: ItemsClient, layer: Layer, revision: int, named: NamedCrs, text: bytes
) -> Sent:
    """Send a feature with its links."""

    def make() -> bytes:
        links = client.links
        related = [*links.self_and_page(GEOJSON), _link_layer(layer, links)]
        return b"".join((text[:-1], b', "links": ', to_json(related).encode(), b"}"))

    coding = choose_coding(client.accepted)
    # The tag is strong: it names the bytes, the coding included.
    etag = tag_item(context, layer, revision, f"{client.links.here()} {coding} {_VERSION}")
    return _send(client, etag, named, make)


def _send_page(
    context: Context, client: ItemsClient, wish: ItemsWish, revision: int, make: Callable[[], bytes]
) -> Sent:
    """Send a page that shows the features of a revision."""
    state = f"{wish.layer.id}@{context.frames.name_revision(revision)} {wish.limit}"
    what = f"{context.store.created_at.isoformat()} {state} {client.links.here()} {_VERSION}"
    # The tag is weak: a page says when it was made.
    return _send(client, f'W/"{digest(what)}"', wish.crs, make)


def _send(client: ItemsClient, etag: str, named: NamedCrs, make: Callable[[], bytes]) -> Sent:
    """Send what is made of a state, unless the client has it: that is known before the work."""
    if has_already(client.asked, etag):
        return etag, None
    headers = named.header(client.links.base) | items_headers(etag) | {"Content-Type": GEOJSON}
    plain = SentTile(etag=etag, data=make(), headers=headers)
    return etag, pack(plain, choose_coding(client.accepted))


def _encode_page(page: ItemsPage, layer: Layer, links: Links) -> bytes:
    """Write a page as a FeatureCollection."""
    related = [
        *links.self_and_page(GEOJSON),
        _link_layer(layer, links),
        *([link("next", links.here(after=page.following), GEOJSON, "Next page")] if page.following is not None else []),
    ]
    return encode_collection(
        page.features,
        timeStamp=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        numberMatched=page.matched,
        numberReturned=page.returned,
        links=related,
    )


def _link_layer(layer: Layer, links: Links) -> dict[str, str]:
    return link("collection", links.url("collection", layer_id=layer.id), JSON, layer.title)
