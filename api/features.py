"""OGC API – Features: the features of a layer as GeoJSON in CRS84, and as pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Query as QueryString

from api.area import within_area
from api.context import Context, context_of, links_of
from api.geojson import CONTENT_CRS, encode_collection, encode_feature, encode_features, encode_geometries, plain_rows
from api.links import link
from api.media import GEOJSON, HTML, JSON, wants_html
from api.openapi import answers
from api.pages import page
from api.params import FeatureParams, ItemsParams
from twin.bbox import BBox
from twin.errors import FeatureNotFound
from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf, Query

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")
)

router = APIRouter(tags=["Features"])


@router.get("/collections/{layer_id}/items", name="items", responses=answers(GEOJSON, HTML))
def list_items(request: Request, layer_id: str, params: Annotated[ItemsParams, QueryString()]) -> Response:
    """List the features of a layer by box, moment and values of fields, page by page in the order of their keys."""
    context, links = context_of(request), links_of(request)
    layer = context.served.layer(layer_id)
    query = Query(
        where=params.where(layer),
        as_of=params.as_of,
        limit=min(params.limit, context.settings.max_items),
        after=params.after,
    )
    if params.bbox is not None:
        query = within_area(query, params.bbox, _extent(context, layer, params.as_of), context.store.crs)
    frame = context.store.read(layer, query)
    matched = len(frame)
    if frame.truncated or query.after is not None:
        # All pages together, in the state that this page shows.
        matched = context.store.count(layer, replace(query, limit=None, after=None, known_at=frame.revision))
    following = links.here(after=frame.data.index[-1]) if frame.truncated else None
    if wants_html(request, params.f, GEOJSON):
        return page(
            request,
            "items.html",
            layer=layer,
            rows=plain_rows(frame),
            matched=matched,
            following=following,
            first=links.here(after=None),
            filters=dict(request.query_params),
        )
    related = [
        *links.self_and_page(GEOJSON),
        link("collection", links.url("collection", layer_id=layer.id), JSON, layer.title),
        *([link("next", following, GEOJSON, "Next page")] if following else []),
    ]
    content = encode_collection(
        encode_features(frame),
        timeStamp=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        numberMatched=matched,
        numberReturned=len(frame),
        links=related,
    )
    return Response(content, media_type=GEOJSON, headers=CONTENT_CRS | {"Vary": "Accept"})


@router.get(
    "/collections/{layer_id}/items/{feature_id:path}",
    name="item",
    responses=answers(GEOJSON, HTML),
)
def show_item(
    request: Request, layer_id: str, feature_id: str, params: Annotated[FeatureParams, QueryString()]
) -> Response:
    """Show one feature by its key."""
    context, links = context_of(request), links_of(request)
    layer = context.served.layer(layer_id)
    frame = context.store.read(layer, Query(ids=(feature_id,), as_of=params.as_of))
    if len(frame) == 0:
        when = f" at {params.as_of.isoformat()}" if params.as_of else ""
        raise FeatureNotFound(f"{layer.id} has no feature {feature_id}{when}", layer=layer.id, feature=feature_id)
    (geometry,), (properties,) = encode_geometries(frame.geometry, frame.crs), plain_rows(frame)
    if wants_html(request, params.f, GEOJSON):
        return page(request, "item.html", layer=layer, feature_id=feature_id, properties=properties, geometry=geometry)
    related = [
        *links.self_and_page(GEOJSON),
        link("collection", links.url("collection", layer_id=layer.id), JSON, layer.title),
    ]
    content = encode_feature(geometry, properties, feature_id=feature_id, links=related)
    return Response(content, media_type=GEOJSON, headers=CONTENT_CRS | {"Vary": "Accept"})


def _extent(context: Context, layer: Layer, as_of: AsOf | None) -> BBox | None:
    """The box around the rows of a state: cheap for the current one, from all rows for a past one."""
    if as_of is None:
        return context.store.extent(layer)
    if context.frames.beyond(layer) is None:
        pieces: Iterable[Frame] = (context.frames.get(layer, as_of),)
    else:
        pieces = context.store.scan(layer, Query(as_of=as_of, fields=()))
    boxes = [BBox.around(frame.geometry) for frame in pieces if len(frame)]
    return reduce(BBox.union, boxes) if boxes else None
