"""Media types of answers, and which of several a client prefers: nearly every resource is a page for people too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi import Request

from api.errors import NotAcceptable

BCF = "application/zip"
BINARY = "application/octet-stream"
CITYJSON = "application/city+json"
CITYJSON_SEQ = "application/city+json-seq"
CSV = "text/csv"
FLATGEOBUF = "application/flatgeobuf"
GEOJSON = "application/geo+json"
GEOPARQUET = "application/vnd.apache.parquet"
GLTF = "model/gltf-binary"
GML = "application/gml+xml"
HTML = "text/html"
JPEG = "image/jpeg"
JSON = "application/json"
JSONFG = "application/vnd.ogc.fg+json"
MERGE_PATCH = "application/merge-patch+json"
MULTIPART = "multipart/related"
NETCDF = "application/netcdf"
SVG = "image/svg+xml"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
PBF = "application/x-protobuf"
PNG = "image/png"
PROBLEM = "application/problem+json"
QGZ = "application/x-qgis-project-container"
SCHEMA = "application/schema+json"
STYLE = "application/vnd.mapbox.style+json"
TIFF = "image/tiff; application=geotiff"
XML = "application/xml"


def wants_html(request: Request, f: str | None, media_type: str = JSON) -> bool:
    """Say whether to answer with the HTML page rather than with the machine-readable form."""
    return choose_document(request, f, (media_type, HTML)) == HTML


def choose_document(request: Request, f: str | None, media_types: Sequence[str]) -> str:
    """Choose the form of a document.

    ``f`` decides where it is given, otherwise the Accept header, otherwise the machine gets its form.

    Parameters
    ----------
    request
        Its Accept header counts where ``f`` is None.
    f
        The parameter of that name: ``html``, ``xml``, any other name of the machine-readable form, or None.
    media_types
        Of its forms; the first is the machine-readable one, and plain ``application/json`` asks for it too.

    Raises
    ------
    NotAcceptable
        The Accept header allows none of them.

    References
    ----------
    RFC 9110, 12.5.1: Accept, with quality values.
    """
    if f is not None:
        return {"html": HTML, "xml": XML}.get(f, media_types[0])
    plain = {media_type.partition(";")[0]: media_type for media_type in media_types}
    return plain[choose_media_type(request.headers.get("accept", ""), tuple(plain))]


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
