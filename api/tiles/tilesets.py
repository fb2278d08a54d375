"""Vector tiles as web map clients ask for them: XYZ addresses and TileJSON."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.context import Context, context_of, links_of
from api.http.media import HTML, JSON, MVT, PROBLEM
from api.http.pages import respond
from api.openapi import answers
from api.tiles.params import GridTileParams, TileJsonParams, TileNumber
from api.tiles.sending import send_tile
from tiles.grid import Grid
from tiles.source import VectorSource
from tiles.tilejson import describe_tiles, describe_zooms
from twin.errors import GridNotFound, InvalidParameter
from twin.layer import Layer
from twin.query import AsOf

NOTHING_SENT: dict[int | str, dict[str, Any]] = {
    204: {"description": "The tile is empty."},
    304: {"description": "The client has it already."},
    404: {"description": "There is no such layer or grid.", "content": {PROBLEM: {}}},
}

#: Where most tiles are asked for.
TILE_ROUTE = "/tiles/{layers}/{z}/{x}/{y}.mvt"
#: What an address without parameters says.
PLAIN = GridTileParams()

router = APIRouter(tags=["Tiles"])


@router.get("/tiles/{layers}.json", name="tilejson", responses=answers(JSON, HTML))
def show_tilejson(request: Request, layers: str, params: Annotated[TileJsonParams, Query()]) -> Response:
    """Describe the tiles of a layer, or of several joined by commas, as TileJSON 3.

    What each zoom leaves out (``x-zooms``) is counted in the background, from the lowest zoom on; until
    ``x-zooms-complete``, whoever asks again finds more of it.
    """
    context = context_of(request)
    given = request.query_params
    query = {name: given[name] for name in ("datetime", "strict", "tms") if given.get(name)}
    template = links_of(request).template("tile", layers=layers, z="{z}", x="{x}", y="{y}", query=query or None)
    source = source_of(
        context, layers_of(context, layers), grid_of(context, params.tms), as_of=params.as_of, strict=params.strict
    )
    counted = context.counter.look_up(source)
    document = describe_tiles(source.info, template) | describe_zooms(counted.zooms, complete=counted.complete)
    return respond(request, document, "tilejson.html", f=params.f)


@router.get(TILE_ROUTE, name="tile", responses=answers(MVT) | NOTHING_SENT)
async def show_tile(
    request: Request,
    layers: str,
    z: TileNumber,
    x: TileNumber,
    y: TileNumber,
    params: Annotated[GridTileParams, Query()],
) -> Response:
    """Give one tile by level, column and row; 204 where it is empty, 304 where the client has it already.

    The header ``X-Twin-Features`` says of each layer how many features have a part in the tile (``in``), how many it
    draws (``out``), and how many each rule left out.
    """
    context = context_of(request)
    return await send_tile(request, context, find_tile(context, layers, (z, x, y), params), z, x, y)


def find_tile(context: Context, ids: str, place: tuple[int, int, int], params: GridTileParams) -> VectorSource:
    """Find what a tile is made from, by the ids of its layers; refuse what is not there."""
    source = find_source(context, ids, params)
    source.grid.require(*place)
    return source


def find_source(context: Context, ids: str, params: GridTileParams = PLAIN) -> VectorSource:
    """Find what the tiles of some layers are made from."""
    return source_of(
        context, layers_of(context, ids), grid_of(context, params.tms), as_of=params.as_of, strict=params.strict
    )


def layers_of(context: Context, ids: str) -> tuple[Layer, ...]:
    """Find the layers that are named, joined by commas; each once."""
    names = ids.split(",")
    if len(set(names)) < len(names):
        raise InvalidParameter("a layer is named twice", parameter="layers")
    return tuple(context.served.layer(name) for name in names)


def grid_of(context: Context, grid_id: str) -> Grid:
    """Find a tile grid by its id."""
    grid = context.grids.get(grid_id)
    if grid is None:
        raise GridNotFound(f"there is no tile grid {grid_id}; there are {', '.join(context.grids)}")
    return grid


def source_of(
    context: Context, layers: tuple[Layer, ...], grid: Grid, *, as_of: AsOf | None, strict: bool = False
) -> VectorSource:
    """The tiles of layers in a grid."""
    return VectorSource(layers=layers, frames=context.frames, grid=grid, as_of=as_of, strict=strict)
