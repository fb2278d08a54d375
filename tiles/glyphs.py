"""The letters of map labels as map renderers ask for them: 256 characters at a time, drawn from the font that ships.

References
----------
Glyph ranges of MapLibre and Mapbox GL: https://github.com/mapbox/node-fontnik/blob/master/proto/glyphs.proto
"""

from __future__ import annotations

from functools import cached_property
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont
from shapely.geometry.base import BaseGeometry

from tiles.cache import SizedCache
from tiles.distance import draw_distance
from tiles.protobuf import bytes_field, varint_field
from twin.crs import BBox

#: The one font there is; Latin, Greek, Cyrillic, kana, and every CJK ideograph of the basic block.
FONT_NAME = "WenQuanYi Micro Hei Regular"
RANGE = 256

_FILE = Path(__file__).parent / "fonts" / "wqy-microhei.ttf"
_EM_PX = 24
#: Room around each glyph for what of its distance field lies outside.
_MARGIN_PX = 3
#: Where renderers take the top of a line to be above the baseline.
_ASCENT_PX = 26
#: Straight pieces that a curve becomes: off by less than a fiftieth of a pixel.
_PIECES = 6
#: Room for every range of Chinese.
_KEPT_BYTES = 25_000_000


class GlyphFont:
    """Draws the characters of the font, each range once; loads it when the first one is asked for."""

    def __init__(self) -> None:
        self._one_at_a_time = Lock()  # the font is unpacked as glyphs are needed
        self._drawn: SizedCache[bytes] = SizedCache(_KEPT_BYTES)

    def draw_range(self, first: int) -> bytes:
        """Draw the characters from a code point on, as a glyph range; those that the font lacks are absent.

        Parameters
        ----------
        first
            A multiple of 256.
        """
        with self._one_at_a_time:
            drawn = self._drawn.get(first)
            if drawn is None:
                drawn = self._draw_range(first)
                self._drawn.put(first, drawn, len(drawn))
            return drawn

    def _draw_range(self, first: int) -> bytes:
        codes = range(first, first + RANGE)
        glyphs = [self._draw(code) for code in codes if code in self._names]
        stack = bytes_field(1, FONT_NAME.encode()) + bytes_field(2, f"{first}-{codes[-1]}".encode())
        return bytes_field(1, stack + b"".join(bytes_field(3, glyph) for glyph in glyphs))

    @cached_property
    def _font(self) -> Any:
        return TTFont(BytesIO(_FILE.read_bytes()), lazy=True)

    @cached_property
    def _names(self) -> dict[int, str]:
        return dict(self._font.getBestCmap())

    @cached_property
    def _outlines(self) -> Any:
        return self._font.getGlyphSet()

    @cached_property
    def _px_per_unit(self) -> float:
        return float(_EM_PX / self._font["head"].unitsPerEm)

    def _draw(self, code: int) -> bytes:
        outline = self._outlines[self._names[code]]
        pen = _RingPen(self._outlines)
        outline.draw(pen)
        advance = varint_field(7, round(outline.width * self._px_per_unit))
        shape = fill_rings([np.array(ring) * self._px_per_unit for ring in pen.rings])
        if shape.is_empty:
            return varint_field(1, code) + _place(0, 0, 0, 0) + advance
        west, south = np.floor(shape.bounds[:2]).astype(int).tolist()
        east, north = np.ceil(shape.bounds[2:]).astype(int).tolist()
        image = draw_distance(shape, BBox(west, south, east, north).buffer(_MARGIN_PX))
        place = _place(east - west, north - south, west, north - _ASCENT_PX)
        return varint_field(1, code) + bytes_field(2, image.tobytes()) + place + advance


def fill_rings(rings: list[npt.NDArray[np.float64]]) -> BaseGeometry:
    """Make the area around which rings wind, each ring clockwise or not, as TrueType fills outlines."""
    lines = np.array([shapely.LinearRing(ring) for ring in rings if len(ring) >= 3], dtype=object)
    turns = np.where(shapely.is_ccw(lines), -1, 1)
    areas = np.asarray(shapely.make_valid(shapely.polygons(lines)))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(lines))))
    within = shapely.contains_properly(areas[:, None], shapely.point_on_surface(faces))
    return shapely.union_all(faces[turns @ within != 0])


def _place(width: int, height: int, left: int, top: int) -> bytes:
    return (
        varint_field(3, width)
        + varint_field(4, height)
        + varint_field(5, _zigzag(left))
        + varint_field(6, _zigzag(top))
    )


def _zigzag(number: int) -> int:
    return number << 1 ^ number >> 63


class _RingPen(BasePen):  # type: ignore[misc] # fontTools says nothing of its types
    """Collects the rings of a glyph, curves as straight pieces, in units of the font."""

    def __init__(self, outlines: Any) -> None:
        super().__init__(outlines)
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
