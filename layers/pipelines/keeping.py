"""What a delivery has no column for stays as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from layers.pipelines.delivery.delivery import Delivery
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.ingest.faults import Rows
from twin.layer import Layer

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

_Frame = TypeVar("_Frame", "pd.DataFrame", "GeoDataFrame")

#: Fields that mean something together only: who delivers one of them delivers all.
_TOGETHER = (
    {"class", "subclass", "feature_code"},
    {"feature", "appurtenance"},
    {"from_depth_m", "to_depth_m", "from_elevation_m", "to_elevation_m", "depth_ref"},
    {"diameter_mm", "width_mm", "height_mm"},
    {"pressure_mpa", "pressure_class"},
    {"cables", "holes", "used_holes"},
)
#: Fields by which rows are found.
_NAMES = {"node_id", "segment_id", "from_node", "to_node", "class", "project"}


def keep_unsaid(delivery: Delivery, stored: Mapping[str, GeoDataFrame]) -> tuple[Delivery, tuple[str, ...]]:
    """Fill what a delivery has no columns for from what is stored of its features; and what to tell.

    A survey by the tables of CJJ 61 has no state of valves, and an older one no voltages: it knows nothing of them,
    which is other than knowing that there are none. Where a column is there and empty, it is taken at its word.

    Parameters
    ----------
    delivery
        The delivery.
    stored
        What it replaces, by layer.
    """
    told: list[str] = []
    tables = {}
    for layer, table, rows in (
        (PIPE_NODES, delivery.nodes, delivery.node_rows),
        (PIPE_SEGMENTS, delivery.segments, delivery.segment_rows),
    ):
        tables[layer.id], kept = _fill(layer, table, rows, delivery.said[layer.id], stored[layer.id])
        told += [f"{name} of {count:,} {layer.id}" for name, count in kept.items()]
    notices = (f"what the delivery has no column for stays as it is stored: {', '.join(told)}",) if told else ()
    return replace(delivery, nodes=tables[PIPE_NODES.id], segments=tables[PIPE_SEGMENTS.id]), notices


def _fill(
    layer: Layer, table: _Frame, rows: Rows, said: tuple[frozenset[str], ...], stored: GeoDataFrame
) -> tuple[_Frame, dict[str, int]]:
    """A table with stored values of fields that its parts do not say, and how many of each field there are."""
    at = stored.index.get_indexer(table[layer.key])
    whole = [names.union(*(group for group in _TOGETHER if group & names)) for names in said]
    columns, kept = {}, {}
    for name in sorted({field.name for field in layer.fields} - _NAMES):
        silent = np.array([name not in names for names in whole], dtype=bool)
        mine = np.flatnonzero(silent[rows.file] & (at >= 0))
        values = stored[name].iloc[at[mine]]
        if count := int(values.notna().sum()):
            columns[name] = table[name].copy()
            columns[name].iloc[mine] = values.array
            kept[name] = count
    return table.assign(**columns), kept
