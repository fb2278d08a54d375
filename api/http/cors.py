"""What pages of other origins may do: read everything there is, and edit with a key where there are keys."""

from __future__ import annotations

from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EXPOSED = (
    "ETag",
    "Content-Range",
    "Accept-Ranges",
    "X-Request-ID",
    "X-Twin-Features",
    "Content-Crs",
    "Link",
    "OGC-NumberMatched",
    "OGC-NumberReturned",
    "Location",
    "Preference-Applied",
    "X-Twin-Revision",
)
_SENT_BY_EDITS = ("Authorization", "Content-Type", "Content-Crs", "If-Match", "Prefer")

#: Headers of an answer that any page may read.
OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": ", ".join(_EXPOSED)}
_WRITTEN = [(name.lower().encode(), value.encode()) for name, value in OPEN_TO_ALL.items()]


class OpenToAll:
    """ASGI middleware: pages of every origin read the answers, which do not depend on the origin.

    Parameters
    ----------
    app
        What answers.
    editing
        Whether they may edit as well, with a key; otherwise a browser that asks is told no.
    """

    def __init__(self, app: ASGIApp, *, editing: bool) -> None:
        self._app = app
        self._ahead = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "HEAD", *(["POST", "PUT", "PATCH", "DELETE"] if editing else [])],
            allow_headers=["Range", "If-Range", "If-None-Match", *(_SENT_BY_EDITS if editing else [])],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await self._ahead(scope, receive, send)  # what the page may do, a browser asks first
            return

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_WRITTEN]}
            await send(message)

        await self._app(scope, receive, send_open)
