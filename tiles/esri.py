"""Vector tiles as an ArcGIS VectorTileServer describes them: the one way in which QGIS draws tiles of any CRS.

References
----------
Esri, ArcGIS REST API: Vector Tile Service. QGIS, `QgsVectorTileMatrixSet::fromEsriJson`: a level 0 of one tile must be
listed, and every other level halves its side.
"""

from __future__ import annotations

import math
from typing import Any

from tiles.grid import Grid
from tiles.source import TileInfo
from twin.crs import CRS, CRS84, BBox, epsg_code, reproject_bbox
from twin.datums import publishable

#: Pixels of a tile's side, and metres of a pixel of a screen with 96 to the inch: that is how scales are counted.
_PIXELS, _PIXEL_M = 512, 0.0254 / 96
_DEGREE_M = math.pi * 6378137.0 / 180
#: What clients look for before they trust the rest.
ESRI_VERSION = 10.81
#: Numbers by which Esri knew a CRS before the register had one.
_OLD_NUMBERS = {3857: 102100}


def describe_tile_server(info: TileInfo) -> dict[str, Any]:
    """Describe a source of tiles as a VectorTileServer; addresses in it are relative to its own."""
    grid = info.grid
    reference = spatial_reference(grid.crs)
    whole = BBox(grid.west, grid.north - grid.side, grid.west + grid.side, grid.north)
    box = whole if info.bounds_crs84 is None else reproject_bbox(info.bounds_crs84, CRS84, grid.crs)
    extent = dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)) | {"spatialReference": reference}
    last = last_level(info)
    return {
        "currentVersion": ESRI_VERSION,
        "name": info.title,
        "copyrightText": info.attribution,
        "capabilities": "TilesOnly",
        "type": "indexedVector",
        "defaultStyles": "resources/styles",
        "tiles": ["tile/{z}/{y}/{x}.pbf"],
        "exportTilesAllowed": False,
        "initialExtent": extent,
        "fullExtent": extent,
        "minLOD": grid.levels[0],
        "maxLOD": last,
        "maxzoom": last,
        "tileInfo": {
            "rows": _PIXELS,
            "cols": _PIXELS,
            "dpi": 96,
            "format": "pbf",
            "origin": {"x": grid.west, "y": grid.north},
            "spatialReference": reference,
            "lods": [_describe_level(grid, level) for level in range(last + 1)],
        },
    }


def last_level(info: TileInfo) -> int:
    """The last level at which every layer still has tiles; nearer than that, clients draw what they have."""
    return min(info.grid.levels[1], *(layer.zooms[1] - info.grid.web_zoom for layer in info.layers))


def spatial_reference(crs: CRS) -> dict[str, Any]:
    """Name a CRS as Esri does: by its number, or in full."""
    code = epsg_code(crs)
    if crs == CRS84:
        code = 4326
    if code is None:
        return {"wkt": publishable(crs).to_wkt("WKT1_ESRI")}
    return {"wkid": _OLD_NUMBERS.get(code, code), "latestWkid": code}


def with_one_source(style: dict[str, Any], address: str, grid: Grid) -> dict[str, Any]:
    """Turn a style with a source for each layer, for web maps, into one whose layers all come from a VectorTileServer.

    Parameters
    ----------
    style
        As `tiles.style.describe_style` writes it.
    address
        Of the server.
    grid
        The zooms in the style become levels of it.
    """
    earlier = grid.web_zoom
    drawings = [
        _shift_zooms(drawing, earlier) | ({"source": "esri"} if "source" in drawing else {})
        for drawing in style["layers"]
    ]
    for drawing in drawings:
        drawing |= {end: max(0, round(drawing[end] - earlier, 1)) for end in ("minzoom", "maxzoom") if end in drawing}
    shown = {"center": style["center"], "zoom": style["zoom"] - earlier} if "center" in style else {}
    return style | shown | {"sources": {"esri": {"type": "vector", "url": address}}, "layers": drawings}


def _describe_level(grid: Grid, level: int) -> dict[str, float]:
    resolution = math.ldexp(grid.side / _PIXELS, -level)
    metres = resolution * (_DEGREE_M if grid.crs.is_geographic else 1.0)
    return {"level": level, "resolution": resolution, "scale": metres / _PIXEL_M}


def _shift_zooms(value: Any, earlier: int) -> Any:
    """Take some from every zoom in an expression of a style."""
    match value:
        case dict():
            return {name: _shift_zooms(inner, earlier) for name, inner in value.items()}
        case ["interpolate", curve, ["zoom"], *stops]:
            return ["interpolate", curve, ["zoom"], *(s if place % 2 else s - earlier for place, s in enumerate(stops))]
    return value
