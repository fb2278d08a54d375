"""The tiles whose layers are in memory: what they are made from is found once between two writes."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from tiles.source import VectorSource
from tiles.square import Level


class AtHand:
    """Remembers the levels of tiles of which everything is in memory, for as long as nothing is written.

    Parameters
    ----------
    find_source
        Finds the source of the tiles of some layers, joined by commas, in the grid that addresses name by default.
    """

    def __init__(self, find_source: Callable[[str], VectorSource]) -> None:
        self._find_source = find_source
        self._stamp: Hashable | None = None
        self._known: dict[tuple[str, int], Level] = {}

    def find(self, ids: str, z: int, stamp: Hashable) -> Level | None:
        """Find the tiles of a level, if all that they are made from is in memory.

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
        level = self._known.get((ids, z))
        if level is None:
            level = self._find_source(ids).at_hand(z)
            if level is not None:
                self._known[ids, z] = level
        return level
