"""The end of every answer, whatever route it comes from: entity tag, what caches may do, compression."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import Context
from api.http.conditional import has_already
from api.http.links import Links
from api.http.recall import document_key
from api.http.sent import CACHE, HotAnswer, Packer, SentAnswer, choose_coding, is_compressible, make_packer, pack
from api.ops.observe import route_of
from twin.errors import TwinError

#: What an answer that says nothing new says nevertheless (RFC 9110, 15.4.5).
_OF_304 = ("etag", "cache-control", "vary", "content-location", "expires", "date", "last-modified")


class Finish:
    """ASGI middleware that finishes answers, so that no route has to.

    - A copy of what GET gives may be kept but must be checked by its entity tag, unless the route says otherwise by
      ``Cache-Control``; errors are not kept.
    - What has no entity tag gets one made of all that it says, unless it comes in pieces; a client that has it is told
      so.
    - What is neither small nor compressed is compressed as the client prefers.
    - What says the same until something is written (``request.state.lasting``) is remembered, so that it can be sent
      again without being made: see `api.http.recall`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self._app(scope, receive, _Ending(scope, send) if scope["type"] == "http" else send)


class _Ending:
    """Takes in the messages of one answer, and sends others."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._asked = Headers(scope=scope)
        self._coding = choose_coding(self._asked.get("accept-encoding", ""))
        self._context: Context = scope["app"].state.context
        self._stamp = _read_stamp(self._context)
        self._start: Message | None = None
        self._packer: Packer | None = None
        self._is_over = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            self._scope.setdefault("state", {})["route"] = route_of(self._scope)
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif self._start is None:
            await self._go_on(message)
        else:
            start, self._start = self._start, None
            headers = MutableHeaders(raw=list(start["headers"]))
            start["headers"] = headers.raw
            if message.get("more_body"):
                await self._begin(start, headers)
                await self._go_on(message)
            else:
                await self._send_whole(start, headers, message.get("body", b""))

    async def _send_whole(self, start: Message, headers: MutableHeaders, body: bytes) -> None:
        self._set_cache(start, headers)
        if self._may_be_kept(start, headers) and "etag" not in headers:
            named = hashlib.blake2b(headers.get("content-type", "").encode() + b"\n" + body, digest_size=16)
            headers["etag"] = f'W/"{named.hexdigest()}"'
        sent = SentAnswer(etag=headers.get("etag", "").removeprefix("W/"), data=body, headers=_plain(headers))
        if self._may_be_packed(headers):
            _vary_by_coding(headers)
            sent = pack(SentAnswer(etag=sent.etag, data=body, headers=_plain(headers)), self._coding)
        if self._is_lasting(start, headers):
            self._remember(sent)
        if self._client_has_it(start, headers):
            await self._send_304(start, headers)
            return
        if sent.data is not body:
            self._name_coding(headers)
            headers["content-length"] = str(len(sent.data))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": sent.data})

    async def _begin(self, start: Message, headers: MutableHeaders) -> None:
        """Begin an answer in pieces."""
        self._set_cache(start, headers)
        if self._may_be_packed(headers):
            _vary_by_coding(headers)
            if self._coding != "identity":
                self._packer = make_packer(self._coding)
                self._name_coding(headers)
                del headers["content-length"]
        if self._client_has_it(start, headers):
            await self._send_304(start, headers)
        else:
            await self._send(start)

    async def _go_on(self, message: Message) -> None:
        if self._is_over:
            return
        body = message.get("body", b"")
        if self._packer is not None:
            body = self._packer.compress(body)
            if not message.get("more_body"):
                body += self._packer.flush()
        await self._send({**message, "body": body})

    async def _send_304(self, start: Message, headers: MutableHeaders) -> None:
        self._is_over = True
        kept = [(name, value) for name, value in headers.raw if name.decode("latin-1") in _OF_304]
        await self._send({**start, "status": 304, "headers": kept})
        await self._send({"type": "http.response.body", "body": b""})

    def _name_coding(self, headers: MutableHeaders) -> None:
        headers["content-encoding"] = self._coding
        if "etag" in headers:  # which was the tag of other bytes
            headers["etag"] = f"W/{headers['etag'].removeprefix('W/')}"

    def _set_cache(self, start: Message, headers: MutableHeaders) -> None:
        if start["status"] >= 400:
            headers.setdefault("cache-control", "no-store")
        elif start["status"] == 200 and self._scope["method"] == "GET":
            headers.setdefault("cache-control", CACHE)

    def _may_be_kept(self, start: Message, headers: MutableHeaders) -> bool:
        is_read = self._scope["method"] == "GET" and start["status"] == 200
        return is_read and "no-store" not in headers.get("cache-control", "")

    def _may_be_packed(self, headers: MutableHeaders) -> bool:
        return "content-encoding" not in headers and is_compressible(headers.get("content-type", ""))

    def _client_has_it(self, start: Message, headers: MutableHeaders) -> bool:
        asked, etag = self._asked.get("if-none-match"), headers.get("etag", "")
        return self._may_be_kept(start, headers) and bool(asked and etag) and has_already(asked or "", etag)

    def _is_lasting(self, start: Message, headers: MutableHeaders) -> bool:
        state: dict[str, Any] = self._scope.get("state", {})
        is_anyones = "authorization" not in self._asked and "cookie" not in self._asked
        lasts = state.get("lasting", False) and not state.get("head", False) and self._stamp is not None
        return lasts and is_anyones and self._may_be_kept(start, headers)

    def _remember(self, sent: SentAnswer) -> None:
        scope, query = self._scope, self._scope["query_string"]
        request = Request(scope)
        hot = HotAnswer(
            stamp=self._stamp,
            etag=sent.etag,
            coding=self._coding,
            described=request.state.described,
            route=request.state.route,
            vary=sent.headers.get("vary", ""),
        )
        target = scope["raw_path"] + (b"?" + query if query else b"")
        base, accept = Links.of(request).base, self._asked.get("accept", "")
        self._context.hot.put(document_key(target, base, accept, self._coding), hot)
        self._context.answers.put((sent.etag, self._coding), sent, len(sent.data))


def _vary_by_coding(headers: MutableHeaders) -> None:
    if "accept-encoding" not in headers.get("vary", "").lower():
        headers.add_vary_header("Accept-Encoding")


def _plain(headers: MutableHeaders) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "content-length"}


def _read_stamp(context: Context) -> Hashable | None:
    """What was true before the answer was made; None where the store cannot say."""
    try:
        return context.stamp()
    except TwinError:
        return None
