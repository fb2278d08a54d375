"""Every answer leaves a line in the log and is counted."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import re
from datetime import UTC, datetime

from api.http.proxy import Header
from api.ops.measures import Measures
from twin.moments import write_instant

access_log = logging.getLogger("twin.access")
#: How long a line may wait to be written to the log.
_LOG_EVERY_S = 0.1
#: What a pipe takes in as a whole (POSIX, PIPE_BUF), so that lines of several processes do not run into each other.
_LOG_PIECE_BYTES = 4096
_NAME = re.compile(rb"[A-Za-z0-9_.:-]{1,128}")
_TRACE = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


class Journal:
    """Names requests, counts answers, and takes in their lines for the log, several of which are written together soon.

    Parameters
    ----------
    measures
        Where they are counted.
    """

    def __init__(self, measures: Measures) -> None:
        self._measures = measures
        self._start = os.urandom(12).hex()
        self._count = itertools.count()
        self._lines: list[str] = []
        self._size = 0
        self._time = ""

    def name_request(self, header: Header) -> str:
        """Name a request as whoever sent it does (``X-Request-ID``, W3C ``traceparent``), or as no other is named.

        References
        ----------
        W3C Trace Context, 3.2: the name is the trace-id.
        """
        if name := header(b"x-request-id"):
            if _NAME.fullmatch(name):
                return name.decode()
        elif (trace := header(b"traceparent")) and (found := _TRACE.fullmatch(trace)):
            return found[1].decode()
        return self.make_name()

    def make_name(self) -> str:
        """Name a request as no other is named, of this service or of another."""
        return f"{self._start}{next(self._count):08x}"

    def note(
        self, name: str, described: str, *, route: str, method: str, status: int, size: int, seconds: float
    ) -> None:
        """Note an answer.

        Parameters
        ----------
        name
            Of the request.
        described
            The request, as `api.ops.observe.describe_request` does.
        route
            The kind of address that was asked for.
        method, status, size, seconds
            Of the request, and of the answer: bytes of its body, and how long it took.
        """
        self._measures.note(route, method, status, size, seconds)
        if not self._time:
            self._time = write_instant(datetime.now(UTC), timespec="milliseconds")
            asyncio.get_running_loop().call_later(_LOG_EVERY_S, self.write)
        line = (
            f'{{"time": "{self._time}", "request_id": "{name}", {described}, '
            f'"status": {status}, "bytes": {size}, "ms": {1000 * seconds:.1f}}}'
        )
        length = len(line.encode()) + 1
        if self._size + length > _LOG_PIECE_BYTES:
            self._write_lines()
        self._lines.append(line)
        self._size += length

    def write(self) -> None:
        """Write the lines that wait."""
        self._time = ""
        self._write_lines()

    def _write_lines(self) -> None:
        if self._lines:
            access_log.info("\n".join(self._lines))
            self._lines.clear()
            self._size = 0
