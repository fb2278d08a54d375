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

from morecantile import Tile, TileMatrixSet, tms

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
_PIXELS = 256
#: Metres of a rendering pixel, by which the OGC defines scale; metres in a degree of the equator.
_PIXEL_M, _DEGREE_M = 0.00028, math.pi * 6378137.0 / 180


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A pyramid of square tiles, each level twice as fine as the one above.

    Parameters
    ----------
    matrix_set
        The grid as the OGC describes it.
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

    matrix_set: TileMatrixSet
    crs: CRS
    west: float
    north: float
    side: float
    levels: tuple[int, int]
    columns: int
    rows: int
    web_zoom: int = 0

    @property
    def id(self) -> str:
        """What the grid is called in an address."""
        return str(self.matrix_set.id)

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
    web = parse_crs("EPSG:3857")
    grids = [
        _grid(tms.get(WEB_MERCATOR), web),
        _grid(_cgcs2000_quad(), parse_crs("EPSG:4490")),
        _grid(tms.get(CRS84_QUAD), CRS84, web_zoom=1),
    ]
    origin = false_origin(storage)
    if origin is not None and not same_grid(storage, web):
        grids.append(_grid(_storage_quad(storage, *origin), storage, web_zoom=1))
    return MappingProxyType({grid.id: grid for grid in grids})


def _grid(matrix_set: TileMatrixSet, crs: CRS, *, web_zoom: int = 0) -> Grid:
    first, last = matrix_set.tileMatrices[0], matrix_set.tileMatrices[-1]
    level = int(first.id)
    corner = matrix_set.xy_bounds(Tile(x=0, y=0, z=level))
    return Grid(
        matrix_set=matrix_set,
        crs=crs,
        west=corner.left,
        north=corner.top,
        side=math.ldexp(first.cellSize * first.tileWidth, level),
        levels=(level, int(last.id)),
        columns=first.matrixWidth,
        rows=first.matrixHeight,
        web_zoom=web_zoom,
    )


def _cgcs2000_quad() -> TileMatrixSet:
    side = 360.0
    levels = {level: (2**level, 2 ** (level - 1)) for level in range(1, _LAST_LEVEL + 1)}
    return TileMatrixSet.model_validate(
        {
            "id": CGCS2000,
            "title": "CGCS2000 longitude and latitude, as Tianditu numbers its levels (c)",
            "crs": "http://www.opengis.net/def/crs/EPSG/0/4490",
            "orderedAxes": ["Lat", "Lon"],
            "tileMatrices": _matrices(side, (90, -180), levels, unit_m=_DEGREE_M),
        }
    )


def _storage_quad(crs: CRS, easting: float, northing: float) -> TileMatrixSet:
    described = crs.to_json_dict()
    code = described.get("id", {})
    known = code.get("authority") == "EPSG"
    west, north = easting - _STORAGE_SIDE_M / 2, northing + _STORAGE_SIDE_M / 2
    # The corner is told in the order of the axes of the CRS: those of CGCS2000 in the register count north first.
    north_first = crs.axis_info[0].direction == "north"
    levels = {level: (2**level, 2**level) for level in range(_LAST_LEVEL + 1)}
    return TileMatrixSet.model_validate(
        {
            "id": STORAGE,
            "title": f"Grid of the storage CRS ({crs.name})",
            "crs": f"http://www.opengis.net/def/crs/EPSG/0/{code['code']}" if known else {"wkt": described},
            "orderedAxes": ["N", "E"] if north_first else ["E", "N"],
            "tileMatrices": _matrices(_STORAGE_SIDE_M, (north, west) if north_first else (west, north), levels),
        }
    )


def _matrices(
    side: float, origin: tuple[float, float], levels: Mapping[int, tuple[int, int]], *, unit_m: float = 1.0
) -> list[dict[str, object]]:
    """Describe levels of so many columns and rows, a tile of level 0 being so wide."""
    return [
        {
            "id": str(level),
            "cellSize": math.ldexp(side / _PIXELS, -level),
            "scaleDenominator": math.ldexp(side / _PIXELS, -level) * unit_m / _PIXEL_M,
            "pointOfOrigin": list(origin),
            "tileWidth": _PIXELS,
            "tileHeight": _PIXELS,
            "matrixWidth": columns,
            "matrixHeight": rows,
        }
        for level, (columns, rows) in levels.items()
    ]
