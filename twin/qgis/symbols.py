"""Symbols: the colours, lines and marks of a layer in QGIS, a category for each code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement

from twin.layer import Layer, Style
from twin.looks import (
    CASING_INK,
    CASING_PX,
    FILL_PAPER,
    HALO,
    HALO_SIZES,
    INK,
    LINE_SIZES,
    MARK_SIZES,
    OUTLINE_OPACITY,
    OUTLINE_SIZES,
    PAPER,
    SEEN_BEFORE_NAMED,
    mix_colors,
)
from twin.qgis.expressions import MM_PER_PX, by_scale, scale_at
from twin.qgis.options import write_expressions, write_option

#: What QGIS calls symbols of points, lines and areas.
_KINDS = ("marker", "line", "fill")
#: Casings of lines are seen from this zoom on.
_CASED_FROM = 11


@dataclass(frozen=True, kw_only=True)
class _Stroke:
    """One layer of a symbol: its class in QGIS, fixed properties, those by expressions, and when it is drawn."""

    kind: str
    properties: Mapping[str, str]
    expressions: Mapping[str, str] = field(default_factory=dict)
    level: int = 0


def write_renderer(parent: Element, layer: Layer, dimension: int) -> None:
    """Write how the points (0), lines (1) or areas (2) of a layer are drawn."""
    style = layer.style
    # Casings and what is filled lie below all lines, and wide lines above narrow ones.
    renderer = SubElement(parent, "renderer-v2", symbollevels="1" if dimension and style.weights else "0")
    symbols = Element("symbols")
    if style.by is None:
        renderer.set("type", "singleSymbol")
        write_symbol(symbols, "0", style, None, dimension)
    else:
        renderer.set("type", "categorizedSymbol")
        renderer.set("attr", style.by)
        categories = SubElement(renderer, "categories")
        named = [(str(code.value), f"{code.title} {code.title_zh}") for code in layer.schema[style.by].codes]
        for place, (code, title) in enumerate([*named, ("", "Other 其他")]):  # QGIS takes the empty one for all others
            SubElement(categories, "category", value=code, label=title, symbol=str(place), render="true")
            write_symbol(symbols, str(place), style, code, dimension)
    renderer.append(symbols)


def write_symbol(parent: Element, name: str, style: Style, code: str | None, dimension: int) -> None:
    """Write the symbol of the points, lines or areas of a code; that of other features for None."""
    color = style.color if code is None else style.colors.get(code, style.color)
    weight = 1.0 if code is None else style.weights.get(code, 1.0)
    strokes = (_mark, _line, _fill)[dimension](style, color, weight)
    # What is filled has its opacity in its colours, so that its outline keeps another one.
    alpha = 1.0 if dimension == 2 else style.opacity
    symbol = SubElement(parent, "symbol", type=_KINDS[dimension], name=name, alpha=f"{alpha:g}")
    for stroke in strokes:
        drawn = SubElement(symbol, "layer", {"class": stroke.kind, "enabled": "1", "pass": str(stroke.level)})
        write_option(drawn, stroke.properties)
        write_expressions(drawn, "data_defined_properties", stroke.expressions)


def _fill(style: Style, color: str, weight: float) -> list[_Stroke]:
    properties = {
        "style": "solid",
        "color": paint(mix_colors(color, PAPER, FILL_PAPER), style.opacity),
        "outline_style": "no",
    }
    width_mm = style.width_px * weight**0.5 * MM_PER_PX
    outline = _draw_line(
        paint(color, OUTLINE_OPACITY), width_mm, by_scale(width_mm, OUTLINE_SIZES), _rank(style, weight), style, weight
    )
    return [_Stroke(kind="SimpleFill", properties=properties), outline]


def _line(style: Style, color: str, weight: float) -> list[_Stroke]:
    width_mm = style.width_px * weight**0.5 * MM_PER_PX
    grown = by_scale(width_mm, LINE_SIZES)
    line = _draw_line(paint(color, 1), width_mm, grown, _rank(style, weight), style, weight)
    if not style.weights:
        return [line]
    casing, wider_mm = paint(mix_colors(color, INK, CASING_INK), 1), CASING_PX * MM_PER_PX
    wider = f"{wider_mm:.4g} + {grown}"
    return [_draw_line(casing, width_mm + wider_mm, wider, 0, style, weight, first=_CASED_FROM), line]


def _draw_line(
    color: str, width_mm: float, grown: str, level: int, style: Style, weight: float, *, first: float = 0
) -> _Stroke:
    """A line of a colour that is so wide, as the expression says, and is seen as features of its weight are."""
    properties = {
        "line_color": color,
        "line_width": f"{width_mm:.4g}",
        "line_width_unit": "MM",
        "capstyle": "round",
        "joinstyle": "round",
    }
    since = _seen_from(max(first, _first(style, weight)))
    return _Stroke(
        kind="SimpleLine", properties=properties, expressions={"outlineWidth": grown, "enabled": since}, level=level
    )


def _rank(style: Style, weight: float) -> int:
    """What is heavy lies above what is light."""
    return 1 + sorted({1.0, *style.weights.values()}).index(weight)


def _mark(style: Style, color: str, weight: float) -> list[_Stroke]:
    size_mm = 2 * style.radius_px * MM_PER_PX
    properties = {
        "name": style.marker,
        "color": paint(color, 1),
        "size": f"{size_mm:.4g}",
        "size_unit": "MM",
        "outline_style": "solid",
        "outline_color": paint(HALO, 1),
        "outline_width": f"{MM_PER_PX:.4g}",
        "outline_width_unit": "MM",
    }
    grown = {
        "size": by_scale(size_mm, MARK_SIZES),
        "outlineWidth": by_scale(MM_PER_PX, HALO_SIZES),
        "enabled": _seen_from(_first(style, weight)),
    }
    return [_Stroke(kind="SimpleMarker", properties=properties, expressions=grown)]


def _first(style: Style, weight: float) -> float:
    """The zoom from which lines, outlines and marks of a weight are seen in a map of several layers."""
    return style.labelled_from(weight) - SEEN_BEFORE_NAMED


def _seen_from(zoom: float) -> str:
    return f"@map_scale <= {scale_at(zoom)}"


def paint(color: str, opacity: float) -> str:
    """A colour, ``#rrggbb``, as QGIS writes it."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"
