"""OGC API - Tiles of maps: those of all layers, of each, and of each style, as pictures.

References
----------
OGC 20-057, OGC API - Tiles - Part 1: Core, requirements classes png, jpeg, tiff and netcdf; table 11 for addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.context import Context, context_of, links_of
from api.http.links import OGC_REL, Link, link
from api.http.media import HTML, JPEG, JSON, NETCDF, PNG, TIFF, XML
from api.http.pages import json_response, respond
from api.maps.drawn import map_of_layers, map_of_style
from api.maps.sending import FORMS, choose_picture, send_picture
from api.openapi import answers
from api.tiles.ogc import chosen_layers, require_within, state_query
from api.tiles.params import (
    DatasetMapTileParams,
    DatasetMapTilesetParams,
    DatasetTilesParams,
    GridId,
    MapTileParams,
    MapTilesetParams,
    TileCol,
    TileMatrix,
    TileRow,
    TilesetParams,
)
from api.tiles.tilesets import NOTHING_SENT, grid_of
from tiles.maps.source import MapSource
from tiles.tilejson import describe_pictures
from tiles.tileset import describe_tileset, summarise_tileset

_PICTURES = answers(PNG, JPEG, TIFF, NETCDF) | {304: NOTHING_SENT[304], 404: NOTHING_SENT[404]}
_DESCRIBED = answers(JSON, XML, HTML)
_TILE = "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
StyleId = Annotated[str, Path(alias="style", description="A map style; `/styles` lists them.")]

router = APIRouter(tags=["Tiles"])


@router.get(
    "/map/tiles", name="dataset_map_tilesets", operation_id=".dataset.map.getTileSetsList", responses=_DESCRIBED
)
def list_dataset_maps(request: Request, params: Annotated[DatasetTilesParams, Query()]) -> Response:
    """List the tile sets of the map of all layers, one for each grid."""
    context = context_of(request)
    layers = chosen_layers(context, params.collections)
    sources = [
        map_of_layers(context, layers, grid, as_of=params.as_of, transparent=False) for grid in context.grids.values()
    ]
    return _respond_list(request, sources, params, "dataset_map_tileset", {})


@router.get(
    "/map/tiles/{tileMatrixSetId}",
    name="dataset_map_tileset",
    operation_id=".dataset.map.getTileSet",
    responses=_DESCRIBED,
)
def show_dataset_map(request: Request, tms: GridId, params: Annotated[DatasetMapTilesetParams, Query()]) -> Response:
    """Describe the tiles of the map of all layers in a grid."""
    return _respond_one(request, _of_dataset(context_of(request), tms, params), params, "dataset_map_tile", {})


@router.get(f"/map/tiles{_TILE}", name="dataset_map_tile", operation_id=".dataset.map.getTile", responses=_PICTURES)
async def show_dataset_map_tile(
    request: Request,
    tms: GridId,
    z: TileMatrix,
    row: TileRow,
    col: TileCol,
    params: Annotated[DatasetMapTileParams, Query()],
) -> Response:
    """Give one tile of the map of all layers, or of those in ``collections``."""
    return await _send(request, _of_dataset(context_of(request), tms, params), (z, col, row), params)


@router.get(
    "/collections/{layer_id}/map/tiles",
    name="map_tilesets",
    operation_id=".collection.map.getTileSetsList",
    responses=_DESCRIBED,
)
def list_maps(request: Request, layer_id: str, params: Annotated[TilesetParams, Query()]) -> Response:
    """List the tile sets of the map of a layer, one for each grid."""
    context = context_of(request)
    sources = [_of_layer(context, layer_id, tms, params) for tms in context.grids]
    return _respond_list(request, sources, params, "map_tileset", {"layer_id": layer_id})


@router.get(
    "/collections/{layer_id}/map/tiles/{tileMatrixSetId}",
    name="map_tileset",
    operation_id=".collection.map.getTileSet",
    responses=_DESCRIBED,
)
def show_map(request: Request, layer_id: str, tms: GridId, params: Annotated[MapTilesetParams, Query()]) -> Response:
    """Describe the tiles of the map of a layer in a grid."""
    source = _of_layer(context_of(request), layer_id, tms, params)
    return _respond_one(request, source, params, "map_tile", {"layer_id": layer_id})


@router.get(
    f"/collections/{{layer_id}}/map/tiles{_TILE}",
    name="map_tile",
    operation_id=".collection.map.getTile",
    responses=_PICTURES,
)
async def show_map_tile(
    request: Request,
    layer_id: str,
    tms: GridId,
    z: TileMatrix,
    row: TileRow,
    col: TileCol,
    params: Annotated[MapTileParams, Query()],
) -> Response:
    """Give one tile of the map of a layer."""
    return await _send(request, _of_layer(context_of(request), layer_id, tms, params), (z, col, row), params)


@router.get(
    "/styles/{style}/map/tiles",
    name="style_map_tilesets",
    operation_id=".style.map.getTileSetsList",
    responses=_DESCRIBED,
)
def list_style_maps(request: Request, style: StyleId, params: Annotated[TilesetParams, Query()]) -> Response:
    """List the tile sets of the map of a style, one for each grid."""
    context = context_of(request)
    sources = [map_of_style(context, style, grid, as_of=params.as_of) for grid in context.grids.values()]
    return _respond_list(request, sources, params, "style_map_tileset", {"style": style})


@router.get(
    "/styles/{style}/map/tiles/{tileMatrixSetId}",
    name="style_map_tileset",
    operation_id=".style.map.getTileSet",
    responses=_DESCRIBED,
)
def show_style_map(
    request: Request, style: StyleId, tms: GridId, params: Annotated[MapTilesetParams, Query()]
) -> Response:
    """Describe the tiles of the map of a style in a grid; ``f=tilejson`` for clients of web maps."""
    source = _of_style(context_of(request), style, tms, params)
    return _respond_one(request, source, params, "style_map_tile", {"style": style})


@router.get(
    f"/styles/{{style}}/map/tiles{_TILE}", name="style_map_tile", operation_id=".style.map.getTile", responses=_PICTURES
)
async def show_style_map_tile(
    request: Request,
    style: StyleId,
    tms: GridId,
    z: TileMatrix,
    row: TileRow,
    col: TileCol,
    params: Annotated[MapTileParams, Query()],
) -> Response:
    """Give one tile of the map of a style."""
    return await _send(request, _of_style(context_of(request), style, tms, params), (z, col, row), params)


def _of_dataset(context: Context, tms: str, params: DatasetMapTileParams | DatasetMapTilesetParams) -> MapSource:
    layers = chosen_layers(context, params.collections)
    return map_of_layers(context, layers, grid_of(context, tms), as_of=params.as_of, transparent=params.transparent)


def _of_layer(
    context: Context, layer_id: str, tms: str, params: MapTileParams | MapTilesetParams | TilesetParams
) -> MapSource:
    transparent = getattr(params, "transparent", False)
    layers = (context.served.layer(layer_id),)
    return map_of_layers(context, layers, grid_of(context, tms), as_of=params.as_of, transparent=transparent)


def _of_style(context: Context, style: str, tms: str, params: MapTileParams | MapTilesetParams) -> MapSource:
    grid = grid_of(context, tms)
    return map_of_style(context, style, grid, as_of=params.as_of, transparent=params.transparent)


async def _send(request: Request, source: MapSource, place: tuple[int, int, int], params: MapTileParams) -> Response:
    z, col, row = place
    source.grid.require(z, col, row)
    require_within(source.info, z, row, col)
    return await send_picture(request, context_of(request), source, place, choose_picture(request, params.f))


def _respond_list(
    request: Request, sources: list[MapSource], params: TilesetParams, route: str, ids: dict[str, str]
) -> Response:
    links, query = links_of(request), state_query(request)
    tilesets: list[Mapping[str, Any]] = []
    for source in sources:
        grid = source.grid.id
        address = links.url(route, tileMatrixSetId=grid, query=query or None, **ids)
        scheme = links.url("grid", tileMatrixSetId=grid)
        own = [
            link("self", address, JSON, f"Tile set in {grid}"),
            link(f"{OGC_REL}/tiling-scheme", scheme, JSON, "Tile grid"),
        ]
        tilesets.append(summarise_tileset(source.info, "map") | {"links": own})
    document = {"links": links.self_and_page(xml=True), "tilesets": tilesets}
    return respond(request, document, "tilesets.html", f=params.f, xml="tilesets.xml", lasting=True)


def _respond_one(
    request: Request, source: MapSource, params: MapTilesetParams, route: str, ids: dict[str, str]
) -> Response:
    links, grid = links_of(request), source.grid.id
    query = state_query(request)

    def template(level: str, row: str, col: str, form: str) -> str:
        names = {"tileMatrix": level, "tileRow": row, "tileCol": col}
        return links.template(route, tileMatrixSetId=grid, query=query | {"f": form}, **names, **ids)

    if params.f == "tilejson":
        return json_response(describe_pictures(source.info, template("{z}", "{y}", "{x}", "png")))

    def item(name: str) -> Link:
        address = template("{tileMatrix}", "{tileRow}", "{tileCol}", name)
        return {**link("item", address, FORMS[name].media_type, FORMS[name].title), "templated": True}  # type: ignore[dict-item]

    own = [
        link(f"{OGC_REL}/tiling-scheme", links.url("grid", tileMatrixSetId=grid), JSON, "Tile grid"),
        *map(item, FORMS),
        link("tilejson", links.here(f="tilejson"), JSON, "The tiles as TileJSON"),
    ]
    document = describe_tileset(source.info, "map", [form.media_type for form in FORMS.values()]) | {
        "links": links.self_and_page(xml=True) + own
    }
    return respond(request, document, "tileset.html", f=params.f, xml="tileset.xml", lasting=True)
