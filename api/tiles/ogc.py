"""OGC API - Tiles: the grids, and the tile sets of each layer and of all together.

References
----------
OGC 20-057, OGC API - Tiles - Part 1: Core. OGC 17-083r4, Two Dimensional Tile Matrix Set and Tile Set Metadata.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.context import Context, context_of, links_of
from api.http.links import OGC_REL, Link, Links, link
from api.http.media import GEOJSON, HTML, JSON, MVT, XML
from api.http.pages import respond
from api.openapi import answers
from api.params import DocumentParams, FormatParams
from api.tiles.params import (
    DatasetTileParams,
    DatasetTilesParams,
    GridId,
    OgcTileParams,
    TileCol,
    TileMatrix,
    TileRow,
    TilesetParams,
)
from api.tiles.sending import FORMS, choose_form, send_tile
from api.tiles.tilesets import NOTHING_SENT, grid_of, layers_of, source_of
from tiles.source import TileInfo, VectorSource
from tiles.tileset import describe_grid, describe_tileset, find_limits, summarise_grid, summarise_tileset
from twin.errors import InvalidParameter
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
            "geojson",
            "png",
            "jpeg",
            "tiff",
            "netcdf",
            "xml",
            "oas30",
        )
    ),
    *(
        f"http://www.opengis.net/spec/tms/2.0/conf/{name}"
        for name in ("tilematrixset", "json-tilematrixset", "xml-tilematrixset")
    ),
)

router = APIRouter(tags=["Tiles"])


@router.get("/tileMatrixSets", name="grids", operation_id="getTileMatrixSetsList", responses=answers(JSON, HTML))
def list_grids(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the tile grids."""
    links = links_of(request)
    named = [
        summarise_grid(grid) | {"links": [link("self", links.url("grid", tileMatrixSetId=grid.id), JSON, grid.id)]}
        for grid in context_of(request).grids.values()
    ]
    document = {"links": links.self_and_page(), "tileMatrixSets": named}
    return respond(request, document, "grids.html", f=params.f, lasting=True)


@router.get(
    "/tileMatrixSets/{tileMatrixSetId}",
    name="grid",
    operation_id="getTileMatrixSet",
    responses=answers(JSON, XML, HTML),
)
def show_grid(request: Request, tms: GridId, params: Annotated[DocumentParams, Query()]) -> Response:
    """Describe a tile grid: its CRS and its levels."""
    grid = grid_of(context_of(request), tms)
    document = describe_grid(grid) | {"links": links_of(request).self_and_page(xml=True)}
    return respond(request, document, "grid.html", f=params.f, xml="tilematrixset.xml", lasting=True)


@router.get(
    "/tiles",
    name="dataset_tilesets",
    operation_id=".dataset.vector.getTileSetsList",
    responses=answers(JSON, XML, HTML),
)
def list_dataset_tilesets(request: Request, params: Annotated[DatasetTilesParams, Query()]) -> Response:
    """List the tile sets of all layers together, one for each grid."""
    context = context_of(request)
    layers = chosen_layers(context, params.collections)
    return _respond_list(request, context, layers, params, "dataset_tileset", {})


@router.get(
    "/tiles/{tileMatrixSetId}",
    name="dataset_tileset",
    operation_id=".dataset.vector.getTileSet",
    responses=answers(JSON, XML, HTML),
)
def show_dataset_tileset(request: Request, tms: GridId, params: Annotated[DatasetTilesParams, Query()]) -> Response:
    """Describe the tiles of all layers together in a grid."""
    context = context_of(request)
    source = source_of(context, chosen_layers(context, params.collections), grid_of(context, tms), as_of=params.as_of)
    return _respond_one(request, source, params, "dataset_tile", {})


@router.get(
    "/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
    name="dataset_tile",
    operation_id=".dataset.vector.getTile",
    responses=answers(MVT, GEOJSON) | NOTHING_SENT,
)
async def show_dataset_tile(
    request: Request,
    tms: GridId,
    z: TileMatrix,
    row: TileRow,
    col: TileCol,
    params: Annotated[DatasetTileParams, Query()],
) -> Response:
    """Give one tile of all layers, or of those in ``collections``."""
    context = context_of(request)
    layers = chosen_layers(context, params.collections)
    source = source_of(context, layers, grid_of(context, tms), as_of=params.as_of, strict=params.strict)
    require_within(source.info, z, row, col)
    return await send_tile(request, context, source, z, col, row, choose_form(request, params.f))


@router.get(
    "/collections/{layer_id}/tiles",
    name="tilesets",
    operation_id=".collection.vector.getTileSetsList",
    responses=answers(JSON, XML, HTML),
)
def list_tilesets(request: Request, layer_id: str, params: Annotated[TilesetParams, Query()]) -> Response:
    """List the tile sets of a layer, one for each grid."""
    context = context_of(request)
    layers = (context.served.layer(layer_id),)
    return _respond_list(request, context, layers, params, "tileset", {"layer_id": layer_id})


