"""WebMercatorQuad: which square of the world a tile number means, and the other way round.

References
----------
OGC 17-083r4, Two Dimensional Tile Matrix Set, annex D.1 (WebMercatorQuad).
"""

from __future__ import annotations

import math

from twin.crs import BBox
from twin.errors import InvalidParameter

#: CRS of the grid; EPSG:3857 works on a sphere with the radius of the WGS 84 equator.
GRID_CRS = "EPSG:3857"
GRID_RADIUS_M = 6378137.0

#: The finest zoom served; a tile is 2.4 m wide there.
MAX_ZOOM = 24

_HALF_M = math.pi * GRID_RADIUS_M


def tile_box(z: int, x: int, y: int) -> BBox:
    """Find the square of a tile in EPSG:3857, metres.

    Neighbours share their edge to the last bit, because an edge depends on its number only.

    Parameters
    ----------
    z, x, y
        Zoom 0 to 24; column from the west and row from the north, 0 to 2^z - 1.

    Raises
    ------
    InvalidParameter
        There is no such tile.
    """
    require_tile(z, x, y)
    return BBox(west=_edge(x, z), south=-_edge(y + 1, z), east=_edge(x + 1, z), north=-_edge(y, z))


def require_tile(z: int, x: int, y: int) -> None:
    """Refuse the number of a tile that the grid does not have (`InvalidParameter`)."""
    if not 0 <= z <= MAX_ZOOM:
        raise InvalidParameter(f"there is no zoom {z}; zooms are 0 to {MAX_ZOOM}", parameter="z")
    last = 2**z - 1
    for name, number in (("x", x), ("y", y)):
        if not 0 <= number <= last:
            raise InvalidParameter(f"there is no tile {name}={number} at zoom {z}; 0 to {last}", parameter=name)


def tile_at(longitude_deg: float, latitude_deg: float, z: int) -> tuple[int, int]:
    """Find the column and row of the tile that holds a WGS 84 position.

    An edge belongs to the tile east or south of it.

    Raises
    ------
    InvalidParameter
        The position is outside the grid, which ends at 85.0511° north and south.
    """
    column = (longitude_deg + 180) / 360 * 2**z
    row = (1 - math.asinh(math.tan(math.radians(latitude_deg))) / math.pi) / 2 * 2**z
    x, y = math.floor(column), math.floor(row)
    require_tile(z, x, y)
    return x, y


def _edge(number: int, z: int) -> float:
    """Easting of the edge west of a column; the negative northing of the edge north of a row."""
    return _HALF_M * (2 * number / 2.0**z - 1)
