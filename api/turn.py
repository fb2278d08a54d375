"""What is done once for many requests rather than for each, because a system call costs as much as a hot tile."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Hashable

from twin.store import Store

access_log = logging.getLogger("twin.access")
#: How long a line may wait to be written to the log.
_LOG_EVERY_S = 0.1
#: What a pipe takes in as a whole (POSIX, PIPE_BUF), so that lines of several processes do not run into each other.
_LOG_PIECE_BYTES = 4096


class StampReader:
    """Reads the stamp of a store once for all requests that the event loop found waiting together.

    That is as good as once for each: a request that was sent after a write had ended is not among those that waited
    before. To be called in the thread of the event loop.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stamp: Hashable | None = None

    def __call__(self) -> Hashable:
        """The stamp, see `twin.store.Store.stamp`."""
        if self._stamp is None:
            self._stamp = self._store.stamp()
            asyncio.get_running_loop().call_soon(self._end_turn)
        return self._stamp

    def _end_turn(self) -> None:
        self._stamp = None


class AccessLog:
    """Names requests, and takes in their lines for the log, several of which are written together soon."""

    def __init__(self) -> None:
        self._start = os.urandom(12).hex()
        self._count = itertools.count()
        self._lines: list[str] = []
        self._size = 0
        self._is_due = False

    def name_request(self) -> str:
        """Make a request id that no other request has, of this service or of another."""
        return f"{self._start}{next(self._count):08x}"

    def add(self, line: str) -> None:
        """Take a line."""
        size = len(line.encode()) + 1
        if self._size + size > _LOG_PIECE_BYTES:
            self.write()
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(_LOG_EVERY_S, self._write_in_time)
        self._lines.append(line)
        self._size += size

    def write(self) -> None:
        """Write the lines that wait."""
        if self._lines:
            access_log.info("\n".join(self._lines))
            self._lines.clear()
            self._size = 0

    def _write_in_time(self) -> None:
        self._is_due = False
        self.write()
