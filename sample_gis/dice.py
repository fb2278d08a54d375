"""Random numbers that are the same on every machine and with every version of numpy."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Dice:
    """A stream of random numbers of its own for every seed and theme.

    Themes do not share a stream, so a change in one leaves the others as they were. Only the raw bits of PCG64 are
    used: numpy guarantees those, and not the methods of its generators.

    Parameters
    ----------
    seed
        Seed of the county.
    theme
        What the numbers are for.
    """

    def __init__(self, seed: int, theme: str) -> None:
        state = hashlib.sha256(f"{theme}:{seed}".encode()).digest()
        self._bits = np.random.PCG64(int.from_bytes(state[:16], "big"))

    def unit(self, *shape: int) -> Floats:
        """Uniform numbers in [0, 1)."""
        raw = self._bits.random_raw(int(np.prod(shape)))
        return (np.asarray(raw, np.uint64) >> np.uint64(11)).astype(float).reshape(shape) * 2.0**-53

    def between(self, low: float, high: float, *shape: int) -> Floats:
        """Uniform numbers in [low, high)."""
        return low + (high - low) * self.unit(*shape)

    def integers(self, low: int, high: int, *shape: int) -> Ints:
        """Whole numbers from low to high, high not included."""
        return low + np.floor(self.unit(*shape) * (high - low)).astype(np.int64)

    def pick(self, weights: tuple[float, ...], *shape: int) -> Ints:
        """Positions drawn with these weights."""
        edges = np.cumsum(weights)
        picked: Ints = np.searchsorted(edges, self.unit(*shape) * edges[-1], side="right").clip(max=len(weights) - 1)
        return picked

    def order(self, count: int) -> Ints:
        """Every number below count once, in random order."""
        return np.argsort(self.unit(count), kind="stable")
