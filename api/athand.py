"""What tiles are made from, as far as it is in memory: found once between two writes."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from tiles.source import VectorSource


class AtHand:
    """Remembers the sources of tiles of which everything is in memory, for as long as nothing is written.

    Parameters
    ----------
    find_source
        Finds the source of the tiles of some layers, joined by commas, in the grid that addresses name by default.
    """

    def __init__(self, find_source: Callable[[str], VectorSource]) -> None:
        self._find_source = find_source
        self._stamp: Hashable | None = None
        self._known: dict[tuple[str, int], VectorSource] = {}

    def find(self, ids: str, z: int, stamp: Hashable) -> VectorSource | None:
        """Find the source of the tiles of a level, if all that they are made from is in memory.

        Parameters
        ----------
        ids
            Of the layers.
        z
            Level.
        stamp
            Of the store at this moment.
        """
        if stamp != self._stamp:  # what was true before takes memory only
            self._stamp, self._known = stamp, {}
        source = self._known.get((ids, z))
        if source is None:
            source = self._find_source(ids).at_hand(z)
            if source is not None:
                self._known[ids, z] = source
        return source
