"""Another store in the place of the one that is served: the service goes on with that one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from threading import Lock

from fastapi import FastAPI

from api.context import Context
from twin.errors import StoreReplaced, TwinError
from twin.store import Store


class Reopening:
    """Opens the store anew after it was replaced, and forgets all that was read from the old one.

    Parameters
    ----------
    app
        Its context is exchanged.
    make_context
        Makes the context of a store.
    open_again
        Opens the store that is there now.
    """

    def __init__(self, app: FastAPI, make_context: Callable[[Store], Context], open_again: Callable[[], Store]) -> None:
        self._app = app
        self._make_context = make_context
        self._open_again = open_again
        self._guard = Lock()
        self._opened = ExitStack()

    def __call__(self) -> None:
        """Go on with the store that is there now; where there is none yet, the next request tries again."""
        with self._guard, suppress(TwinError):
            served = self._app.state.context.store
            try:
                served.latest()  # another request may have opened it meanwhile
            except StoreReplaced:
                store = self._open_again()
                self.close()
                self._opened.enter_context(store)
                self._app.state.context = self._make_context(store)

    def close(self) -> None:
        """Release the store that was opened here; the first one is released by whoever opened it."""
        self._opened.close()
