"""Letters drawn by other means: outlines from fontTools, filled and measured by GEOS."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from fontTools.pens.basePen import BasePen
from shapely.geometry.base import BaseGeometry

#: Straight pieces that a curve becomes.
_PIECES = 32


def read_rings(glyphs: Any, name: str, px_per_unit: float) -> list[npt.NDArray[np.float64]]:
    """Read the rings of a glyph by fontTools, in pixels."""
    pen = _RingPen(glyphs)
    glyphs[name].draw(pen)
    return [np.array(ring) * px_per_unit for ring in pen.rings if len(ring) >= 3]


def fill_rings(rings: list[npt.NDArray[np.float64]]) -> BaseGeometry:
    """Make the area around which rings wind: the faces between them, each asked how often they do."""
    lines = [shapely.LinearRing(ring) for ring in rings]
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines))))
    inside = [face for face in faces if sum(_turns(ring, face.representative_point()) for ring in rings) != 0]
    return shapely.union_all(inside)


def draw_area(area: BaseGeometry, west: int, north: int, width: int, height: int) -> npt.NDArray[np.float64]:
    """Draw an area as a distance field, not rounded; an outline stands at three quarters, 8 pixels are the scale."""
    x, y = np.meshgrid(np.arange(width) + west + 0.5, north - np.arange(height) - 0.5)
    distance = shapely.distance(shapely.points(x, y), area.boundary)
    inside = shapely.contains_xy(area, x, y)
    return np.asarray(np.clip(255 * (0.75 + np.where(inside, distance, -distance) / 8), 0, 255))


def _turns(ring: npt.NDArray[np.float64], point: shapely.Point) -> int:
    """How often a ring turns around a point: the sum of the angles under which its sides are seen from there."""
    seen = (ring[:, 0] - point.x) + 1j * (ring[:, 1] - point.y)
    return round(float(np.angle(np.roll(seen, -1) / seen).sum() / (2 * np.pi)))


class _RingPen(BasePen):  # type: ignore[misc] # fontTools says nothing of its types
    """Collects the rings of a glyph, curves as straight pieces, in units of the font."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.rings: list[list[tuple[float, float]]] = []

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.rings.append([pt])

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.rings[-1].append(pt)

    def _qCurveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float]) -> None:  # noqa: N802
        start = self._getCurrentPoint()
        for step in range(1, _PIECES + 1):
            t = step / _PIECES
            weights = ((1 - t) ** 2, 2 * t * (1 - t), t * t)
            along = [sum(w * p[axis] for w, p in zip(weights, (start, pt1, pt2), strict=True)) for axis in (0, 1)]
            self.rings[-1].append((along[0], along[1]))
