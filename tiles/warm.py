"""Have every kernel ready before the first map is asked for: ``python -m tiles.warm`` once after installing."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tiles.glyphs import GlyphFont
from tiles.kernels.gather import gather_pieces
from tiles.kernels.index import follow_sides, sides_of_ring, sift_rows
from tiles.mvt import encode_layer
from tiles.prepared import columns_of
from twin.columns import typed_series
from twin.crs import BBox, parse_crs
from twin.frame import Frame
from twin.layer import Layer
from twin.rows import Rows
from twin.schema import Field


def warm_up() -> None:
    """Draw a small tile with something of everything, and letters, so that kernels are loaded, or compiled and kept."""
    warm_up_tiles()
    warm_up_letters()


def warm_up_letters() -> None:
    """Draw letters."""
    GlyphFont().draw_range(0)


def warm_up_tiles() -> None:
    """Draw a tile."""
    layer = Layer(
        id="warm",
        title="",
        title_zh="",
        about="",
        geometry="MultiPolygon",
        also=("LineString", "Point"),
        key="key",
        joined_over=(),
        fields=(
            Field(name="key", title="", title_zh=""),
            Field(name="whole", type="integer", title="", title_zh=""),
            Field(name="real", type="real", title="", title_zh=""),
        ),
    )
    ring = shapely.box(10, 10, 90, 90) - shapely.box(20, 20, 40, 40)
    bow_tie = shapely.Polygon([(0, 0), (50, 50), (50, 0), (0, 50)])
    lines = [shapely.LineString([(0, 0), (9, 500)]), shapely.LineString([(0, 0), (9, -500)])]
    shapes = [ring, shapely.box(-500, -500, 500, 500), *lines, shapely.Point(5, 5), bow_tie]
    values: dict[str, list[Any]] = {"whole": [1, 2, 3, 3, None, 6], "real": [0.5, 1.0, 1.5, 1.5, 0.1, None]}
    columns = {field.name: typed_series(values.get(field.name, [None] * 6), field) for field in layer.schema}
    data = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:3857").set_index(pd.Index(list("abcdef"), dtype="str"))
    frame = Frame(layer=layer, rows=Rows(data=data, fid=np.arange(len(shapes))), revision=1)
    crs = parse_crs(3857)
    for far in (False, True):
        encode_layer(frame, BBox(0, 0, 100, 100), crs, generalise=far, join=far, budget_bytes=100)
    whole = columns_of(frame, crs)
    whole.widen(np.zeros((1, 4)))
    whole.spliced(np.arange(2), whole.take(np.arange(2, 4)), np.array([1, 1]))
    outer, sides = sides_of_ring(*(follow_sides((0.0, 0.0, 1.0, 1.0), 0.5) * 2))
    rows = np.arange(len(whole.bounds))
    sift_rows(whole.bounds, whole.leaves, rows, outer, sides)
    gather_pieces(b"", b"", rows, rows, rows, 0)


if __name__ == "__main__":
    warm_up()
