"""Distance fields: areas as images that stay sharp at any size and take any colour, as map renderers want them.

References
----------
C. Green, Improved alpha-tested magnification for vector textures and special effects, SIGGRAPH 2007.
MapLibre Style Specification, "Glyphs" and "Sprite": https://maplibre.org/maplibre-style-spec/
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiles.kernels.outline import trim_lines
from twin.compiled import compiled, step

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Image = npt.NDArray[np.uint8]

#: A pixel's value falls from 255 to 0 within this distance, an outline standing at three quarters.
_REACH_PX = 8.0
_OUTLINE = 0.75


@compiled
def draw_distance(lines: Floats, west: int, north: int, width: int, height: int) -> Image:
    """Draw the area around which rings wind as a distance field.

    Parameters
    ----------
    lines
        Those that the rings consist of, in pixels, y upwards: rows of x0, y0, x1, y1.
    west, north, width, height
        What the image shows, whole pixels.

    Returns
    -------
    Rows from the top, of shape (height, width).
    """
    farthest = _OUTLINE * _REACH_PX
    squares = np.full((height, width), farthest**2)
    for line in trim_lines(lines):
        _measure(line[0] - west, north - line[1], line[2] - west, north - line[3], farthest, squares)
    turns = np.zeros((height, width + 1), dtype=np.int64)
    for line in lines:
        _turn(line[0] - west, north - line[1], line[2] - west, north - line[3], turns)
    image = np.empty((height, width), dtype=np.uint8)
    for row in range(height):
        within = turns[row, width]
        for column in range(width - 1, -1, -1):
            distance = np.sqrt(squares[row, column])
            share = _OUTLINE + (distance if within != 0 else -distance) / _REACH_PX
            image[row, column] = np.uint8(np.rint(255 * min(1.0, max(0.0, share))))
            within += turns[row, column]
    return image


@step
def _measure(x0: float, y0: float, x1: float, y1: float, farthest: float, squares: Floats) -> None:
    """Lower the squares of distances where a line is nearer."""
    height, width = squares.shape
    dx, dy = x1 - x0, y1 - y0
    per_square = 1 / (dx * dx + dy * dy)
    first, last = max(0, int(min(x0, x1) - farthest)), min(width, int(max(x0, x1) + farthest) + 1)
    for row in range(max(0, int(min(y0, y1) - farthest)), min(height, int(max(y0, y1) + farthest) + 1)):
        square, y = squares[row, first:last], row + 0.5 - y0
        for column in range(len(square)):
            x = first + column + 0.5 - x0
            part = (x * dx + y * dy) * per_square
            part = 0.0 if part < 0.0 else part  # noqa: FURB136 # several at once, which min and max prevent
            part = 1.0 if part > 1.0 else part  # noqa: FURB136
            away = (x - part * dx) ** 2 + (y - part * dy) ** 2
            square[column] = away if away < square[column] else square[column]  # noqa: FURB136


@step
def _turn(x0: float, y0: float, x1: float, y1: float, turns: Integers) -> None:
    """Count a line in every row of pixels that it passes, where the first pixel to its right is."""
    height, width = turns.shape
    for row in range(max(0, int(min(y0, y1) - 0.5)), min(height, int(max(y0, y1) + 0.5))):
        y = row + 0.5
        if (y0 <= y) != (y1 <= y):
            right = int(np.ceil(x0 + (y - y0) / (y1 - y0) * (x1 - x0) - 0.5))
            turns[row, min(max(right, 0), width - 1)] += 1 if y1 > y0 else -1
