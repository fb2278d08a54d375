"""Parts of a layer: where it has several kinds of geometry, its points, lines and areas as layers of their own.

Many programs, QGIS among them, see one kind of geometry in what a service calls a collection, and lose the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from twin.expressions import Expression, Operation, Property, Value
from twin.layer import GeometryType, Layer, dimension_of
from twin.schema import GEOMETRY

#: What parts are called, by their dimension: in ids, in English, in Chinese.
KINDS = (("points", "points", "点"), ("lines", "lines", "线"), ("areas", "areas", "面"))


@dataclass(frozen=True, kw_only=True)
class Part:
    """A layer, or its features of one dimension.

    Parameters
    ----------
    layer
        As it is stored.
    shown
        As it is by itself: its id, its titles, its geometry types.
    where
        Which features it has; None where all.
    """

    layer: Layer
    shown: Layer
    where: Expression | None = None


def collect_parts(layers: Iterable[Layer]) -> dict[str, Part]:
    """Layers by id, each followed by its parts."""
    found = [part for layer in layers for part in (Part(layer=layer, shown=layer), *parts_of(layer))]
    return {part.shown.id: part for part in found}


def parts_of(layer: Layer) -> list[Part]:
    """The parts of a layer, that of its main geometry type first; none where all is of one dimension."""
    dimensions = list(dict.fromkeys(map(dimension_of, layer.geometries)))
    return [_part(layer, dimension) for dimension in dimensions] if len(dimensions) > 1 else []


def kinds_of(layer: Layer) -> list[GeometryType]:
    """The main geometry type of a layer, and of each of its other parts."""
    return [part.shown.geometry for part in parts_of(layer)] or [layer.geometry]


def find_part(layer: Layer, kind: GeometryType) -> Part:
    """The part of a layer that has features of a geometry type: the layer itself where all is of one dimension."""
    found = (part for part in parts_of(layer) if kind in part.shown.geometries)
    return next(found, Part(layer=layer, shown=layer))


def _part(layer: Layer, dimension: int) -> Part:
    own, title, title_zh = KINDS[dimension]
    kind, *also = (kind for kind in layer.geometries if dimension_of(kind) == dimension)
    shown = replace(
        layer,
        id=f"{layer.id}_{own}",
        title=f"{layer.title}: {title}",
        title_zh=f"{layer.title_zh}（{title_zh}）",
        geometry=kind,
        also=tuple(also),
    )
    has = Operation("dimension", (Property(GEOMETRY),))
    return Part(layer=layer, shown=shown, where=Operation("=", (has, Value(dimension))))
