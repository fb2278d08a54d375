"""Tile grids: which square of a CRS a tile number means, and the other way round.

| grid | CRS | what for |
|---|---|---|
| ``WebMercatorQuad`` | EPSG:3857 | web maps; Tianditu calls it "w" |
| ``CGCS2000Quad`` | EPSG:4490 | Tianditu "c": levels begin at 1, two tiles of 0.703125 degrees a pixel |
| ``WorldCRS84Quad`` | OGC:CRS84 | the same squares as the OGC counts them, from 0 |
| ``StorageQuad`` | the storage CRS | maps without any distortion by a second projection |

References
----------
OGC 17-083r4, Two Dimensional Tile Matrix Set, with the grids of annex D. Tianditu's own capabilities swap coordinates
and give wrong scales; what stands here is what its servers do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from twin.crs import CRS, CRS84, BBox, false_origin, parse_crs, same_grid, transform
from twin.errors import InvalidParameter

WEB_MERCATOR = "WebMercatorQuad"
CGCS2000 = "CGCS2000Quad"
CRS84_QUAD = "WorldCRS84Quad"
STORAGE = "StorageQuad"

#: Side of the one tile at level 0 of the storage grid: any place north or south to 75 degrees, and whole metres down to
#: level 16, where a pixel of 256 to the tile is one metre.
_STORAGE_SIDE_M = 2.0**24

_LAST_LEVEL = 24

#: Half the equator of the sphere of web maps.
_WEB_M = math.pi * 6378137.0


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A pyramid of square tiles, each level twice as fine as the one above.

    Parameters
    ----------
    id
        What the grid is called in an address.
    crs
        Its CRS; x to the east, y to the north.
    west, north
        The corner that all levels share.
    side
        Side of a tile at level 0, in units of the CRS, also where the grid begins below.
    levels
        First and last level.
    columns, rows
        Tiles of the first level.
    web_zoom
        What to add to a level for the zoom of WebMercatorQuad with squares of about the same size in China.
    """

    id: str
    crs: CRS
    west: float
    north: float
    side: float
    levels: tuple[int, int]
    columns: int = 1
    rows: int = 1
    web_zoom: int = 0

    def box(self, z: int, x: int, y: int) -> BBox:
        """Find the square of a tile.

        Neighbours share their edge to the last bit, because an edge depends on its number only.

        Parameters
        ----------
        z, x, y
            Level; column from the west and row from the north, both from 0.

        Raises
        ------
        InvalidParameter
            There is no such tile.
        """
        self.require(z, x, y)
        side = math.ldexp(self.side, -z)
        west, north = self.west, self.north
        return BBox(
            west=west + x * side, south=north - (y + 1) * side, east=west + (x + 1) * side, north=north - y * side
        )

    def require(self, z: int, x: int, y: int) -> None:
        """Refuse the number of a tile that the grid does not have (`InvalidParameter`)."""
        first, last = self.levels
        if not first <= z <= last:
            raise InvalidParameter(f"{self.id} has no level {z}; levels are {first} to {last}", parameter="z")
        for name, number, count in (("x", x, self.columns), ("y", y, self.rows)):
            most = (count << (z - first)) - 1
            if not 0 <= number <= most:
                raise InvalidParameter(f"there is no tile {name}={number} at level {z}; 0 to {most}", parameter=name)

    def tile_at(self, longitude_deg: float, latitude_deg: float, z: int) -> tuple[int, int]:
        """Find the column and row of the tile that holds a position; an edge belongs to the tile east or south of it.

        Parameters
        ----------
        longitude_deg, latitude_deg
            WGS 84 or CGCS2000.
        z
            Level.

        Raises
        ------
        InvalidParameter
            The position is outside the grid.
        """
        x, y = transform([longitude_deg], [latitude_deg], CRS84, self.crs)
        side = math.ldexp(self.side, -z)
        column, row = math.floor((x[0] - self.west) / side), math.floor((self.north - y[0]) / side)
        self.require(z, column, row)
        return column, row

    def tiles_over(self, box: BBox, z: int) -> tuple[range, range]:
        """Find the columns and rows of a level whose tiles share a point with a box in the CRS of the grid."""
        side = math.ldexp(self.side, -z)
        columns, rows = (count << (z - self.levels[0]) for count in (self.columns, self.rows))
        first_x, last_x = (math.floor((x - self.west) / side) for x in (box.west, box.east))
        first_y, last_y = (math.floor((self.north - y) / side) for y in (box.north, box.south))
        return range(max(0, first_x), min(columns, last_x + 1)), range(max(0, first_y), min(rows, last_y + 1))


@lru_cache(maxsize=8)
def grids_for(storage: CRS) -> Mapping[str, Grid]:
    """List the grids that a twin offers, by id; a storage CRS in degrees has no grid of its own."""
    web, last = parse_crs("EPSG:3857"), _LAST_LEVEL
    grids = [
        Grid(id=WEB_MERCATOR, crs=web, west=-_WEB_M, north=_WEB_M, side=2 * _WEB_M, levels=(0, last)),
        Grid(id=CGCS2000, crs=parse_crs("EPSG:4490"), west=-180.0, north=90.0, side=360.0, levels=(1, last), columns=2),
        Grid(id=CRS84_QUAD, crs=CRS84, west=-180.0, north=90.0, side=180.0, levels=(0, 23), columns=2, web_zoom=1),
    ]
    origin = false_origin(storage)
    if origin is not None and not same_grid(storage, web):
        side = _STORAGE_SIDE_M
        west, north = origin[0] - side / 2, origin[1] + side / 2
        grids.append(Grid(id=STORAGE, crs=storage, west=west, north=north, side=side, levels=(0, last), web_zoom=1))
    return MappingProxyType({grid.id: grid for grid in grids})
