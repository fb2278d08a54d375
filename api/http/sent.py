"""Answers that are kept as they are sent: in one content coding, with the headers that belong to them."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

import zstandard
from isal import isal_zlib

from api.http.cors import OPEN_TO_ALL

#: A copy may be kept, but must be checked by its ETag: the next revision may come at any time.
CACHE = "public, no-cache"
#: Content codings, the best one first.
_CODINGS = ("zstd", "gzip", "identity")
#: What is smaller is sent as it is.
_WORTH_COMPRESSING = 600
#: Media types of what is not compressed in itself.
_COMPRESSIBLE = re.compile(r"text/|application/([a-z.+-]*(json|xml|yaml)|javascript|flatgeobuf|wasm)|image/svg")


@dataclass(frozen=True, kw_only=True)
class SentAnswer:
    """A tile, features, letters or a document, as sent in one content coding, with the headers that belong to it."""

    etag: str
    data: bytes
    headers: dict[str, str]

    @property
    def status(self) -> int:
        """Of the answer; what is empty is a tile without features."""
        return 200 if self.data else 204

    @cached_property
    def head(self) -> bytes:
        """The headers of the answer, to whatever origin, as HTTP/1.1 writes them."""
        length = {"Content-Length": str(len(self.data))} if self.data else {}
        return write_head(self.headers | length) + _OPEN_HEAD


class HotAnswer(NamedTuple):
    """What a request was answered with.

    Parameters
    ----------
    stamp
        The stamp of the store for which that is true.
    etag, coding
        Entity tag and content coding of what was sent.
    described, route
        The request in the words of the log, and its route.
    vary
        The headers of a request that other answers are given for.
    """

    stamp: Hashable
    etag: str
    coding: str
    described: str
    route: str
    vary: str = "Accept-Encoding"


def pack(plain: SentAnswer, coding: str) -> SentAnswer:
    """Compress what is to be sent, unless it is too small for that."""
    if coding == "identity" or len(plain.data) < _WORTH_COMPRESSING:
        return plain
    packed = _compress(plain.data, coding)
    return SentAnswer(etag=plain.etag, data=packed, headers=plain.headers | {"Content-Encoding": coding})


def headers_of(etag: str, *, cache: str = CACHE, vary: str = "Accept-Encoding") -> dict[str, str]:
    """The headers of every answer that may be kept, whether it is sent or the client has it."""
    # The tag is weak, because compression changes the bytes.
    return {"ETag": f"W/{etag}", "Cache-Control": cache, "Vary": vary}


def write_head(headers: dict[str, str]) -> bytes:
    """Write headers as they stand in HTTP/1.1."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("latin-1")


_OPEN_HEAD = write_head(OPEN_TO_ALL)


class Packer(Protocol):
    """Compresses piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """Take a piece in, and give what is ready."""
        ...

    def flush(self) -> bytes:
        """Give the rest."""
        ...


def make_packer(coding: str) -> Packer:
    """Make what compresses an answer that comes in pieces."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compressobj()
    packer: Packer = isal_zlib.compressobj(1, wbits=31)
    return packer


def is_compressible(media_type: str) -> bool:
    """Whether what is of a media type becomes smaller."""
    return _COMPRESSIBLE.match(media_type) is not None


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
