"""Rows of pipelines, buildings and roads for tests of clearances: what is not given is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas
import shapely

from layers.buildings import BUILDINGS
from layers.pipelines import PIPE_SEGMENTS
from layers.roads import ROADS
from twin.columns import typed_series
from twin.layer import Layer

WATER = {"class": "JS", "depth_ref": "outer_top", "embedding": "ZM"}
SEWER = {"class": "PS", "depth_ref": "inner_bottom", "embedding": "ZM"}
GAS = {"class": "RQ", "depth_ref": "outer_top", "embedding": "ZM"}
DUCT = {"class": "TX", "depth_ref": "outer_top", "embedding": "GK"}

Values = Mapping[str, Any]


def make_segments(*rows: tuple[Values, Any]) -> geopandas.GeoDataFrame:
    """Segments whose depths are known, each with nodes of its own; lines are lists of x, y, z of the axis."""
    return _make(
        PIPE_SEGMENTS,
        [
            (
                {
                    "segment_id": f"s{number}",
                    "from_node": f"{number}a",
                    "to_node": f"{number}b",
                    "from_depth_m": 1.0,
                    "to_depth_m": 1.0,
                    **values,
                },
                shapely.LineString(line),
            )
            for number, (values, line) in enumerate(rows)
        ],
    )


def make_buildings(*rows: Any) -> geopandas.GeoDataFrame:
    """Buildings by their footprints, or by footprints with further fields."""
    given = [row if isinstance(row, tuple) else (row, {}) for row in rows]
    return _make(BUILDINGS, [({"building_id": f"b{n}", **values}, shape) for n, (shape, values) in enumerate(given)])


def make_roads(*rows: tuple[Values, Any]) -> geopandas.GeoDataFrame:
    """Roads by their fields and the vertices of their centre lines."""
    given = [({"road_id": f"r{n}", "class": "local", **values}, line) for n, (values, line) in enumerate(rows)]
    return _make(ROADS, [(values, shapely.LineString(line)) for values, line in given])


def _make(layer: Layer, rows: list[tuple[Values, Any]]) -> geopandas.GeoDataFrame:
    columns = {f.name: typed_series([values.get(f.name) for values, _ in rows], f) for f in layer.schema}
    return geopandas.GeoDataFrame(columns, geometry=[shape for _, shape in rows], crs="EPSG:4548")
