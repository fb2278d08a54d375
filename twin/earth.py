"""Places on the earth as X, Y, Z from its centre, and as origins of planes: metres east, north and up of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: WGS 84: semi-major axis in metres, and first eccentricity squared. What CGCS2000 has differs by 0.1 mm.
_A_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_E2 = _FLATTENING * (2 - _FLATTENING)


def place_on_ellipsoid(lon: Floats, lat: Floats, height_m: Floats) -> Floats:
    """Return (n, 3) geocentric coordinates in metres of n places in degrees and metres above WGS 84.

    References
    ----------
    EPSG Guidance Note 7-2, method 9602.
    """
    east, north = np.radians(lon), np.radians(lat)
    normal_m = _A_M / np.sqrt(1 - _E2 * np.sin(north) ** 2)
    from_axis = (normal_m + height_m) * np.cos(north)
    z = (normal_m * (1 - _E2) + height_m) * np.sin(north)
    return np.stack([from_axis * np.cos(east), from_axis * np.sin(east), z], axis=-1)


def axes_at(lon: float, lat: float) -> Floats:
    """Return the (3, 3) directions east, north and up at a place in degrees, one a row, geocentric."""
    (sin_e, sin_n), (cos_e, cos_n) = np.sin(np.radians([lon, lat])), np.cos(np.radians([lon, lat]))
    return np.array(
        [
            [-sin_e, cos_e, 0.0],
            [-sin_n * cos_e, -sin_n * sin_e, cos_n],
            [cos_n * cos_e, cos_n * sin_e, sin_n],
        ]
    )


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
