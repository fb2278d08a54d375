"""The face of an ArcGIS server: each map as a VectorTileServer, in a folder for each tile grid.

QGIS draws vector tiles in other grids than the one of web maps only where they are described in this way.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.context import Context, context_of, links_of
from api.http.links import Links
from api.http.media import JSON, MVT
from api.http.pages import json_response
from api.openapi import answers
from api.styles.routes import WHOLE_MAP, describe_map, layers_of_style
from api.tiles.params import ArcgisParams, GridId, TileNumber
from api.tiles.sending import send_tile
from api.tiles.tilesets import NOTHING_SENT, grid_of, source_of
from tiles.esri import ESRI_VERSION, describe_tile_server, with_one_source
from tiles.source import VectorSource

_VERSION = {"currentVersion": ESRI_VERSION}
_SERVER = "/{tileMatrixSetId}/{style}/VectorTileServer"
Service = Annotated[str, Path(alias="style", description="`map` for all layers together, or the id of one.")]

router = APIRouter(prefix="/arcgis/rest/services", tags=["Tiles"])


@router.get("", name="arcgis_folders", responses=answers(JSON))
def list_folders(request: Request, params: Annotated[ArcgisParams, Query()]) -> Response:  # noqa: ARG001
    """List the tile grids as folders."""
    return json_response(_VERSION | {"folders": list(context_of(request).grids), "services": []})


@router.get("/{tileMatrixSetId}", name="arcgis_folder", responses=answers(JSON))
def list_services(request: Request, grid: GridId, params: Annotated[ArcgisParams, Query()]) -> Response:  # noqa: ARG001
    """List the maps in a grid: all layers together, and each by itself."""
    context = context_of(request)
    folder = grid_of(context, grid).id
    services = [
        {"name": f"{folder}/{name}", "type": "VectorTileServer"} for name in (WHOLE_MAP, *context.served.layers)
    ]
    return json_response(_VERSION | {"folders": [], "services": services})


@router.get(_SERVER, name="arcgis_tiles", responses=answers(JSON))
def show_server(
    request: Request,
    grid: GridId,
    service: Service,
    params: Annotated[ArcgisParams, Query()],  # noqa: ARG001
) -> Response:
    """Describe a map's tiles in a grid."""
    return json_response(describe_tile_server(_source(context_of(request), grid, service).info))


@router.get(_SERVER + "/resources/styles", name="arcgis_styles", responses=answers(JSON))
@router.get(_SERVER + "/resources/styles/root.json", name="arcgis_style", responses=answers(JSON))
def show_server_style(
    request: Request,
    grid: GridId,
    service: Service,
    params: Annotated[ArcgisParams, Query()],  # noqa: ARG001
) -> Response:
    """Give a map's style, whose zooms are levels of the grid."""
    context, links = context_of(request), links_of(request)
    source = _source(context, grid, service)
    style = describe_map(context, links, service, None)
    return json_response(with_one_source(style, _address(links, grid, service), source.grid))


@router.get(
    _SERVER + "/tile/{z}/{y}/{x}.pbf",
    name="arcgis_tile",
    responses=answers(MVT) | NOTHING_SENT,
)
async def show_server_tile(
    request: Request,
    grid: GridId,
    service: Service,
    z: TileNumber,
    y: TileNumber,
    x: TileNumber,
    params: Annotated[ArcgisParams, Query()],  # noqa: ARG001
) -> Response:
    """Give one tile by level, row and column."""
    context = context_of(request)
    source = _source(context, grid, service)
    source.grid.require(z, x, y)
    return await send_tile(request, context, source, z, x, y)


def _source(context: Context, grid: str, service: str) -> VectorSource:
    return source_of(context, tuple(layers_of_style(context, service)), grid_of(context, grid), as_of=None)


def _address(links: Links, grid: str, service: str) -> str:
    return links.url("arcgis_tiles", tileMatrixSetId=grid, style=service)
