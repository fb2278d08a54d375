"""A box of coordinates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from twin.errors import CrsError


@dataclass(frozen=True)
class BBox:
    """A box, x from west to east and y from south to north, in the CRS that goes with it."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        ordered = -math.inf < self.west <= self.east < math.inf and -math.inf < self.south <= self.north < math.inf
        if not ordered:  # nor are they if one is not a number
            raise CrsError(f"not a box (west, south, east, north): {', '.join(f'{v:g}' for v in self)}")

    def __iter__(self) -> Iterator[float]:
        return iter((self.west, self.south, self.east, self.north))

    @classmethod
    def around(cls, geometries: npt.NDArray[np.object_] | Sequence[BaseGeometry | None]) -> BBox:
        """Return the box around geometries.

        Raises
        ------
        CrsError
            No geometry has a coordinate.
        """
        bounds = shapely.total_bounds(np.asarray(geometries, dtype=object))
        if np.isnan(bounds).any():
            raise CrsError("there is no box around geometries without coordinates")
        return cls(*bounds.tolist())

    def polygon(self) -> shapely.Polygon:
        """Return the box as a polygon."""
        return shapely.box(*self)

    def buffer(self, distance: float) -> BBox:
        """Return the box grown by a distance on each side."""
        return BBox(self.west - distance, self.south - distance, self.east + distance, self.north + distance)

    def union(self, other: BBox) -> BBox:
        """Return the box around both."""
        return BBox(
            min(self.west, other.west),
            min(self.south, other.south),
            max(self.east, other.east),
            max(self.north, other.north),
        )

    def intersects(self, other: BBox) -> bool:
        """Tell whether the boxes share a point."""
        return (
            self.west <= other.east
            and other.west <= self.east
            and self.south <= other.north
            and other.south <= self.north
        )

    def holds(self, other: BBox) -> bool:
        """Tell whether no point of another box lies outside of this one."""
        return (
            self.west <= other.west
            and self.south <= other.south
            and self.east >= other.east
            and self.north >= other.north
        )
