"""Tiles that were sent before, sent again before anything else is done: most requests of a map are for such tiles.

What takes the time of a small answer in Python is not the answer but the way to it: a task, layers of middleware,
routing. A request that is whole, plain and for a tile that was made before goes none of that way. Everything else, and
everything that is unusual about a connection, is uvicorn's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.conditional import has_already
from api.context import Context
from api.cors import OPEN_TO_ALL
from api.observe import log_line
from api.tilesending import HotTile, headers_of, write_head
from api.turn import AccessLog
from twin.errors import TwinError

#: A request without a body and nothing behind it (RFC 9112, 2 to 5): each line of its head is a name and a value.
_WHOLE = re.compile(rb"GET (/[!-~]*) HTTP/1\.1\r\n(?:[!-9;-~]+:[^\r\n\x00]*\r\n)*\r\n")
#: What makes a request more than plain, in lower case.
_MORE = (b"\r\ncontent-length:", b"\r\ntransfer-encoding:", b"\r\nexpect:", b"\r\nupgrade:")


class PlainRequest:
    """A request that is whole, has no body, and leaves its connection as it is.

    Parameters
    ----------
    data
        What was received.
    target
        Path and query as they stand in it.
    """

    def __init__(self, data: bytes, target: bytes) -> None:
        self.target = target
        self._data = data
        self._lowered = data.lower()

    @classmethod
    def read(cls, data: bytes) -> PlainRequest | None:
        """Read what was received; None where it is anything else."""
        whole = _WHOLE.fullmatch(data)
        return cls(data, whole[1])._if_plain() if whole else None

    def _if_plain(self) -> PlainRequest | None:
        stays = self.header(b"connection").lower() in (b"", b"keep-alive")
        return self if stays and not any(name in self._lowered for name in _MORE) else None

    def header(self, name: bytes) -> bytes:
        """The first header of a name, which is given in lower case; empty where there is none."""
        begin = self._lowered.find(b"\r\n" + name + b":")
        if begin < 0:
            return b""
        begin += len(name) + 3
        return self._data[begin : self._data.index(b"\r\n", begin)].strip(b" \t")


class HotTiles:
    """Answers requests for tiles that were made for just these requests before, if they are still true.

    What is true, the stamp of the store says, which any write changes; after a write the first request for a tile takes
    the long way, and finds its entity tag changed or not.

    Parameters
    ----------
    app
        Its context says what was made.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def answer(self, request: PlainRequest, added: Iterable[tuple[bytes, bytes]]) -> bytes | None:
        """Answer a request, or not at all.

        Parameters
        ----------
        request
            For whatever.
        added
            Headers that the server adds to every answer.
        """
        started = perf_counter()
        context: Context = self._app.state.context
        known = context.hot.get((request.target, request.header(b"accept-encoding")))
        if known is None or not _is_true(known, context):
            return None
        asked = request.header(b"if-none-match")
        if asked and has_already(asked.decode("latin-1"), known.etag):
            status, head, body = 304, write_head(headers_of(known.etag) | OPEN_TO_ALL), b""
        elif sent := context.tiles.get((known.etag, known.coding)):
            status, head, body = sent.status, sent.head, sent.data
        else:
            return None
        log: AccessLog = self._app.state.log
        request_id = log.name_request()
        ms = 1000 * (perf_counter() - started)
        log.add(log_line(request_id, known.described, status=status, size=len(body), ms=ms))
        lines = [b"%b: %b\r\n" % header for header in (*added, (b"x-request-id", request_id.encode()))]
        return b"".join((STATUS_LINE[status], *lines, head, b"\r\n", body))


def _is_true(known: HotTile, context: Context) -> bool:
    try:
        return known.stamp == context.stamp()
    except TwinError:  # whoever reads the store will say so
        return False


class HotProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP, with hot tiles answered before it begins.

    It does so only where it knows that nothing else is under way on the connection: every piece of data so far was one
    plain request, and the last of them is answered.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._hot: HotTiles = self.config.app.state.hot  # type: ignore[union-attr]
        self._plain = True

    def data_received(self, data: bytes) -> None:
        """Answer at once, or hand on."""
        if self._plain:
            request = PlainRequest.read(data)
            if request is None or self.flow.write_paused or not (self.cycle is None or self.cycle.response_complete):
                self._plain = False
            elif answer := self._hot.answer(request, self.server_state.default_headers):
                self.transport.write(answer)
                self._wait_for_more()
                return
        super().data_received(data)

    def _wait_for_more(self) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
