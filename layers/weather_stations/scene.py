"""The stations in and around an area: how far they reach, and what is worth showing of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.weather_stations.gaps import Edge, EmptyCircle, measure_nearest_m
from twin.area import ellipsoidal_area_m2
from twin.crs import CRS, reproject
from twin.indicator import Shape
from twin.sectors import build_sectors

#: Distances to a station within which the share of the area is told, in km.
WITHIN_KM = (2.5, 5.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """Area and stations in one metric plane: (m, 2) positions in the area or its buffer, and which are inside."""

    plane: CRS
    storage: CRS
    area: BaseGeometry
    area_m2: float
    neighbours: npt.NDArray[np.float64]
    inside: npt.NDArray[np.bool_]

    @property
    def stations(self) -> npt.NDArray[np.float64]:
        """The (n, 2) positions in the area."""
        return self.neighbours[self.inside]


def measure_nearest_km(scene: Scene) -> float | None:
    """Mean distance of the stations in the area to their nearest neighbour, None where there is no second station."""
    if len(scene.neighbours) < 2:
        return None
    return float(measure_nearest_m(scene.neighbours, scene.plane)[scene.inside].mean() / 1000)


def measure_reach(scene: Scene) -> tuple[list[dict[str, float]], BaseGeometry]:
    """Return the share of the area within each distance of a station, and the area beyond the largest."""
    shares: list[dict[str, float]] = []
    x, y = scene.neighbours.T
    beyond = scene.area
    for distance_km in WITHIN_KM:
        circles = build_sectors(
            x, y, azimuth_deg=0, angle_deg=360, radius_m=distance_km * 1000, crs=scene.plane, step_deg=2
        )
        beyond = shapely.difference(scene.area, shapely.union_all(circles))
        rest_m2 = float(ellipsoidal_area_m2([beyond], scene.plane)[0])
        shares.append({"distance_km": distance_km, "share": max(0.0, 1 - rest_m2 / scene.area_m2)})
    return shares, beyond


def tell_shared(scene: Scene) -> Iterator[str]:
    """Say how many stations stand where another one stands."""
    shared = len(scene.stations) - len(np.unique(scene.stations, axis=0))
    if shared:
        yield f"{shared} of {len(scene.stations)} stations stand where another one stands."


def show(scene: Scene, edge: Edge | None, circle: EmptyCircle, beyond: BaseGeometry) -> Iterator[Shape]:
    """Give what is worth seeing on the map, in the storage CRS."""

    def store(geometry: BaseGeometry) -> BaseGeometry:
        moved: BaseGeometry = reproject([geometry], scene.plane, scene.storage)[0]
        return moved

    radius_km = {"radius_km": circle.radius_m / 1000}
    yield Shape(
        role="best_next_station",
        title="Best place for the next station",
        title_zh="建议新增站点位置",
        geometry=store(shapely.Point(circle.x, circle.y)),
        properties=radius_km,
    )
    ring = build_sectors(
        [circle.x], [circle.y], azimuth_deg=0, angle_deg=360, radius_m=circle.radius_m, crs=scene.plane, step_deg=2
    )[0]
    yield Shape(
        role="largest_empty_circle",
        title="Largest circle without a station",
        title_zh="最大无站圆",
        geometry=store(ring),
        properties=radius_km,
    )
    if edge:
        yield Shape(
            role="longest_edge",
            title="Longest distance between neighbouring stations",
            title_zh="相邻站点最大间距",
            geometry=store(shapely.LineString(edge.ends)),
            properties={"length_km": edge.length_m / 1000},
        )
    if not beyond.is_empty:
        yield Shape(
            role="uncovered",
            title=f"Farther than {WITHIN_KM[-1]:g} km from every station",
            title_zh=f"距最近站点超过{WITHIN_KM[-1]:g}公里的区域",
            geometry=store(beyond),
        )
