"""Requests that are whole and plain, read and answered without anything in between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from time import perf_counter

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.ops.journal import Journal

#: Headers that a server adds to every answer.
Added = Sequence[tuple[bytes, bytes]]

#: A request without a body and nothing behind it (RFC 9112, 2 to 5): each line of its head is a name and a value.
_WHOLE = re.compile(rb"GET (/[!-~]*) HTTP/1\.1\r\n(?:[!-9;-~]+:[^\r\n\x00]*\r\n)*\r\n")
#: What makes a request more than plain, in lower case.
_MORE = re.compile(rb"\r\n(?:content-length|transfer-encoding|expect|upgrade):")


class PlainRequest:
    """A request that is whole, has no body, and leaves its connection as it is.

    Parameters
    ----------
    data
        What was received.
    target
        Path and query as they stand in it.
    """

    def __init__(self, data: bytes, target: bytes) -> None:
        self.target = target
        self.started = perf_counter()
        self._data = data
        self._lowered = data.lower()

    @classmethod
    def read(cls, data: bytes) -> PlainRequest | None:
        """Read what was received; None where it is anything else."""
        whole = _WHOLE.fullmatch(data)
        return cls(data, whole[1])._if_plain() if whole else None

    def _if_plain(self) -> PlainRequest | None:
        stays = self.header(b"connection").lower() in (b"", b"keep-alive")
        return self if stays and not _MORE.search(self._lowered) else None

    @property
    def is_named(self) -> bool:
        """Whether its sender may have named it, see `api.ops.journal.Journal.name_request`."""
        return b"\r\nx-request-id:" in self._lowered or b"\r\ntraceparent:" in self._lowered

    def has_some(self, name: bytes) -> bool:
        """Whether the name of some header begins in a certain way, which is given in lower case."""
        return b"\r\n" + name in self._lowered

    def header(self, name: bytes) -> bytes:
        """The first header of a name, which is given in lower case; empty where there is none."""
        begin = self._lowered.find(b"\r\n" + name + b":")
        if begin < 0:
            return b""
        begin += len(name) + 3
        return self._data[begin : self._data.index(b"\r\n", begin)].strip(b" \t")


def note_answer(journal: Journal, request: PlainRequest, described: str, route: str, status: int, size: int) -> str:
    """Note an answer in the journal; return the name of the request."""
    name = journal.name_request(request.header) if request.is_named else journal.make_name()
    seconds = perf_counter() - request.started
    journal.note(name, described, route=route, method="GET", status=status, size=size, seconds=seconds)
    return name


def write_answer(
    journal: Journal, request: PlainRequest, asked: tuple[str, str], answer: tuple[int, bytes, bytes], added: Added
) -> bytes:
    """Write an answer, and note it.

    Parameters
    ----------
    journal
        Where it is noted.
    request
        Which is answered.
    asked
        The request in the words of the log, and its route.
    answer
        Status, headers as HTTP/1.1 writes them, body.
    added
        Headers that the server adds to every answer.
    """
    status, head, body = answer
    name = note_answer(journal, request, *asked, status, len(body))
    lines = [b"%b: %b\r\n" % header for header in added]
    own = b"x-request-id: %b\r\n" % name.encode()
    return b"".join((STATUS_LINE[status], *lines, own, head, b"\r\n", body))
