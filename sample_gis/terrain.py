"""The ground of the sample county: a plain along a river that falls southwards, hills in the west and north."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sample_gis.dice import Dice, Floats
from sample_gis.noise import Noise, smooth_step
from sample_gis.place import ORIGIN


@dataclass(frozen=True, kw_only=True, eq=False)
class Terrain:
    """Height of the ground as a pure, smooth function of the place.

    Pipes, rasters and models drape on it: the same x and y give the same height everywhere.
    """

    relief: Noise
    rolling: Noise
    meander: Noise

    @classmethod
    def of(cls, seed: int) -> Terrain:
        """Draw the ground of a seed."""
        dice = Dice(seed, "terrain")
        return cls(
            relief=Noise.of(dice, 9_000.0, octaves=5),
            rolling=Noise.of(dice, 2_600.0, octaves=3),
            meander=Noise.of(dice, 9_000.0, octaves=2),
        )

    def height_m(self, x: Floats, y: Floats) -> Floats:
        """Height of the ground.

        Parameters
        ----------
        x, y
            East and north, metres, storage CRS; arrays of one shape or scalars.

        Returns
        -------
        array
            Heights in metres (as 1985 national heights), between 80 m and 500 m within the county.
        """
        east, north = np.asarray(x, float) - ORIGIN[0], np.asarray(y, float) - ORIGIN[1]
        river = self.river_east_m(north) - east
        valley = river * river / (river * river + 3_200.0 * 3_200.0)
        water = 111.0 + 0.00085 * north
        west = smooth_step(2_000.0, -21_000.0, east)
        up = smooth_step(0.0, 20_000.0, north)
        hills = 0.10 + 0.70 * west + 0.30 * up
        ridge = np.clip(0.42 + 1.35 * self.relief(east, north), 0.0, None)
        bank = 7.0 * river * river / (river * river + 150.0 * 150.0)
        plain = 16.0 + 34.0 * self.rolling(east, north)
        height: Floats = water + bank + valley * (plain + 520.0 * hills * ridge * ridge)
        return height

    def grid(self, step_m: float, bbox: Iterable[float]) -> tuple[Floats, Floats, Floats]:
        """Heights on a regular grid.

        Parameters
        ----------
        step_m
            Distance of the grid points.
        bbox
            West, south, east, north in the storage CRS; a `twin.crs.BBox` is one.

        Returns
        -------
        x, y, heights
            (n,) eastings from the west, (m,) northings from the north as rasters run, (m, n) heights.
        """
        west, south, east, north = bbox
        x = west + step_m * np.arange((east - west) // step_m + 1.0)
        y = north - step_m * np.arange((north - south) // step_m + 1.0)
        return x, y, self.height_m(x[None, :], y[:, None])

    def river_east_m(self, north: Floats) -> Floats:
        """How far east the middle of the river is at a northing, both metres from the seat."""
        return 3_600.0 - 0.12 * north + 8_500.0 * self.meander(north, np.zeros(np.shape(north)))
