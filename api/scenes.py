"""Scenes: layers in space as 3D Tiles, each file made when it is asked for."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.context import Context, context_of, links_of
from api.http.conditional import has_already
from api.http.links import link
from api.http.media import BINARY, GLTF, HTML, JSON, PROBLEM
from api.http.pages import respond
from api.http.sent import SentAnswer, choose_coding, headers_of, pack
from api.openapi import answers
from api.ops.desk import ClientGone, unless_gone
from api.params import FormatParams, MomentParams
from api.tiles.params import TileNumber
from tiles.scenes.encoding import PLAIN, Compression, Edition, Encoding
from tiles.scenes.implicit import SUBTREE
from tiles.scenes.source import TILESET, SceneSource, find_elements, is_drawn
from twin.errors import GeoidOffsetMissing, SceneNotFound
from twin.heights import GeoidOffset
from twin.layer import Layer
from twin.nearest import suggest

#: The scene of all layers that have one.
WHOLE = "all"

#: What a tileset was asked by is what its tiles are asked by.
_HANDED_ON = ("datetime", "compress")
_SQUARE = "/scenes/{scene}/{layer}/{level}/{column}/{row}"
_TILE = f"{_SQUARE}/{{form}}"

_MAY_BE: dict[int | str, dict[str, Any]] = {
    304: {"description": "The client has it already."},
    404: {"description": "There is no such scene, or no such part of it.", "content": {PROBLEM: {}}},
}


class SceneParams(MomentParams):
    """Which state of a scene is meant, and how it is written."""

    edition: Annotated[
        Edition,
        Field(
            description="Of 3D Tiles: 1.1 with contents in glTF and blocks by implicit tiling, or 1.0 with contents in "
            "b3dm and every tile in the tileset, which QGIS, older clients and game engines read. Of a content its "
            "suffix says that; clients that hand on parameters may repeat it."
        ),
    ] = PLAIN.edition
    compress: Annotated[
        Compression,
        Field(description="`meshopt`: meshes by EXT_meshopt_compression, for clients that know it."),
    ] = PLAIN.compress


router = APIRouter(tags=["Scenes"])


@router.get("/scenes", name="scenes", responses=answers(JSON, HTML))
def list_scenes(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the scenes: all layers that are something in space, and each by itself."""
    context, links = context_of(request), links_of(request)
    note = ""
    try:
        GeoidOffset.parse(context.settings.geoid_offset)
    except GeoidOffsetMissing as error:
        note = error.detail
    titles = {WHOLE: context.title} | {layer.id: f"{layer.title} {layer.title_zh}" for layer in _solid(context)}
    scenes = [
        {"id": scene, "title": title, "links": [link("item", links.url("scene", scene=scene), JSON, title)]}
        for scene, title in titles.items()
        if not note and len(titles) > 1
    ]
    document = {"links": links.self_and_page(), "scenes": scenes} | ({"note": note} if note else {})
    return respond(request, document, "scenes.html", f=params.f)


@router.get(f"/scenes/{{scene}}/{TILESET}", name="scene", responses=answers(JSON) | _MAY_BE)
async def show_scene(request: Request, scene: str, params: Annotated[SceneParams, Query()]) -> Response:
    """Give the tree of tiles of a scene, as 3D Tiles; ``extras`` say what is drawn and what is left out."""
    return await _send(request, scene, TILESET, params, params.edition)


@router.get(f"{_SQUARE}.{SUBTREE}", name="scene_subtree", responses=answers(BINARY) | _MAY_BE)
async def show_subtree(
    request: Request,
    scene: str,
    layer: str,
    level: TileNumber,
    column: TileNumber,
    row: TileNumber,
    params: Annotated[SceneParams, Query()],
) -> Response:
    """Say which squares there are from one down, with their boxes, as implicit tiling of the edition 1.1 has it."""
    return await _send(request, scene, f"{layer}/{level}/{column}/{row}.{SUBTREE}", params, "1.1")


@router.get(f"{_TILE}.glb", name="scene_tile", responses=answers(GLTF) | _MAY_BE)
async def show_tile(
    request: Request,
    scene: str,
    layer: str,
    level: TileNumber,
    column: TileNumber,
    row: TileNumber,
    form: str,
    params: Annotated[SceneParams, Query()],
) -> Response:
    """Give the content of a tile as binary glTF, as the tileset of the edition 1.1 names it."""
    return await _send(request, scene, f"{layer}/{level}/{column}/{row}/{form}.glb", params, "1.1")


