"""The last revision of a layer, asked for once between two writes."""

from __future__ import annotations

from collections.abc import Hashable

from twin.layer import Layer
from twin.store import Store


class LatestRevisions:
    """Remembers the last revision of each layer for as long as the stamp of the store stays what it is.

    Parameters
    ----------
    store
        Which is asked.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[Hashable, int]] = {}

    def of(self, layer: Layer) -> int:
        """The number of the last revision of a layer; see `twin.store.Store.latest`."""
        known = self.known(layer)
        if known is None:
            stamp = self._store.stamp()  # read first: what is written meanwhile makes another one
            known = self._store.latest(layer)
            self._known[layer.id] = stamp, known
        return known

    def known(self, layer: Layer) -> int | None:
        """The same, if nobody has to ask for it."""
        stamp, known = self._known.get(layer.id, (None, None))
        return known if stamp == self._store.stamp() else None
