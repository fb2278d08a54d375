"""Polygons in space as triangles between their own vertices.

A polygon is drawn on the plane of two axes that its normal is farthest from lying in, where its coordinates stay what
they are; so solids stay closed, though their faces may not be quite flat. Delaunay triangles that keep the edges do
the rest. Rings that cross are cut where they do.

References
----------
Newell's method: Sutherland, Sproull, Schumacker (1974), A Characterization of Ten Hidden-Surface Algorithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Twice the area of a polygon below which it is none: a square of a tenth of a millimetre.
_NO_AREA_M2 = 1e-8
#: The two triangles of four corners.
_HALVES = np.array([[0, 1, 2], [0, 2, 3]])
#: The axes that are kept when another one is left out, so that the normal points at whoever looks.
_KEPT = np.array([[1, 2], [2, 0], [0, 1]])


class Triangles(NamedTuple):
    """Triangles of polygons.

    Parameters
    ----------
    points
        The vertices, and after them those where rings cross.
    corners
        (t, 3) rows of `points`, counter-clockwise seen from where the outer ring is so.
    polygons
        (t,) which polygon each is of.
    flat
        Numbers of polygons that have no area.
    """

    points: Floats
    corners: Integers
    polygons: Integers
    flat: tuple[int, ...]


def triangulate(points: Floats, polygons: Sequence[Sequence[Sequence[int]]]) -> Triangles:
    """Cut polygons into triangles.

    Parameters
    ----------
    points
        (n, 3) coordinates.
    polygons
        Each an outer ring and those of holes, as rows of `points`, without the repeated last one.
    """
    corners: list[Integers] = []
    owners: list[Integers] = []
    flat: list[int] = []
    quads: list[int] = []
    harder: list[int] = []
    normals = _find_normals(points, [polygon[0] for polygon in polygons])
    for number, (polygon, normal) in enumerate(zip(polygons, normals, strict=True)):
        if normal @ normal < _NO_AREA_M2**2:
            flat.append(number)
        elif len(polygon) == 1 and len(polygon[0]) == 3:
            corners.append(np.array([polygon[0]], dtype=np.int64))
            owners.append(np.array([number]))
        else:
            (quads if len(polygon) == 1 and len(polygon[0]) == 4 else harder).append(number)
    if quads:
        rows = np.array([polygons[number][0] for number in quads], dtype=np.int64)
        convex = _are_convex(points[rows], normals[quads])
        corners.append(rows[convex][:, _HALVES].reshape(-1, 3))
        owners.append(np.repeat(np.array(quads)[convex], 2))
        harder.extend(np.array(quads)[~convex].tolist())
    shapes, axes, signs = _draw(points, polygons, normals, harder)
    found, of = _cut(shapes)
    added = np.zeros((0, 3))
    if len(found):
        owner = np.array(harder)[of]
        found = np.where((_signed_areas(found) * signs[of] < 0)[:, None, None], found[:, ::-1], found)
        rows, added = _find_rows(points, polygons, owner, found, axes[of], normals)
        corners.append(rows)
        owners.append(owner)
    return Triangles(
        points=np.concatenate([points, added]),
        corners=np.concatenate([np.zeros((0, 3), dtype=np.int64), *corners]),
        polygons=np.concatenate([np.zeros(0, dtype=np.int64), *owners]),
        flat=tuple(flat),
    )


def _find_normals(points: Floats, rings: Sequence[Sequence[int]]) -> Floats:
    """(n, 3) normals of rings, as long as twice their area."""
    if not rings:
        return np.zeros((0, 3))
    lengths = np.array([len(ring) for ring in rings])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    rows = np.concatenate([np.asarray(ring, dtype=np.int64) for ring in rings])
    ends = np.arange(len(rows)) + 1
    ends[starts + lengths - 1] = starts
    # Around the first corner of each, so that large coordinates lose no digits.
    local = points[rows] - np.repeat(points[rows[starts]], lengths, axis=0)
    out: Floats = np.add.reduceat(np.cross(local, local[ends]), starts, axis=0)
    return out


def _are_convex(corners: Floats, normals: Floats) -> npt.NDArray[np.bool_]:
    """Tell of (n, 4, 3) corners whether each turns the same way as the whole."""
    along = np.roll(corners, -1, axis=1) - corners
    turns = np.einsum("nij,nj->ni", np.cross(np.roll(along, 1, axis=1), along), normals)
    out: npt.NDArray[np.bool_] = (turns > 0).all(axis=1)
    return out


def _draw(
    points: Floats, polygons: Sequence[Sequence[Sequence[int]]], normals: Floats, wanted: list[int]
) -> tuple[npt.NDArray[np.object_], Integers, Floats]:
    """Polygons on planes of two axes: shapes, the axes (n, 2), and whether their outer rings run counter-clockwise."""
    dropped = np.abs(normals[wanted]).argmax(axis=1) if wanted else np.zeros(0, dtype=np.int64)
    axes = _KEPT[dropped]
    shapes = np.empty(len(wanted), dtype=object)
    for position, number in enumerate(wanted):
        outer, *holes = (points[list(ring)][:, axes[position]] for ring in polygons[number])
        shapes[position] = shapely.Polygon(outer, holes)
    return shapes, axes, np.sign(normals[wanted, dropped]) if wanted else np.zeros(0)


def _cut(shapes: npt.NDArray[np.object_]) -> tuple[Floats, Integers]:
    """(t, 3, 2) corners of triangles, and which shape each is of; whatever is no polygon is mended before."""
    sound = shapely.is_valid(shapes)
    cut = np.empty(len(shapes), dtype=object)
    cut[sound] = shapely.constrained_delaunay_triangles(shapes[sound])
    for position in np.flatnonzero(~sound):
        try:
            cut[position] = shapely.constrained_delaunay_triangles(shapes[position])
        except shapely.errors.GEOSException:
            cut[position] = shapely.constrained_delaunay_triangles(_mended(shapes[position]))
    parts, of = shapely.get_parts(cut, return_index=True)
    if not len(parts):
        return np.zeros((0, 3, 2)), of
    return shapely.get_coordinates(parts).reshape(-1, 4, 2)[:, :3], of


def _mended(shape: shapely.Polygon) -> shapely.Geometry:
    """The areas that rings that cross enclose."""
    parts = shapely.get_parts(shapely.make_valid(shape))
    return shapely.MultiPolygon(
        [polygon for part in parts for polygon in shapely.get_parts(part) if polygon.geom_type == "Polygon"]
    )


def _signed_areas(corners: Floats) -> Floats:
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    out: Floats = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return out


def _find_rows(
    points: Floats,
    polygons: Sequence[Sequence[Sequence[int]]],
    owners: Integers,
    found: Floats,
    axes: Integers,
    normals: Floats,
) -> tuple[Integers, Floats]:
    """The rows of the vertices that corners on planes are, and the points in space of corners that are none."""
    rows = np.empty(found.shape[:2], dtype=np.int64)
    added: list[Floats] = []
    known: dict[tuple[float, float], int] = {}
    last = -1
    for position, owner in enumerate(owners):
        first, second = axes[position]
        if owner != last:
            known = {(points[row, first], points[row, second]): row for ring in polygons[owner] for row in ring}
            last = owner
        for corner, (u, v) in enumerate(found[position]):
            row = known.get((u, v))
            if row is None:
                row = known[u, v] = len(points) + len(added)
                added.append(_lift(u, v, points[polygons[owner][0][0]], normals[owner], int(first), int(second)))
            rows[position, corner] = row
    return rows, np.array(added).reshape(-1, 3)


def _lift(u: float, v: float, anchor: Floats, normal: Floats, first: int, second: int) -> Floats:
    """The point of a plane in space that is at a place on the plane of two axes."""
    third = 3 - first - second
    point = anchor.copy()
    point[first], point[second] = u, v
    away = normal[first] * (u - anchor[first]) + normal[second] * (v - anchor[second])
    point[third] -= away / normal[third]
    return point
