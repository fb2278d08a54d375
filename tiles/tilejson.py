"""TileJSON 3.0.0: how a web map client learns of a source of tiles.

References
----------
TileJSON 3.0.0, chapter 3: https://github.com/mapbox/tilejson-spec/tree/master/3.0.0
"""

from __future__ import annotations

from typing import Any

from tiles.source import TileInfo
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
    described: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": info.title,
        "x-title-zh": info.title_zh,
        "tiles": [template],
        "scheme": "xyz",
        "minzoom": info.min_zoom,
        "maxzoom": info.max_zoom,
        "vector_layers": [_describe_layer(layer) for layer in info.layers],
        "x-revision": info.revision,
    }
    if info.attribution:
        described["attribution"] = info.attribution
    if info.bounds_crs84 is not None:
        described["bounds"] = list(info.bounds_crs84)
    return described


def _describe_layer(layer: Layer) -> dict[str, Any]:
    return {
        "id": layer.id,
        "description": layer.about,
        "minzoom": layer.zooms[0],
        "maxzoom": layer.zooms[1],
        "fields": {field.name: _describe_field(field) for field in layer.schema},
    }


def _describe_field(field: Field) -> str:
    unit = f", {field.unit}" if field.unit else ""
    return f"{field.title} {field.title_zh} ({field.type}{unit})"
