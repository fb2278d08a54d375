"""A tile of a map as an HTTP answer, in one of the forms of pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from fastapi import Request, Response

from api.context import Context
from api.http.media import JPEG, NETCDF, PNG, TIFF, choose_media_type
from api.http.sent import SentAnswer, headers_of, pack
from api.tiles.sending import TileJob, send_job, wish_of
from tiles.maps.pictures import write_geotiff, write_jpeg, write_netcdf, write_png
from tiles.maps.source import MapSource, MapTile
from twin.crs import CRS, BBox

Place = tuple[int, int, int]


class PictureForm(NamedTuple):
    """In which form a picture is sent.

    Parameters
    ----------
    media_type, title
        What it is.
    write
        Makes it of the PNG, and the square that it shows.
    """

    media_type: str
    title: str
    write: Callable[[bytes, BBox, CRS], bytes]


FORMS = {
    "png": PictureForm(PNG, "Map tiles as PNG", lambda png, _box, _crs: png),
    "jpeg": PictureForm(JPEG, "Map tiles as JPEG", lambda png, _box, _crs: write_jpeg(png)),
    "tiff": PictureForm(TIFF, "Map tiles as GeoTIFF", write_geotiff),
    "netcdf": PictureForm(NETCDF, "Map tiles as netCDF", write_netcdf),
}


def choose_picture(request: Request, f: str | None) -> str:
    """Choose the form of a picture by the parameter or the Accept header, which may name any variant of a type.

    Raises
    ------
    NotAcceptable
        The header allows none.
    """
    if f is not None:
        return f
    plain = {form.media_type.partition(";")[0]: name for name, form in FORMS.items()}
    return plain[choose_media_type(request.headers.get("accept", ""), tuple(plain))]


async def send_picture(
    request: Request, context: Context, source: MapSource, place: Place, form: str, *, is_only: bool = False
) -> Response:
    """Answer with a tile of a map: 200, or 304 where the client has it already."""
    vary = "Accept-Encoding" if is_only else "Accept, Accept-Encoding"
    job = TileJob(
        key=(source.key, place, form),
        layers=source.layers,
        vary=vary,
        tag=lambda: _mark(source.tile(*place), form),
        make=partial(_make, context, source, place, form, vary),
    )
    return await send_job(request, context, job, wish_of(request, is_only=is_only))


def _mark(tile: MapTile, form: str) -> str:
    return f'{tile.etag[:-1]}-{form}"'


def _make(context: Context, source: MapSource, place: Place, form: str, vary: str, coding: str) -> SentAnswer:
    tile = source.tile(*place)
    etag, drawn_as = _mark(tile, form), _mark(tile, "png")
    drawn = context.answers.get((drawn_as, "identity"))
    if drawn is None:
        drawn = SentAnswer(etag=drawn_as, data=write_png(tile.svg()), headers=_headers(drawn_as, "png", vary))
        context.answers.put((drawn_as, "identity"), drawn, len(drawn.data))
    data = FORMS[form].write(drawn.data, source.grid.box(*place), source.grid.crs)
    plain = SentAnswer(etag=etag, data=data, headers=_headers(etag, form, vary))
    # Pictures are compressed in themselves; only netCDF is not.
    sent = pack(plain, coding) if form == "netcdf" else plain
    context.answers.put((etag, coding), sent, len(sent.data))
    return sent


def _headers(etag: str, form: str, vary: str) -> dict[str, str]:
    return headers_of(etag, vary=vary) | {"Content-Type": FORMS[form].media_type}
