"""Answers that are kept as they are sent: in one content coding, with the headers that belong to them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import zstandard
from isal import isal_zlib

from api.cors import OPEN_TO_ALL

#: A copy may be kept, but must be checked by its ETag: the next revision may come at any time.
_CACHE = "public, no-cache"
#: Content codings, the best one first.
_CODINGS = ("zstd", "gzip", "identity")
#: Smaller tiles are sent as they are.
_WORTH_COMPRESSING = 600


@dataclass(frozen=True, kw_only=True)
class SentTile:
    """A tile, or letters, as sent in one content coding, with the headers that belong to it."""

    etag: str
    data: bytes
    headers: dict[str, str]

    @property
    def status(self) -> int:
        """Of an answer with the tile."""
        return 200 if self.data else 204

    @cached_property
    def head(self) -> bytes:
        """The headers of an answer with the tile, to whatever origin, as HTTP/1.1 writes them."""
        length = {"Content-Length": str(len(self.data))} if self.data else {}
        return write_head(self.headers | length) + _OPEN_HEAD


class HotTile(NamedTuple):
    """What a request for a tile was answered with.

    Parameters
    ----------
    stamp
        The stamp of the store for which that is true.
    etag, coding
        Entity tag and content coding of what was sent.
    described
        The request in the words of the log.
    """

    stamp: Hashable
    etag: str
    coding: str
    described: str


def pack(plain: SentTile, coding: str) -> SentTile:
    """Compress what is to be sent, unless it is too small for that."""
    if coding == "identity" or len(plain.data) < _WORTH_COMPRESSING:
        return plain
    packed = _compress(plain.data, coding)
    return SentTile(etag=plain.etag, data=packed, headers=plain.headers | {"Content-Encoding": coding})


def headers_of(etag: str, *, cache: str = _CACHE) -> dict[str, str]:
    """The headers of every answer about a tile, or about letters."""
    # The tag is weak, because compression changes the bytes.
    return {"ETag": f"W/{etag}", "Cache-Control": cache, "Vary": "Accept-Encoding"}


def write_head(headers: dict[str, str]) -> bytes:
    """Write headers as they stand in HTTP/1.1."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("latin-1")


_OPEN_HEAD = write_head(OPEN_TO_ALL)


def _compress(data: bytes, coding: str) -> bytes:
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(data)
    return isal_zlib.compress(data, 1, wbits=31)


@lru_cache
def choose_coding(accepted: str) -> str:
    """Choose the content coding that a client weighs highest, and of equal ones the best (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";q=")
        try:
            weights[name.strip()] = float(weight) if weight else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    anything = weights.get("*", 0.0)
    known = {coding: weights.get(coding, anything) for coding in _CODINGS}
    known["identity"] = weights.get("identity", 0.001)
    return max(_CODINGS, key=lambda coding: known[coding])
