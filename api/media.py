"""Content negotiation: every resource is JSON of some kind, and an HTML page for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from fastapi import Request

from twin.errors import TwinError

JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html"
MULTIPART = "multipart/related"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
PROBLEM = "application/problem+json"
SCHEMA = "application/schema+json"
MVT = "application/vnd.mapbox-vector-tile"
PBF = "application/x-protobuf"
PNG = "image/png"
QGZ = "application/x-qgis-project-container"
STYLE = "application/vnd.mapbox.style+json"


FLATGEOBUF = "application/flatgeobuf"
GEOPARQUET = "application/vnd.apache.parquet"
JSONFG = "application/vnd.ogc.fg+json"
CSV = "text/csv"
GML = "application/gml+xml"


class NotAcceptable(TwinError):
    """The resource exists, but not in any of the media types that the Accept header allows."""

    status: ClassVar[int] = 406
    slug: ClassVar[str] = "not-acceptable"
    title: ClassVar[str] = "Not acceptable"


def wants_html(request: Request, f: str | None, media_type: str = JSON) -> bool:
    """Say whether to answer with the HTML page rather than with the machine-readable form.

    ``f`` decides where it is given, otherwise the Accept header, otherwise the machine gets its form.

    Parameters
    ----------
    request
        Its Accept header counts where ``f`` is None.
    f
        The parameter of that name: ``html``, ``json``, ``geojson`` or None.
    media_type
        Media type of the machine-readable form; plain ``application/json`` asks for it too.

    Raises
    ------
    NotAcceptable
        The Accept header allows neither form.

    References
    ----------
    RFC 9110, 12.5.1: Accept, with quality values.
    """
    return prefers_html(request.headers.get("accept", ""), f, media_type)


def prefers_html(accept: str, f: str | None, media_type: str) -> bool:
    """The same by the value of an Accept header; empty where there is none."""
    if f is not None:
        return f == "html"
    return choose_media_type(accept, (media_type.partition(";")[0], HTML)) == HTML


def choose_media_type(accept: str, known: Sequence[str]) -> str:
    """Choose the media type of several that an Accept header prefers; the first, also where JSON will do.

    Raises
    ------
    NotAcceptable
        The header allows none of them.
    """
    for wanted in _by_preference(accept or "*/*"):
        if wanted in (JSON, "*/*"):
            return known[0]
        kind = wanted.removesuffix("*") if wanted.endswith("/*") else None
        for media_type in known:
            if media_type == wanted or (kind is not None and media_type.startswith(kind)):
                return media_type
    raise NotAcceptable(f"this resource is there as {', '.join(known[:-1])} and as {known[-1]}")


def _by_preference(accept: str) -> Iterator[str]:
    """The media types of an Accept header that are allowed at all, best first; equals keep their order."""
    ranked: list[tuple[float, str]] = []
    for item in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in item.split(";"))
        ranked.append((next((_quality(p) for p in parameters if p.startswith("q=")), 1.0), media_type))
    ranked.sort(key=lambda pair: -pair[0])
    return (media_type for quality, media_type in ranked if quality > 0)


def _quality(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
