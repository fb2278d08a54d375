"""The bend of all roads and blocks.

Roads and blocks are planned with straight lines on a flat sheet; the sheet is then bent gently as a whole. Lines that
do not cross on the sheet do not cross in the county, so curved roads cost nothing and the network stays noded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_gis.dice import Dice, Floats
from sample_gis.noise import Noise

_STRENGTH_M = 1_100.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Warp:
    """A smooth one-to-one map between the planner's sheet and the county; the seat stays where it is."""

    east: Noise
    north: Noise

    @classmethod
    def of(cls, seed: int) -> Warp:
        """Draw the bend of a seed."""
        dice = Dice(seed, "warp")
        return cls(east=Noise.of(dice, 6_000.0, octaves=3), north=Noise.of(dice, 6_000.0, octaves=3))

    def bend(self, sheet: Floats) -> Floats:
        """From the sheet to the county, (…, 2) metres from the seat."""
        return sheet + self._shift(sheet) - self._shift(np.zeros(2))

    def flatten(self, points: Floats) -> Floats:
        """From the county back to the sheet, to within a micrometre."""
        sheet = points
        for _ in range(40):
            sheet = sheet + (points - self.bend(sheet))
        return sheet

    def _shift(self, sheet: Floats) -> Floats:
        x, y = sheet[..., 0], sheet[..., 1]
        return _STRENGTH_M * np.stack([self.east(x, y), self.north(x, y)], axis=-1)
