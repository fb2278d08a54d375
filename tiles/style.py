"""Map styles: how renderers of vector tiles draw the layers, derived from what each layer says of its looks.

Areas lie below lines, lines below points, and names above all. Within each, what is seen from afar lies below what is
seen from near, so that townships do not cover houses; names of what is seen from afar go first where there is no room.

References
----------
MapLibre Style Specification, version 8: https://maplibre.org/maplibre-style-spec/
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tiles.glyphs import FONT_NAME
from tiles.labels import label_layer
from tiles.sprites import MARK_RADIUS_PX
from twin.crs import BBox
from twin.layer import Layer, Style

#: What is below everything, what names stand on, and where colours go to become darker.
PAPER = "#f6f4ee"
HALO = "#ffffff"
INK = "#1f2430"

#: In which order kinds of map layers are drawn.
_ORDER = ("fill", "outline", "casing", "line", "mark", "label")
#: In a map of several layers, lines and points are seen this many zooms before their names.
_SEEN_BEFORE_NAMED = 3
#: Names of areas that hold others last this many zooms; then the area is much larger than the window.
_NAMES_LAST = 3
#: Sizes in a map of the county, a town and a street, for 1 in the town: lines as wide as what they stand for grow most.
_LINE_SIZES = ((8, 0.4), (13, 1.0), (18, 6.0))
_OUTLINE_SIZES = ((8, 0.6), (13, 1.0), (18, 2.0))
_MARK_SIZES = ((8, 0.4), (13, 1.0), (18, 1.6))
_POINTS = ["match", ["geometry-type"], ["Point", "MultiPoint"], True, False]
_AREAS = ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], True, False]

Expression = Any
MapLayer = dict[str, Any]


def describe_style(
    layers: Iterable[Layer],
    *,
    name: str,
    tilejson: Callable[[Layer], str],
    glyphs: str,
    sprite: str,
    bounds_crs84: BBox | None = None,
) -> dict[str, Any]:
    """Write the style of a map of some layers.

    Each layer is a source of its own, because a renderer draws the last tiles of a source when the map is closer than
    they are, and layers have different last zooms.

    Parameters
    ----------
    layers
        What the map shows.
    name
        What the map is called.
    tilejson
        Gives the address of a layer's TileJSON.
    glyphs, sprite
        Addresses of the letters and the marks, as the specification has them.
    bounds_crs84
        What the map shows at first, degrees.
    """
    layers = list(layers)
    style: dict[str, Any] = {"version": 8, "name": name, "glyphs": glyphs, "sprite": sprite}
    if bounds_crs84 is not None:
        style |= _first_view(bounds_crs84)
    paper = {"id": "paper", "type": "background", "paint": {"background-color": PAPER}}
    style["sources"] = {layer.id: {"type": "vector", "url": tilejson(layer)} for layer in layers}
    style["layers"] = [paper, *draw_layers(layers)]
    return style


def draw_layers(layers: Iterable[Layer]) -> list[MapLayer]:
    """Write the map layers that draw some layers, the lowest first.

    A layer by itself is drawn as soon as it has tiles; where several share a map, what is light waits.
    """
    layers = list(layers)
    drawn = [
        (_ORDER.index(kind), -layer.zooms[0] if kind == "label" else layer.zooms[0], place, drawing)
        for place, layer in enumerate(layers)
        for kind, drawing in _draw(layer, shared=len(layers) > 1)
    ]
    return [drawing for *_, drawing in sorted(drawn, key=lambda entry: entry[:3])]


def _draw(layer: Layer, *, shared: bool) -> Iterator[tuple[str, MapLayer]]:
    """Write the map layers of one layer, each with its place in the order."""
    style = layer.style
    since = _by_code(style, lambda weight: _zoom_of(style, weight, -_SEEN_BEFORE_NAMED)) if shared else None
    if layer.dimension == 2:
        yield "fill", _map_layer(layer, "fill", "fill", paint=_fill(style), only=_AREAS)
        yield "outline", _map_layer(layer, "outline", "line", paint=_outline(style), since=since)
    if layer.dimension == 1:
        if style.weights:
            yield "casing", _map_layer(layer, "casing", "line", paint=_casing(style), since=since)
        yield "line", _map_layer(layer, "line", "line", paint=_line(style), since=since)
    if any("Point" in geometry for geometry in layer.geometries):
        only = _POINTS if layer.dimension else None
        kind, looks = ("circle", _circle(style)) if style.marker == "circle" else ("symbol", _mark(style))
        yield "mark", _map_layer(layer, "point", kind, **looks, only=only, since=since)
    if style.label is not None:
        yield "label", _label_layer(layer, style.label)


def _map_layer(
    layer: Layer,
    part: str,
    kind: str,
    *,
    paint: Mapping[str, Any],
    layout: Mapping[str, Any] | None = None,
    only: Expression = None,
    since: Expression = None,
) -> MapLayer:
    """Write a map layer; ``since`` is the zoom from which a feature is seen."""
    drawing: MapLayer = {
        "id": f"{layer.id}-{part}",
        "type": kind,
        "source": layer.id,
        "source-layer": layer.id,
        "minzoom": layer.zooms[0],
        "paint": dict(paint),
    }
    rounded = {"line-cap": "round", "line-join": "round"} if kind == "line" else {}
    if layout or rounded:
        drawing["layout"] = rounded | dict(layout or {})
    conditions = [condition for condition in (only, since and [">=", ["zoom"], since]) if condition]
    if conditions:
        drawing["filter"] = conditions[0] if len(conditions) == 1 else ["all", *conditions]
    return drawing


def _fill(style: Style) -> dict[str, Any]:
    return {
        "fill-color": _color(style, other=PAPER, share=0.35),
        "fill-opacity": style.opacity,
        "fill-antialias": False,
    }


def _outline(style: Style) -> dict[str, Any]:
    return {"line-color": _color(style), "line-opacity": 0.8, "line-width": _width(style, _OUTLINE_SIZES)}


def _line(style: Style) -> dict[str, Any]:
    return {"line-color": _color(style), "line-opacity": style.opacity, "line-width": _width(style, _LINE_SIZES)}


def _casing(style: Style) -> dict[str, Any]:
    return {
        "line-color": _color(style, other=INK, share=0.3),
        "line-opacity": _by_zoom(((9, 0), (13, style.opacity))),
        "line-width": _width(style, _LINE_SIZES, wider_px=1.2),
    }


def _circle(style: Style) -> dict[str, Any]:
    paint = {
        "circle-color": _color(style),
        "circle-opacity": style.opacity,
        "circle-radius": _by_zoom((zoom, style.radius_px * times) for zoom, times in _MARK_SIZES),
        "circle-stroke-color": HALO,
        "circle-stroke-width": _by_zoom(((8, 0.2), (13, 1), (18, 1.5))),
    }
    return {"paint": paint}


def _mark(style: Style) -> dict[str, Any]:
    sizes = ((zoom, round(style.radius_px / MARK_RADIUS_PX * times, 3)) for zoom, times in _MARK_SIZES)
    layout = {"icon-image": style.marker, "icon-size": _by_zoom(sizes)}
    paint = {
        "icon-color": _color(style),
        "icon-opacity": style.opacity,
        "icon-halo-color": HALO,
        "icon-halo-width": _by_zoom(((8, 0.2), (13, 1))),
    }
    return {"paint": paint, "layout": layout | {"icon-allow-overlap": True, "icon-ignore-placement": True}}


def _label_layer(layer: Layer, field: str) -> MapLayer:
    style = layer.style
    named: Expression = ["has", field]
    since = _by_code(style, lambda weight: _zoom_of(style, weight))
    layout: dict[str, Any] = {
        "text-field": ["to-string", ["get", field]],
        "text-font": [FONT_NAME],
        "text-size": _by_code(style, lambda weight: round(12 * weight**0.15, 1)),
        "text-max-width": 8,
        "symbol-sort-key": _by_code(style, lambda weight: -weight),
    }
    if layer.dimension == 1:
        layout |= {"symbol-placement": "line", "symbol-spacing": 300, "text-padding": 8}
    if layer.dimension == 2 and style.weights:
        until = _by_code(style, lambda weight: _zoom_of(style, weight, _NAMES_LAST))
        named = ["all", named, ["<", ["zoom"], until]]
    if "Point" in layer.geometries or layer.dimension == 0:
        layout |= {"text-anchor": "top", "text-offset": [0, 0.6]}
    paint = {
        "text-color": _color(style, other=INK, share=0.55),
        "text-halo-color": HALO,
        "text-halo-width": 1.4,
        "text-halo-blur": 0.4,
    }
    drawing = _map_layer(layer, "label", "symbol", paint=paint, layout=layout, only=named, since=since)
    points = label_layer(layer)
    return drawing if points is None else drawing | {"source-layer": points.id}


def _zoom_of(style: Style, weight: float, later: float = 0) -> float:
    """The zoom from which features of a weight are labelled, or one that is some zooms later."""
    return round(style.labelled_from(weight) + later, 1)


def _color(style: Style, *, other: str = INK, share: float = 0.0) -> Expression:
    """The colour of a feature, some of another one mixed in."""
    otherwise = _mix(style.color, other, share)
    if not style.colors:
        return otherwise
    colors = [part for code, color in style.colors.items() for part in (code, _mix(color, other, share))]
    return ["match", ["to-string", ["get", style.by]], *colors, otherwise]


def _by_code(style: Style, value: Callable[[float], float]) -> Expression:
    """A number that depends on the weight of a feature's code."""
    if not style.weights:
        return value(1)
    values = [part for code, weight in style.weights.items() for part in (code, value(weight))]
    return ["match", ["to-string", ["get", style.by]], *values, value(1)]


def _width(style: Style, sizes: Iterable[tuple[int, float]], *, wider_px: float = 0.0) -> Expression:
    def at(times: float) -> Expression:
        return _by_code(style, lambda weight: round(style.width_px * math.sqrt(weight) * times + wider_px, 2))

    return _by_zoom((zoom, at(times)) for zoom, times in sizes)


def _by_zoom(stops: Iterable[tuple[float, Expression]]) -> Expression:
    return ["interpolate", ["exponential", 1.5], ["zoom"], *(part for stop in stops for part in stop)]


def _mix(color: str, other: str, share: float) -> str:
    """Mix some of another colour into a colour; both as ``#rrggbb``."""
    pairs = [(int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(ours + (theirs - ours) * share):02x}" for ours, theirs in pairs)


def _first_view(box: BBox) -> dict[str, Any]:
    """The middle of a box, and the zoom at which it is as wide or high as a tile of 512 pixels."""
    west, south, east, north = box
    width = max(east - west, (north - south) / math.cos(math.radians((south + north) / 2)), 0.001)
    middle = [round((west + east) / 2, 6), round((south + north) / 2, 6)]
    return {"center": middle, "zoom": round(min(math.log2(360 / width), 18), 2)}
