"""The only builder of URLs: links are absolute and named by route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

from fastapi import Request
from starlette.applications import Starlette
from starlette.routing import Mount

from api.http.media import HTML, JSON, XML

#: Where relations begin that the OGC has named.
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0"
#: What may stand in a query beside letters and digits (RFC 3986, 3.4), and the sign of what may not.
_IN_QUERY = "!$&'()*+,;=:@/?%"

Link = dict[str, str]


class Links:
    """Makes the URLs of one request's answer.

    Parameters
    ----------
    app
        Knows the routes.
    base
        Where the client sees the service: scheme, host and root path.
    path
        Of the request, below that.
    query
        Of the request, as it stands there.
    """

    def __init__(self, app: Starlette, base: str, path: str, query: str = "") -> None:
        self.base = base
        self._app = app
        self._path = path
        self._query = query
        self._stems: dict[tuple[str, ...], str] = {}

    @classmethod
    def of(cls, request: Request) -> Links:
        """The links of a request; its scheme, host and root path are where the client sees the service."""
        root, url = _root_path(request), request.url
        path = url.path.removeprefix(root)
        query = request.scope.get("query_string", b"").decode("latin-1")
        return cls(request.app, f"{url.scheme}://{url.netloc}{root}", path, query)

    def url(self, name: str, /, *, query: Mapping[str, Any] | None = None, **ids: str) -> str:
        """Make the URL of a named route, with its path parameters and a query string."""
        return f"{self.base}{_find_path(self._app, name, **ids)}" + (f"?{urlencode(query)}" if query else "")

    def template(self, name: str, /, *, query: Mapping[str, Any] | None = None, **ids: str) -> str:
        """Make a URL that the client completes: path parameters written as ``{z}`` stay so."""
        return self.url(name, query=query, **ids).replace("%7B", "{").replace("%7D", "}")

    def here(self, **changed: str | None) -> str:
        """Make the URL of this request with some query parameters changed, or dropped where None."""
        stem = self._stem(tuple(changed))
        new = "&".join([_write_parameter(name, value) for name, value in changed.items() if value is not None])
        return stem + new if new else stem[:-1]

    def _stem(self, changed: tuple[str, ...]) -> str:
        """The URL of this request without some query parameters, up to where others follow."""
        if changed not in self._stems:
            kept = [text for name, text in self._parameters if name not in changed]
            self._stems[changed] = "".join([self._here, *kept])
        return self._stems[changed]

    @cached_property
    def _here(self) -> str:
        """The URL of this request up to its query."""
        return f"{self.base}{quote(self._path, safe=',/')}?"

    @cached_property
    def _parameters(self) -> list[tuple[str, str]]:
        """What the query says: each parameter's name, and how it stands there."""
        query = quote(self._query, safe=_IN_QUERY, encoding="latin-1").split("&")
        return [(_read_name(text.partition("=")[0]), f"{text}&") for text in query if text]

    def next_page(self, passed: int, count: int) -> list[Link]:
        """Link to the rest of a list of which so many were passed over or shown, if there is any."""
        return [link("next", self.here(offset=str(passed)), JSON, "Next page")] if passed < count else []

    def self_and_page(self, media_type: str = JSON, *, xml: bool = False) -> list[Link]:
        """Link a JSON document to itself, to its page for people, and to its XML where there is one."""
        return [
            link("self", self.here(f="json"), media_type, "This document"),
            link("alternate", self.here(f="html"), HTML, "This document as a page"),
            *([link("alternate", self.here(f="xml"), XML, "This document as XML")] if xml else []),
        ]


@lru_cache(maxsize=1000)
def _read_name(text: str) -> str:
    return unquote_plus(text)


@lru_cache(maxsize=1000)
def _write_parameter(name: str, value: str) -> str:
    return f"{name}={quote_plus(value)}"


@lru_cache(maxsize=1000)
def _find_path(app: Starlette, name: str, /, **ids: str) -> str:
    """Find the path of a route; to go through all routes takes longer than all else that a link takes."""
    return str(app.url_path_for(name, **{key: quote(value, safe=",/") for key, value in ids.items()}))


def _root_path(request: Request) -> str:
    """The path below which the client sees the service; Starlette adds that of the folder that a file is missing in."""
    root = str(request.scope.get("root_path", ""))
    for route in request.app.routes:
        if isinstance(route, Mount) and route.app is request.scope.get("endpoint"):
            root = root.removesuffix(route.path)
    return root.rstrip("/")


def turn_links(links: Iterable[Link], media_type: str) -> list[Link]:
    """Make the links of a document those of another form of it: that one is ``self``, and this one an ``alternate``."""
    return [
        {**each, "rel": "self" if each["type"] == media_type else "alternate"}
        if each["rel"] in ("self", "alternate")
        else each
        for each in links
    ]


def link(rel: str, href: str, media_type: str = JSON, title: str = "") -> Link:
    """Write a link as OGC APIs do."""
    made = {"href": href, "rel": rel, "type": media_type}
    if title:
        made["title"] = title
    return made
