"""Area on the CGCS2000 ellipsoid, whatever plane the coordinates are in.

A projection stretches areas by a factor that is smooth, so a short Chebyshev series of it over the data's extent holds
to 1e-11. A small ring is then its plane area times the factor at its centroid; a large one is the integral of the
factor, taken along its edges (Green's theorem).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from numpy.polynomial import chebyshev
from shapely.geometry.base import BaseGeometry

from twin.crs import CRS, crs_label, horizontal, to_geodetic
from twin.errors import CrsError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Geometries = npt.NDArray[np.object_]
Counts = npt.NDArray[np.int32]

#: CGCS2000: semi-major axis in metres, first eccentricity.
_A_M = 6378137.0
_E = float(np.sqrt((2.0 - 1.0 / 298.257222101) / 298.257222101))
#: What a series may leave out of the factor, and the numbers of nodes that are tried for it.
_SERIES_ERROR = 1e-11
_NODES = (8, 12, 18, 27, 40, 60, 90)
#: Extents are widened to whole steps, so that neighbouring calls share a series and none is too short to differentiate.
_STEP_M, _STEP_RAD = 100_000.0, float(np.radians(1.0))
#: A ring up to this part of a step (200 m) is taken at its centroid. What that leaves out is at most a quarter of its
#: size squared times the factor's curvature, which is below 4 / R² in the projections in use: 1e-9.
_SMALL = 1 / 500
#: Geometries measured at once: their coordinates stay in the processor's cache.
_CHUNK = 4096


def ellipsoidal_area_m2(geometries: Geometries | Sequence[BaseGeometry | None], crs: CRS) -> Floats:
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
        A coordinate is not a number or lies where the CRS has no place, or a ring in degrees spans more than 180° of
        longitude, as one does that crosses the antimeridian without being split there.
    """
    array, flat = np.asarray(geometries, dtype=object), horizontal(crs)
    unit = flat.axis_info[0].unit_conversion_factor
    step = (_STEP_RAD if flat.is_geographic else _STEP_M) / unit
    counts = shapely.get_num_coordinates(array)
    rows = np.flatnonzero((shapely.get_dimensions(array) == 2) & (counts > 0))
    if rows.size == 0:
        return np.zeros(array.size)
    rings, owner, sign = _rings(array[rows], counts[rows], step * _SMALL)
    large = rings.geometry[rings.large]
    bounds = shapely.bounds(large)
    if flat.is_geographic and (bounds[:, 2] - bounds[:, 0] > np.pi / unit).any():
        raise CrsError("a polygon spans more than 180° of longitude; split it at the antimeridian")
    factor = _factor_around(np.concatenate((rings.centre, bounds[:, :2], bounds[:, 2:])), step, flat)
    areas = np.abs(rings.plane_area)
    for chunk in _chunks(areas.size):
        areas[chunk] *= factor.at(rings.centre[chunk])
    if large.size:
        areas[rings.large] = factor.integrals(large)
    return np.bincount(rows[owner], weights=sign * areas, minlength=array.size).astype(np.float64, copy=False)


def _chunks(count: int) -> list[slice]:
    return [slice(start, start + _CHUNK) for start in range(0, count, _CHUNK)]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rings:
    """What n geometries measure in the plane, each taken as one ring; true of those that are `single`.

    `centre` is the centroid, (n, 2); it means nothing for a ring that is `large`.
    """

    geometry: Geometries
    plane_area: Floats
    centre: Floats
    large: Bools
    single: Bools

    def take(self, rows: Bools) -> _Rings:
        return _Rings(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence[_Rings]) -> _Rings:
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})


def _rings(geometries: Geometries, counts: Counts, small: float) -> tuple[_Rings, npt.NDArray[np.intp], Floats]:
    """Return the rings of polygons, the geometry each belongs to, and 1 for a shell, -1 for a hole."""
    rings, rows = _measure(geometries, counts, small), np.arange(geometries.size)
    if rings.single.all():
        return rings, rows, np.ones(rows.size)
    one, several = rows[rings.single], rows[~rings.single]
    polygons, index = _polygons(geometries[several])
    pieces, polygon = shapely.get_rings(polygons, return_index=True)
    is_hole = np.concatenate(([False], polygon[1:] == polygon[:-1]))
    more = _measure(pieces, shapely.get_num_coordinates(pieces), small)
    return (
        _Rings.joined([rings.take(rings.single), more]),
        np.concatenate((one, several[index[polygon]])),
        np.concatenate((np.ones(one.size), np.where(is_hole, -1.0, 1.0))),
    )


