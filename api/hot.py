"""Small answers given before anything else is done: most requests of a map are for what was sent before.

What takes the time of a small answer in Python is not the answer but the way to it: layers of middleware, routing,
parameters. A request that is whole and plain goes none of that way if it is for what was sent before
(`api.http.recall`), for features in memory (`api.features.hot`), or for a tile, made already or not. Everything else,
everything that is unusual about a connection, and every request about which there is something to say, is uvicorn's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.context import Context
from api.features.hot import HotItems
from api.http.plain import Added, PlainRequest, note_answer
from api.http.recall import Recall, Recalled, write_recalled
from api.ops.journal import Journal
from api.ops.observe import describe_request
from api.tiles.sending import TileWish, obtain_at_once, obtain_tile, tile_key
from api.tiles.tilesets import PLAIN, TILE_ROUTE, find_tile
from twin.errors import TwinError

Making = Coroutine[Any, Any, Recalled]

#: The address of a tile without parameters.
_TILE = re.compile(rb"/tiles/([a-z0-9_,]+)/([0-9]{1,18})/([0-9]{1,18})/([0-9]{1,18})\.mvt")

#: How long a request may take from a client to us that was sent before it could know that we stop.
_ON_ITS_WAY_S = 1.0


class HotTiles:
    """Makes the tiles that plain requests are for.

    Parameters
    ----------
    app
        Its context says what was made.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def answer(self, request: PlainRequest, added: Added) -> bytes | None:
        """Answer a request at once with a tile that is made in a moment, or not; see `api.http.recall.Recall`."""
        made = self._make_at_once(request)
        return None if made is None else write_recalled(self._app.state.journal, request, made, added)

    def _make_at_once(self, request: PlainRequest) -> Recalled | None:
        address = read_address(request.target)
        if address is not None:
            with suppress(Exception):  # it takes longer, or something is wrong, which the long way says
                return obtain_at_once(self._app.state.context, *address, _wish_of(request))
        return None

    def make(self, request: PlainRequest) -> Making | None:
        """Have the tile made that a request is for, if its address is plain and there is nothing wrong with it."""
        address = read_address(request.target)
        if address is None:
            return None
        ids, place = address
        context: Context = self._app.state.context
        try:
            source = find_tile(context, ids, place, PLAIN)
        except TwinError:  # the long way says what is wrong
            return None
        return obtain_tile(context, source, place, _wish_of(request))


def read_address(target: bytes) -> tuple[str, tuple[int, int, int]] | None:
    """Read the address of a tile without parameters: ids of layers, level, column and row; None for any other."""
    address = _TILE.fullmatch(target)
    if address is None:
        return None
    ids, z, x, y = address.groups()
    return ids.decode(), (int(z), int(x), int(y))


def _wish_of(request: PlainRequest) -> TileWish:
    accepted, asked = (request.header(name).decode("latin-1") for name in (b"accept-encoding", b"if-none-match"))
    described = describe_request("GET", request.target.decode())
    key = tile_key(request.target, accepted)
    return TileWish(key=key, accepted=accepted, asked=asked, described=described, route=TILE_ROUTE)


class HotProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP, with small answers given before it begins.

    It does so only where it knows that nothing else is under way on the connection: every piece of data so far was one
    plain request, and the last of them is answered. What comes while a tile is made waits until it is sent.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        state = self.config.app.state  # type: ignore[union-attr]
        self._recall: Recall = state.recall
        self._hot: HotTiles = state.hot
        self._items: HotItems = state.hot_items
        self._journal: Journal = state.journal
        self._plain, self._is_stopping = True, False
        self._making: asyncio.Task[Recalled] | None = None
        self._later = b""
        self._answered = 0.0

    def data_received(self, data: bytes) -> None:
        """Answer at once, have a tile made, or hand on."""
        if self._making is not None:
            self._later += data
            self.flow.pause_reading()
            return
        if self._plain:
            request = PlainRequest.read(data)
            if request is None or self.flow.write_paused or not (self.cycle is None or self.cycle.response_complete):
                self._plain = False
            elif answer := self._answer(request, self.server_state.default_headers):
                self._send(answer)
                return
            elif making := self._hot.make(request):
                self._unset_keepalive_if_required()
                self._making = self.loop.create_task(making)
                self._making.add_done_callback(partial(self._end_making, request, data))
                return
        super().data_received(data)
        if self._is_stopping and self.cycle is not None:
            self.cycle.keep_alive = False  # and the client is told so

    def _answer(self, request: PlainRequest, added: Added) -> bytes | None:
        return (
            self._items.answer(request, added)  # no other has their addresses, as is seen at once
            or self._recall.answer(request, added)
            or self._hot.answer(request, added)
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Want nothing any more."""
        if self._making is not None:
            self._making.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection once what is under way is answered, and what may be on its way to us."""
        self._plain, self._is_stopping = False, True
        if self._making is None:
            self.loop.call_later(_ON_ITS_WAY_S, super().shutdown)
        else:
            self._making.add_done_callback(lambda _: super(HotProtocol, self).shutdown())

    def _end_making(self, request: PlainRequest, data: bytes, made: asyncio.Task[Recalled]) -> None:
        self._making = None
        if made.cancelled() or self.transport.is_closing():
            described = describe_request("GET", request.target.decode())
            note_answer(self._journal, request, described, TILE_ROUTE, 499, 0)
            return
        if made.exception() is None:
            self._send(write_recalled(self._journal, request, made.result(), self.server_state.default_headers))
        else:
            super().data_received(data)  # which meets the same, and says so
        later, self._later = self._later, b""
        if later:
            self.flow.resume_reading()
            self.data_received(later)

    def _send(self, answer: bytes) -> None:
        self.transport.write(answer)
        self._answered = self.loop.time()
        if self.timeout_keep_alive_task is None:  # else it looks again when it is over
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, unless something was answered on it meanwhile."""
        left = self._answered + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()
