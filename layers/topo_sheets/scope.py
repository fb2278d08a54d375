"""The area that map coverage is measured in: the planning area or the urban area, in one of its versions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from twin.frame import Frame

AREA_TITLES = {"planning": "planning area (城市规划区)", "urban": "urban area (城区)"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Scope:
    """An area to divide by: its geometry in the storage CRS, and the planning areas and versions it is made of."""

    geometry: BaseGeometry
    ids: tuple[str, ...]
    versions: tuple[str, ...]


def find_scope(planning_areas: Frame, kind: str, *, version: str | None = None) -> Scope | None:
    """Take the areas of a kind together: those in force, or those of a version whatever their status.

    Returns None where there are none.
    """
    data = planning_areas.data
    chosen = data["status"] == "in_force" if version is None else data["version"] == version
    rows = (chosen & (data["kind"] == kind)).to_numpy(bool)
    geometry = unite(planning_areas, rows)
    if geometry.is_empty:
        return None
    return Scope(
        geometry=geometry,
        ids=tuple(data.index[rows]),
        versions=tuple(sorted(set(data["version"][rows].dropna()))),
    )


def unite(frame: Frame, rows: npt.NDArray[np.bool_]) -> BaseGeometry:
    """Unite the polygons of the rows marked; overlaps count once."""
    polygons = frame.geometry[rows]
    # Sheets of one series share their edges and overlap nowhere: then dropping the shared edges is enough, and faster.
    if shapely.coverage_is_valid(polygons):
        return shapely.coverage_union_all(polygons)
    return shapely.union_all(polygons)
