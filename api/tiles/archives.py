"""Tile archives: the files of a folder, of which clients read what they need by byte ranges."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.context import context_of, links_of
from api.http.conditional import has_already
from api.http.links import link
from api.http.media import HTML, JSON
from api.http.pages import respond
from api.openapi import answers
from api.params import FormatParams, Params
from twin.errors import TwinError

#: Media types by suffix, as IANA registers them; all of them are packed already.
ARCHIVE_TYPES = {".pmtiles": "application/vnd.pmtiles", ".mbtiles": "application/vnd.sqlite3"}
_CHUNK_BYTES = 1_000_000

PARTLY_SENT: dict[int | str, dict[str, Any]] = {
    206: {"description": "The range that was asked for."},
    304: {"description": "The client has it already."},
}

router = APIRouter(tags=["Tiles"])


@router.get("/archives", name="archives", responses=answers(JSON, HTML))
def list_archives(request: Request, params: Annotated[FormatParams, Query()]) -> Response:
    """List the tile archives: files that hold a whole set of tiles."""
    links = links_of(request)
    listed: list[dict[str, Any]] = []
    for name, path in _find_archives(context_of(request).settings.archives).items():
        found, media_type = path.stat(), ARCHIVE_TYPES[path.suffix.lower()]
        listed.append(
            {
                "name": name,
                "bytes": found.st_size,
                "modified": datetime.fromtimestamp(found.st_mtime, UTC).isoformat(timespec="seconds"),
                "links": [link("enclosure", links.url("archive", name=name), media_type, name)],
            }
        )
    document = {"links": links.self_and_page(), "archives": listed}
    return respond(request, document, "archives.html", f=params.f)


@router.get("/archives/{name}", name="archive", responses=answers(ARCHIVE_TYPES[".pmtiles"]) | PARTLY_SENT)
def send_archive(request: Request, name: str, params: Annotated[Params, Query()]) -> Response:  # noqa: ARG001
    """Give an archive, or the range of its bytes that ``Range`` asks for; an MBTiles file is application/vnd.sqlite3.

    References
    ----------
    RFC 9110, 13 (conditional requests) and 14 (range requests).
    """
    path = _find_archives(context_of(request).settings.archives).get(name)
    if path is None:
        raise HTTPException(404, f"there is no archive {name}; see {links_of(request).url('archives')}")
    with ExitStack() as kept:
        file = kept.enter_context(path.open("rb"))
        # What is sent belongs to the tag, even where the file is replaced just now.
        found = os.fstat(file.fileno())
        etag = f'"{found.st_ino:x}-{found.st_size:x}-{found.st_mtime_ns:x}"'
        headers = {"ETag": etag, "Cache-Control": "public, no-cache", "Accept-Ranges": "bytes"}
        if has_already(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=headers)
        wanted = _wanted(request, found.st_size, etag)
        status, sent = 200, range(found.st_size)
        if wanted is not None:
            status, sent = 206, wanted
            headers["Content-Range"] = f"bytes {sent.start}-{sent.stop - 1}/{found.st_size}"
        headers |= {"Content-Length": str(len(sent)), "Content-Type": ARCHIVE_TYPES[path.suffix.lower()]}
        if getattr(request.state, "head", False):
            return Response(status_code=status, headers=headers)
        kept.pop_all()
        return StreamingResponse(_read(file, sent), status, headers)


def _find_archives(folder: str) -> dict[str, Path]:
    """The archives of the folder by name; only what is listed is served, so a name cannot lead elsewhere."""
    if not folder:
        return {}
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in ARCHIVE_TYPES)
    except OSError as error:
        raise TwinError("the folder of archives cannot be read; see the setting archives", cause=error) from error
    return {path.name: path for path in files if path.is_file() and not path.name.startswith(".")}


def _wanted(request: Request, size: int, etag: str) -> range | None:
    """The bytes that a request asks for; None where it is to have all of them.

    Several ranges at once, other units and what cannot be read count as no range (RFC 9110, 14.2).
    """
    headers = request.headers
    unit, _, asked = headers.get("range", "").partition("=")
    first, dash, last = (part.strip() for part in asked.partition("-"))
    numbers = [part for part in (first, last) if part]
    if unit.strip().lower() != "bytes" or not dash or not numbers or not all(map(_is_number, numbers)):
        return None
    if headers.get("if-range", etag) != etag:
        return None
    if not first:
        wanted = range(max(0, size - int(last)), size)
    else:
        wanted = range(int(first), min(size, int(last) + 1) if last else size)
        if last and int(last) < int(first):
            return None
    if len(wanted) == 0:
        detail = f"the archive has {size:,} bytes, and none of those that were asked for"
        raise HTTPException(416, detail, headers={"Content-Range": f"bytes */{size}"})
    return wanted


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20


def _read(file: BinaryIO, wanted: range) -> Iterator[bytes]:
    with file:
        file.seek(wanted.start)
        left = len(wanted)
        while left and (chunk := file.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk
