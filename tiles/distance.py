"""Distance fields: shapes as images that stay sharp at any size and take any colour, as map renderers want them.

References
----------
C. Green, Improved alpha-tested magnification for vector textures and special effects, SIGGRAPH 2007.
MapLibre Style Specification, "Glyphs" and "Sprite": https://maplibre.org/maplibre-style-spec/
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from twin.crs import BBox

#: A pixel's value falls from 255 to 0 within this distance, an outline standing at three quarters.
_REACH_PX = 8
_OUTLINE = 0.75


def draw_distance(shape: BaseGeometry, box: BBox) -> npt.NDArray[np.uint8]:
    """Draw an area as a distance field.

    Parameters
    ----------
    shape
        The area, in pixels, y upwards.
    box
        What the image shows, whole pixels.

    Returns
    -------
    Rows from the top, of shape (height, width).
    """
    across = np.arange(box.west, box.east) + 0.5
    down = np.arange(box.north, box.south, -1) - 0.5
    x, y = np.meshgrid(across, down)
    shapely.prepare(shape)
    distance = shapely.distance(shapely.points(x, y), shape.boundary)
    distance = np.where(shapely.contains_xy(shape, x, y), distance, -distance)
    return np.clip(np.round(255 * (_OUTLINE + distance / _REACH_PX)), 0, 255).astype(np.uint8)
