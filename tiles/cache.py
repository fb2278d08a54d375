"""Finished things, kept for as long as there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")

#: What a key and its place in the cache take, about.
_ENTRY_BYTES = 500


class SizedCache(Generic[V]):
    """Keeps values by key up to a total size; what was asked for least lately goes first.

    Parameters
    ----------
    most_bytes
        Room for the values and their keys.

    Attributes
    ----------
    hits, misses, evictions
        How often something was there, how often it was not, and what had to go for want of room.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self.hits = self.misses = self.evictions = 0
        self._size = 0
        self._kept: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._guard = Lock()

    @property
    def size_bytes(self) -> int:
        """What is kept, in bytes."""
        return self._size

    def get(self, key: Hashable) -> V | None:
        """Find what is kept under a key."""
        with self._guard:
            found = self._kept.get(key)
            if found is None:
                self.misses += 1
                return None
            self.hits += 1
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: V, size_bytes: int = 0) -> None:
        """Keep a value under a key, unless it is larger than all the room there is."""
        size = size_bytes + _ENTRY_BYTES
        if size > self._most:
            return
        with self._guard:
            if key in self._kept:
                self._size -= self._kept.pop(key)[1]
            self._kept[key] = (value, size)
            self._size += size
            while self._size > self._most:
                _, (_, gone) = self._kept.popitem(last=False)
                self._size -= gone
                self.evictions += 1
