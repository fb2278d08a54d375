"""What a map draws: the styles of this service, and those that people made, over its own vector tiles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.context import Context
from api.styles.book import read_style
from api.styles.routes import is_made_here, layers_of_style
from tiles.grid import Grid
from tiles.labels import with_labels
from tiles.maps.source import MapSource
from tiles.style import draw_layers
from twin.errors import StyleNotDrawn, StyleNotFound
from twin.layer import Layer
from twin.looks import PAPER
from twin.query import AsOf

#: Addresses of our vector tiles, as TileJSON or as they are.
_OWN_TILES = re.compile(r"/tiles/([\w,-]+)(\.json|/\{z\}/\{x\}/\{y\}\.mvt)")


def map_of_layers(
    context: Context, layers: Sequence[Layer], grid: Grid, *, as_of: AsOf | None, transparent: bool
) -> MapSource:
    """The map of some layers as they are drawn by default."""
    paper = [] if transparent else [{"id": "paper", "type": "background", "paint": {"background-color": PAPER}}]
    style = [*paper, *draw_layers(layers)]
    return MapSource(style=style, layers=tuple(layers), frames=context.frames, grid=grid, as_of=as_of)


def map_of_style(
    context: Context, style: str, grid: Grid, *, as_of: AsOf | None = None, transparent: bool = False
) -> MapSource:
    """The map of a style.

    Raises
    ------
    StyleNotFound
        There is none of that id.
    StyleNotDrawn
        Somebody made it, and it says what only clients draw.
    """
    if is_made_here(context, style):
        return map_of_layers(context, layers_of_style(context, style), grid, as_of=as_of, transparent=transparent)
    made = read_style(context.settings.styles, style, "")
    if made is None:
        raise StyleNotFound(f"there is no style {style}; see /styles")
    drawn = [layer for layer in made["layers"] if not (transparent and layer["type"] == "background")]
    layers = _layers_in(context, drawn, made["sources"])
    return MapSource(style=drawn, layers=layers, frames=context.frames, grid=grid, as_of=as_of)


def _layers_in(context: Context, drawn: Sequence[Mapping[str, Any]], sources: Mapping[str, Any]) -> tuple[Layer, ...]:
    """The layers of this service that a style draws, each by an address of our tiles as they are now."""
    found: dict[str, Layer] = {}
    for each in drawn:
        if each["type"] == "background":
            continue
        name, source = str(each.get("source-layer")), sources[each["source"]]
        address = source.get("url") or next(iter(source.get("tiles", [])), "")
        match = _OWN_TILES.fullmatch(str(address))
        if source.get("type") != "vector" or match is None:
            raise StyleNotDrawn(f"layer {each['id']} is not of vector tiles of this service, as they are now")
        inside = [layer for layer in map(context.served.layer, match[1].split(",")) if name in _names(layer)]
        if not inside:
            raise StyleNotDrawn(f"layer {each['id']} draws {name}, which is not in the tiles {match[1]}")
        found[inside[0].id] = inside[0]
    if not found:
        raise StyleNotDrawn("the style draws no layers")
    return tuple(found.values())


def _names(layer: Layer) -> list[str]:
    return [each.id for each in with_labels([layer])]
