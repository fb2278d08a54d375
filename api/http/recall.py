"""Requests answered with what was sent before, as long as that is true."""

from __future__ import annotations

from collections.abc import Hashable

from fastapi import FastAPI

from api.context import Context
from api.http.conditional import has_already
from api.http.cors import OPEN_TO_ALL
from api.http.plain import Added, PlainRequest, write_answer
from api.http.proxy import find_base
from api.http.sent import HotAnswer, SentAnswer, choose_coding, headers_of, write_head
from api.ops.journal import Journal
from twin.errors import TwinError

#: What is remembered, and what is sent; nothing where the client has it already.
Recalled = tuple[HotAnswer, SentAnswer | None]


class Recall:
    """Answers requests for tiles and documents that were made for just such requests before.

    What is true, the stamp of the store says, which any write changes; after a write the first request goes the long
    way, and finds its entity tag changed or not.

    Parameters
    ----------
    app
        Its context says what was made.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def answer(self, request: PlainRequest, added: Added) -> bytes | None:
        """Answer a request, or not at all.

        Parameters
        ----------
        request
            For whatever.
        added
            Headers that the server adds to every answer.
        """
        context: Context = self._app.state.context
        known = context.hot.get((request.target, request.header(b"accept-encoding"))) or _find_document(
            context, request
        )
        if known is None or not _is_true(known, context):
            return None
        asked = request.header(b"if-none-match")
        if asked and has_already(asked.decode("latin-1"), known.etag):
            return write_recalled(self._app.state.journal, request, (known, None), added)
        sent = context.answers.get((known.etag, known.coding))
        return None if sent is None else write_recalled(self._app.state.journal, request, (known, sent), added)


def document_key(target: bytes, base: str, accept: str, coding: str) -> Hashable:
    """What an answer depends on that is the same for everybody until something is written.

    Parameters
    ----------
    target
        Path and query as they stand in the request.
    base
        Where the client sees the service; links begin with it.
    accept
        The header of that name.
    coding
        The content coding.
    """
    return target, base, accept, coding


def write_recalled(journal: Journal, request: PlainRequest, recalled: Recalled, added: Added) -> bytes:
    """Write an answer, and its line in the log; see `api.http.plain.write_answer`."""
    known, sent = recalled
    if sent is None:
        answer = 304, write_head(headers_of(known.etag, vary=known.vary) | OPEN_TO_ALL), b""
    else:
        answer = sent.status, sent.head, sent.data
    return write_answer(journal, request, (known.described, known.route), answer, added)


def _find_document(context: Context, request: PlainRequest) -> HotAnswer | None:
    base = find_base(request.header, trust_proxy=context.settings.trust_proxy)
    if base is None or request.has_some(b"authorization:") or request.has_some(b"cookie:"):
        return None
    accept, accepted = (request.header(name).decode("latin-1") for name in (b"accept", b"accept-encoding"))
    return context.hot.get(document_key(request.target, base, accept, choose_coding(accepted)))


def _is_true(known: HotAnswer, context: Context) -> bool:
    try:
        return known.stamp == context.stamp()
    except TwinError:  # whoever reads the store will say so
        return False
