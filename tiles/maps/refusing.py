"""Which layers of map styles are drawn here, and what they may say; the rest is refused rather than left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tiles.glyphs import FONT_NAME
from twin.errors import StyleNotDrawn

#: What each type of map layer may say of its looks; values that a renderer of pictures has no use for are among them.
_SAID: Mapping[str, frozenset[str]] = {
    "background": frozenset({"background-color", "background-opacity"}),
    "fill": frozenset({"fill-color", "fill-opacity", "fill-outline-color", "fill-antialias"}),
    "line": frozenset({"line-color", "line-opacity", "line-width", "line-dasharray", "line-cap", "line-join"}),
    "circle": frozenset(
        {f"circle-{part}" for part in ("color", "opacity", "radius", "stroke-color", "stroke-opacity", "stroke-width")}
    ),
    "symbol": frozenset(
        {f"icon-{part}" for part in ("image", "size", "color", "opacity", "halo-color", "halo-width")}
        | {"icon-allow-overlap", "icon-ignore-placement", "icon-optional", "symbol-placement", "symbol-spacing"}
        | {f"text-{part}" for part in ("field", "font", "size", "color", "opacity", "halo-color", "halo-width")}
        | {f"text-{part}" for part in ("halo-blur", "max-width", "anchor", "offset", "padding", "allow-overlap")}
        | {"text-ignore-placement", "text-optional", "text-keep-upright", "symbol-sort-key"}
    ),
}


def require_drawn(layer: Mapping[str, Any]) -> None:
    """Refuse a layer of a map that is not drawn here, or says something that is not (`StyleNotDrawn`)."""
    name, kind = layer.get("id"), str(layer.get("type"))
    if kind not in _SAID:
        raise StyleNotDrawn(f"layer {name} is of type {kind!r}; drawn here are {', '.join(_SAID)}")
    if kind != "background" and not isinstance(layer.get("source-layer"), str):
        raise StyleNotDrawn(f"layer {name} names no source-layer; drawn here are layers of vector tiles")
    for part in ("paint", "layout"):
        said = layer.get(part, {})
        if not isinstance(said, dict):
            raise StyleNotDrawn(f"{part} of layer {name} must be an object")
        for key in said:
            if key not in _SAID[kind] and key != "visibility":
                raise StyleNotDrawn(f"layer {name} says {key}, which is not drawn here", property=key)
    fonts = layer.get("layout", {}).get("text-font", [FONT_NAME])
    if not isinstance(fonts, Sequence) or FONT_NAME not in fonts:
        raise StyleNotDrawn(f"layer {name} wants another font than {FONT_NAME}")
