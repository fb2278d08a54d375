"""Until when somebody waits for an answer: what asks a store in his name is cancelled then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: On the clock of `time.monotonic`; None where nobody waits.
_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def wait_at_most(seconds: float | None) -> Iterator[None]:
    """Wait for all that the block asks a store no longer than so many seconds; None lifts the limit.

    Threads that work in the context of the block keep to it, others do not.
    """
    token = _UNTIL.set(None if seconds is None else time.monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def seconds_left() -> float | None:
    """How long it is still waited; negative when it is over, None where there is no limit."""
    until = _UNTIL.get()
    return None if until is None else until - time.monotonic()
