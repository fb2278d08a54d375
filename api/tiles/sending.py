"""A tile as an HTTP answer: the entity tag known before the work, every tile made and compressed once."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from fastapi import Request, Response

from api.context import Context
from api.http.conditional import has_already
from api.http.sent import HotAnswer, SentAnswer, choose_coding, headers_of, pack
from api.ops.desk import ClientGone, unless_gone
from api.ops.observe import route_of
from tiles.source import VectorSource
from tiles.square import Square, Tile
from twin.errors import InvalidParameter

#: What a tile may take where everything is asked for.
_MOST_STRICT_BYTES = 64_000_000


class TileWish(NamedTuple):
    """What a request for a tile asks for.

    Parameters
    ----------
    target
        Path and query as they stand in the request.
    accepted
        Its ``Accept-Encoding``.
    asked
        Its ``If-None-Match``.
    described, route
        The request in the words of the log, and its route.
    """

    target: bytes
    accepted: str
    asked: str
    described: str
    route: str


async def send_tile(request: Request, context: Context, source: VectorSource, z: int, x: int, y: int) -> Response:
    """Answer with a tile: 200, 204 where it is empty, 304 where the client has it already."""
    scope = request.scope
    query = scope["query_string"]
    wish = TileWish(
        target=scope["raw_path"] + (b"?" + query if query else b""),
        accepted=request.headers.get("accept-encoding", ""),
        asked=request.headers.get("if-none-match", ""),
        described=request.state.described,
        route=route_of(scope),
    )
    try:
        hot, sent = await unless_gone(request, obtain_tile(context, source, (z, x, y), wish))
    except ClientGone:
        return Response(status_code=499)
    if sent is None:
        return Response(status_code=304, headers=headers_of(hot.etag))
    return Response(sent.data, sent.status, sent.headers)


async def obtain_tile(
    context: Context, source: VectorSource, place: tuple[int, int, int], wish: TileWish
) -> tuple[HotAnswer, SentAnswer | None]:
    """Have a tile made unless it is there, and remember what the wish was answered with.

    Returns
    -------
    What to remember, and the tile; none where the client has it already.
    """
    stamp, coding = context.stamp(), choose_coding(wish.accepted)
    state = (stamp, source.key, place)
    etag = context.tags.get(state)
    aside = any(map(context.frames.is_known_beyond, source.layers))
    if etag is None and wish.asked:
        etag = await context.desk.obtain(state, partial(_tag, source, place), aside=aside)
        context.tags.put(state, etag)
    sent = None
    if etag is None or not has_already(wish.asked, etag):
        sent = context.answers.get((etag, coding))
        if sent is None:
            make = partial(_make, context, source, place, coding)
            sent = await context.desk.obtain((state, coding), make, aside=aside)
            context.tags.put(state, sent.etag)
        etag = sent.etag
    hot = HotAnswer(stamp=stamp, etag=etag, coding=coding, described=wish.described, route=wish.route)
    context.hot.put((wish.target, wish.accepted.encode("latin-1")), hot)
    return hot, sent if not has_already(wish.asked, etag) else None


def obtain_at_once(
    context: Context, ids: str, place: tuple[int, int, int], wish: TileWish
) -> tuple[HotAnswer, SentAnswer | None] | None:
    """Make a tile in the thread that asks, see `obtain_tile`; None where that may take longer than a moment.

    Raises
    ------
    TakesLonger
        It turns out that it does.
    """
    stamp = context.stamp()
    z, x, y = place
    level = context.at_hand.find(ids, z, stamp)
    square = None if level is None else level.square(x, y)
    if square is None or not square.is_small:
        return None
    etag, coding = square.etag, choose_coding(wish.accepted)
    sent = None
    if not has_already(wish.asked, etag):
        sent = context.answers.get((etag, coding)) or _send(context, square, coding, patient=False)
    hot = HotAnswer(stamp=stamp, etag=etag, coding=coding, described=wish.described, route=wish.route)
    context.hot.put((wish.target, wish.accepted.encode("latin-1")), hot)
    return hot, sent


def _tag(source: VectorSource, place: tuple[int, int, int]) -> str:
    return source.pinned(*place).etag(*place)


def _make(context: Context, source: VectorSource, place: tuple[int, int, int], coding: str) -> SentAnswer:
    # What is written meanwhile belongs to the next tag.
    return _send(context, source.pinned(*place).square(*place), coding)


def _send(context: Context, square: Square, coding: str, *, patient: bool = True) -> SentAnswer:
    """Make a tile, or take what was made of the same state before, and compress it."""
    etag = square.etag
    plain = context.answers.get((etag, "identity"))
    if plain is None:
        tile = square.tile(patient=patient)
        if square.budget_bytes is None and len(tile.data) > _MOST_STRICT_BYTES:
            raise InvalidParameter(
                f"the tile with everything in it takes {len(tile.data):,} bytes, more than {_MOST_STRICT_BYTES:,}; "
                "ask for a finer one, or without strict",
                parameter="strict",
            )
        headers = headers_of(etag) | {"X-Twin-Features": describe_features(tile)}
        if tile.data:
            headers["Content-Type"] = tile.media_type
        plain = SentAnswer(etag=etag, data=tile.data, headers=headers)
        context.answers.put((etag, "identity"), plain, len(plain.data))
    sent = pack(plain, coding)
    if coding != "identity":
        context.answers.put((etag, coding), sent, len(sent.data))
    return sent


def describe_features(tile: Tile) -> str:
    """Say of each layer how many features have a part in the tile, how many it draws, and where the others went.

    References
    ----------
    RFC 9651, Structured Field Values for HTTP: a list of tokens with parameters.
    """
    return ", ".join(
        f"{name};in={layer.features_in};out={layer.features_out}"
        + "".join(f";{rule}={count}" for rule, count in layer.left_out.items())
        for name, layer in tile.layers.items()
    )
