"""What revisions are asked for again and again: which is the last one of a layer, and what tells it from others."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock

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

    def known(self, layer: Layer, stamp: Hashable | None = None) -> int | None:
        """The same, if nobody has to ask for it; the stamp of the store need not be read by who has just done so."""
        seen, known = self._known.get(layer.id, (None, None))
        return known if seen == (self._store.stamp() if stamp is None else stamp) else None


class RevisionNames:
    """Names revisions so that no other has the same name, of this history or of another one.

    A number alone comes again where an older state of a store was restored and written to. So each is named with the
    moment at which it was recorded.

    Parameters
    ----------
    store
        Has the revisions; what it has said of one stays true for as long as it is open.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = Lock()
        self._names = {0: "0"}
        self._last = 0

    def __call__(self, number: int) -> str:
        """Name a revision; nobody is asked about those that `learn` was told of."""
        self.learn(number)
        return self._names.get(number, str(number))

    def learn(self, last: int) -> None:
        """Read the names of all revisions up to one, unless they are known."""
        if last <= self._last:
            return
        with self._guard:
            for revision in self._store.revisions(after=self._last):
                self._names[revision.number] = f"{revision.number} {revision.recorded_at.isoformat()}"
            self._last = max(self._last, *self._names)
