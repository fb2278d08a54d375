"""Vector tiles as web map clients ask for them: XYZ addresses and TileJSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.context import context_of, links_of
from api.media import HTML, JSON, MVT
from api.openapi import answers
from api.pages import respond
from api.params import MomentParams, StateParams
from tiles.source import VectorSource
from tiles.tilejson import describe_tiles

_NOTHING_SENT: dict[int | str, dict[str, Any]] = {
    204: {"description": "The tile is empty."},
    304: {"description": "The client has it already."},
}
#: A copy may be kept, but must be checked by its ETag: the next revision may come at any time.
_CACHE = "public, no-cache"

router = APIRouter(tags=["Tiles"])


@router.get("/tiles/{layers}.json", name="tilejson", responses=answers(JSON, HTML))
def show_tilejson(request: Request, layers: str, params: Annotated[StateParams, Query()]) -> Response:
    """Describe the tiles of a layer, or of several joined by commas, as TileJSON 3."""
    asked = request.query_params.get("datetime")
    query = {"datetime": asked} if asked else None
    template = links_of(request).template("tile", layers=layers, z="{z}", x="{x}", y="{y}", query=query)
    document = describe_tiles(_source(request, layers, params.as_of).info, template)
    return respond(request, document, "tilejson.html", f=params.f)


@router.get("/tiles/{layers}/{z}/{x}/{y}.mvt", name="tile", responses=answers(MVT) | _NOTHING_SENT)
def show_tile(
    request: Request, layers: str, z: int, x: int, y: int, params: Annotated[MomentParams, Query()]
) -> Response:
    """Give one tile of WebMercatorQuad; 204 where it is empty, 304 where the client has it already.

    The header ``X-Twin-Features`` says how many features have a part in the tile (``in``) and how many it draws
    (``out``); the others are smaller than the grid of the tile.
    """
    source = _source(request, layers, params.as_of)
    etag = f"W/{source.etag(z, x, y)}"  # weak, because compression changes the bytes
    headers = {"ETag": etag, "Cache-Control": _CACHE}
    if _has_already(request, etag):
        return Response(status_code=304, headers=headers)
    tile = source.tile(z, x, y)
    headers["X-Twin-Features"] = f"in={tile.features_in}, out={tile.features_out}"
    if not tile.data:
        return Response(status_code=204, headers=headers)
    return Response(tile.data, media_type=tile.media_type, headers=headers)


def _source(request: Request, layers: str, as_of: datetime | None) -> VectorSource:
    context = context_of(request)
    asked = tuple(context.served.layer(layer_id) for layer_id in dict.fromkeys(layers.split(",")))
    return VectorSource(layers=asked, frames=context.frames, as_of=as_of)


def _has_already(request: Request, etag: str) -> bool:
    """Whether the client's copy is this one (RFC 9110, 13.1.2: compared weakly)."""
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    return "*" in known or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in known}