@router.get(
    "/collections/{layer_id}/tiles/{tileMatrixSetId}",
    name="tileset",
    operation_id=".collection.vector.getTileSet",
    responses=answers(JSON, XML, HTML),
)
def show_tileset(request: Request, layer_id: str, tms: GridId, params: Annotated[TilesetParams, Query()]) -> Response:
    """Describe the tiles of a layer in a grid: which there are, and what is in them."""
    context = context_of(request)
    source = source_of(context, (context.served.layer(layer_id),), grid_of(context, tms), as_of=params.as_of)
    return _respond_one(request, source, params, "layer_tile", {"layer_id": layer_id})


@router.get(
    "/collections/{layer_id}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
    name="layer_tile",
    operation_id=".collection.vector.getTile",
    responses=answers(MVT, GEOJSON) | NOTHING_SENT,
)
async def show_layer_tile(
    request: Request,
    layer_id: str,
    tms: GridId,
    z: TileMatrix,
    row: TileRow,
    col: TileCol,
    params: Annotated[OgcTileParams, Query()],
) -> Response:
    """Give one tile of a layer by level, row and column."""
    context = context_of(request)
    layers = (context.served.layer(layer_id),)
    source = source_of(context, layers, grid_of(context, tms), as_of=params.as_of, strict=params.strict)
    require_within(source.info, z, row, col)
    return await send_tile(request, context, source, z, col, row, choose_form(request, params.f))


def require_within(info: TileInfo, z: int, row: int, col: int) -> None:
    """Refuse a tile outside of the limits that the description of the tile set gives (OGC 20-057, requirement 6)."""
    info.grid.require(z, col, row)
    limits = find_limits(info)
    if limits is None:
        return
    columns, rows = limits.get(z, (range(0), range(0)))
    if col not in columns or row not in rows:
        raise InvalidParameter("the tile lies outside of the limits of its tile set", parameter="tileMatrix")


def chosen_layers(context: Context, collections: str | None) -> tuple[Layer, ...]:
    """Find the layers that ``collections`` names, by default all."""
    return layers_of(context, collections) if collections else tuple(context.served.layers.values())


def state_query(request: Request) -> dict[str, str]:
    """What of a request belongs into the addresses of tiles too."""
    given = request.query_params
    return {name: given[name] for name in ("datetime", "subset", "collections", "transparent") if given.get(name)}


def _tileset_links(links: Links, tms: GridId, route: str, ids: dict[str, str], query: dict[str, str]) -> list[Link]:
    def item(name: str) -> Link:
        template = links.template(
            route,
            tileMatrixSetId=tms,
            tileMatrix="{tileMatrix}",
            tileRow="{tileRow}",
            tileCol="{tileCol}",
            query=query | {"f": name},
            **ids,
        )
        titled = link("item", template, FORMS[name].media_type, "Tiles" if name == "mvt" else "Tiles as GeoJSON")
        return {**titled, "templated": True}  # type: ignore[dict-item]

    return [
        link(f"{OGC_REL}/tiling-scheme", links.url("grid", tileMatrixSetId=tms), JSON, "Tile grid"),
        *map(item, FORMS),
    ]


def _respond_list(
    request: Request,
    context: Context,
    layers: tuple[Layer, ...],
    params: TilesetParams,
    route: str,
    ids: dict[str, str],
) -> Response:
    links, query = links_of(request), state_query(request)
    tilesets: list[dict[str, Any]] = []
    for grid in context.grids.values():
        info = source_of(context, layers, grid, as_of=params.as_of).info
        address = links.url(route, tileMatrixSetId=grid.id, query=query or None, **ids)
        tilesets.append(
            summarise_tileset(info)
            | {
                "links": [
                    link("self", address, JSON, f"Tile set in {grid.id}"),
                    link(f"{OGC_REL}/tiling-scheme", links.url("grid", tileMatrixSetId=grid.id), JSON, "Tile grid"),
                ]
            }
        )
    document = {"links": links.self_and_page(xml=True), "tilesets": tilesets}
    return respond(request, document, "tilesets.html", f=params.f, xml="tilesets.xml", lasting=True)


def _respond_one(
    request: Request, source: VectorSource, params: TilesetParams, route: str, ids: dict[str, str]
) -> Response:
    links = links_of(request)
    own = _tileset_links(links, source.grid.id, route, ids, state_query(request))
    document = describe_tileset(source.info) | {"links": links.self_and_page(xml=True) + own}
    return respond(request, document, "tileset.html", f=params.f, xml="tileset.xml", lasting=True)
