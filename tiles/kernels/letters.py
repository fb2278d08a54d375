"""Letters of a font as distance fields."""

from __future__ import annotations

import numpy as np

from tiles.kernels.distance import Floats, draw_distance
from tiles.kernels.glyf import Bytes, Integers, Outlines, read_lines
from twin.compiled import compiled


@compiled
def draw_letters(outlines: Outlines, glyphs: Integers, margin_px: int) -> tuple[Bytes, Integers, Integers]:
    """Draw glyphs with some room around each.

    Returns
    -------
    The pixels of all images, one after another; where in them each begins and the last one ends; and, without the room
    around, how far the left side of each is to the right of the origin and its top is above, its width and its height.
    What there is nothing to be seen of has no pixels.
    """
    pixels = np.empty(0, dtype=np.uint8)
    begin = np.zeros(len(glyphs) + 1, dtype=np.int64)
    frames = np.zeros((len(glyphs), 4), dtype=np.int64)
    for place in range(len(glyphs)):
        begin[place + 1] = begin[place]
        lines = read_lines(outlines, glyphs[place])
        if len(lines) == 0:
            continue
        west, south, east, north = _find_bounds(lines)
        width, height = east - west, north - south
        frames[place, 0], frames[place, 1], frames[place, 2], frames[place, 3] = west, north, width, height
        room = 2 * margin_px
        image = draw_distance(lines, west - margin_px, north + margin_px, width + room, height + room)
        begin[place + 1] += image.size
        if begin[place + 1] > len(pixels):
            pixels = np.concatenate((pixels, np.empty(image.size + len(pixels), dtype=np.uint8)))
        pixels[begin[place] : begin[place + 1]] = image.ravel()
    return pixels[: begin[-1]], begin, frames


@compiled
def _find_bounds(lines: Floats) -> tuple[int, int, int, int]:
    """Find the whole pixels that lines run through: west, south, east, north."""
    xy = np.concatenate((lines[:, :2], lines[:, 2:]))
    x, y = xy[:, 0], xy[:, 1]
    return int(np.floor(x.min())), int(np.floor(y.min())), int(np.ceil(x.max())), int(np.ceil(y.max()))
