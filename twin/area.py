"""Area on the CGCS2000 ellipsoid, whatever plane the coordinates are in.

A projection stretches areas by a factor that is smooth, so a short Chebyshev series of it over the data's extent holds
to 1e-11. A small ring is then its plane area times the factor at its centroid; a large one is the integral of the
factor, taken along its edges (Green's theorem).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from numpy.polynomial import chebyshev
from shapely.geometry.base import BaseGeometry

from twin.crs import CRS, crs_label, horizontal, to_geodetic
from twin.errors import CrsError

Floats = npt.NDArray[np.float64]

#: CGCS2000: semi-major axis in metres, first eccentricity.
_A_M = 6378137.0
_E = np.sqrt((2.0 - 1.0 / 298.257222101) / 298.257222101)
#: What a series may leave out of the factor, and what a small ring may owe to the factor's curvature.
_SERIES_ERROR, _CURVATURE_ERROR = 1e-11, 1e-9
#: Extents are widened to whole steps, so that neighbouring calls share a series and none is too short to differentiate.
_STEP_M, _STEP_DEG = 100_000.0, 1.0
_DEGREES = (8, 12, 18, 27, 40, 60, 90)
#: Geometries handled at once: their coordinates stay in the processor's cache.
_CHUNK = 4096


def ellipsoidal_area_m2(geometries: npt.NDArray[np.object_] | Sequence[BaseGeometry | None], crs: CRS) -> Floats:
    """Return areas on the CGCS2000 ellipsoid, in square metres, to 1e-8 of each.

    The area is what the edges enclose on the ellipsoid, an edge being the line that is straight in the plane of the
    CRS. Holes are taken off. Longitude and latitude are those of the CRS's own datum.

    Parameters
    ----------
    geometries
        n geometries; what is not a polygon (None included) has area 0, a collection the area of its polygons.
    crs
        CRS of the geometries: geographic or projected.

    Raises
    ------
    CrsError
        The geometries reach to where the CRS has no places, or more than half around the earth.
    """
    array = np.asarray(geometries, dtype=object)
    areas = np.zeros(array.shape)
    rows = np.flatnonzero((shapely.get_dimensions(array) == 2) & ~shapely.is_empty(array))
    if rows.size == 0:
        return areas
    factor = _factor_over(shapely.total_bounds(array[rows]), horizontal(crs))
    for start in range(0, rows.size, _CHUNK):
        chunk = rows[start : start + _CHUNK]
        areas[chunk] = _areas(array[chunk], factor)
    return areas


def _areas(geometries: npt.NDArray[np.object_], factor: _Factor) -> Floats:
    single, areas = _ring_areas(geometries, factor)
    if not single.all():
        several = np.flatnonzero(~single)
        polygons, owner = _polygons(geometries[several])
        rings, polygon = shapely.get_rings(polygons, return_index=True)
        _, ring_areas = _ring_areas(rings, factor)
        is_hole = np.concatenate(([False], polygon[1:] == polygon[:-1]))
        signed = np.where(is_hole, -ring_areas, ring_areas)
        areas[several] = np.bincount(owner[polygon], signed, minlength=several.size)
    return areas


def _polygons(geometries: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.intp]]:
    """Return the polygons in geometries, and which geometry each comes from."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        owner = owner[index]
    is_polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    return parts[is_polygon], owner[is_polygon]


