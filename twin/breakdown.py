"""Breaking a measure down by township."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from twin.frame import Frame
from twin.indicator import Part
from twin.overlay import cut, shares_area


def select_townships(admin_areas: Frame) -> Frame:
    """Return the townships among the administrative areas."""
    return admin_areas.take((admin_areas.data["level"] == "township").to_numpy(bool))


def cut_by_township(area: BaseGeometry, admin_areas: Frame) -> tuple[Frame, npt.NDArray[np.object_]]:
    """Return the n townships that share ground with an area, and the part of it in each.

    Where townships overlap, as generalised outlines do, the ground belongs to the first in key order, so that it is
    counted once.
    """
    townships = select_townships(admin_areas)
    townships = townships.take(shares_area(area, townships.geometry))
    parts = cut(townships.geometry, area)
    for later in range(1, len(parts)):
        earlier = np.flatnonzero(shares_area(parts[later], parts[:later]))
        if earlier.size:
            parts[later] = shapely.difference(parts[later], shapely.union_all(parts[earlier]))
    left = ~shapely.is_empty(parts)
    return townships.take(left), parts[left]


def locate_points(points: npt.NDArray[np.object_], areas: Frame) -> npt.NDArray[np.int64]:
    """Return for each of n points the position of the area that holds it, -1 outside all of them.

    A point on the border of two areas belongs to the first in key order, so that it is counted once.
    """
    found = np.full(len(points), len(areas), dtype=np.int64)
    point, area = areas.tree.query(points, predicate="intersects")
    np.minimum.at(found, point, area)
    return np.where(found == len(areas), -1, found)


def make_parts(
    townships: Frame,
    numerators: Iterable[float],
    denominators: Iterable[float],
    *,
    value: Callable[[float, float], float] = lambda part, whole: part / whole,
) -> tuple[Part, ...]:
    """Return a row of the breakdown for each of n townships; one with denominator 0 has no value."""
    names = townships.data["name"]
    return tuple(
        Part(
            area_id=str(key),
            name=str(name),
            value=value(part, whole) if whole else None,
            numerator=part,
            denominator=whole,
        )
        for key, name, part, whole in zip(
            names.index, names, map(float, numerators), map(float, denominators), strict=True
        )
    )
