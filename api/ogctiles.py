"""OGC API - Tiles: the grids, and the tile sets of each layer and of all together.

References
----------
OGC 20-057, OGC API - Tiles - Part 1: Core. OGC 17-083r4, Two Dimensional Tile Matrix Set and Tile Set Metadata.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.context import Context, context_of, links_of
from api.links import Link, Links, link
from api.media import HTML, JSON, MVT
from api.openapi import answers
from api.pages import respond
from api.params import DatasetTileParams, DatasetTilesParams, FormatParams, StateParams, TileNumber, TileParams
from api.tilesending import send_tile
from api.tilesets import NOTHING_SENT, grid_of, layers_of, source_of
from tiles.source import VectorSource
from tiles.tileset import describe_grid, describe_tileset, summarise_grid, summarise_tileset
from twin.layer import Layer

CONFORMANCE = (
    *(
        f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
        for name in (
            "core",
            "tileset",
            "tilesets-list",
            "dataset-tilesets",
            "geodata-tilesets",
            "collections-selection",
            "datetime",
            "mvt",
            "oas30",
        )
    ),
    *(f"http://www.opengis.net/spec/tms/2.0/conf/{name}" for name in ("tilematrixset", "json-tilematrixset")),
)
_REL = "http://www.opengis.net/def/rel/ogc/1.0"

router = APIRouter(tags=["Tiles"])


@router.get("/tileMatrixSets", name="grids", responses=answers(JSON, HTML))
def list_grids(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the tile grids."""
    links = links_of(request)
    named = [
        summarise_grid(grid) | {"links": [link("self", links.url("grid", tms=grid.id), JSON, grid.id)]}
        for grid in context_of(request).grids.values()
    ]
    document = {"links": links.self_and_page(), "tileMatrixSets": named}
    return respond(request, document, "grids.html", f=params.f)


@router.get("/tileMatrixSets/{tms}", name="grid", responses=answers(JSON, HTML))
def show_grid(request: Request, tms: str, params: Annotated[FormatParams, Query()]) -> Response:
    """Describe a tile grid: its CRS and its levels."""
    document = describe_grid(grid_of(context_of(request), tms)) | {"links": links_of(request).self_and_page()}
    return respond(request, document, "grid.html", f=params.f)


@router.get("/tiles", name="dataset_tilesets", responses=answers(JSON, HTML))
def list_dataset_tilesets(request: Request, params: Annotated[DatasetTilesParams, Query()]) -> Response:
    """List the tile sets of all layers together, one for each grid."""
    context = context_of(request)
    layers = _chosen(context, params.collections)
    return _respond_list(request, context, layers, params, "dataset_tileset", {})


@router.get("/tiles/{tms}", name="dataset_tileset", responses=answers(JSON, HTML))
def show_dataset_tileset(request: Request, tms: str, params: Annotated[DatasetTilesParams, Query()]) -> Response:
    """Describe the tiles of all layers together in a grid."""
    context = context_of(request)
    source = source_of(context, _chosen(context, params.collections), grid_of(context, tms), as_of=params.as_of)
    return _respond_one(request, source, params, "dataset_tile", {})


@router.get("/tiles/{tms}/{z}/{row}/{col}", name="dataset_tile", responses=answers(MVT) | NOTHING_SENT)
async def show_dataset_tile(
    request: Request,
    tms: str,
    z: TileNumber,
    row: TileNumber,
    col: TileNumber,
    params: Annotated[DatasetTileParams, Query()],
) -> Response:
    """Give one tile of all layers, or of those in ``collections``."""
    context = context_of(request)
    layers = _chosen(context, params.collections)
    source = source_of(context, layers, grid_of(context, tms), as_of=params.as_of, strict=params.strict)
    source.grid.require(z, col, row)
    return await send_tile(request, context, source, z, col, row)


@router.get("/collections/{layer_id}/tiles", name="tilesets", responses=answers(JSON, HTML))
def list_tilesets(request: Request, layer_id: str, params: Annotated[StateParams, Query()]) -> Response:
    """List the tile sets of a layer, one for each grid."""
    context = context_of(request)
    layers = (context.served.layer(layer_id),)
    return _respond_list(request, context, layers, params, "tileset", {"layer_id": layer_id})


@router.get("/collections/{layer_id}/tiles/{tms}", name="tileset", responses=answers(JSON, HTML))
def show_tileset(request: Request, layer_id: str, tms: str, params: Annotated[StateParams, Query()]) -> Response:
    """Describe the tiles of a layer in a grid: which there are, and what is in them."""
    context = context_of(request)
    source = source_of(context, (context.served.layer(layer_id),), grid_of(context, tms), as_of=params.as_of)
    return _respond_one(request, source, params, "layer_tile", {"layer_id": layer_id})


@router.get(
    "/collections/{layer_id}/tiles/{tms}/{z}/{row}/{col}", name="layer_tile", responses=answers(MVT) | NOTHING_SENT
)
async def show_layer_tile(
    request: Request,
    layer_id: str,
    tms: str,
    z: TileNumber,
    row: TileNumber,
    col: TileNumber,
    params: Annotated[TileParams, Query()],
) -> Response:
    """Give one tile of a layer by level, row and column."""
    context = context_of(request)
    layers = (context.served.layer(layer_id),)
    source = source_of(context, layers, grid_of(context, tms), as_of=params.as_of, strict=params.strict)
    source.grid.require(z, col, row)
    return await send_tile(request, context, source, z, col, row)


def _chosen(context: Context, collections: str | None) -> tuple[Layer, ...]:
    return layers_of(context, collections) if collections else tuple(context.served.layers.values())


def _state_query(request: Request) -> dict[str, str]:
    given = request.query_params
    return {name: given[name] for name in ("datetime", "collections") if given.get(name)}


def _tileset_links(links: Links, tms: str, route: str, ids: dict[str, str], query: dict[str, str]) -> list[Link]:
    template = links.template(
        route, tms=tms, z="{tileMatrix}", row="{tileRow}", col="{tileCol}", query=query or None, **ids
    )
    return [
        link(f"{_REL}/tiling-scheme", links.url("grid", tms=tms), JSON, "Tile grid"),
        {**link("item", template, MVT, "Tiles"), "templated": True},  # type: ignore[dict-item]
    ]


def _respond_list(
    request: Request,
    context: Context,
    layers: tuple[Layer, ...],
    params: StateParams,
    route: str,
    ids: dict[str, str],
) -> Response:
    links, query = links_of(request), _state_query(request)
    tilesets: list[dict[str, Any]] = []
    for grid in context.grids.values():
        info = source_of(context, layers, grid, as_of=params.as_of).info
        address = links.url(route, tms=grid.id, query=query or None, **ids)
        tilesets.append(
            summarise_tileset(info)
            | {
                "links": [
                    link("self", address, JSON, f"Tile set in {grid.id}"),
                    link(f"{_REL}/tiling-scheme", links.url("grid", tms=grid.id), JSON, "Tile grid"),
                ]
            }
        )
    document = {"links": links.self_and_page(), "tilesets": tilesets}
    return respond(request, document, "tilesets.html", f=params.f)


def _respond_one(
    request: Request, source: VectorSource, params: StateParams, route: str, ids: dict[str, str]
) -> Response:
    links = links_of(request)
    own = _tileset_links(links, source.grid.id, route, ids, _state_query(request))
    document = describe_tileset(source.info) | {"links": links.self_and_page() + own}
    return respond(request, document, "tileset.html", f=params.f)
