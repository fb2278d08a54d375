"""Tile grids in the words of the OGC.

References
----------
OGC 17-083r4, Two Dimensional Tile Matrix Set, clause 6 and the grids of annex D.
"""

from __future__ import annotations

import math
from functools import lru_cache

from morecantile import TileMatrixSet, tms

from tiles.grid import CGCS2000, STORAGE, Grid
from twin.datums import is_north_first, publishable

_PIXELS = 256
#: Metres of a rendering pixel, by which the OGC defines scale; metres in a degree of the equator.
_PIXEL_M, _DEGREE_M = 0.00028, math.pi * 6378137.0 / 180


@lru_cache(maxsize=16)
def matrix_set_of(grid: Grid) -> TileMatrixSet:
    """Describe a grid; those of annex D as they stand there."""
    if grid.id == CGCS2000:
        return _cgcs2000_quad(grid)
    return _storage_quad(grid) if grid.id == STORAGE else tms.get(grid.id)


def _cgcs2000_quad(grid: Grid) -> TileMatrixSet:
    return TileMatrixSet.model_validate(
        {
            "id": grid.id,
            "title": "CGCS2000 longitude and latitude, as Tianditu numbers its levels (c)",
            "crs": "http://www.opengis.net/def/crs/EPSG/0/4490",
            "orderedAxes": ["Lat", "Lon"],
            "tileMatrices": _matrices(grid, north_first=True, unit_m=_DEGREE_M),
        }
    )


def _storage_quad(grid: Grid) -> TileMatrixSet:
    described = publishable(grid.crs).to_json_dict()
    code = described.get("id", {})
    known = code.get("authority") == "EPSG"
    # The corner is told in the order of the axes of the CRS: those of CGCS2000 in the register count north first.
    north_first = is_north_first(grid.crs)
    return TileMatrixSet.model_validate(
        {
            "id": grid.id,
            "title": f"Grid of the storage CRS ({grid.crs.name})",
            "crs": f"http://www.opengis.net/def/crs/EPSG/0/{code['code']}" if known else {"wkt": described},
            "orderedAxes": ["N", "E"] if north_first else ["E", "N"],
            "tileMatrices": _matrices(grid, north_first=north_first),
        }
    )


def _matrices(grid: Grid, *, north_first: bool, unit_m: float = 1.0) -> list[dict[str, object]]:
    """Describe the levels of a grid whose CRS has units of so many metres."""
    first, last = grid.levels
    cell = grid.side / _PIXELS
    return [
        {
            "id": str(level),
            "cellSize": math.ldexp(cell, -level),
            "scaleDenominator": math.ldexp(cell, -level) * unit_m / _PIXEL_M,
            "pointOfOrigin": [grid.north, grid.west] if north_first else [grid.west, grid.north],
            "tileWidth": _PIXELS,
            "tileHeight": _PIXELS,
            "matrixWidth": grid.columns << (level - first),
            "matrixHeight": grid.rows << (level - first),
        }
        for level in range(first, last + 1)
    ]
