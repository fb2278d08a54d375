"""A map tile as an SVG: the features of vector tiles, drawn as the layers of a MapLibre style say.

References
----------
MapLibre Style Specification, "Layers": https://maplibre.org/maplibre-style-spec/layers/
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt

from tiles.maps.expressions import Seen, evaluate, names_in
from tiles.maps.naming import Name, choose_names, name_line, name_point
from tiles.maps.pieces import PIXELS, Piece
from tiles.maps.refusing import require_drawn
from tiles.sprites import MARK_RADIUS_PX, mark_corners
from twin.errors import StyleNotDrawn
from twin.layer import Marker
from twin.paper import FONT_FAMILY

MapLayer = Mapping[str, Any]
Rows = npt.NDArray[np.int64]
#: Gives what a map layer says of a feature, or what is so where it says nothing.
Look = Callable[[str, Any], Any]

#: How far a mark may reach from its point, and a name from the middle of it.
REACH_PX = 64


class Picture:
    """One tile of a map.

    Parameters
    ----------
    layers
        Of the style, the lowest first.
    zoom
        Of the map, as MapLibre counts.
    corner_px
        Where the tile lies in its level.
    own
        The layers of vector tiles that cover it, by name.
    near
        The same with those of the tiles around it, of which points count, and names.
    """

    def __init__(
        self,
        layers: Sequence[MapLayer],
        zoom: float,
        corner_px: tuple[int, int],
        own: Mapping[str, Piece],
        near: Iterable[Mapping[str, Piece]],
    ) -> None:
        self._layers = [layer for layer in layers if _is_seen(layer, zoom)]
        self._words = {layer["id"]: frozenset(names_in(dict(layer))) for layer in self._layers}
        self._zoom = zoom
        self._west, self._north = corner_px
        self._own = own
        self._near = list(near)

    def write(self) -> str:
        """Write it as SVG."""
        names: dict[int, list[tuple[Name, str]]] = {}
        wanted = [each for place in range(len(self._layers)) for each in self._names(place)]
        looks = {id(name): (place, look) for place, name, look in wanted}
        for name in choose_names([name for _, name, _ in wanted]):
            place, look = looks[id(name)]
            names.setdefault(place, []).append((name, look))
        parts = [part for place, layer in enumerate(self._layers) for part in self._paint(layer, names.get(place, []))]
        size = f'width="{PIXELS}" height="{PIXELS}" viewBox="0 0 {PIXELS} {PIXELS}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'

    def _paint(self, layer: MapLayer, names: list[tuple[Name, str]]) -> Iterator[str]:
        match layer["type"]:
            case "background":
                look = self._looks(layer, Seen(zoom=self._zoom, properties={}))
                fill = _attributes(fill=look("background-color", "#000000"), fill_opacity=look("background-opacity", 1))
                yield f'<rect width="{PIXELS}" height="{PIXELS}" {fill}/>'
            case "fill":
                yield from self._areas(layer)
            case "line":
                yield from self._lines(layer)
            case "circle":
                yield from self._points(layer, _circle)
            case "symbol":
                if "icon-image" in layer.get("layout", {}):
                    yield from self._points(layer, _mark)
                for number, (name, words) in enumerate(names):
                    yield self._letters(name, words, f"{layer['id']}-{number}")

    def _areas(self, layer: MapLayer) -> Iterator[str]:
        def describe(seen: Seen, unit_px: float) -> str:
            look = self._looks(layer, seen)
            color, opacity = look("fill-color", "#000000"), look("fill-opacity", 1)
            edge = look("fill-outline-color", None)
            smooth = "auto" if look("fill-antialias", True) else "crispEdges"
            rim = {"stroke": edge, "stroke_width": 1 / unit_px} if edge else {}
            return _attributes(fill=color, fill_opacity=opacity, shape_rendering=smooth, **rim)

        yield from self._paths(layer, describe, only=3)

    def _lines(self, layer: MapLayer) -> Iterator[str]:
        def describe(seen: Seen, unit_px: float) -> str:
            look = self._looks(layer, seen)
            width = look("line-width", 1) / unit_px
            dashes = look("line-dasharray", None)
            dashed = {"stroke_dasharray": " ".join(f"{part * width:g}" for part in dashes)} if dashes else {}
            if width <= 0:
                return ""
            return _attributes(
                fill="none", stroke=look("line-color", "#000000"), stroke_opacity=look("line-opacity", 1),
                stroke_width=width, stroke_linecap=look("line-cap", "butt"), stroke_linejoin=look("line-join", "miter"),
                **dashed,
            )  # fmt: skip

        yield from self._paths(layer, describe)

    def _paths(self, layer: MapLayer, describe: Callable[[Seen, float], str], *, only: int = 0) -> Iterator[str]:
        """What looks alike as one path, so that nothing is darker where it lies over itself."""
        piece = self._own.get(layer["source-layer"])
        if piece is None:
            return
        alike: dict[str, list[Rows]] = {}
        for seen, rows in self._groups(piece, layer, REACH_PX):
            if seen.kind == only or (not only and seen.kind > 1):
                alike.setdefault(describe(seen, piece.unit_px), []).append(rows)
        west, north = piece.west_px - self._west, piece.north_px - self._north
        for look, parts in sorted(alike.items()):
            if look:
                moved = f'transform="translate({west:.10g} {north:.10g}) scale({piece.unit_px:.10g})"'
                yield f'<path {moved} {look} d="{piece.paths(np.concatenate(parts))}"/>'

    def _points(self, layer: MapLayer, draw: Callable[[Look], str]) -> Iterator[str]:
        drawn: list[tuple[float, float, str]] = []
        for tile in self._near:
            piece = tile.get(layer["source-layer"])
            if piece is None:
                continue
            for seen, rows in self._groups(piece, layer, REACH_PX):
                if seen.kind == 1:
                    mark = draw(self._looks(layer, seen))
                    drawn += [(y, x, mark) for x, y in piece.points_px(rows).tolist()]
        # What is farther south lies above, in every tile alike.
        for y, x, mark in sorted(drawn):
            yield f'<g transform="translate({x - self._west:g} {y - self._north:g})">{mark}</g>'

    def _names(self, place: int) -> Iterator[tuple[int, Name, str]]:
        """The names of a map layer, near the tile too, with their looks."""
        layer = self._layers[place]
        if layer["type"] != "symbol" or not layer.get("layout", {}).get("text-field"):
            return
        for tile in self._near:
            piece = tile.get(layer["source-layer"])
            if piece is None:
                continue
            for seen, rows in self._groups(piece, layer, PIXELS):
                look = self._looks(layer, seen)
                text = _text_of(look("text-field", ""))
                if text.strip():
                    for name in self._place(piece, rows, look, text, -place):
                        yield place, name, _letters_look(look)

    def _place(self, piece: Piece, rows: Rows, look: Look, text: str, height: int) -> Iterator[Name]:
        size, room = look("text-size", 16), look("text-padding", 2)
        order: tuple[Any, ...] = (height, look("symbol-sort-key", 0))
        overlaps = bool(look("text-allow-overlap", False))
        if look("symbol-placement", "point") != "point":
            for row in rows:
                for number, line in enumerate(piece.lines_px(row)):
                    named = name_line(
                        text, line, size_px=size, spacing_px=look("symbol-spacing", 250), room_px=room,
                        order=(*order, text, *line[0].tolist(), number), overlaps=overlaps,
                    )  # fmt: skip
                    yield from (name for name in named if _is_own(piece, name))
            return
        for at in piece.points_px(rows):
            yield name_point(
                text, at, size_px=size, anchor=look("text-anchor", "center"), offset_em=look("text-offset", [0, 0]),
                most_em=look("text-max-width", 10), room_px=room, order=(*order, text, *at.tolist()), overlaps=overlaps,
            )  # fmt: skip

    def _letters(self, name: Name, look: str, own_id: str) -> str:
        west, north, east, south = name.box_px
        if east < self._west or west > self._west + PIXELS or south < self._north or north > self._north + PIXELS:
            return ""
        at = name.at_px - (self._west, self._north)
        sized = f"{look} {_attributes(font_size=name.size_px)}"
        if name.runs_along:
            path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in at)
            line, href = _attributes(id=own_id, d=path), _attributes(href=f"#{own_id}", startOffset="50%")
            inner = f'<textPath {href}><tspan dy="0.36em">{escape(name.lines[0])}</tspan></textPath>'
            return f"<defs><path {line}/></defs><text {sized}>{inner}</text>"
        ((x, y),) = at
        down = [y + 1.2 * place * name.size_px + 0.36 * name.size_px for place in range(len(name.lines))]
        return "".join(
            f'<text x="{x:.2f}" y="{line_y:.2f}" {sized}>{escape(line)}</text>'
            for line, line_y in zip(name.lines, down, strict=True)
        )

    def _looks(self, layer: MapLayer, seen: Seen) -> Look:
        said = {**layer.get("paint", {}), **layer.get("layout", {})}

        def look(name: str, otherwise: Any) -> Any:
            value = evaluate(said[name], seen) if name in said else None
            return otherwise if value is None else value

        return look

    def _groups(self, piece: Piece, layer: MapLayer, reach_px: float) -> Iterator[tuple[Seen, Rows]]:
        """The features of a map layer in the tile, and up to so far around it."""
        west, north = self._west - reach_px, self._north - reach_px
        box = (west, north, west + PIXELS + 2 * reach_px, north + PIXELS + 2 * reach_px)
        return piece.groups(self._words[layer["id"]], layer.get("filter"), self._zoom, box)


def _is_seen(layer: MapLayer, zoom: float) -> bool:
    require_drawn(layer)
    visible = layer.get("layout", {}).get("visibility", "visible") == "visible"
    return bool(visible and layer.get("minzoom", 0) <= zoom < layer.get("maxzoom", math.inf))


def _is_own(piece: Piece, name: Name) -> bool:
    """Whether the middle of a name along a line lies in the tile that it comes from."""
    west, north, east, south = name.box_px
    x, y = (west + east) / 2 - piece.west_px, (north + south) / 2 - piece.north_px
    return max(x, y) < piece.side_px and min(x, y) >= 0


def _circle(look: Look) -> str:
    radius, rim = look("circle-radius", 5), look("circle-stroke-width", 0)
    filled = _attributes(r=radius, fill=look("circle-color", "#000000"), fill_opacity=look("circle-opacity", 1))
    if not rim:
        return f"<circle {filled}/>"
    # The rim lies outside of the circle.
    edge = _attributes(
        r=radius + rim / 2, fill="none", stroke=look("circle-stroke-color", "#000000"), stroke_width=rim,
        stroke_opacity=look("circle-stroke-opacity", 1),
    )  # fmt: skip
    return f"<circle {filled}/><circle {edge}/>"


def _mark(look: Look) -> str:
    size, halo = look("icon-size", 1), look("icon-halo-width", 0)
    mark, radius = look("icon-image", ""), MARK_RADIUS_PX * size
    if mark not in get_args(Marker):
        raise StyleNotDrawn(f"there is no mark {mark!r}; there are {', '.join(get_args(Marker))}")
    points = " ".join(f"{x * radius:.2f},{-y * radius:.2f}" for x, y in mark_corners(mark))
    opacity = look("icon-opacity", 1)
    rim = {"stroke": look("icon-halo-color", "none"), "stroke_opacity": opacity, "stroke_width": 2 * halo}
    around = {**rim, "paint_order": "stroke"} if halo else {}
    drawn = _attributes(points=points, fill=look("icon-color", "#000000"), fill_opacity=opacity, **around)
    return f"<polygon {drawn}/>"


def _letters_look(look: Look) -> str:
    halo, opacity = look("text-halo-width", 0), look("text-opacity", 1)
    around = {
        "stroke": look("text-halo-color", "none"), "stroke_width": 2 * halo, "stroke_linejoin": "round",
        "stroke_opacity": opacity, "paint_order": "stroke",
    }  # fmt: skip
    return _attributes(
        fill=look("text-color", "#000000"), fill_opacity=opacity, font_family=FONT_FAMILY,
        text_anchor="middle", **(around if halo else {}),
    )  # fmt: skip


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else f"{value}"


def _attributes(**values: Any) -> str:
    written = (
        (name.replace("_", "-"), f"{value:.4g}" if isinstance(value, int | float) else str(value))
        for name, value in values.items()
        if not (name.endswith("opacity") and value == 1)
    )
    return " ".join(f"{name}={quoteattr(value)}" for name, value in written)
