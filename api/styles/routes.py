"""Map styles, and what renderers need with them: letters and marks. Nothing comes from elsewhere."""

from __future__ import annotations

import re
from functools import partial
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.context import Context, context_of, links_of
from api.http.conditional import has_already
from api.http.links import OGC_REL, Link, Links, link
from api.http.media import HTML, JSON, PBF, PNG, STYLE
from api.http.pages import json_response, respond
from api.http.sent import SentAnswer, choose_coding, headers_of, pack
from api.openapi import answers
from api.ops.desk import ClientGone, unless_gone
from api.params import FormatParams, Params, StateParams
from api.styles.book import list_book, read_style
from api.tiles.tilesets import source_of
from tiles.glyphs import FONT_NAME, RANGE, GlyphFont
from tiles.grid import WEB_MERCATOR
from tiles.sprites import SPRITE_NAME, describe_sprite, draw_sprite
from tiles.style import describe_style
from twin.errors import InvalidParameter, StyleNotFound
from twin.layer import Layer

#: The style of the map with every layer.
WHOLE_MAP = "map"

#: Letters and marks change with the program only.
_A_DAY = "public, max-age=86400"
_LAST_CODE = 0x10FFFF

router = APIRouter(tags=["Styles"])


@router.get("/styles", name="styles", responses=answers(JSON, HTML))
def list_styles(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the map styles: the whole map, each layer by itself, and those that somebody made."""
    context, links = context_of(request), links_of(request)
    titles = {WHOLE_MAP: context.title} | {
        layer.id: f"{layer.title} {layer.title_zh}" for layer in context.served.layers.values()
    }
    titles = {style: style for style in list_book(context.settings.styles)} | titles
    styles = [{"id": style, "title": title, "links": _links_to(links, style, title)} for style, title in titles.items()]
    document = {"links": links.self_and_page(), "default": WHOLE_MAP, "styles": styles}
    return respond(request, document, "styles.html", f=params.f)


def _links_to(links: Links, style: str, title: str) -> list[Link]:
    return [
        link("stylesheet", links.url("style", style=style), STYLE, title),
        link(f"{OGC_REL}/tilesets-map", links.url("style_map_tilesets", style=style), JSON, "Map tiles"),
    ]


@router.get("/styles/{style}", name="style", responses=answers(STYLE, HTML))
def show_style(request: Request, style: str, params: Annotated[StateParams, Query()]) -> Response:
    """Give a map style as MapLibre reads it: ``map`` for every layer, the id of one, or a style that somebody made."""
    context, links = context_of(request), links_of(request)
    made = None if is_made_here(context, style) else read_style(context.settings.styles, style, links.base)
    if made is not None:
        if params.as_of is not None:
            raise InvalidParameter(f"style {style} is as somebody made it, for no moment", parameter="datetime")
        return respond(request, {"name": style} | made, "style.html", f=params.f, media_type=STYLE, style=style)
    document = describe_map(context_of(request), links_of(request), style, request.query_params.get("datetime"))
    return respond(request, document, "style.html", f=params.f, media_type=STYLE, style=style)


def is_made_here(context: Context, style: str) -> bool:
    """Whether a style is made from the layers, rather than by somebody."""
    return style == WHOLE_MAP or style in context.served.layers


def describe_map(context: Context, links: Links, style: str, datetime: str | None) -> dict[str, Any]:
    """Write a style with the addresses of this service, in the state of a moment as a request names it."""
    layers = layers_of_style(context, style)
    query = {"datetime": datetime} if datetime else None
    tiles = source_of(context, tuple(layers), context.grids[WEB_MERCATOR], as_of=None).info
    return describe_style(
        layers,
        name=context.title if style == WHOLE_MAP else f"{layers[0].title} {layers[0].title_zh}",
        tilejson=lambda layer: links.url("tilejson", layers=layer.id, query=query),
        glyphs=links.template("glyphs", fontstack="{fontstack}", range="{range}"),
        sprite=_sprite_address(links),
        bounds_crs84=tiles.bounds_crs84,
    )


@router.get("/fonts/{fontstack}/{range}.pbf", name="glyphs", responses=answers(PBF))
async def show_glyphs(
    request: Request,
    fontstack: str,
    letters: Annotated[str, Path(alias="range", description="Code points, such as 0-255.")],
    params: Annotated[Params, Query()],  # noqa: ARG001
) -> Response:
    """Give the letters of 256 code points; those that the font lacks are absent."""
    if FONT_NAME not in fontstack.split(","):
        raise StyleNotFound(f"there is no font {fontstack}; there is {FONT_NAME}")
    first, _, last = letters.partition("-")
    if not re.fullmatch(r"\d{1,7}-\d{1,7}", letters) or int(first) % RANGE or int(last) != int(first) + RANGE - 1:
        raise InvalidParameter(f"{letters} is not a range of {RANGE} code points, such as 0-255", parameter="range")
    if int(last) > _LAST_CODE:
        raise InvalidParameter(f"there are no code points above {_LAST_CODE}", parameter="range")
    context, coding = context_of(request), choose_coding(request.headers.get("accept-encoding", ""))
    key = ("letters", int(first), coding)
    sent = context.answers.get(key)
    if sent is None:
        try:
            work = partial(_draw_letters, context.font, int(first), coding)
            sent = await unless_gone(request, context.desk.obtain(key, work))
        except ClientGone:
            return Response(status_code=499)
        context.answers.put(key, sent, len(sent.data))
    if has_already(request.headers.get("if-none-match", ""), sent.etag):
        return Response(status_code=304, headers=headers_of(sent.etag, cache=_A_DAY))
    return Response(sent.data, sent.status, sent.headers)


def _draw_letters(font: GlyphFont, first: int, coding: str) -> SentAnswer:
    data = font.draw_range(first)
    etag = f'"{blake2b(data, digest_size=8).hexdigest()}"'
    headers = headers_of(etag, cache=_A_DAY) | {"Content-Type": PBF}
    return pack(SentAnswer(etag=etag, data=data, headers=headers), coding)


@router.get("/sprites/{sprite}.json", name="sprite", responses=answers(JSON))
def show_sprite(sprite: str, params: Annotated[Params, Query()]) -> Response:  # noqa: ARG001
    """Say where in the image of marks each stands; ``@2x`` after the name is twice as fine."""
    answer = json_response(describe_sprite(_ratio(sprite)))
    answer.headers["Cache-Control"] = _A_DAY
    return answer


@router.get("/sprites/{sprite}.png", name="sprite_image", responses=answers(PNG))
def show_sprite_image(sprite: str, params: Annotated[Params, Query()]) -> Response:  # noqa: ARG001
    """Give the image of marks; ``@2x`` after the name is twice as fine."""
    return Response(draw_sprite(_ratio(sprite)), media_type=PNG, headers={"Cache-Control": _A_DAY})


def layers_of_style(context: Context, style: str) -> list[Layer]:
    """Find the layers that a style draws."""
    layers = context.served.layers
    if style == WHOLE_MAP:
        return list(layers.values())
    if style not in layers:
        raise StyleNotFound(f"there is no style {style}; there are {', '.join((WHOLE_MAP, *layers))}")
    return [layers[style]]


def _sprite_address(links: Links) -> str:
    return links.url("sprite", sprite=SPRITE_NAME).removesuffix(".json")


def _ratio(sprite: str) -> int:
    name, at, ratio = sprite.partition("@")
    if name != SPRITE_NAME or (at and ratio != "2x"):
        raise StyleNotFound(f"there is no sprite {sprite}; there are {SPRITE_NAME} and {SPRITE_NAME}@2x")
    return 2 if at else 1
