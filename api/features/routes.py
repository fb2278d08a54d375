"""OGC API – Features: the features of a layer, in every form and CRS that is offered, and as pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Query as QueryString
from fastapi.responses import StreamingResponse

from api.context import Context, context_of, links_of
from api.crs import NamedCrs, find_crs, metric_crs
from api.features.filters import read_filter
from api.features.itempages import ItemsWish, read_page
from api.features.items import (
    ITEM_ROUTE,
    ITEMS_ROUTE,
    ItemsClient,
    Sent,
    Streamed,
    answer_item,
    answer_page,
    items_headers,
    read_item,
    stream_item,
)
from api.forms.formats import MEDIA_TYPES, PLAIN, Format, choose_format, formats_of
from api.forms.geojson import encode_geometries, plain_rows
from api.http.media import HTML
from api.http.pages import page
from api.openapi import answers
from api.params import ItemParams, ItemsParams

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-{name}"
    for name in ("1/1.0/conf/core", "1/1.0/conf/oas30", "1/1.0/conf/html", "1/1.0/conf/geojson", "2/1.0/conf/crs")
)

router = APIRouter(tags=["Features"])


@router.get(ITEMS_ROUTE, name="items", responses=answers(*MEDIA_TYPES, HTML))
def list_items(request: Request, layer_id: str, params: Annotated[ItemsParams, QueryString()]) -> Response:
    """List the features of a layer by box, moment, values of fields and condition, page by page."""
    context, links = context_of(request), links_of(request)
    part = context.collection(layer_id)
    where = read_filter(context, part.layer, params, links)
    wish = ItemsWish.of(context, part, params, links.base, where=where)
    form = choose_format(request.headers.get("accept", ""), params.f, part.shown.id, params.profile)
    if form is None:
        return _show_page(request, context, wish)
    wish = replace(wish, crs=_default_crs(context, params, form) or wish.crs)
    return _respond(request, answer_page(context, wish, form, _client_of(request)))


def _show_page(request: Request, context: Context, wish: ItemsWish) -> Response:
    shown, links = read_page(context, wish), links_of(request)
    answer = page(
        request,
        "items.html",
        layer=wish.shown,
        rows=plain_rows(shown.frame),
        matched=shown.matched,
        following=None if shown.following is None else links.here(after=shown.following),
        first=links.here(after=None),
        filters=dict(request.query_params),
        forms=[(form.title, links.here(f=form.name)) for form in formats_of(wish.shown.id)],
    )
    answer.headers.update(wish.crs.header(links.base))
    return answer


@router.get(ITEM_ROUTE, name="item", responses=answers(*MEDIA_TYPES, HTML))
def show_item(
    request: Request, layer_id: str, feature_id: str, params: Annotated[ItemParams, QueryString()]
) -> Response:
    """Show one feature by its key."""
    context = context_of(request)
    part = context.collection(layer_id)
    form = choose_format(request.headers.get("accept", ""), params.f, part.shown.id, params.profile)
    named = find_crs(params.crs, part.layer, context.crs, links_of(request).base)
    if form is PLAIN:
        return _respond(request, answer_item(context, part, feature_id, params.as_of, named, _client_of(request)))
    frame = read_item(context, part, feature_id, params.as_of)
    if form is not None:
        named = _default_crs(context, params, form) or named
        return _respond(request, stream_item(context, frame, params.as_of, named, form, _client_of(request)))
    (geometry,), (properties,) = encode_geometries(frame.geometry, frame.crs, named), plain_rows(frame)
    shown = {"properties": properties, "geometry": geometry, "crs": named.uri}
    return page(request, "item.html", layer=part.shown, feature_id=feature_id, **shown)


def _default_crs(context: Context, params: ItemParams, form: Format) -> NamedCrs | None:
    """The CRS that a form has of itself, where nobody asks for one."""
    return metric_crs(context.store, context.crs) if form.is_metric and params.crs is None else None


def _client_of(request: Request) -> ItemsClient:
    accepted, asked = (request.headers.get(name, "") for name in ("accept-encoding", "if-none-match"))
    return ItemsClient(links=links_of(request), accepted=accepted, asked=asked, measures=context_of(request).measures)


def _respond(request: Request, answer: Sent | Streamed) -> Response:
    if isinstance(answer, Streamed):
        if answer.pieces is None:
            return Response(status_code=304, headers=answer.headers)
        nobody_reads = getattr(request.state, "head", False)
        return StreamingResponse(iter(()) if nobody_reads else answer.pieces, headers=answer.headers)
    etag, sent = answer
    if sent is None:
        return Response(status_code=304, headers=items_headers(etag))
    return Response(sent.data, sent.status, sent.headers)
