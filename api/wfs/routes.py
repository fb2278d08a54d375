"""WFS 2.0 at one address: each operation by GET with keys and values, or by POST with XML.

References
----------
OGC 09-025r2 (ISO 19142), WFS 2.0.2: conformance classes Simple WFS and Basic WFS, without joins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from api.context import context_of, links_of
from api.errors import MissingParameter
from api.features.tags import digest, name_state
from api.forms.xmlnames import to_xml_name
from api.http.bodies import read_body
from api.http.conditional import has_already
from api.http.limits import refuse_long_address
from api.http.media import GEOJSON
from api.http.problems import TRY_AGAIN, note_error
from api.wfs.ask import STORED_QUERIES, VERSIONS, Ask, read_document, read_query
from api.wfs.crs import find_srs, offer_srs
from api.wfs.describe import (
    FORMATS,
    OPERATIONS,
    write_capabilities,
    write_exception,
    write_schema,
    write_stored_queries,
)
from api.wfs.fes import property_name
from api.wfs.find import Found, find_features, layer_of
from api.wfs.names import find_type, read_resource_id
from api.wfs.write import GML_TYPE, Wish, write_collection, write_feature, write_geojson, write_hits, write_values
from twin.crs import CRS84
from twin.errors import FeatureNotFound, InvalidParameter, TwinError
from twin.layer import Layer
from twin.schema import GEOMETRY

XML = "text/xml; charset=UTF-8"


async def serve_wfs(request: Request) -> Response:
    """Answer a request of WFS."""
    try:
        await refuse_long_address(request)
        body = await read_body(request) if request.method == "POST" else b""
        return await run_in_threadpool(_answer, request, body)
    except TwinError as error:
        return _report(request, error)


#: Beside those of FastAPI: WFS has errors of its own, and no place in OpenAPI.
ROUTE = Route("/wfs", serve_wfs, methods=["GET", "POST"], name="wfs")


def _answer(request: Request, body: bytes) -> Response:
    ask = read_document(body) if request.method == "POST" else read_query(request.query_params.multi_items())
    if ask["service"] != "WFS":
        raise InvalidParameter("service must be WFS", parameter="service")
    operation = ask["request"]
    if operation not in _ANSWERS:
        raise InvalidParameter(f"request must be one of {', '.join(_ANSWERS)}; not {operation!r}", parameter="request")
    if operation != "GetCapabilities":
        ask.choice("version", VERSIONS, VERSIONS[0])
    return _ANSWERS[operation](request, ask)


def _show_capabilities(request: Request, ask: Ask) -> Response:
    accepted = ask.names("acceptVersions")
    if accepted and not set(VERSIONS) & set(accepted):
        raise InvalidParameter(f"of the versions there is {' and '.join(VERSIONS)}", parameter="acceptVersions")
    request.state.lasting = True
    content = write_capabilities(context_of(request), links_of(request).url("wfs"))
    return Response(content, media_type=XML)


def _show_schema(request: Request, ask: Ask) -> Response:
    ask.choice("outputFormat", [*OPERATIONS["DescribeFeatureType"]["outputFormat"], "gml32"], GML_TYPE)
    context = context_of(request)
    named = [find_type(name, context.served) for name in ask.names("typeNames")]
    request.state.lasting = True
    content = write_schema(context, named or context.served.layers.values())
    return Response(content, media_type=GML_TYPE)


def _list_queries(request: Request, ask: Ask) -> Response:  # noqa: ARG001
    content = write_stored_queries(context_of(request), "ListStoredQueriesResponse")
    return Response(content, media_type=XML)


def _describe_queries(request: Request, ask: Ask) -> Response:
    _require_stored(*ask.names("storedQuery_Id"))
    content = write_stored_queries(context_of(request), "DescribeStoredQueriesResponse")
    return Response(content, media_type=XML)


def _give_features(request: Request, ask: Ask) -> Response:
    stored = ask.get("storedQuery_Id")
    if stored is not None:
        _require_stored(stored)
        return _give_feature(request, ask)
    layer = layer_of(context_of(request), ask)
    form = FORMATS[ask.choice("outputFormat", FORMATS, GML_TYPE)]
    found, wish = _find(request, ask, layer)
    if form == GEOJSON and ask.get("srsName") and wish.srs.crs.crs != CRS84:
        raise InvalidParameter("GeoJSON is in degrees, longitude first; leave srsName out", parameter="srsName")
    if ask.choice("resultType", ("results", "hits"), "results") == "hits":
        return _send(request, found, lambda: iter([write_hits(found, wish)]), GML_TYPE)
    if form == GEOJSON:
        return _send(request, found, lambda: write_geojson(found, wish), GEOJSON)
    return _send(request, found, lambda: write_collection(found, wish), GML_TYPE)


def _give_feature(request: Request, ask: Ask) -> Response:
    """Answer the stored query: one feature by its id."""
    context, rid = context_of(request), ask["id"]
    layer_id, _ = read_resource_id(rid)
    if layer_id not in context.served.layers:
        raise FeatureNotFound(f"there is no feature {rid}", parameter="id")
    by_id = Ask(values={**ask.values, "RESOURCEID": rid}, by_get=False)
    found, wish = _find(request, by_id, context.served.layers[layer_id])
    if found.matched == 0:
        raise FeatureNotFound(f"there is no feature {rid}", parameter="id")
    return _send(request, found, lambda: iter([write_feature(found, wish)]), GML_TYPE)


def _give_values(request: Request, ask: Ask) -> Response:
    layer = layer_of(context_of(request), ask)
    name = property_name(ask["valueReference"], layer)
    found, wish = _find(request, ask, layer)
    if ask.choice("resultType", ("results", "hits"), "results") == "hits":
        return _send(request, found, lambda: iter([write_hits(found, wish, "ValueCollection")]), GML_TYPE)
    return _send(request, found, lambda: write_values(found, wish, name), GML_TYPE)


def _find(request: Request, ask: Ask, layer: Layer) -> tuple[Found, Wish]:
    """Find what is asked for, and how it is wanted."""
    context, links = context_of(request), links_of(request)
    most = context.settings.max_items
    count = ask.number("count")
    found = find_features(
        context,
        ask,
        layer,
        count=most if count is None else min(count, most),
        begin=ask.number("startIndex") or 0,
        after=ask.get("after"),
    )
    wanted = [property_name(name, layer) for name in ask.names("propertyName")]
    described = {"service": "WFS", "version": "2.0.0", "request": "DescribeFeatureType"}
    return found, Wish(
        srs=find_srs(ask.get("srsName"), offer_srs(context.store, context.crs)),
        fields=tuple(wanted) if wanted else None,
        geometry=not wanted or GEOMETRY in wanted,
        schema=links.url("wfs", query={**described, "typeNames": to_xml_name(layer.id)}),
        following=_next_page(request, ask, found),
    )


def _next_page(request: Request, ask: Ask, found: Found) -> str | None:
    """Where the next page is: behind the last key of this one, unless features are sorted by something else."""
    if not (ask.by_get and found.more and len(found.keys)):
        return None
    changed: dict[str, str | None] = {name: None for name in request.query_params if name.upper() == "STARTINDEX"}
    changed |= {"startIndex": str(found.begin + len(found.keys))}
    if not ask.get("sortBy"):
        changed["after"] = str(found.keys[-1])
    return links_of(request).here(**changed)


def _send(request: Request, found: Found, write: Callable[[], Iterator[bytes]], media_type: str) -> Response:
    """Send what belongs to a state, unless the client has it."""
    context = context_of(request)
    state = f"{name_state(context, found.layer, found.revision)} {links_of(request).here()}"
    etag = f'"{digest(state)}"'
    headers = {"ETag": f"W/{etag}"}
    if request.method == "GET" and has_already(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(write(), media_type=media_type, headers=headers)


def _require_stored(*names: str) -> None:
    for name in names:
        if name not in STORED_QUERIES:
            raise InvalidParameter(f"there is no stored query {name}", parameter="storedQuery_Id")


def _report(request: Request, error: TwinError) -> Response:
    """Say in XML what went wrong."""
    detail, locator = note_error(request, error), str(error.members.get("parameter", ""))
    content = write_exception(context_of(request), _code(error, locator), locator, detail)
    return Response(content, error.status, TRY_AGAIN if error.status == 503 else None, XML)


def _code(error: TwinError, locator: str) -> str:
    """The code of an error (OGC 09-025r2, table 3; OGC 06-121r3, table 27)."""
    if isinstance(error, MissingParameter):
        return "MissingParameterValue"
    if isinstance(error, FeatureNotFound):
        return "NotFound"
    if locator == "acceptVersions":
        return "VersionNegotiationFailed"
    return "InvalidParameterValue" if error.status == 400 else "OperationProcessingFailed"


_ANSWERS: Mapping[str, Callable[[Request, Ask], Response]] = {
    "GetCapabilities": _show_capabilities,
    "DescribeFeatureType": _show_schema,
    "ListStoredQueries": _list_queries,
    "DescribeStoredQueries": _describe_queries,
    "GetFeature": _give_features,
    "GetPropertyValue": _give_values,
}
