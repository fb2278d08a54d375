"""A letter of a font as a distance field."""

from __future__ import annotations

import numpy as np

from tiles.kernels.compiled import compiled
from tiles.kernels.distance import Image, draw_distance
from tiles.kernels.glyf import Outlines, read_lines


@compiled
def draw_letter(outlines: Outlines, glyph: int, margin_px: int) -> tuple[Image, int, int]:
    """Draw a glyph with some room around it.

    Returns
    -------
    The image; how far its left side is from the origin, to the right, and its top, upwards. No image of a blank.
    """
    lines = read_lines(outlines, glyph)
    if len(lines) == 0:
        return np.empty((0, 0), dtype=np.uint8), 0, 0
    xy = np.concatenate((lines[:, :2], lines[:, 2:]))
    west, south = int(np.floor(xy[:, 0].min())) - margin_px, int(np.floor(xy[:, 1].min())) - margin_px
    east, north = int(np.ceil(xy[:, 0].max())) + margin_px, int(np.ceil(xy[:, 1].max())) + margin_px
    return draw_distance(lines, west, north, east - west, north - south), west, north
