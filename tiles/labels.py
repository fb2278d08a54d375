"""Names of areas: a point in each named area, as a layer of its own beside them, so that a map names each area once.

A map that names the areas themselves names them in every tile that they touch, since it sees a part of them in each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import shapely

from twin.derived import derive_rows
from twin.frame import Frame
from twin.layer import Layer, Style
from twin.rows import Rows

Geometries = npt.NDArray[np.object_]

#: An area of so few vertices, like a house, is named in the middle of its half height, which is found at once.
_SIMPLE = 16

#: How far the middle of an area may be from the best place, in terms of the side of a square of the same area.
_PRECISION = 0.02


def with_labels(layers: Iterable[Layer]) -> list[Layer]:
    """Name the layers that stand in tiles: some layers, each followed by that of its names if it has one."""
    return [each for layer in layers for each in (layer, label_layer(layer)) if each is not None]


def label_layer(layer: Layer) -> Layer | None:
    """Describe the points that name the areas of a layer: from the zoom on at which the first are named.

    They have the key, the name, and what the style draws by.
    """
    style = layer.style
    if layer.dimension < 2 or style.label is None:
        return None
    first = math.floor(min(style.labelled_from(weight) for weight in (1, *style.weights.values())))
    return Layer(
        id=f"{layer.id}_labels",
        title=f"{layer.title}: names",
        title_zh=f"{layer.title_zh}名称",
        about=f"Where the names of {layer.id} stand, once for each.",
        geometry="Point",
        key=layer.key,
        fields=tuple(field for field in layer.fields if field.name in (layer.key, style.label, style.by)),
        zooms=(min(max(first, layer.zooms[0]), layer.zooms[1]), layer.zooms[1]),
        style=Style(),
        simplify=False,
        classification=layer.classification,
    )


def label_frame(frame: Frame, layer: Layer, zoom: int) -> Frame:
    """Find the points that name the areas of a frame at a web zoom, as rows of the layer of its names.

    What is light is not named yet. Done once, then kept with the frame, and following its edits.
    """
    style = frame.layer.style
    labels = derive_rows(frame, layer, "labels", partial(_find_labels, layer=layer, style=style))
    if not style.weights:
        return labels
    # A map draws a tile from its zoom up to the next.
    early = [code for code, weight in style.weights.items() if style.labelled_from(weight) < zoom + 1]
    others = style.labelled_from(1) < zoom + 1

    def choose(labels: Rows) -> Rows:
        code = labels.data[style.by].astype("str")
        shown = code.isin(early) | (others & ~code.isin(list(style.weights)))
        return labels.take(shown.to_numpy(dtype=bool))

    return derive_rows(labels, layer, f"labels {early} {others}", choose)


def _find_labels(rows: Rows, *, layer: Layer, style: Style) -> Rows:
    import geopandas as gpd

    geometries = rows.data.geometry.to_numpy()
    there = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    named = rows.take(np.flatnonzero(there & rows.data[style.label].notna().to_numpy()))
    fields = [name for name in layer.schema.names if name in named.data]
    middles = find_middles(np.asarray(named.data.geometry.to_numpy(), dtype=object))
    return replace(named, data=gpd.GeoDataFrame(named.data[fields], geometry=middles, crs=rows.crs), unreadable=())


def find_middles(geometries: Geometries) -> Geometries:
    """Find the place in each area that is farthest from its edge, or in a simple one its middle; points stay."""
    middles = np.asarray(shapely.point_on_surface(geometries), dtype=object)
    area = shapely.area(geometries)
    winding = (area > 0) & (shapely.get_num_coordinates(geometries) > _SIMPLE)
    circles = shapely.maximum_inscribed_circle(geometries[winding], tolerance=_PRECISION * np.sqrt(area[winding]))
    middles[winding] = shapely.get_point(circles, 0)
    return middles
