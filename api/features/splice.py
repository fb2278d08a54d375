"""Arrays of features that follow an edit: a few go, others come, and the rest is copied in large pieces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tiles.columns import is_among

Integers = npt.NDArray[np.int64]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, kw_only=True, eq=False)
class Splice:
    """Which of n features go, and where k others come.

    Parameters
    ----------
    gone
        Positions of those that go, ascending.
    places
        k: before which of those that stay the new ones come, ascending.
    """

    gone: Integers
    places: Integers

    @cached_property
    def come(self) -> Integers:
        """Where the new ones are afterwards."""
        return self.places + np.arange(len(self.places))

    @cached_property
    def _is_in_place(self) -> bool:
        """Whether features were changed only, so that all others are where they were."""
        return np.array_equal(self.come, self.gone)

    def of(self, values: npt.NDArray[T], come: npt.NDArray[T]) -> npt.NDArray[T]:
        """Values of the features afterwards.

        Parameters
        ----------
        values
            n, those before.
        come
            k, those of the new features.
        """
        if self._is_in_place:
            spliced = values.copy()
            spliced[self.come] = come
            return spliced
        return np.insert(without(values, self.gone), self.places, come)

    def follow(self, rows: Integers) -> tuple[Integers, Integers]:
        """Find features again.

        Parameters
        ----------
        rows
            m positions before.

        Returns
        -------
        Where among the m those stand that are gone, ascending, and the positions of the others afterwards.
        """
        lost = np.flatnonzero(is_among(rows, self.gone))
        stay = without(rows, lost)
        if not self._is_in_place:
            stay -= np.searchsorted(self.gone, stay)
            stay += np.searchsorted(self.places, stay, side="right")
        return lost, stay


def without(values: npt.NDArray[T], positions: Integers) -> npt.NDArray[T]:
    """Take a few positions, ascending, out of an array: the rest is copied in large pieces."""
    ends = pairwise([-1, *positions.tolist(), len(values)])
    return np.concatenate([values[before + 1 : end] for before, end in ends])
