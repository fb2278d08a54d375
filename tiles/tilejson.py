"""TileJSON 3.0.0: how a web map client learns of a source of tiles.

References
----------
TileJSON 3.0.0, chapter 3: https://github.com/mapbox/tilejson-spec/tree/master/3.0.0
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from tiles.labels import with_labels
from tiles.pushdown import differences
from tiles.pyramid import ZoomReport
from tiles.source import RULES, TileInfo
from twin.layer import Layer
from twin.schema import Field


def describe_tiles(info: TileInfo, template: str) -> dict[str, Any]:
    """Describe a source as TileJSON.

    Parameters
    ----------
    info
        What the source offers.
    template
        Address of a tile with ``{z}``, ``{x}`` and ``{y}``.
    """
    return {"tilejson": "3.0.0", "tiles": [template], "scheme": "xyz"} | describe_content(info)


def describe_pictures(info: TileInfo, template: str) -> dict[str, Any]:
    """Describe a map of pictures of 256 pixels as TileJSON, for a source of the type ``raster``."""
    described = {"tilejson": "3.0.0", "tiles": [template], "scheme": "xyz", **describe_content(info)}
    kept = {key: value for key, value in described.items() if not key.startswith(("x-rules", "x-pushed"))}
    return kept | {"tileSize": 256, "format": "png", "vector_layers": []}


def describe_content(info: TileInfo) -> dict[str, Any]:
    """Describe what a source holds in the words of TileJSON, wherever its tiles are."""
    described: dict[str, Any] = {
        "name": info.title,
        "x-title-zh": info.title_zh,
        "minzoom": info.min_zoom,
        "maxzoom": info.max_zoom,
        "vector_layers": [_describe_layer(layer, info.grid.web_zoom) for layer in with_labels(info.layers)],
        "x-tile-matrix-set": info.grid.id,
        "x-revision": info.revision,
        "x-rules": describe_rules(info),
    }
    if info.pushed_down:
        described["x-pushed-down"] = {layer.id: differences(layer) for layer in info.pushed_down}
    if info.attribution:
        described["attribution"] = info.attribution
    if info.bounds_crs84 is not None:
        described["bounds"] = list(info.bounds_crs84)
    return described


def describe_rules(info: TileInfo) -> dict[str, Any]:
    """Say what tiles leave out; what a single tile left out, its answer says by number."""
    if info.budget_bytes is None:
        return {"strict": True}
    return {"strict": False, "budget_bytes": info.budget_bytes, **RULES}


def describe_zooms(zooms: Iterable[ZoomReport], *, complete: bool) -> dict[str, Any]:
    """Say what each zoom holds and leaves out, of those zooms that are counted.

    Parameters
    ----------
    zooms
        From the lowest.
    complete
        Whether no more are to come.
    """
    unit = "features by tiles: one with a part in n tiles, buffers included, counts n times"
    return {"x-zooms": [asdict(zoom) for zoom in zooms], "x-zooms-unit": unit, "x-zooms-complete": complete}


def _describe_layer(layer: Layer, web_zoom: int) -> dict[str, Any]:
    return {
        "id": layer.id,
        "description": layer.about,
        "minzoom": max(0, layer.zooms[0] - web_zoom),
        "maxzoom": layer.zooms[1] - web_zoom,
        "fields": {field.name: _describe_field(field) for field in layer.schema},
    }


def _describe_field(field: Field) -> str:
    unit = f", {field.unit}" if field.unit else ""
    return f"{field.title} {field.title_zh} ({field.type}{unit})"
