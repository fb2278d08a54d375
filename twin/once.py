"""Results that many threads ask for at the same time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


def computed_once(function: Callable[..., T]) -> Callable[..., T]:
    """Keep the last results of a function; threads that come together wait for one result instead of each computing it.

    The arguments must be hashable, and the function must not call itself.
    """
    kept, computing = lru_cache(maxsize=256)(function), Lock()

    @wraps(function)
    def find(*args: Hashable) -> T:
        with computing:
            return kept(*args)

    return find
