"""The service behind a reverse proxy: scheme, host and path as the client sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

#: Gives the first header of a name, which is in lower case; empty where there is none.
Header = Callable[[bytes], bytes]

#: What a client may call this server; what else stands there is not made part of a link.
HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
#: A pair of `Forwarded` (RFC 7239, 4), its value a token or in quotes.
_PAIR = re.compile(r'\s*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s";,]*))\s*(?:;|$|(?=,))')


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What proxies say of the address that a client asked for; empty where they do not.

    Parameters
    ----------
    scheme, host
        As in an address.
    prefix
        The path below which the client sees the service.
    """

    scheme: str = ""
    host: str = ""
    prefix: str = ""

    @classmethod
    def by(cls, header: Header) -> Seen:
        """Read ``X-Forwarded-Proto``, ``-Host`` and ``-Prefix``, or ``Forwarded``, which knows no prefix.

        The former come first: a proxy that sets them may pass on what a client wrote into the latter.

        References
        ----------
        RFC 7239, Forwarded HTTP Extension.
        """
        said = dict(_pairs(header(b"forwarded")))
        scheme = (_nearest(header, b"x-forwarded-proto") or said.get("proto", "")).lower()
        host = _nearest(header, b"x-forwarded-host") or said.get("host", "")
        prefix = _nearest(header, b"x-forwarded-prefix").rstrip("/")
        return cls(
            scheme=scheme if scheme in ("http", "https") else "",
            host=host if HOST.fullmatch(host) else "",
            prefix=prefix if _PREFIX.fullmatch(prefix) else "",
        )


class BehindProxy:
    """ASGI middleware that believes what proxies say.

    Whatever makes an address from the request (links, redirects, problems) is right without knowing of the proxy.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self._app(_as_clients_see(scope) if scope["type"] == "http" else scope, receive, send)


def find_base(header: Header, *, trust_proxy: bool) -> str | None:
    """Find where a client sees the service: scheme, host and prefix; None where it cannot be said."""
    seen = Seen.by(header) if trust_proxy else Seen()
    host = seen.host or header(b"host").decode("latin-1")
    return f"{seen.scheme or 'http'}://{host}{seen.prefix}" if HOST.fullmatch(host) else None


def header_of(scope: Scope) -> Header:
    """Give the headers of a request by name."""
    headers = dict(reversed(scope["headers"]))
    return lambda name: headers.get(name, b"")


def _as_clients_see(scope: Scope) -> Scope:
    said = Seen.by(header_of(scope))
    seen: dict[str, Any] = dict(scope)
    if said.scheme:
        seen["scheme"] = said.scheme
    if said.host:
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        seen["headers"] = [(b"host", said.host.encode()), *others]
    if said.prefix:
        seen["root_path"] = said.prefix
        seen["path"] = said.prefix + scope["path"].removeprefix(scope.get("root_path", ""))
    return seen


def _nearest(header: Header, name: bytes) -> str:
    """What the proxy nearest to the client says; each one on the way adds its own after a comma."""
    return header(name).decode("latin-1").partition(",")[0].strip()


def _pairs(forwarded: bytes) -> list[tuple[str, str]]:
    """The pairs that the proxy nearest to the client wrote."""
    pairs, rest = [], forwarded.decode("latin-1")
    while pair := _PAIR.match(rest):
        pairs.append((pair[1].lower(), pair[2] if pair[2] is not None else pair[3]))
        rest = rest[pair.end() :]
    return pairs
