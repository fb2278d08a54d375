"""What a request may ask for: the length of its address and of its body, and the time that a store works for it."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import Context
from api.problems import problem
from twin.deadline import wait_at_most

#: A filter of some hundred vertices has room in it.
MOST_ADDRESS_BYTES = 16_000


class Limits:
    """ASGI middleware: says which limit a request is beyond, as soon as that is known."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context: Context = scope["app"].state.context
        most_mb = context.settings.max_body_mb
        too_large = f"the body of a request may have {most_mb} MB; see the setting max_body_mb"
        request = Request(scope)
        if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_ADDRESS_BYTES:
            detail = f"an address may have {MOST_ADDRESS_BYTES:,} bytes; send a long filter in a body"
            await _refuse(request, HTTPStatus.REQUEST_URI_TOO_LONG, detail)(scope, receive, send)
            return
        said = request.headers.get("content-length", "0")
        if said.isascii() and said.isdecimal() and int(said) > most_mb * 1_000_000:
            await _refuse(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large)(scope, receive, send)
            return
        received = 0

        async def receive_no_more() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most_mb * 1_000_000:  # it came in pieces, and nobody said how many
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large)
            return message

        with wait_at_most(context.settings.max_seconds):
            await self._app(scope, receive_no_more, send)


def _refuse(request: Request, status: HTTPStatus, detail: str) -> ASGIApp:
    answer = problem(request, status, status.phrase, detail)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Connection"] = "close"  # what comes of the request is not read
    return answer
