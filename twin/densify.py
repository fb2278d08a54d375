"""Keeping lines straight: where an edge that is straight in one CRS bends in another, vertices are put on it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS, Geometries, horizontal, same_grid, transform

Floats = npt.NDArray[np.float64]

#: How far an edge may lie from where it belongs.
TOLERANCE_M = 0.001

#: Shorter edges are not looked at. The most bent of the lines that maps draw straight, those oblique in longitude and
#: latitude, have at most the curvature 2 tan(latitude) / R on a sphere: 100 m bend less than 1 mm up to 68°.
_SHORT_M = 100.0

#: Longer edges can bend both ways, by some L³ / (125 R²) or here 0.2 mm, to which their middle is blind.
_LONG_M = 10_000.0

#: An edge is halved at most so often; only one that leaves the map needs more than a dozen.
_HALVINGS = 16

_EQUATOR_M = 6378137.0


def densify(geometries: Geometries, source: CRS, target: CRS) -> npt.NDArray[np.object_]:
    """Put vertices on the edges that would leave their place by more than a millimetre when their ends are reprojected.

    Bending edges are halved until their pieces are good. An edge gets the same vertices whichever way it runs, so that
    a border of two polygons remains one. All that was there before stays bit for bit; heights on the way are between
    those of the ends.

    Parameters
    ----------
    geometries
        n geometries in `source`; None stays None, and collections stay as they are.
    source
        Where their edges are straight.
    target
        Where they shall be drawn.

    Returns
    -------
    ndarray
        n geometries in `source`, still to be reprojected; the same object where nothing was put in.

    Raises
    ------
    CrsError
        As `twin.crs.transform`.
    """
    out = np.array(geometries, dtype=object)
    if same_grid(source, target):
        return out
    bounds = shapely.bounds(out)
    with np.errstate(invalid="ignore"):
        diagonal = np.hypot(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    large = diagonal > _SHORT_M / _metres_per_unit(source)
    kinds, solid = shapely.get_type_id(out), shapely.has_z(out)
    for kind in ("LINESTRING", "POLYGON", "MULTILINESTRING", "MULTIPOLYGON"):
        for has_z in (False, True):
            rows = np.flatnonzero(large & (kinds == shapely.GeometryType[kind]) & (solid == has_z))
            if rows.size:
                out[rows] = _densify_alike(out[rows], source, target)
    return out


def _densify_alike(geometries: npt.NDArray[np.object_], source: CRS, target: CRS) -> npt.NDArray[np.object_]:
    """Densify geometries of one type and dimension."""
    kind, coords, offsets = shapely.to_ragged_array(geometries)
    runs = offsets[0]
    is_edge = np.ones(len(coords), dtype=bool)
    is_edge[runs[1:] - 1] = False  # from the last vertex of a ring or line nothing leads on
    edges = np.flatnonzero(is_edge)
    after, points = _find_vertices(edges, coords[edges], coords[edges + 1], source, target)
    if not after.size:
        return geometries
    dense = np.insert(coords, after + 1, points, axis=0)
    moved = runs + np.searchsorted(after, runs, side="left")
    rebuilt = shapely.from_ragged_array(kind, dense, (moved, *offsets[1:]))
    changed = shapely.get_num_coordinates(rebuilt) != shapely.get_num_coordinates(geometries)
    return np.where(changed, rebuilt, geometries)


def _find_vertices(
    edge: npt.NDArray[np.intp], start: Floats, end: Floats, source: CRS, target: CRS
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Vertices to put on n edges: the edge of each and its coordinates, in the order in which they follow."""
    begin, size = np.zeros(len(edge)), 1.0
    found = [(edge[:0], begin[:0], start[:0])]
    for _ in range(_HALVINGS):
        bent = _bend(start[:, :2], end[:, :2], source, target)
        if not bent.any():
            break
        edge, begin, start, end = edge[bent], begin[bent], start[bent], end[bent]
        middle, size = (start + end) / 2, size / 2
        found.append((edge, begin + size, middle))
        edge, begin = np.tile(edge, 2), np.concatenate((begin, begin + size))
        start, end = np.concatenate((start, middle)), np.concatenate((middle, end))
    edges, along, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((along, edges))
    return edges[order], points[order]


def _bend(start: Floats, end: Floats, source: CRS, target: CRS) -> npt.NDArray[np.bool_]:
    """Which of n edges leave the chord between their reprojected ends by more than the tolerance."""
    length_m = np.hypot(*(end - start).T) * _metres_per_unit(source)
    bent: npt.NDArray[np.bool_] = length_m > _SHORT_M
    at = (0.25, 0.5, 0.75) if (length_m > _LONG_M).any() else (0.5,)
    backward = (start[bent, 0] > end[bent, 0]) | ((start[bent, 0] == end[bent, 0]) & (start[bent, 1] > end[bent, 1]))
    # From west to east, so that rounding is the same for both neighbours of a border.
    a = np.where(backward[:, None], end[bent], start[bent])
    b = np.where(backward[:, None], start[bent], end[bent])
    samples = np.stack((a, b, *(a + t * (b - a) for t in at)))
    x, y = transform(samples[..., 0], samples[..., 1], source, target)
    along_x, along_y = x[1] - x[0], y[1] - y[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.abs(along_x * (y[2:] - y[0]) - along_y * (x[2:] - x[0])) / np.hypot(along_x, along_y)
    bent[bent] = (away > TOLERANCE_M / _metres_per_unit(target)).any(axis=0)
    return bent


def _metres_per_unit(crs: CRS) -> float:
    """Metres in a unit of the coordinates; of degrees, those on the equator, where they are longest."""
    flat = horizontal(crs)
    return float(flat.axis_info[0].unit_conversion_factor) * (_EQUATOR_M if flat.is_geographic else 1.0)
