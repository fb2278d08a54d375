"""What a request may ask for: the length of its address, and the time that a store works for it.

How long its body may be, `api.http.bodies` says.
"""

from __future__ import annotations

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.context import Context
from api.errors import AddressTooLong
from twin.deadline import wait_at_most

#: A filter of some hundred vertices has room in it.
_MOST_ADDRESS_BYTES = 16_000


async def refuse_long_address(request: Request) -> None:
    """Refuse an address that is longer than addresses may be."""
    scope = request.scope
    if len(scope["raw_path"]) + len(scope["query_string"]) > _MOST_ADDRESS_BYTES:
        raise AddressTooLong(f"an address may have {_MOST_ADDRESS_BYTES:,} bytes; ask with a shorter filter")


class WaitAtMost:
    """ASGI middleware: a store works for a request no longer than the setting ``max_seconds`` says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context: Context = scope["app"].state.context
        with wait_at_most(context.settings.max_seconds):
            await self._app(scope, receive, send)
