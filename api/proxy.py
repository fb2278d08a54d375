"""The service behind a reverse proxy: scheme, host and path as the client sees them."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


class BehindProxy:
    """ASGI middleware that believes ``X-Forwarded-Proto``, ``-Host`` and ``-Prefix``.

    Whatever makes an address from the request (links, redirects, problems) is right without knowing of the proxy.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self._app(_as_clients_see(scope) if scope["type"] == "http" else scope, receive, send)


def _as_clients_see(scope: Scope) -> Scope:
    said = {name: value for name, value in scope["headers"] if name.startswith(b"x-forwarded-")}
    seen: dict[str, Any] = dict(scope)
    if scheme := _nearest(said, b"proto"):
        seen["scheme"] = scheme
    if host := _nearest(said, b"host"):
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        seen["headers"] = [(b"host", host.encode("latin-1")), *others]
    if prefix := _nearest(said, b"prefix").rstrip("/"):
        seen["root_path"] = prefix
        seen["path"] = prefix + scope["path"].removeprefix(scope.get("root_path", ""))
    return seen


def _nearest(said: dict[bytes, bytes], what: bytes) -> str:
    """What the proxy nearest to the client says; each one on the way adds its own after a comma."""
    return said.get(b"x-forwarded-" + what, b"").decode("latin-1").partition(",")[0].strip()