@router.get(f"{_TILE}.b3dm", name="scene_batched_tile", responses=answers(BINARY) | _MAY_BE)
async def show_batched_tile(
    request: Request,
    scene: str,
    layer: str,
    level: TileNumber,
    column: TileNumber,
    row: TileNumber,
    form: str,
    params: Annotated[SceneParams, Query()],
) -> Response:
    """Give the content of a tile as b3dm, as the tileset of the edition 1.0 names it."""
    return await _send(request, scene, f"{layer}/{level}/{column}/{row}/{form}.b3dm", params, "1.0")


@router.get("/scenes/{scene}/{models}/{digest}/{detail}.glb", name="scene_model", responses=answers(GLTF) | _MAY_BE)
async def show_model(
    request: Request, scene: str, models: str, digest: str, detail: str, params: Annotated[SceneParams, Query()]
) -> Response:
    """Give a model as binary glTF, or the block that gives way to it, as the tileset of the edition 1.1 names it."""
    return await _send(request, scene, f"{models}/{digest}/{detail}.glb", params, "1.1")


@router.get(
    "/scenes/{scene}/{models}/{digest}/{detail}.b3dm", name="scene_batched_model", responses=answers(BINARY) | _MAY_BE
)
async def show_batched_model(
    request: Request, scene: str, models: str, digest: str, detail: str, params: Annotated[SceneParams, Query()]
) -> Response:
    """Give a model as b3dm, or the block that gives way to it, as the tileset of the edition 1.0 names it."""
    return await _send(request, scene, f"{models}/{digest}/{detail}.b3dm", params, "1.0")


async def _send(request: Request, scene: str, path: str, params: SceneParams, edition: Edition) -> Response:
    """Answer with a file of a scene: 200, or 304 where the client has it already."""
    context, asked = context_of(request), request.headers.get("if-none-match", "")
    source = _find_source(context, scene, params, edition)
    given = {name: request.query_params[name] for name in _HANDED_ON if name in request.query_params}
    query = f"?{urlencode(given)}" if given else ""
    coding, state = (
        choose_coding(request.headers.get("accept-encoding", "")),
        (context.stamp(), source.key, path, query),
    )
    try:
        etag = context.tags.get(state)
        if etag is None:
            etag = await unless_gone(request, context.desk.obtain((state, "tag"), partial(source.etag, path)))
            context.tags.put(state, etag)
        if has_already(asked, etag):
            return Response(status_code=304, headers=headers_of(etag))
        sent = context.answers.get((etag, coding))
        if sent is None:
            work = partial(_make, source, path, query, coding)
            sent = await unless_gone(request, context.desk.obtain((state, coding), work))
            context.answers.put((sent.etag, coding), sent, len(sent.data))
    except ClientGone:
        return Response(status_code=499)
    return Response(sent.data, sent.status, sent.headers)


def _make(source: SceneSource, path: str, query: str, coding: str) -> SentAnswer:
    source = source.held(path)  # what is written meanwhile belongs to the next tag
    part = source.part(path, query=query)
    etag = source.etag(path)
    headers = headers_of(etag) | {"Content-Type": part.media_type}
    return pack(SentAnswer(etag=etag, data=part.data, headers=headers), coding)


def _find_source(context: Context, scene: str, params: SceneParams, edition: Edition) -> SceneSource:
    """What a scene is made from."""
    layers = {layer.id: layer for layer in _solid(context)}
    if scene not in (WHOLE, *layers) or not layers:
        raise SceneNotFound(f"there is no scene {scene}; {suggest(scene, (WHOLE, *layers) if layers else ())}")
    return SceneSource(
        layers=tuple(layers.values()) if scene == WHOLE else (layers[scene],),
        frames=context.frames,
        geoid=GeoidOffset.parse(context.settings.geoid_offset),
        as_of=params.as_of,
        elements=find_elements(layers.values(), context.served.layers),
        encoding=Encoding(edition=edition, compress=params.compress),
    )


def _solid(context: Context) -> list[Layer]:
    layers = context.served.layers
    return [layer for layer in layers.values() if is_drawn(layer, layers)]
