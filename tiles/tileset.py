"""OGC metadata of tile sets and tile grids: functions of what a source and a grid are.

References
----------
OGC 20-057, OGC API - Tiles - Part 1: Core, requirements classes tileset and tilesets-list. OGC 17-083r4, Two
Dimensional Tile Matrix Set and Tile Set Metadata, clauses 6 and 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from tiles.grid import Grid
from tiles.labels import with_labels
from tiles.matrixset import matrix_set_of
from tiles.mvt import MEDIA_TYPE
from tiles.source import TileInfo
from twin.crs import CRS84, reproject_bbox

#: What tiles of a set are: features, or pictures of them.
DataType = Literal["vector", "map"]

_CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def describe_grid(grid: Grid) -> dict[str, Any]:
    """Describe a grid as the OGC does (clause 6.2)."""
    described: dict[str, Any] = matrix_set_of(grid).model_dump(mode="json", exclude_none=True)
    return described


def summarise_grid(grid: Grid) -> dict[str, Any]:
    """Name a grid, as a list of them does."""
    named = {"id": grid.id, "title": matrix_set_of(grid).title}
    return named | ({"uri": str(matrix_set_of(grid).uri)} if matrix_set_of(grid).uri else {})


def summarise_tileset(info: TileInfo, data: DataType = "vector") -> dict[str, Any]:
    """Name a tile set, as a list of them does."""
    grid = info.grid
    named: dict[str, Any] = {
        "title": f"{info.title} ({grid.id})",
        "dataType": data,
        "crs": describe_grid(grid)["crs"],
    }
    return named | ({"tileMatrixSetURI": str(matrix_set_of(grid).uri)} if matrix_set_of(grid).uri else {})


def describe_tileset(
    info: TileInfo, data: DataType = "vector", media_types: Sequence[str] = (MEDIA_TYPE,)
) -> dict[str, Any]:
    """Describe a tile set: its grid, which of its tiles there are, and the layers in them (clause 9)."""
    described = summarise_tileset(info, data) | {
        "description": f"{info.title_zh}",
        "mediaTypes": list(media_types),
        "layers": [
            {
                "id": layer.id,
                "title": layer.title,
                "x-title-zh": layer.title_zh,
                "description": layer.about,
                "dataType": "vector",  # of what is drawn, also where the tiles are maps
                "geometryDimension": layer.dimension,
                "minTileMatrix": str(max(info.min_zoom, layer.zooms[0] - info.grid.web_zoom)),
                "maxTileMatrix": str(min(info.max_zoom, layer.zooms[1] - info.grid.web_zoom)),
                "propertiesSchema": {
                    "type": "object",
                    "properties": {field.name: field.json_schema() for field in layer.schema},
                },
            }
            for layer in with_labels(info.layers)
        ],
        "x-revision": info.revision,
    }
    if info.attribution:
        described["attribution"] = info.attribution
    limits = find_limits(info)
    if info.bounds_crs84 is not None and limits is not None:
        west, south, east, north = info.bounds_crs84
        described["boundingBox"] = {"lowerLeft": [west, south], "upperRight": [east, north], "crs": _CRS84_URI}
        described["tileMatrixSetLimits"] = _describe_limits(limits)
    return described


def find_limits(info: TileInfo) -> dict[int, tuple[range, range]] | None:
    """Find the columns and rows of each level that share a point with the data; None where there is none."""
    if info.bounds_crs84 is None:
        return None
    box = reproject_bbox(info.bounds_crs84, CRS84, info.grid.crs)
    return {z: info.grid.tiles_over(box, z) for z in range(info.min_zoom, info.max_zoom + 1)}


def _describe_limits(limits: Mapping[int, tuple[range, range]]) -> list[dict[str, Any]]:
    return [
        {
            "tileMatrix": str(z),
            "minTileRow": rows.start,
            "maxTileRow": rows.stop - 1,
            "minTileCol": columns.start,
            "maxTileCol": columns.stop - 1,
        }
        for z, (columns, rows) in limits.items()
    ]
