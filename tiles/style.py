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
from dataclasses import dataclass
from typing import Any

from tiles.glyphs import FONT_NAME
from tiles.labels import label_layer
from tiles.sprites import MARK_RADIUS_PX
from twin.crs import BBox
from twin.layer import Layer, Style
from twin.looks import (
    CASING_INK,
    CASING_PX,
    FILL_PAPER,
    GROWTH,
    HALO,
    HALO_SIZES,
    INK,
    LINE_SIZES,
    MARK_SIZES,
    NAME_INK,
    NAMES_LAST,
    OUTLINE_OPACITY,
    OUTLINE_SIZES,
    PAPER,
    SEEN_BEFORE_NAMED,
    mix_colors,
    name_size_px,
)

#: In which order kinds of map layers are drawn.
_ORDER = ("fill", "outline", "casing", "line", "mark", "label")
_POINTS = ["any", *(["==", ["geometry-type"], kind] for kind in ("Point", "MultiPoint"))]
_AREAS = ["any", *(["==", ["geometry-type"], kind] for kind in ("Polygon", "MultiPolygon"))]

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
    seen = _spans(style, later=-SEEN_BEFORE_NAMED) if shared else [_ALWAYS]
    only = _POINTS if layer.dimension else None
    kind, looks = ("circle", _circle(style)) if style.marker == "circle" else ("symbol", _mark(style))
    if layer.dimension == 2:
        yield "fill", _map_layer(layer, "fill", "fill", paint=_fill(style), only=_AREAS)
    for span in seen:
        if layer.dimension == 2:
            yield "outline", _map_layer(layer, "outline", "line", paint=_outline(style), span=span)
        if layer.dimension == 1:
            if style.weights:
                yield "casing", _map_layer(layer, "casing", "line", paint=_casing(style), span=span)
            yield "line", _map_layer(layer, "line", "line", paint=_line(style), span=span)
        if any("Point" in geometry for geometry in layer.geometries):
            yield "mark", _map_layer(layer, "point", kind, **looks, only=only, span=span)
    if style.label is not None:
        last = NAMES_LAST if layer.dimension == 2 and style.weights else None
        for span in _spans(style, last=last):
            yield "label", _label_layer(layer, style.label, span)


@dataclass(frozen=True, kw_only=True)
class _Span:
    """From which zoom, up to which, some of the features of a layer are drawn.

    Zooms stand here and not in conditions on features, which not every renderer can read (QGIS).

    Parameters
    ----------
    name
        What is added to the name of the map layer; empty where it has all features.
    first, last
        Zooms; None: whenever there are tiles.
    only
        Which features; None: all.
    """

    name: str = ""
    first: float | None = None
    last: float | None = None
    only: Expression = None


_ALWAYS = _Span()


def _spans(style: Style, *, later: float = 0, last: float | None = None) -> list[_Span]:
    """Group features by the zoom from which those of their weight are named, or one that is later; heavy ones at last.

    Parameters
    ----------
    style
        Of the layer.
    later
        How many zooms later than named, or earlier.
    last
        For how many zooms they are drawn; None: for good.
    """
    weights = {code: style.weights.get(code, 1.0) for code in style.weights} | {None: 1.0}
    groups: dict[float, list[str | None]] = {}
    for code, weight in weights.items():
        groups.setdefault(round(style.labelled_from(weight) + later, 1), []).append(code)
    spans = []
    for first, codes in sorted(groups.items(), reverse=True):
        name, only = "", None
        if len(groups) > 1 and None in codes:
            others = [code for code in style.weights if code not in codes]
            name, only = "-others", ["match", ["get", style.by], others, False, True]
        elif len(groups) > 1:
            name, only = f"-{codes[0]}", ["match", ["get", style.by], codes, True, False]
        spans.append(_Span(name=name, first=first, last=None if last is None else round(first + last, 1), only=only))
    return spans


def _map_layer(
    layer: Layer,
    part: str,
    kind: str,
    *,
    paint: Mapping[str, Any],
    layout: Mapping[str, Any] | None = None,
    only: Expression = None,
    span: _Span = _ALWAYS,
) -> MapLayer:
    """Write a map layer with those features of a span that are ``only`` such ones."""
    drawing: MapLayer = {
        "id": f"{layer.id}-{part}{span.name}",
        "type": kind,
        "source": layer.id,
        "source-layer": layer.id,
        "minzoom": max(layer.zooms[0], span.first or 0),
        "paint": dict(paint),
    }
    if span.last is not None:
        drawing["maxzoom"] = max(drawing["minzoom"], span.last)
    rounded = {"line-cap": "round", "line-join": "round"} if kind == "line" else {}
    if layout or rounded:
        drawing["layout"] = rounded | dict(layout or {})
    conditions = [condition for condition in (only, span.only) if condition]
    if conditions:
        drawing["filter"] = conditions[0] if len(conditions) == 1 else ["all", *conditions]
    return drawing


