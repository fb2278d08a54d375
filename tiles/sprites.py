"""The marks of points on maps: a few shapes as one image, each in the colour that a style gives it.

References
----------
MapLibre Style Specification, "Sprite": https://maplibre.org/maplibre-style-spec/sprite/
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from tiles.kernels.distance import draw_distance
from twin.layer import Marker

#: The one sheet of marks there is.
SPRITE_NAME = "marks"
#: Side of the square that a mark stands in, and radius of the circle around the mark.
MARK_PX = 24
MARK_RADIUS_PX = 8

#: Corners by angle from north, clockwise, and distance from the middle.
_CORNERS: dict[Marker, list[tuple[float, float]]] = {
    "circle": [(angle, 1) for angle in range(0, 360, 6)],
    "square": [(angle, 1) for angle in (45, 135, 225, 315)],
    "triangle": [(angle, 1) for angle in (0, 120, 240)],
    "diamond": [(angle, 1) for angle in (0, 90, 180, 270)],
    "star": [(angle, 1 if angle % 72 == 0 else 0.45) for angle in range(0, 360, 36)],
}


def describe_sprite(ratio: int) -> dict[str, Any]:
    """Say where in the image each mark stands.

    Parameters
    ----------
    ratio
        Pixels of the image for one of the map.
    """
    side = MARK_PX * ratio
    return {
        mark: {"x": side * place, "y": 0, "width": side, "height": side, "pixelRatio": ratio, "sdf": True}
        for place, mark in enumerate(get_args(Marker))
    }


def draw_sprite(ratio: int) -> bytes:
    """Draw the image of all marks, as PNG."""
    side = MARK_PX * ratio
    marks = [draw_distance(_outline(mark, ratio), -side // 2, side // 2, side, side) for mark in get_args(Marker)]
    return _write_png(np.hstack(marks))


def mark_corners(mark: Marker) -> npt.NDArray[np.float64]:
    """The corners of a mark, x to the east and y to the north, in terms of its radius."""
    angles, distances = np.array(_CORNERS[mark], dtype=float).T
    corners = np.stack([np.sin(np.radians(angles)), np.cos(np.radians(angles))], axis=1)
    corners *= distances[:, None]
    return corners


def _outline(mark: Marker, ratio: int) -> npt.NDArray[np.float64]:
    corners = mark_corners(mark) * MARK_RADIUS_PX * ratio
    return np.hstack([corners, np.roll(corners, -1, axis=0)])


def _write_png(opacity: npt.NDArray[np.uint8]) -> bytes:
    """Write a black image of some opacity (PNG, ISO/IEC 15948: 8-bit grey with alpha, no filter)."""
    height, width = opacity.shape
    rows = np.zeros((height, 1 + 2 * width), dtype=np.uint8)
    rows[:, 2::2] = opacity
    header = struct.pack(">IIBBBBB", width, height, 8, 4, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
