"""Where on the earth the tiles of a layer stand: metres east, north and up of one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.earth import axes_at, place_on_ellipsoid

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place on the ellipsoid, and the directions there.

    Parameters
    ----------
    lon, lat
        Degrees, WGS 84.
    height_m
        Above the ellipsoid.
    """

    lon: float
    lat: float
    height_m: float = 0.0

    @classmethod
    def amid(cls, lon: Floats, lat: Floats) -> Place:
        """The place in the middle of others, to a hundredth of a degree; few edits move it."""
        middle = [round(float(each.min() + each.max()) / 2, 2) if each.size else 0.0 for each in (lon, lat)]
        return cls(lon=middle[0], lat=middle[1])

    @property
    def origin(self) -> Floats:
        """(3,) the place, geocentric."""
        return place_on_ellipsoid(np.array(self.lon), np.array(self.lat), np.array(self.height_m))

    @property
    def axes(self) -> Floats:
        """(3, 3) east, north and up, geocentric."""
        return axes_at(self.lon, self.lat)

    def to_local(self, geocentric: Floats) -> Floats:
        """(n, 3) metres east, north and up of n geocentric places."""
        local: Floats = (geocentric - self.origin) @ self.axes.T
        return local

    def to_geocentric(self, local: Floats) -> Floats:
        """(n, 3) geocentric places of n given in metres east, north and up."""
        geocentric: Floats = local @ self.axes + self.origin
        return geocentric

    def matrix(self) -> list[float]:
        """From metres east, north and up to geocentric ones, column by column as tilesets have it."""
        numbers: list[float] = self._whole.T.ravel().tolist()
        return numbers

    def matrix_within(self, other: Place) -> list[float]:
        """From here to metres east, north and up of another place."""
        numbers: list[float] = (np.linalg.inv(other._whole) @ self._whole).T.ravel().tolist()
        return numbers

    @property
    def _whole(self) -> Floats:
        whole = np.eye(4)
        whole[:3, :3], whole[:3, 3] = self.axes.T, self.origin
        return whole