def _fill(style: Style) -> dict[str, Any]:
    return {
        "fill-color": _color(style, other=PAPER, share=FILL_PAPER),
        "fill-opacity": style.opacity,
        "fill-antialias": False,
    }


def _outline(style: Style) -> dict[str, Any]:
    return {"line-color": _color(style), "line-opacity": OUTLINE_OPACITY, "line-width": _width(style, OUTLINE_SIZES)}


def _line(style: Style) -> dict[str, Any]:
    return {"line-color": _color(style), "line-opacity": style.opacity, "line-width": _width(style, LINE_SIZES)}


def _casing(style: Style) -> dict[str, Any]:
    return {
        "line-color": _color(style, other=INK, share=CASING_INK),
        "line-opacity": _by_zoom(((9, 0), (13, style.opacity))),
        "line-width": _width(style, LINE_SIZES, wider_px=CASING_PX),
    }


def _circle(style: Style) -> dict[str, Any]:
    paint = {
        "circle-color": _color(style),
        "circle-opacity": style.opacity,
        "circle-radius": _by_zoom((zoom, style.radius_px * times) for zoom, times in MARK_SIZES),
        "circle-stroke-color": HALO,
        "circle-stroke-width": _by_zoom(HALO_SIZES),
    }
    return {"paint": paint}


def _mark(style: Style) -> dict[str, Any]:
    sizes = ((zoom, round(style.radius_px / MARK_RADIUS_PX * times, 3)) for zoom, times in MARK_SIZES)
    layout = {"icon-image": style.marker, "icon-size": _by_zoom(sizes)}
    paint = {
        "icon-color": _color(style),
        "icon-opacity": style.opacity,
        "icon-halo-color": HALO,
        "icon-halo-width": _by_zoom(HALO_SIZES[:2]),
    }
    return {"paint": paint, "layout": layout | {"icon-allow-overlap": True, "icon-ignore-placement": True}}


def _label_layer(layer: Layer, field: str, span: _Span) -> MapLayer:
    style = layer.style
    layout: dict[str, Any] = {
        "text-field": ["to-string", ["get", field]],
        "text-font": [FONT_NAME],
        "text-size": _by_code(style, name_size_px),
        "text-max-width": 8,
        "symbol-sort-key": _by_code(style, lambda weight: -weight),
    }
    if layer.dimension == 1:
        layout |= {"symbol-placement": "line", "symbol-spacing": 300, "text-padding": 8}
    if "Point" in layer.geometries or layer.dimension == 0:
        layout |= {"text-anchor": "top", "text-offset": [0, 0.6]}
    paint = {
        "text-color": _color(style, other=INK, share=NAME_INK),
        "text-halo-color": HALO,
        "text-halo-width": 1.4,
        "text-halo-blur": 0.4,
    }
    drawing = _map_layer(layer, "label", "symbol", paint=paint, layout=layout, only=["has", field], span=span)
    points = label_layer(layer)
    return drawing if points is None else drawing | {"source-layer": points.id}


def _color(style: Style, *, other: str = INK, share: float = 0.0) -> Expression:
    """The colour of a feature, some of another one mixed in."""
    otherwise = mix_colors(style.color, other, share)
    if not style.colors:
        return otherwise
    # A list for each code, also of one: QGIS 3.22 reads nothing else.
    colors = [part for code, color in style.colors.items() for part in ([code], mix_colors(color, other, share))]
    return ["match", ["get", style.by], *colors, otherwise]


def _by_code(style: Style, value: Callable[[float], float]) -> Expression:
    """A number that depends on the weight of a feature's code."""
    if not style.weights:
        return value(1)
    values = [part for code, weight in style.weights.items() for part in ([code], value(weight))]
    return ["match", ["get", style.by], *values, value(1)]


def _width(style: Style, sizes: Iterable[tuple[int, float]], *, wider_px: float = 0.0) -> Expression:
    def at(times: float) -> Expression:
        return _by_code(style, lambda weight: round(style.width_px * math.sqrt(weight) * times + wider_px, 2))

    return _by_zoom((zoom, at(times)) for zoom, times in sizes)


def _by_zoom(stops: Iterable[tuple[float, Expression]]) -> Expression:
    return ["interpolate", ["exponential", GROWTH], ["zoom"], *(part for stop in stops for part in stop)]


def _first_view(box: BBox) -> dict[str, Any]:
    """The middle of a box, and the zoom at which it is as wide or high as a tile of 512 pixels."""
    west, south, east, north = box
    width = max(east - west, (north - south) / math.cos(math.radians((south + north) / 2)), 0.001)
    middle = [round((west + east) / 2, 6), round((south + north) / 2, 6)]
    return {"center": middle, "zoom": round(min(math.log2(360 / width), 18), 2)}
