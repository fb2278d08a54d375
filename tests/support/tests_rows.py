"""Rows of any layer from a few values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd

from twin.columns import typed_series
from twin.crs import CRS
from twin.layer import Layer


def make_layer_rows(layer: Layer, geometries: Sequence[Any], *, crs: CRS, **columns: Sequence[Any]) -> gpd.GeoDataFrame:
    """Rows of a layer in the order of their geometries; of the fields, those that are not given are empty."""
    nothing = [None] * len(geometries)
    data = {field.name: typed_series(columns.get(field.name, nothing), field) for field in layer.schema}
    rows = gpd.GeoDataFrame(data, geometry=geometries, crs=crs)
    rows.index = rows[layer.key].rename(None)
    return rows
