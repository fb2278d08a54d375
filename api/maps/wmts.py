"""WMTS 1.0.0 over the maps: by keys and values at ``/wmts``, and by addresses of resources below it.

Each style is a layer of WMTS. GetFeatureInfo is left out: features are asked for by OGC API – Features.

References
----------
OGC 07-057r7, OpenGIS Web Map Tile Service Implementation Standard 1.0.0, clauses 7, 8 and 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from api.context import Context, context_of, links_of
from api.errors import MissingParameter, OperationNotSupported
from api.forms.xmlnames import make_writable
from api.http.limits import refuse_long_address
from api.http.links import Links
from api.http.media import JPEG, PNG, XML
from api.http.problems import TRY_AGAIN, note_error
from api.maps.drawn import map_of_style
from api.maps.routes import StyleId
from api.maps.sending import send_picture
from api.params import Params
from api.styles.book import list_book
from api.styles.routes import WHOLE_MAP
from api.tiles.params import GridId, TileCol, TileMatrix, TileRow
from api.tiles.tilesets import grid_of
from tiles.grid import Grid
from tiles.maps.source import MapSource
from tiles.tileset import describe_grid, find_limits
from twin.crs import CRS84, reproject_bbox
from twin.errors import InvalidParameter, LayerNotFound, StyleNotDrawn, TwinError

_FORMS = {"png": PNG, "jpeg": JPEG}
_REGISTER = "http://www.opengis.net/def/crs/"
_SCALES = {
    "WebMercatorQuad": "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible",
    "WorldCRS84Quad": "urn:ogc:def:wkss:OGC:1.0:GoogleCRS84Quad",
}
_TILE = "/wmts/{style}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"

#: What WMTS says of itself stands in its capabilities; it has no place in OpenAPI.
router = APIRouter(include_in_schema=False)


@router.get("/wmts/1.0.0/WMTSCapabilities.xml", name="wmts_document")
def show_capabilities(request: Request, params: Annotated[Params, Query()]) -> Response:  # noqa: ARG001
    """Describe the maps as WMTS 1.0.0 does: layers, grids and addresses."""
    request.state.lasting = True
    return Response(_write_capabilities(context_of(request), links_of(request)), media_type=XML)


@router.get(_TILE + ".{form}", name="wmts_tile")
async def show_tile(
    request: Request,
    style: StyleId,
    tms: GridId,
    z: TileMatrix,
    row: TileRow,
    col: TileCol,
    form: Annotated[Literal["png", "jpeg"], Path(description="Form of the picture.")],
    params: Annotated[Params, Query()],  # noqa: ARG001
) -> Response:
    """Give one tile of the map of a style, wherever it lies in the grid."""
    return await _send(request, style, tms, (z, col, row), form)


async def serve_wmts(request: Request) -> Response:
    """Answer a request by keys and values."""
    try:
        await refuse_long_address(request)
        asked = {key.lower(): value for key, value in request.query_params.multi_items()}
        return await _answer(request, asked)
    except TwinError as error:
        locator = str(error.members.get("parameter", ""))
        return Response(
            _write_exception(context_of(request), _code(error), locator, note_error(request, error)),
            error.status,
            TRY_AGAIN if error.status == 503 else None,
            XML,
        )


#: Beside those of FastAPI, as WFS is.
ROUTE = Route("/wmts", serve_wmts, methods=["GET"], name="wmts")


async def _answer(request: Request, asked: Mapping[str, str]) -> Response:
    if _value(asked, "service") != "WMTS":
        raise InvalidParameter("service must be WMTS", parameter="service")
    match _value(asked, "request"):
        case "GetCapabilities":
            request.state.lasting = True
            content = await run_in_threadpool(_write_capabilities, context_of(request), links_of(request))
            return Response(content, media_type=XML)
        case "GetTile":
            forms = {media_type: name for name, media_type in _FORMS.items()}
            if _value(asked, "format") not in forms:
                raise InvalidParameter(f"format must be one of {', '.join(forms)}", parameter="format")
            if asked.get("style", "") not in ("", "default"):
                raise InvalidParameter("each layer has one style, default", parameter="style")
            z, col, row = (_number(asked, key) for key in ("tilematrix", "tilecol", "tilerow"))
            names = _value(asked, "layer"), _value(asked, "tilematrixset")
            return await _send(request, *names, (z, col, row), forms[asked["format"]])
        case other:
            raise OperationNotSupported(f"{other} is not offered here", parameter="request")


async def _send(request: Request, style: str, tms: str, place: tuple[int, int, int], form: str) -> Response:
    context = context_of(request)
    source = map_of_style(context, style, grid_of(context, tms))
    source.grid.require(*place)
    return await send_picture(request, context, source, place, form, is_only=True)


def _value(asked: Mapping[str, str], key: str) -> str:
    if not asked.get(key):
        raise MissingParameter(f"{key} is missing", parameter=key)
    return asked[key]


def _number(asked: Mapping[str, str], key: str) -> int:
    text = _value(asked, key)
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise InvalidParameter(f"{key} must be a whole number", parameter=key)
    return int(text)


def _code(error: TwinError) -> str:
    """The code of an error (OGC 07-057r7, tables 24 and 33; OGC 06-121r3, table 27)."""
    if isinstance(error, MissingParameter):
        return "MissingParameterValue"
    if isinstance(error, OperationNotSupported):
        return "OperationNotSupported"
    if error.members.get("parameter") in ("x", "y"):
        return "TileOutOfRange"
    return "InvalidParameterValue" if error.status < 500 else "NoApplicableCode"


def _write_capabilities(context: Context, links: Links) -> bytes:
    grids = {grid.id: described for grid in context.grids.values() if (described := _describe_grid(grid))}
    page = context.pages.get_template("wmts_capabilities.xml")
    content = page.render(
        title=context.title,
        address=links.url("wmts"),
        document=links.url("wmts_document"),
        formats=[{"suffix": name, "media_type": media_type} for name, media_type in _FORMS.items()],
        maps=list(_describe_maps(context, links, grids)),
        grids=grids.values(),
    )
    return make_writable(content).encode()


def _describe_maps(context: Context, links: Links, grids: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    titles = {style: style for style in list_book(context.settings.styles)} | {WHOLE_MAP: context.title}
    titles |= {layer.id: f"{layer.title} {layer.title_zh}" for layer in context.served.layers.values()}
    for style, title in titles.items():
        try:
            sources = [map_of_style(context, style, context.grids[name]) for name in grids]
        except (StyleNotDrawn, LayerNotFound):  # of what clients draw only, there is no map
            continue
        yield {
            "id": style,
            "title": title,
            "box": sources[0].info.bounds_crs84,
            "sets": [_describe_set(source, grids[source.grid.id]) for source in sources],
            "addresses": {form: _template(links, style, form) for form in _FORMS},
        }


def _template(links: Links, style: str, form: str) -> str:
    return links.template(
        "wmts_tile",
        style=style,
        form=form,
        tileMatrixSetId="{TileMatrixSet}",
        tileMatrix="{TileMatrix}",
        tileRow="{TileRow}",
        tileCol="{TileCol}",
    )


def _describe_set(source: MapSource, grid: Mapping[str, Any]) -> dict[str, Any]:
    """The tiles of a map in a grid: which there are, and the box around them; QGIS 3.40 asks for none without it."""
    info = source.info
    box = None if info.bounds_crs84 is None else reproject_bbox(info.bounds_crs84, CRS84, source.grid.crs)
    corners = None if box is None else [*box]
    if corners is not None and grid["is_north_first"]:
        corners = [corners[place] for place in (1, 0, 3, 2)]
    limits = [(level, columns, rows) for level, (columns, rows) in (find_limits(info) or {}).items()]
    return {"id": source.grid.id, "crs": grid["crs"], "box": corners, "limits": limits}


def _describe_grid(grid: Grid) -> dict[str, Any] | None:
    """A grid in the words of WMTS; None where its CRS has no name. Corners are in the order of the axes of the CRS."""
    described = describe_grid(grid)
    crs = described["crs"]
    if not isinstance(crs, str) or not crs.startswith(_REGISTER):
        return None
    authority, version, code = crs.removeprefix(_REGISTER).split("/")
    name = f"urn:ogc:def:crs:{authority}:{'' if version == '0' else version}:{code}"
    levels = [
        {**level, "pointOfOrigin": [f"{value:.10f}" for value in level["pointOfOrigin"]]}
        for level in described["tileMatrices"]
    ]
    return {
        "id": grid.id,
        "title": described["title"],
        "crs": name,
        "is_north_first": described["orderedAxes"][0] in ("Lat", "N"),
        "well_known": _SCALES.get(grid.id),
        "levels": levels,
    }


def _write_exception(context: Context, code: str, locator: str, detail: str) -> bytes:
    page = context.pages.get_template("wfs_exception.xml")
    content = page.render(code=code, locator=make_writable(locator), detail=make_writable(detail), version="1.0.0")
    return content.encode("utf-8", "replace")
