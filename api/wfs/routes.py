"""WFS 2.0 at one address: each operation by GET with keys and values, or by POST with XML.

References
----------
OGC 09-025r2 (ISO 19142), WFS 2.0.2: conformance classes Simple WFS and Basic WFS, without joins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from api.context import Context, context_of, links_of
from api.errors import MissingParameter, OperationNotSupported, OptionNotSupported
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
from api.wfs.find import find_features, part_of
from api.wfs.names import find_type, read_resource_id
from api.wfs.write import (
    GML_TYPE,
    Result,
    Results,
    write_collection,
    write_feature,
    write_geojson,
    write_hits,
    write_values,
)
from twin.crs import CRS84
from twin.errors import FeatureNotFound, InvalidParameter, TwinError
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
    if operation in _NOT_OFFERED:
        raise OperationNotSupported(f"{operation} is not offered here", parameter=operation)
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
    named = [find_type(name, context.collections).shown for name in ask.names("typeNames")]
    request.state.lasting = True
    content = write_schema(context, named or [part.shown for part in context.collections.values()])
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
        return _give_feature(request, ask, stored)
    form = FORMATS[ask.choice("outputFormat", FORMATS, GML_TYPE)]
    results = _find(request, ask)
    if form == GEOJSON and ask.get("srsName") and any(one.srs.crs.crs != CRS84 for one in results.each):
        raise InvalidParameter("GeoJSON is in degrees, longitude first; leave srsName out", parameter="srsName")
    if _only_hits(ask):
        return _send(request, results, lambda: iter([write_hits(results)]), GML_TYPE)
    if form == GEOJSON:
        return _send(request, results, lambda: write_geojson(results), GEOJSON)
    return _send(request, results, lambda: write_collection(results), GML_TYPE)


def _give_feature(request: Request, ask: Ask, stored: str) -> Response:
    """Answer the stored query by itself: the feature is the document."""
    results = _find(request, _by_id(request, ask, stored))
    if results.matched == 0:
        raise FeatureNotFound(f"there is no feature {ask['id']}", parameter="id")
    return _send(request, results, lambda: iter([write_feature(results)]), GML_TYPE)


def _by_id(request: Request, ask: Ask, stored: str) -> Ask:
    """The query that the stored one stands for: one feature by its id."""
    _require_stored(stored)
    rid = ask["id"]
    if read_resource_id(rid)[0] not in context_of(request).collections:
        raise FeatureNotFound(f"there is no feature {rid}", parameter="id")
    return Ask(values={**ask.values, "RESOURCEID": rid, "TYPENAMES": ""}, by_get=False)


def _give_values(request: Request, ask: Ask) -> Response:
    if ask.queries:
        raise InvalidParameter("values are of one query", parameter="Query")
    name = property_name(ask["valueReference"], part_of(context_of(request), ask).layer)
    results = _find(request, ask)
    if _only_hits(ask):
        return _send(request, results, lambda: iter([write_hits(results, "ValueCollection")]), GML_TYPE)
    return _send(request, results, lambda: write_values(results, name), GML_TYPE)


def _only_hits(ask: Ask) -> bool:
    return ask.choice("resultType", ("results", "hits"), "results") == "hits"


def _find(request: Request, ask: Ask) -> Results:
    """Find what the queries of a request ask for; ``count`` and ``startIndex`` are of all of them together."""
    context, links = context_of(request), links_of(request)
    most, count, begin = context.settings.max_items, ask.number("count"), ask.number("startIndex") or 0
    left, each = most if count is None else min(count, most), list[Result]()
    for query in ask.queries or (ask,):
        stored = query.get("storedQuery_Id")
        one = _find_one(context, query if stored is None else _by_id(request, query, stored), left, begin)
        left, begin = left - len(one.found.keys), max(0, begin - one.found.matched)
        each.append(one)
    described = {"service": "WFS", "version": "2.0.0", "request": "DescribeFeatureType"}
    names = ",".join(dict.fromkeys(to_xml_name(one.found.layer.id) for one in each))
    return Results(
        each=each,
        schema=links.url("wfs", query={**described, "typeNames": names}),
        following=_next_page(request, ask, each),
    )


def _find_one(context: Context, ask: Ask, count: int, begin: int) -> Result:
    part = part_of(context, ask)
    wanted = [property_name(name, part.layer) for name in ask.names("propertyName")]
    return Result(
        found=find_features(context, ask, part, count=count, begin=begin, after=ask.get("after")),
        srs=find_srs(ask.get("srsName"), offer_srs(context.store, context.crs)),
        fields=tuple(wanted) if wanted else None,
        geometry=not wanted or GEOMETRY in wanted,
    )


def _next_page(request: Request, ask: Ask, each: Sequence[Result]) -> str | None:
    """Where the next page is: behind the last feature of this one, or behind so many of several queries."""
    returned = sum(len(one.found.keys) for one in each)
    end = (ask.number("startIndex") or 0) + returned
    if not (ask.by_get and returned) or (len(each) > 1 and end >= sum(one.found.matched for one in each)):
        return None
    if len(each) == 1 and each[0].found.following is None:
        return None
    changed: dict[str, str | None] = {name: None for name in request.query_params if name.upper() == "STARTINDEX"}
    changed |= {"startIndex": str(end)}
    if len(each) == 1:
        changed["after"] = each[0].found.following
    return links_of(request).here(**changed)


def _send(request: Request, results: Results, write: Callable[[], Iterator[bytes]], media_type: str) -> Response:
    """Send what belongs to a state, unless the client has it."""
    context = context_of(request)
    states = [name_state(context, one.found.layer, one.found.revision) for one in results.each]
    etag = f'"{digest(" ".join((*states, links_of(request).here())))}"'
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
    if isinstance(error, OptionNotSupported):
        return "OperationNotSupported" if isinstance(error, OperationNotSupported) else "OptionNotSupported"
    if isinstance(error, FeatureNotFound):
        return "NotFound"
    if locator == "acceptVersions":
        return "VersionNegotiationFailed"
    return "InvalidParameterValue" if error.status == 400 else "OperationProcessingFailed"


#: Operations of the standard's other conformance classes.
_NOT_OFFERED = (
    "CreateStoredQuery",
    "DropStoredQuery",
    "GetFeatureWithLock",
    "LockFeature",
    "Transaction",
)
_ANSWERS: Mapping[str, Callable[[Request, Ask], Response]] = {
    "GetCapabilities": _show_capabilities,
    "DescribeFeatureType": _show_schema,
    "ListStoredQueries": _list_queries,
    "DescribeStoredQueries": _describe_queries,
    "GetFeature": _give_features,
    "GetPropertyValue": _give_values,
}
