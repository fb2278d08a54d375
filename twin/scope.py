"""The area that a measure is taken in: the planning area, the urban area or the county, in one of its versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

from twin.frame import Frame

Kind = Literal["planning", "urban", "county"]

SCOPE_TITLES = {"planning": "planning area (城市规划区)", "urban": "urban area (城区)", "county": "county (县域)"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Scope:
    """An area to measure in: its geometry in the storage CRS, and the areas and versions it is made of."""

    geometry: BaseGeometry
    ids: tuple[str, ...]
    versions: tuple[str, ...] = ()

    def tell(self) -> Iterator[str]:
        """Say when areas of more than one version are taken together, which hardly anybody means."""
        if len(self.versions) > 1:
            yield f"Versions {', '.join(self.versions)} are in force together and were taken as one area."


def find_scope(planning_areas: Frame, kind: Kind, *, version: str | None = None) -> Scope | None:
    """Take the planning areas of a kind together: those in force, or those of a version whatever their status.

    Where areas overlap, they count once. Returns None where there are none.
    """
    data = planning_areas.data
    chosen = data["status"] == "in_force" if version is None else data["version"] == version
    areas = planning_areas.take((chosen & (data["kind"] == kind)).to_numpy(bool))
    return _unite(areas, tuple(sorted(set(areas.data["version"].dropna()))))


def find_county(admin_areas: Frame) -> Scope | None:
    """Take the counties among the administrative areas together; None where there are none."""
    return _unite(admin_areas.take((admin_areas.data["level"] == "county").to_numpy(bool)))


def _unite(areas: Frame, versions: tuple[str, ...] = ()) -> Scope | None:
    geometry = shapely.union_all(areas.geometry)
    return None if geometry.is_empty else Scope(geometry=geometry, ids=tuple(areas.data.index), versions=versions)
