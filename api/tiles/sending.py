"""A tile as an HTTP answer: the entity tag known before the work, every tile made and compressed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import NamedTuple

from fastapi import Request, Response

from api.context import Context
from api.http.conditional import has_already
from api.http.links import Links
from api.http.media import GEOJSON, MVT, choose_media_type
from api.http.recall import document_key
from api.http.sent import HotAnswer, SentAnswer, choose_coding, headers_of, pack
from api.ops.desk import ClientGone, unless_gone
from api.ops.observe import route_of
from api.tiles.geojson import write_geojson
from tiles.source import VectorSource
from tiles.square import Square, Tile
from twin.errors import InvalidParameter
from twin.layer import Layer

#: What a tile may take where everything is asked for.
_MOST_STRICT_BYTES = 64_000_000


class TileForm(NamedTuple):
    """In which form a tile is sent.

    Parameters
    ----------
    media_type
        Its media type.
    write
        Makes it of a vector tile and its place.
    vary
        The headers of a request that decide what is sent.
    mark
        What its entity tags end with.
    """

    media_type: str
    write: Callable[[VectorSource, tuple[int, int, int], bytes], bytes]
    vary: str
    mark: str


def _as_it_is(_source: VectorSource, _place: tuple[int, int, int], tile: bytes) -> bytes:
    return tile


#: The form at addresses that have one only.
ONLY = TileForm(MVT, _as_it_is, "Accept-Encoding", "")
#: The forms at addresses that have several: each answer says that another one might have come.
FORMS = {
    "mvt": TileForm(MVT, _as_it_is, "Accept, Accept-Encoding", "-m"),
    "geojson": TileForm(GEOJSON, write_geojson, "Accept, Accept-Encoding", "-g"),
}


def choose_form(request: Request, f: str | None) -> TileForm:
    """Choose the form of a tile by the parameter or the Accept header.

    Raises
    ------
    NotAcceptable
        The header allows none.
    """
    if f is not None:
        return FORMS[f]
    media_type = choose_media_type(request.headers.get("accept", ""), (MVT, GEOJSON))
    return next(form for form in FORMS.values() if form.media_type == media_type)


class TileWish(NamedTuple):
    """What a request for a tile asks for.

    Parameters
    ----------
    key
        What its answer is remembered by.
    accepted
        Its ``Accept-Encoding``.
    asked
        Its ``If-None-Match``.
    described, route
        The request in the words of the log, and its route.
    """

    key: Hashable
    accepted: str
    asked: str
    described: str
    route: str


async def send_tile(
    request: Request, context: Context, source: VectorSource, z: int, x: int, y: int, form: TileForm = ONLY
) -> Response:
    """Answer with a tile: 200, 204 where it is empty, 304 where the client has it already."""
    wish = wish_of(request, is_only=form is ONLY)
    return await send_job(request, context, _job_of(context, source, (z, x, y), form), wish)


async def send_job(request: Request, context: Context, job: TileJob, wish: TileWish) -> Response:
    """Answer with what a job makes, see `send_tile`."""
    try:
        hot, sent = await unless_gone(request, obtain(context, job, wish))
    except ClientGone:
        return Response(status_code=499)
    if sent is None:
        return Response(status_code=304, headers=headers_of(hot.etag, vary=hot.vary))
    return Response(sent.data, sent.status, sent.headers)


def wish_of(request: Request, *, is_only: bool) -> TileWish:
    """What a request for a tile asks for, at an address that has one form only, or several."""
    scope = request.scope
    query, accepted = scope["query_string"], request.headers.get("accept-encoding", "")
    target = scope["raw_path"] + (b"?" + query if query else b"")
    key: Hashable = tile_key(target, accepted)
    if not is_only:
        accept = request.headers.get("accept", "")
        key = document_key(target, Links.of(request).base, accept, choose_coding(accepted))
    return TileWish(
        key=key,
        accepted=accepted,
        asked=request.headers.get("if-none-match", ""),
        described=request.state.described,
        route=route_of(scope),
    )


def tile_key(target: bytes, accepted: str) -> Hashable:
    """What answers at addresses of one form are remembered by: path and query, and ``Accept-Encoding``."""
    return target, accepted.encode("latin-1")


async def obtain_tile(
    context: Context, source: VectorSource, place: tuple[int, int, int], wish: TileWish, form: TileForm = ONLY
) -> tuple[HotAnswer, SentAnswer | None]:
    """Have a tile made unless it is there, and remember what the wish was answered with.

    Returns
    -------
    What to remember, and the tile; none where the client has it already.
    """
    return await obtain(context, _job_of(context, source, place, form), wish)


class TileJob(NamedTuple):
    """A tile to be made unless it is there.

    Parameters
    ----------
    key
        What tells it from the others over the same state of the store.
    layers
        What it is made from.
    vary
        As `TileForm` has it.
    tag
        Finds its entity tag.
    make
        Makes it in a content coding.
    """

    key: Hashable
    layers: Sequence[Layer]
    vary: str
    tag: Callable[[], str]
    make: Callable[[str], SentAnswer]


async def obtain(context: Context, job: TileJob, wish: TileWish) -> tuple[HotAnswer, SentAnswer | None]:
    """Have a job done, see `obtain_tile`."""
    stamp, coding = context.stamp(), choose_coding(wish.accepted)
    state = (stamp, job.key)
    etag = context.tags.get(state)
    aside = any(map(context.frames.is_known_beyond, job.layers))
    if etag is None and wish.asked:
        etag = await context.desk.obtain(state, job.tag, aside=aside)
        context.tags.put(state, etag)
    sent = None
    if etag is None or not has_already(wish.asked, etag):
        sent = context.answers.get((etag, coding))
        if sent is None:
            sent = await context.desk.obtain((state, coding), partial(job.make, coding), aside=aside)
            context.tags.put(state, sent.etag)
        etag = sent.etag
    hot = HotAnswer(stamp, etag, coding, wish.described, wish.route, job.vary)
    context.hot.put(wish.key, hot)
    return hot, sent if not has_already(wish.asked, etag) else None


def _job_of(context: Context, source: VectorSource, place: tuple[int, int, int], form: TileForm) -> TileJob:
    return TileJob(
        key=(source.key, place, form.mark),
        layers=source.layers,
        vary=form.vary,
        tag=partial(_tag, source, place, form),
        make=partial(_make, context, source, place, form),
    )


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
    hot = HotAnswer(stamp, etag, coding, wish.described, wish.route)
    context.hot.put(wish.key, hot)
    return hot, sent


def _tag(source: VectorSource, place: tuple[int, int, int], form: TileForm) -> str:
    return _mark(source.pinned(*place).etag(*place), form)


def _mark(etag: str, form: TileForm) -> str:
    return f'{etag[:-1]}{form.mark}"'


def _make(
    context: Context, source: VectorSource, place: tuple[int, int, int], form: TileForm, coding: str
) -> SentAnswer:
    # What is written meanwhile belongs to the next tag.
    write = partial(form.write, source, place)
    return _send(context, source.pinned(*place).square(*place), coding, form=form, write=write)


def _send(
    context: Context,
    square: Square,
    coding: str,
    *,
    patient: bool = True,
    form: TileForm = ONLY,
    write: Callable[[bytes], bytes] = bytes,
) -> SentAnswer:
    """Make a tile, or take what was made of the same state before, and compress it."""
    etag = _mark(square.etag, form)
    plain = context.answers.get((etag, "identity"))
    if plain is None:
        tile = square.tile(patient=patient)
        if square.budget_bytes is None and len(tile.data) > _MOST_STRICT_BYTES:
            raise InvalidParameter(
                f"the tile with everything in it takes {len(tile.data):,} bytes, more than {_MOST_STRICT_BYTES:,}; "
                "ask for a finer one, or without strict",
                parameter="strict",
            )
        headers = headers_of(etag, vary=form.vary) | {"X-Twin-Features": describe_features(tile)}
        data = write(tile.data)
        if data:
            headers["Content-Type"] = form.media_type
        plain = SentAnswer(etag=etag, data=data, headers=headers)
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
