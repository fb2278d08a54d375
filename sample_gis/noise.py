"""Smooth seeded noise over the plane.

Only additions, multiplications and divisions, which IEEE 754 rounds the same everywhere: the county is the same to the
bit on every machine, which sines and exponentials would not promise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_gis.dice import Dice, Floats

#: The lattice of slopes repeats after so many steps: far beyond the county at every wavelength in use.
_PERIOD = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class Noise:
    """Gradient noise: twice continuously differentiable, zero on average, within -1 to 1.

    Parameters
    ----------
    wavelength_m
        Size of the largest features.
    octaves
        How many times detail of half the size and half the strength is added.
    slopes
        (octaves, 128, 128, 2) slopes at the lattice points.
    """

    wavelength_m: float
    octaves: int
    slopes: Floats

    @classmethod
    def of(cls, dice: Dice, wavelength_m: float, *, octaves: int = 1) -> Noise:
        """Draw the slopes."""
        slopes = dice.between(-1.0, 1.0, octaves, _PERIOD, _PERIOD, 2)
        return cls(wavelength_m=wavelength_m, octaves=octaves, slopes=slopes)

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """Evaluate at points in metres."""
        total, strength, norm = np.zeros(np.broadcast(x, y).shape), 1.0, 0.0
        for octave in range(self.octaves):
            scale = 2.0**octave / self.wavelength_m
            # An irrational shift keeps the zeros of the octaves, which lie on their lattices, apart.
            total = total + strength * _gradient_noise(self.slopes[octave], x * scale + 0.37 * octave, y * scale)
            norm += strength
            strength *= 0.5
        return total / norm


def _gradient_noise(slopes: Floats, x: Floats, y: Floats) -> Floats:
    column, row = np.floor(x), np.floor(y)
    u, v = x - column, y - row
    i, j = column.astype(np.int64), row.astype(np.int64)

    def corner(di: int, dj: int) -> Floats:
        slope = slopes[(i + di) % _PERIOD, (j + dj) % _PERIOD]
        value: Floats = slope[..., 0] * (u - di) + slope[..., 1] * (v - dj)
        return value

    fade_u, fade_v = _fade(u), _fade(v)
    south = corner(0, 0) + fade_u * (corner(1, 0) - corner(0, 0))
    north = corner(0, 1) + fade_u * (corner(1, 1) - corner(0, 1))
    return south + fade_v * (north - south)


def _fade(t: Floats) -> Floats:
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)


def smooth_step(low: float, high: float, value: Floats) -> Floats:
    """Rise from 0 at low to 1 at high without a corner."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