def _polygons(geometries: Geometries) -> tuple[Geometries, npt.NDArray[np.intp]]:
    """Return the polygons in geometries, and which geometry each comes from."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        owner = owner[index]
    is_polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    return parts[is_polygon], owner[is_polygon]


def _measure(geometries: Geometries, counts: Counts, small: float) -> _Rings:
    chunks = _chunks(geometries.size)
    return _Rings.joined([_measure_chunk(geometries[chunk], counts[chunk], small) for chunk in chunks])


def _measure_chunk(geometries: Geometries, counts: Counts, small: float) -> _Rings:
    starts = np.cumsum(counts) - counts
    # The plane as complex numbers, seen from the first vertex of each geometry: differences of neighbouring numbers are
    # exact, so 1 m² at 39 million is still right.
    coords = shapely.get_coordinates(geometries)
    if not np.isfinite(coords).all():
        raise CrsError("there is no area where a coordinate is not a finite number")
    z = coords.view(np.complex128)[:, 0]
    first = z[starts]
    z = z - np.repeat(first, counts)
    # A ring begins and ends in its first vertex; another ring would follow after it has come back there.
    is_first = (z.real == 0.0) & (z.imag == 0.0)
    single = is_first[starts + counts - 1]
    if np.count_nonzero(is_first) != 2 * single.size or not single.all():
        single &= np.add.reduceat(is_first, starts, dtype=np.intp) == 2
    # The step from one geometry to the next leads from 0 to 0 and adds nothing.
    cross = (z[:-1].conj() * z[1:]).imag
    twice = np.add.reduceat(cross, starts)
    moment = np.add.reduceat((z[:-1] + z[1:]) * cross, starts)
    with np.errstate(over="ignore", invalid="ignore"):
        offset = np.divide(moment, 3.0 * twice, out=np.zeros_like(first), where=twice != 0.0)
    # Only a ring that crosses itself or encloses nothing has its centroid far outside.
    offset[~(np.abs(offset) <= 2 * small)] = 0.0
    span = np.abs(z.view(np.float64))
    large = np.zeros(geometries.size, dtype=bool)
    if not span.max() <= small:
        large = np.maximum.reduceat(span, 2 * starts) > small
    return _Rings(
        geometry=geometries,
        plane_area=twice / 2.0,
        centre=(first + offset).view(np.float64).reshape(-1, 2),
        large=large,
        single=single,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Factor:
    """True area per area in the plane, as a Chebyshev series over a box.

    Powers of x run along the first axis of `series`; `primitive` is its integral over x.
    """

    centre: Floats
    half: Floats
    series: Floats
    primitive: Floats

    def at(self, points: Floats, *, primitive: bool = False) -> Floats:
        """Return the factor (or its primitive) at n points."""
        u, v = ((points[:, axis] - self.centre[axis]) / self.half[axis] for axis in (0, 1))
        value: Floats = chebyshev.chebval2d(u, v, self.primitive if primitive else self.series)
        return value

    def integrals(self, rings: Geometries) -> Floats:
        """Return the integrals over rings: along an edge the primitive is a polynomial, summed exactly."""
        coords, counts = shapely.get_coordinates(rings), shapely.get_num_coordinates(rings)
        ends = np.cumsum(counts)
        step = np.diff(coords, axis=0, append=coords[-1:])
        step[ends - 1] = 0.0
        # A constant adds nothing around a ring; taking the primitive's first value off keeps the numbers small.
        base = np.repeat(self.at(coords[ends - counts], primitive=True), counts)
        total = np.zeros(len(coords))
        nodes, weights = np.polynomial.legendre.leggauss(sum(self.primitive.shape) // 2)
        for node, weight in zip((nodes + 1.0) / 2.0, weights / 2.0, strict=True):
            total += weight * (self.at(coords + node * step, primitive=True) - base) * step[:, 1]
        return np.abs(np.add.reduceat(total, ends - counts))


def _factor_around(points: Floats, step: float, crs: CRS) -> _Factor:
    west, south = (np.floor(points[:, axis].min() / step) for axis in (0, 1))
    east, north = (np.ceil(points[:, axis].max() / step) for axis in (0, 1))
    return _fit(crs, step, (float(west), float(south), float(max(east, west + 1)), float(max(north, south + 1))))


@lru_cache(maxsize=64)
def _fit(crs: CRS, step: float, box: tuple[float, float, float, float]) -> _Factor:
    """Return the factor over a box counted in steps: the Jacobian of (longitude, zone area) over (x, y)."""
    low, high = step * np.array(box[:2]), step * np.array(box[2:])
    centre, half = (low + high) / 2, (high - low) / 2
    for count in _NODES:
        nodes = chebyshev.chebpts1(count)
        weights = chebyshev.chebvander(nodes, count - 1).T * (2.0 / count)
        weights[0] /= 2.0
        x, y = centre[0] + half[0] * np.repeat(nodes, count), centre[1] + half[1] * np.tile(nodes, count)
        lon, lat = (angle.reshape(count, count) for angle in to_geodetic(x, y, crs))
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            break
        east = np.radians((lon - lon[count // 2, count // 2] + 180.0) % 360.0 - 180.0)
        slopes = [
            chebyshev.chebgrid2d(nodes, nodes, chebyshev.chebder(weights @ sample @ weights.T, axis=axis))
            for sample in (east, _zone_m2(np.radians(lat)))
            for axis in (0, 1)
        ]
        factor = np.abs(slopes[0] * slopes[3] - slopes[1] * slopes[2]) / half.prod()
        series = weights @ factor @ weights.T
        limit = _SERIES_ERROR * series[0, 0]
        if np.abs(series[-2:]).max() < limit and np.abs(series[:, -2:]).max() < limit:
            # Rows and columns at the end that add nothing are cut off.
            rows, columns = (np.flatnonzero((np.abs(series) > limit / 10).any(axis=axis))[-1] + 1 for axis in (1, 0))
            series = series[:rows, :columns]
            return _Factor(
                centre=centre, half=half, series=series, primitive=chebyshev.chebint(series, axis=0) * half[0]
            )
    raise CrsError(f"the geometries reach beyond where {crs_label(crs)} can measure areas; check their coordinates")


def _zone_m2(latitude: Floats) -> Floats:
    """Return the area between the equator and a latitude, per radian of longitude.

    References
    ----------
    Snyder, Map Projections - A Working Manual (1987), eq. 3-12.
    """
    sine = np.sin(latitude)
    zone: Floats = _A_M**2 * (1 - _E**2) / 2 * (sine / (1 - (_E * sine) ** 2) + np.arctanh(_E * sine) / _E)
    return zone
