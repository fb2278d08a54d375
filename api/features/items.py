"""Features over HTTP: from memory where the layer is there, otherwise from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from api.buildings.reading import link_building
from api.context import Context
from api.crs import NamedCrs
from api.features.itempages import ItemsPage, ItemsWish, Matched, make_page, read_page
from api.features.ready import Integers, ReadyItems, ready_items
from api.features.tags import digest, tag_item
from api.forms.formats import PLAIN, Format, WritePage, link_formats
from api.http.conditional import has_already
from api.http.links import Link, Links, link
from api.http.media import GEOJSON, JSON
from api.http.sent import SentAnswer, choose_coding, headers_of, pack
from api.ops.measures import Measures
from bim.cityjson.modelled import ELEMENTS, MODELS, Modelled
from twin.errors import FeatureNotFound
from twin.frame import Frame
from twin.layer import Layer
from twin.parts import Part
from twin.query import AsOf, Query

#: Where features are asked for and edited, all of a layer or one.
ITEMS_ROUTE, ITEM_ROUTE = "/collections/{layer_id}/items", "/collections/{layer_id}/items/{feature_id:path}"
#: Layers with more rows than this are not waited for.
_LARGE = 20_000
#: Larger pages are sent piece by piece.
AT_ONCE = 1_000
#: Part of every entity tag; a change of what is written for the same features raises it.
_VERSION = 3

#: The entity tag, and what is sent; None where the client has it.
Sent = tuple[str, SentAnswer | None]


@dataclass(frozen=True, kw_only=True)
class Streamed:
    """An answer that is made while it is sent.

    Parameters
    ----------
    headers
        Of the answer.
    pieces
        Its body; None where the client has it.
    """

    headers: dict[str, str]
    pieces: Iterator[bytes] | None


@dataclass(frozen=True, kw_only=True)
class ItemsClient:
    """Who asks.

    Parameters
    ----------
    links
        Of the request.
    accepted, asked
        Its ``Accept-Encoding`` and ``If-None-Match``.
    measures
        Where it is counted what is sent.
    """

    links: Links
    accepted: str
    asked: str
    measures: Measures


def answer_page(context: Context, wish: ItemsWish, form: Format, client: ItemsClient) -> Sent | Streamed:
    """Answer with a page of features: a small one of GeoJSON at once, any other piece by piece."""
    held = hold_items(context, wish.layer) if wish.as_of is None and wish.by_key_alone else None
    if held is not None and form is PLAIN and wish.limit <= AT_ONCE:
        return send_page(context, client, wish, *held)
    if form.behind:  # which makes something of all fields
        page = read_page(context, replace(wish, fields=None)) if held is None else make_page(*held, wish)
        page = _with_models(context, replace(page, fields=wish.fields), wish.as_of)
    else:
        page = read_page(context, wish) if held is None else make_page(*held, wish)
    if form is PLAIN and wish.limit <= AT_ONCE:
        return _send_page(context, client, wish, page.frame.revision, lambda: page)
    etag = f'W/"{_name_page(context, client, wish, page.frame.revision, form)}"'
    return _stream(page, form, form.write, etag, client)


def answer_item(
    context: Context, part: Part, key: str, as_of: datetime | None, named: NamedCrs, client: ItemsClient
) -> Sent:
    """Answer with one feature as GeoJSON.

    Raises
    ------
    FeatureNotFound
        There is none of that key.
    """
    held = hold_items(context, part.layer) if as_of is None and part.where is None else None
    sent = None if held is None else send_item(context, client, key, named, *held)
    if sent is not None:
        return sent
    frame = read_item(context, part, key, as_of)  # or say that there is none
    return _send_item(context, client, key, opened_by(frame), _page_of_one(frame, np.arange(1), None, named))


def stream_item(
    context: Context, frame: Frame, as_of: datetime | None, named: NamedCrs, form: Format, client: ItemsClient
) -> Streamed:
    """Answer with the one feature of a frame of a state, in any form."""
    said = f"{client.links.here()} {_name_form(context, form)} {_VERSION}"
    page = _page_of_one(frame, np.arange(1), None, named)
    if form.behind:
        page = _with_models(context, page, as_of)
    return _stream(page, form, form.write_one, tag_item(context, frame.layer, opened_by(frame), said), client)


def opened_by(frame: Frame) -> int:
    """The revision that wrote the first feature of a frame as it is."""
    return frame.revision if frame.opened is None else int(frame.opened[0])


def read_item(context: Context, part: Part, key: str, as_of: datetime | None) -> Frame:
    """Read one feature from the store.

    Raises
    ------
    FeatureNotFound
        There is none of that key.
    """
    frame = context.store.read(part.layer, Query(ids=(key,), where=part.where, as_of=as_of))
    if len(frame) == 0:
        when = f" at {as_of.isoformat()}" if as_of else ""
        raise FeatureNotFound(f"{part.shown.id} has no feature {key}{when}", layer=part.shown.id, feature=key)
    return replace(frame, layer=part.shown)


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
    return _send_page(context, client, wish, frame.revision, lambda: make_page(frame, items, wish))


def send_item(
    context: Context, client: ItemsClient, key: str, named: NamedCrs, frame: Frame, items: ReadyItems
) -> Sent | None:
    """Send one feature in memory; None where there is none of that key."""
    rows = np.arange(items.texts.count_before(key), items.texts.count_until(key))
    if not len(rows):
        return None
    return _send_item(context, client, key, int(items.opened[rows[0]]), _page_of_one(frame, rows, items, named))


def items_headers(etag: str) -> dict[str, str]:
    """The headers of features, whether they are sent or the client has them."""
    return {**headers_of(etag), "ETag": etag, "Vary": "Accept, Accept-Encoding"}


def _page_of_one(frame: Frame, rows: Integers, items: ReadyItems | None, named: NamedCrs) -> ItemsPage:
    return ItemsPage(frame=frame, rows=rows, items=items, crs=named, matched=Matched(number=1), following=None)


def _with_models(context: Context, page: ItemsPage, as_of: AsOf | None) -> ItemsPage:
    """Give a page the models of its buildings, where this installation serves them."""
    if not {MODELS, ELEMENTS} <= set(context.served.layers):
        return page
    return replace(page, models=Modelled(context.store, context.served, page.crs.crs, as_of))


def _name_form(context: Context, form: Format) -> str:
    """Name a form by all that decides its bytes beside the features: the state of the layers behind it."""
    behind = [context.served.layers[name] for name in form.behind if name in context.served.layers]
    states = (f"{layer.id}@{context.frames.name_revision(context.store.latest(layer))}" for layer in behind)
    return " ".join((form.name, *states))


def _send_item(context: Context, client: ItemsClient, key: str, revision: int, page: ItemsPage) -> Sent:
    """Send a feature with its links."""
    layer = page.frame.layer
    # The tag is strong: it names the bytes, the coding included.
    etag = tag_item(context, layer, revision, f"{client.links.here()} {choose_coding(client.accepted)} {_VERSION}")

    def write() -> bytes:
        _count(page, client)
        related = [*_related(page, PLAIN, client.links), *link_building(context, layer, key, client.links)]
        return b"".join(PLAIN.write_one(page, related))

    return _send(client, etag, page.crs, write)


def _send_page(
    context: Context, client: ItemsClient, wish: ItemsWish, revision: int, make: Callable[[], ItemsPage]
) -> Sent:
    """Send a page that shows the features of a revision."""

    def write() -> bytes:
        page = make()
        _count(page, client)
        return b"".join(PLAIN.write(page, _related(page, PLAIN, client.links)))

    # The tag is weak: a page says when it was made.
    return _send(client, f'W/"{_name_page(context, client, wish, revision, PLAIN)}"', wish.crs, write)


def _name_page(context: Context, client: ItemsClient, wish: ItemsWish, revision: int, form: Format) -> str:
    """Name a form of a page that shows the features of a revision."""
    state = f"{wish.layer.id}@{context.frames.name_revision(revision)} {wish.limit} {_name_form(context, form)}"
    return digest(f"{context.store.created_at.isoformat()} {state} {client.links.here()} {_VERSION}")


def _send(client: ItemsClient, etag: str, named: NamedCrs, write: Callable[[], bytes]) -> Sent:
    """Send what is made of a state, unless the client has it: that is known before the work."""
    if has_already(client.asked, etag):
        return etag, None
    headers = named.header(client.links.base) | items_headers(etag) | {"Content-Type": GEOJSON}
    plain = SentAnswer(etag=etag, data=write(), headers=headers)
    return etag, pack(plain, choose_coding(client.accepted))


def _stream(page: ItemsPage, form: Format, write: WritePage, etag: str, client: ItemsClient) -> Streamed:
    """Send a page piece by piece, unless the client has it."""
    if has_already(client.asked, etag):
        return Streamed(headers=items_headers(etag), pieces=None)
    _count(page, client)
    related = _related(page, form, client.links)
    headers = {
        **page.crs.header(client.links.base),
        **items_headers(etag),
        "Content-Type": form.media_type,
        "Link": ", ".join(f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"' for one in related),
        "OGC-NumberReturned": str(len(page.rows)),
    }
    if page.matched.number is not None and page.matched.exact:
        headers["OGC-NumberMatched"] = str(page.matched.number)
    if form.suffix is not None:
        headers["Content-Disposition"] = f'attachment; filename="{page.frame.layer.id}{form.suffix}"'
    return Streamed(headers=headers, pieces=write(page, related))


def _count(page: ItemsPage, client: ItemsClient) -> None:
    client.measures.count_features(page.frame.layer.id, len(page.rows))


def _related(page: ItemsPage, form: Format, links: Links) -> list[Link]:
    """Link a page to its other forms, its layer and the page after it."""
    layer = page.frame.layer
    following = [] if page.following is None else [links.here(after=page.following, f=form.name)]
    return [
        *link_formats(links, form, layer.id),
        link("collection", links.url("collection", layer_id=layer.id), JSON, layer.title),
        *(link("next", address, form.media_type, "Next page") for address in following),
    ]
