"""Tiles that were sent before, sent again without routing: most requests of a map are for tiles that are there."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.context import Context
from api.tilesending import answer_with, has_already, headers_of, request_key


class HotTiles:
    """ASGI middleware: answers a request for a tile that was made for just this request before, if it is still true.

    What is true, the stamp of the store says, which any write changes; after a write the first request for a tile takes
    the long way, and finds its entity tag changed or not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        answer = _find(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (self._app if answer is None else answer)(scope, receive, send)


def _find(scope: Scope) -> Response | None:
    context: Context = scope["app"].state.context
    known = context.hot.get(request_key(scope))
    if known is None:
        return None
    stamp, etag, coding = known
    if context.store.stamp() != stamp:
        return None
    if has_already(Request(scope), etag):
        return Response(status_code=304, headers=headers_of(etag))
    sent = context.tiles.get((etag, coding))
    return None if sent is None else answer_with(sent)
