"""The only builder of URLs: links are absolute and named by route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request

from api.media import HTML, JSON

Link = dict[str, str]


class Links:
    """Makes the URLs of one request's answer.

    Parameters
    ----------
    request
        The request; its scheme, host and root path are where the client sees the service.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._root = str(request.scope.get("root_path", "")).rstrip("/")
        self.base = f"{request.url.scheme}://{request.url.netloc}{self._root}"

    def url(self, name: str, /, *, query: Mapping[str, Any] | None = None, **ids: str) -> str:
        """Make the URL of a named route, with its path parameters and a query string."""
        quoted = {key: quote(value, safe=",/") for key, value in ids.items()}
        path = self._request.app.url_path_for(name, **quoted)
        return f"{self.base}{path}" + (f"?{urlencode(query)}" if query else "")

    def template(self, name: str, /, *, query: Mapping[str, Any] | None = None, **ids: str) -> str:
        """Make a URL that the client completes: path parameters written as ``{z}`` stay so."""
        return self.url(name, query=query, **ids).replace("%7B", "{").replace("%7D", "}")

    def here(self, **changed: str | None) -> str:
        """Make the URL of this request with some query parameters changed, or dropped where None."""
        path = quote(self._request.url.path.removeprefix(self._root), safe=",/")
        kept = [(key, value) for key, value in self._request.query_params.multi_items() if key not in changed]
        query = urlencode(kept + [(key, value) for key, value in changed.items() if value is not None])
        return f"{self.base}{path}" + (f"?{query}" if query else "")

    def self_and_page(self, media_type: str = JSON) -> list[Link]:
        """Link a JSON document to itself and to its page for people."""
        return [
            link("self", self.here(f="json"), media_type, "This document"),
            link("alternate", self.here(f="html"), HTML, "This document as a page"),
        ]


def link(rel: str, href: str, media_type: str = JSON, title: str = "") -> Link:
    """Write a link as OGC APIs do."""
    return {"href": href, "rel": rel, "type": media_type} | ({"title": title} if title else {})
