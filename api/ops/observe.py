"""One request id, one log line and one safe answer to a crash, for every request."""

from __future__ import annotations

import json
import logging
import time

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import crash_problem
from api.http.proxy import header_of
from api.ops.journal import Journal

error_log = logging.getLogger("twin.api")
_QUOTE = json.encoder.encode_basestring
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
#: The route of what is not there.
UNKNOWN = "none"


def describe_request(method: str, path: str, query: str = "") -> str:
    """Name a request in the words of the log: members of a JSON object."""
    return f'"method": {_QUOTE(method)}, "path": {_QUOTE(path)}, "query": {_QUOTE(query)}'


def route_of(scope: Scope) -> str:
    """The kind of address that was asked for: the path of its route, the folder of a file, or nothing known."""
    if "route" in scope:
        return str(scope["route"].path)
    folder = str(scope.get("root_path", "")).removeprefix(scope.get("app_root_path", ""))
    return folder or UNKNOWN


class Observe:
    """ASGI middleware: names each request, logs it once as a JSON line, and answers what nobody caught.

    The id goes to the client as ``X-Request-ID`` and stands in problem documents and in the log, so that a report from
    a user leads to the cause.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        journal: Journal = scope["app"].state.journal
        request_id = journal.name_request(header_of(scope))
        described = describe_request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
        scope.setdefault("state", {}).update(request_id=request_id, described=described)
        seen = {"status": 0, "size": 0}

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            elif message["type"] == "http.response.body":
                seen["size"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        except Exception:
            error_log.exception("request %s crashed", request_id, extra={"request_id": request_id})
            if seen["status"]:
                raise  # half an answer is out already: the server must break the connection
            await crash_problem(Request(scope))(scope, receive, send_named)
        finally:
            journal.note(
                request_id,
                described,
                route=scope["state"].get("route", UNKNOWN),
                method=scope["method"] if scope["method"] in _METHODS else "OTHER",
                seconds=time.perf_counter() - started,
                **seen,
            )


class HeadAsGet:
    """ASGI middleware: HEAD is GET without the body, with the same headers.

    Whoever answers with a large file sees by ``request.state.head`` that nobody reads it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        scope.setdefault("state", {})["head"] = True
        await self._app({**scope, "method": "GET"}, receive, send_head)
