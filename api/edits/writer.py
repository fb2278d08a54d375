"""Where edits are written: one after the other, in a thread of their own, so that nobody who reads waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Timer
from typing import TypeVar

from twin.errors import StoreReplaced, StoreUnavailable
from twin.store import Store

T = TypeVar("T")

#: More edits than this do not wait.
_MOST_WAITING = 200
#: How long a store stays open for writing after the last edit. A file returns to a single one when it is closed.
_IDLE_S = 5.0


class Writer:
    """Opens the store for writing when there is something to write, and closes it when there was nothing for a while.

    Parameters
    ----------
    open_store
        Opens it; None where the store that is served is written itself.
    """

    def __init__(self, open_store: Callable[[], Store] | None) -> None:
        self._open_store = open_store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._waiting = 0
        self._store: Store | None = None
        self._idle: Timer | None = None

    async def run(self, served: Store, work: Callable[[Store], T]) -> T:
        """Have something done with the store.

        Parameters
        ----------
        served
            The store as it is read.
        work
            Writes to the one it is given.

        Raises
        ------
        StoreUnavailable
            Too many wait already, or the store cannot be written.
        """
        if self._waiting >= _MOST_WAITING:
            raise StoreUnavailable("too many edits wait to be written; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, served, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Release the store when what waits is written."""
        self._thread.submit(self._release)
        self._thread.shutdown()

    def _work(self, served: Store, work: Callable[[Store], T]) -> T:
        if self._open_store is None:
            return work(served)
        if self._idle is not None:
            self._idle.cancel()
        try:
            if self._store is None:
                self._store = self._open_store()
            if self._store.created_at != served.created_at:
                raise StoreReplaced("another twin stands in the place of the one that is served; try again")
            return work(self._store)
        except StoreUnavailable:  # perhaps this connection to it alone
            self._release()
            raise
        finally:
            self._idle = Timer(_IDLE_S, self._release_soon)
            self._idle.daemon = True
            self._idle.start()

    def _release_soon(self) -> None:
        try:
            self._thread.submit(self._release)
        except RuntimeError:  # the service stops, and has released it
            return

    def _release(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        store, self._store = self._store, None
        if store is not None:
            store.close()