def _ring_areas(geometries: npt.NDArray[np.object_], factor: _Factor) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Return which geometries are a single ring, and the areas of those."""
    coords, counts = shapely.get_coordinates(geometries), shapely.get_num_coordinates(geometries)
    starts = np.cumsum(counts) - counts
    first = coords[starts]
    # Seen from the first vertex: differences of neighbouring numbers are exact, so 1 m² at 39 million is still right.
    x, y = (coords[:, axis] - np.repeat(first[:, axis], counts) for axis in (0, 1))
    # A ring begins and ends in its first vertex; another ring would follow after it has come back there.
    is_first = (x == 0.0) & (y == 0.0)
    single = is_first[starts + counts - 1] & (np.add.reduceat(is_first, starts, dtype=np.intp) == 2)
    # The step from one ring to the next leads from (0, 0) to (0, 0) and adds nothing.
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    twice = np.add.reduceat(cross, starts)
    size = np.maximum(np.maximum.reduceat(np.abs(x), starts), np.maximum.reduceat(np.abs(y), starts))
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = [np.add.reduceat((v[:-1] + v[1:]) * cross, starts) / (3.0 * twice) for v in (x, y)]
    # A ring that crosses itself may have its centroid anywhere; a valid one has it within.
    centre_x, centre_y = (np.nan_to_num(v).clip(-size, size) for v in centre)
    areas = np.abs(twice) / 2 * factor.at(first[:, 0] + centre_x, first[:, 1] + centre_y)
    large = size > factor.small
    if large.any():
        areas[large] = factor.integrals(coords[np.repeat(large, counts)], counts[large])
    return single, areas


@dataclass(frozen=True, kw_only=True, eq=False)
class _Factor:
    """True area per area in the plane, as a Chebyshev series over a box.

    `series` has powers of x along the first axis; `primitive` is its integral over x. Rings up to `small` (in units
    of the CRS) may be taken at their centroid.
    """

    centre: Floats
    half: Floats
    series: Floats
    primitive: Floats
    small: float

    def at(self, x: Floats, y: Floats) -> Floats:
        """Return the factor at points."""
        return self._value(x, y, self.series)

    def integrals(self, coords: Floats, counts: npt.NDArray[np.int32]) -> Floats:
        """Return the integral of the factor over rings: along an edge the primitive is a polynomial, summed exactly."""
        ends = np.cumsum(counts) - 1
        starts = ends - counts + 1
        step = np.diff(coords, axis=0, append=coords[-1:])
        step[ends] = 0.0
        base = np.repeat(self._value(coords[starts, 0], coords[starts, 1], self.primitive), counts)
        total = np.zeros(len(coords))
        nodes, weights = np.polynomial.legendre.leggauss(sum(self.primitive.shape) // 2 + 1)
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            x, y = (coords + node * step).T
            total += weight * (self._value(x, y, self.primitive) - base) * step[:, 1]
        return np.abs(np.add.reduceat(total, starts))

    def _value(self, x: Floats, y: Floats, series: Floats) -> Floats:
        u, v = (x - self.centre[0]) / self.half[0], (y - self.centre[1]) / self.half[1]
        value: Floats = chebyshev.chebval2d(u, v, series)
        return value


def _factor_over(bounds: Floats, crs: CRS) -> _Factor:
    """Return the factor over a box that holds these bounds."""
    unit = crs.axis_info[0].unit_conversion_factor
    step = np.radians(_STEP_DEG) / unit if crs.is_geographic else _STEP_M / unit
    low, high = np.floor(bounds[:2] / step), np.ceil(bounds[2:] / step)
    if not np.isfinite(bounds).all():
        raise CrsError("there is no area where a coordinate is not a number")
    return _fit(crs, float(step), tuple(low.tolist()), tuple(np.maximum(high, low + 1).tolist()))


@lru_cache(maxsize=64)
def _fit(crs: CRS, step: float, low: tuple[float, float], high: tuple[float, float]) -> _Factor:
    box = step * np.array([low, high])
    centre, half = box.mean(axis=0), (box[1] - box[0]) / 2
    for count in _DEGREES:
        nodes = chebyshev.chebpts1(count)
        to_series = chebyshev.chebvander(nodes, count - 1).T * (2.0 / count)
        to_series[0] /= 2.0
        x, y = centre[0] + half[0] * nodes, centre[1] + half[1] * nodes
        lon, lat = to_geodetic(np.repeat(x, count), np.tile(y, count), crs)
        lon, lat = lon.reshape(count, count), lat.reshape(count, count)
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            break
        middle = lon[count // 2, count // 2]
        east, north = np.radians((lon - middle + 180.0) % 360.0 - 180.0), _zone_m2(np.radians(lat))
        u, v = to_series @ east @ to_series.T, to_series @ north @ to_series.T
        values = [
            chebyshev.chebgrid2d(nodes, nodes, chebyshev.chebder(s, axis=axis)) for s in (u, v) for axis in (0, 1)
        ]
        series = to_series @ np.abs(values[0] * values[3] - values[1] * values[2]) @ to_series.T / half.prod()
        limit = _SERIES_ERROR * abs(series[0, 0])
        if np.abs(series[-2:]).max() < limit and np.abs(series[:, -2:]).max() < limit:
            return _factor(centre, half, _trim(series, limit / 10))
    raise CrsError(f"the geometries reach beyond where {crs_label(crs)} can measure areas: check their coordinates")


def _factor(centre: Floats, half: Floats, series: Floats) -> _Factor:
    nodes = chebyshev.chebpts1(max(series.shape))
    bends = [chebyshev.chebder(series, 2, axis=0) / half[0] ** 2, chebyshev.chebder(series, 2, axis=1) / half[1] ** 2]
    bend = max(float(np.abs(chebyshev.chebgrid2d(nodes, nodes, b)).max()) for b in bends) / abs(series[0, 0])
    return _Factor(
        centre=centre,
        half=half,
        series=series,
        primitive=chebyshev.chebint(series, axis=0) * half[0],
        # A ring within a square of this size has second moments of at most an eighth of its square, in x and in y.
        small=float(np.sqrt(4 * _CURVATURE_ERROR / max(bend, 1e-300))),
    )


def _trim(series: Floats, limit: float) -> Floats:
    """Cut off the rows and columns that add nothing."""
    keep = np.abs(series) > limit
    return series[: np.flatnonzero(keep.any(axis=1))[-1] + 1, : np.flatnonzero(keep.any(axis=0))[-1] + 1]


def _zone_m2(latitude: Floats) -> Floats:
    """Return the area between the equator and a latitude, per radian of longitude.

    References
    ----------
    Snyder, Map Projections - A Working Manual (1987), eq. 3-12.
    """
    sine = np.sin(latitude)
    zone: Floats = _A_M**2 * (1 - _E**2) / 2 * (sine / (1 - (_E * sine) ** 2) + np.arctanh(_E * sine) / _E)
    return zone
