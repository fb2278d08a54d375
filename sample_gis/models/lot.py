"""Which buildings of the county get a model, and where those stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from sample_gis.county import County
from sample_gis.dice import Floats

#: Corners of the plans, courtyards among them: what tells one plan from the others.
CORNERS = {"box": 4, "cup": 8, "court": 8}


@dataclass(frozen=True, kw_only=True, eq=False)
class Lot:
    """A building of the county as whoever designs it sees it.

    Parameters
    ----------
    building_id, place
        Its key, and the name of the key place that it is part of.
    corner
        The first corner of its outline in the storage CRS; local coordinates start there.
    axis
        Unit vector, storage CRS, in which local x runs.
    outline_mm
        Rings in local coordinates, whole millimetres: the outline, then courtyards.
    ground_m, height_m, floors, built_year
        As the county has them.
    """

    building_id: str
    place: str
    corner: tuple[float, float]
    axis: tuple[float, float]
    outline_mm: tuple[tuple[tuple[int, int], ...], ...]
    ground_m: float
    height_m: float
    floors: int
    built_year: int

    @property
    def size_mm(self) -> tuple[int, int]:
        """Width along the axis, and depth."""
        return max(x for x, _ in self.outline_mm[0]), max(y for _, y in self.outline_mm[0])

    def locate(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """A local point in the storage CRS."""
        (east, north), (cos, sin) = self.corner, self.axis
        return (east + (cos * x_mm - sin * y_mm) / 1000, north + (sin * x_mm + cos * y_mm) / 1000)


def choose_lot(county: County, category: str, plan: str) -> Lot:
    """Choose the first building with a plan in the grounds of the first key place of a category that has one.

    Raises
    ------
    LookupError
        No such place has such a building.
    """
    places, buildings = county.layers["key_places"], county.layers["buildings"]
    tree = shapely.STRtree(buildings.geometry.to_numpy())
    for _, place in places[places["category"] == category].iterrows():
        for row in sorted(tree.query(place.geometry, predicate="contains").tolist()):
            building = buildings.iloc[row]
            if building["floors"] <= 6 and _has_plan(building.geometry, plan):
                return _survey(building, place["name"])
    raise LookupError(f"no {category} of this county has a building with the plan {plan}")


def _has_plan(footprint: shapely.MultiPolygon, plan: str) -> bool:
    (polygon,) = footprint.geoms
    rings = (polygon.exterior, *polygon.interiors)
    corners = sum(len(ring.coords) - 1 for ring in rings)
    return corners == CORNERS[plan] and (len(rings) == 2) == (plan == "court")


def _survey(building: Any, place: str) -> Lot:
    """Measure a building in local coordinates."""
    (polygon,) = building.geometry.geoms
    points = np.array(polygon.exterior.coords)[:, :2]
    corner, along = points[0], points[1] - points[0]
    axis = along / np.sqrt((along * along).sum())
    return Lot(
        building_id=building["building_id"],
        place=place,
        corner=(float(corner[0]), float(corner[1])),
        axis=(float(axis[0]), float(axis[1])),
        outline_mm=tuple(
            _square(np.array(ring.coords)[:-1, :2] - corner, axis) for ring in (polygon.exterior, *polygon.interiors)
        ),
        ground_m=float(building["ground_m"]),
        height_m=float(building["height_m"]),
        floors=int(building["floors"]),
        built_year=int(building["built_year"]),
    )


def _square(away: Floats, axis: Floats) -> tuple[tuple[int, int], ...]:
    """Local millimetres of a ring; sides that are parallel but for a rounded millimetre become so."""
    local = np.stack([away @ axis, away @ np.array([-axis[1], axis[0]])], axis=1)
    whole = np.round(local * 1000).astype(int)
    for side in (0, 1):
        values = np.sort(np.unique(whole[:, side]))
        first = values[np.concatenate([[True], np.diff(values) > 5])]
        first[np.abs(first) <= 5] = 0
        whole[:, side] = first[np.abs(whole[:, side, None] - first).argmin(axis=1)]
    return tuple((int(x), int(y)) for x, y in whole)
