"""Features answered before anything else is done: those of layers in memory, asked for in a plain way.

Routing, checking and middleware take several times as long as finding a hundred features and writing them. What takes
longer than a moment, what is not in memory, and what there is something to say about, goes the long way.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from urllib.parse import parse_qsl, unquote_plus

from fastapi import FastAPI

from api.context import Context
from api.crs import DEFAULT_CRS
from api.features.itempages import ItemsWish
from api.features.items import AT_ONCE, ITEM_ROUTE, ITEMS_ROUTE, ItemsClient, Sent, items_headers, send_item, send_page
from api.features.ready import ready_items
from api.forms.formats import PLAIN, choose_format
from api.http.cors import OPEN_TO_ALL
from api.http.links import Links
from api.http.plain import Added, PlainRequest, write_answer
from api.http.proxy import find_base
from api.http.sent import write_head
from api.ops.observe import describe_request
from api.params import ItemParams, ItemsParams
from api.values import parse_bbox

#: The address of the features of a layer, or of one of them.
_ITEMS = re.compile(rb"(/collections/([a-z0-9_]+)/items(?:/([A-Za-z0-9_.~-]+))?)(?:\?([!-~]*))?")


#: The box in a query.
_BOX = re.compile(r"(?:^|&)bbox=([^&]+)")


class HotItems:
    """Answers requests for features.

    Parameters
    ----------
    app
        Its context has the layers.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def answer(self, request: PlainRequest, added: Added) -> bytes | None:
        """Answer a request, or not at all; see `api.http.recall.Recall`."""
        address = _ITEMS.fullmatch(request.target)
        if address is None:
            return None
        path, layer_id, key, query = (part.decode() if part else "" for part in address.groups())
        made = None
        with suppress(Exception):  # whatever goes wrong, the long way meets it as well, and says so
            made = self._make(request, path, layer_id, key, query)
        if made is None:
            return None
        etag, sent = made
        if sent is None:
            answer = 304, write_head(items_headers(etag) | OPEN_TO_ALL), b""
        else:
            answer = sent.status, sent.head, sent.data
        asked = describe_request("GET", path, query), ITEM_ROUTE if key else ITEMS_ROUTE
        return write_answer(self._app.state.journal, request, asked, answer, added)

    def _make(self, request: PlainRequest, path: str, layer_id: str, key: str, query: str) -> Sent | None:
        context: Context = self._app.state.context
        part = context.collections.get(layer_id)
        layer = None if part is None or part.where is not None else part.layer
        base = find_base(request.header, trust_proxy=context.settings.trust_proxy)
        frame = None if layer is None else context.frames.peek(layer, ask=False, stamp=context.stamp())
        items = ready_items(frame) if frame is not None and frame.keeps("items") else None
        box = None if key else _BOX.search(query)
        rest = query if box is None else query[: box.start()] + query[box.end() :]
        params = _read_plain(ItemParams if key else ItemsParams, rest, _text(request, b"accept"), layer_id)
        if part is None or base is None or frame is None or items is None or params is None:
            return None
        links = Links(self._app, base, path, query)
        accepted, asked = _text(request, b"accept-encoding"), _text(request, b"if-none-match")
        client = ItemsClient(links=links, accepted=accepted, asked=asked, measures=context.measures)
        if not isinstance(params, ItemsParams):
            return send_item(context, client, key, DEFAULT_CRS, frame, items)
        corners = None if box is None else parse_bbox(unquote_plus(box[1]))
        wish = ItemsWish.of(context, part, params, base, box=corners)
        if wish.limit > AT_ONCE or not items.knows(frame, wish.wanted):
            return None
        return send_page(context, client, wish, frame, items)


@lru_cache(maxsize=1000)
def _read_plain(kind: type[ItemParams], query: str, accept: str, layer_id: str) -> ItemParams | None:
    """Read what a query asks for, which is the same for many requests but for the box; None where that is not plain."""
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    params = kind.model_validate(given)
    is_plain = params.plain and choose_format(accept, params.f, layer_id) is PLAIN
    return params if is_plain and "bbox" not in given and len(given) == len(pairs) else None


def _text(request: PlainRequest, name: bytes) -> str:
    return request.header(name).decode("latin-1")
