"""The stamp of the store, read once for many requests, because a system call costs as much as a hot tile."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from twin.store import Store


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
