"""Spatial predicates said so that every database understands them.

References
----------
OGC 21-065r2, 7.6 and 7.7 (Spatial Functions); OGC 06-103r4, 6.1.2.3 (DE-9IM).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.errors import InvalidParameter
from twin.expressions import FALSE, TRUE, Expression, Operation, Shape

#: What holds of two geometries if a predicate does.
SPATIAL: Mapping[str, Callable[..., Any]] = {
    "s_intersects": shapely.intersects,
    "s_disjoint": shapely.disjoint,
    "s_equals": shapely.equals,
    "s_touches": shapely.touches,
    "s_within": shapely.within,
    "s_overlaps": shapely.overlaps,
    "s_crosses": shapely.crosses,
    "s_contains": shapely.contains,
}
#: The predicate the other way round.
MIRRORED: Mapping[str, str] = {"s_within": "s_contains", "s_contains": "s_within"}


def relate_shapes(predicate: Operation) -> Expression:
    """Say a spatial predicate with the feature first, and with a geometry of one dimension second.

    Raises
    ------
    InvalidParameter
        Databases do not answer it for points, lines and areas together.
    """
    op, (first, second) = predicate.op, predicate.args
    if op == "s_disjoint":
        return Operation("not", (relate_shapes(Operation("s_intersects", predicate.args)),))
    if isinstance(first, Shape):
        if isinstance(second, Shape):
            return TRUE if SPATIAL[op](first.geometry, second.geometry) else FALSE
        op, first, second = MIRRORED.get(op, op), second, first
    if not isinstance(second, Shape):
        return Operation(op, (first, second))
    parts = _by_dimension(second.geometry)
    if op == "s_intersects":
        meets = tuple(Operation(op, (first, Shape(part))) for part in parts)
        return meets[0] if len(meets) == 1 else Operation("or", meets)
    if len(parts) > 1:
        names = ", ".join(part.geom_type for part in parts)
        raise InvalidParameter(f"{op} takes a geometry of one dimension, not {names} together", parameter="filter")
    return Operation(op, (first, Shape(parts[0])))


def _by_dimension(geometry: BaseGeometry) -> list[BaseGeometry]:
    """A collection as one geometry for each dimension, whose parts do not overlap; any other as it is."""
    if geometry.geom_type != "GeometryCollection" or geometry.is_empty:
        return [geometry]
    whole = shapely.union_all(geometry)
    if whole.geom_type != "GeometryCollection":
        return [whole]
    parts = shapely.get_parts(whole)
    dimensions = shapely.get_dimensions(parts)
    return [shapely.union_all(parts[dimensions == dimension]) for dimension in np.unique(dimensions)]
