"""The indicator weather_station_spacing: how densely automatic weather stations stand."""

from __future__ import annotations

from datetime import date
from itertools import count
from math import sqrt
from typing import Any, Literal

import numpy as np
import shapely

from layers.weather_stations.gaps import find_largest_empty_circle, find_longest_edge
from layers.weather_stations.scene import Scene, measure_nearest_km, measure_reach, show, tell_shared
from twin.area import ellipsoidal_area_m2
from twin.breakdown import cut_by_township, locate_points, make_parts
from twin.crs import BBox, metric_plane, reproject
from twin.densify import densify
from twin.errors import InvalidParameter
from twin.frame import Frame
from twin.indicator import Clause, Example, Measure, Target, indicator
from twin.scope import SCOPE_TITLES, find_county, find_scope
from twin.service_life import find_in_service

TARGET = Target(op="<", value=5.0, note="by the end of 2022; 低于 is strictly less")

#: A station this near to the area is on its border, which lies within a millimetre of where it was delivered, and once
#: more of where it is stored.
ON_BORDER_M = 0.01

#: 10 km × 10 km with the four stations of a square: √(100 / 4) = 5 km, which is not less than 5 km. The square lies on
#: the central meridian, where the grid is true to scale.
EXAMPLE = Example(
    crs="EPSG:4549",
    rows={
        "weather_stations": tuple(
            {
                "station_id": f"D{number}",
                "name": f"D{number}",
                "kind": "automatic",
                "status": "in_service",
                "geometry": f"POINT Z ({500000 + east} {3930000 + north} 100)",
            }
            for number, (east, north) in enumerate(((-2500, -2500), (2500, -2500), (-2500, 2500), (2500, 2500)))
        ),
        "planning_areas": (
            {
                "area_id": "urban",
                "name": "城区",
                "kind": "urban",
                "version": "2018-2035",
                "status": "in_force",
                "geometry": "MULTIPOLYGON (((495000 3925000, 505000 3925000, 505000 3935000, 495000 3935000, "
                "495000 3925000)))",
            },
        ),
    },
    value=5.0,
)


@indicator(
    title="Spacing of urban automatic weather stations",
    title_zh="城区气象自动监测站点密度间距",
    unit="km",
    target=TARGET,
    clause=Clause(
        document="《沂南县新型智慧城市建设实施方案》(2022)",
        article="6. 完善市政监测体系",
        text="“2022年底前,……城区气象自动监测站点密度间距低于5公里。”",
    ),
    example=EXAMPLE,
    about={
        "area": "Urban area (城区), planning area (城市规划区) or the whole county.",
        "kind": "Automatic stations only, or manual ones as well.",
        "neighbour_buffer_km": "How far outside the area stations still count as neighbours, though not in n.",
        "on_date": "Day on which stations must be in service.",
    },
)
def weather_station_spacing(
    weather_stations: Frame,
    planning_areas: Frame,
    admin_areas: Frame,
    *,
    area: Literal["urban", "planning", "county"] = "urban",
    kind: Literal["automatic", "any"] = "automatic",
    neighbour_buffer_km: float = 5.0,
    on_date: date | None = None,
) -> Measure:
    """Mean spacing √(A / n) of n weather stations in service in an area A, in km.

    This is how the meteorological service uses 站间距: its "60-odd km" for the national network is the square root of
    the country's area by the number of stations. A is the area on the CGCS2000 ellipsoid; a station on the border
    (within 1 cm) counts. The value is told to the centimetre, the least that a surveyed border can bear.

    The details hold what the mean hides. With stations in the buffer as neighbours: the mean distance to the nearest
    one, the largest empty circle with its centre in the area (the centre is the best place for the next station), and
    the share of the area within some distance of a station. Of the stations in the area: the longest edge of their
    Delaunay triangulation, and the spacing of the same density in a triangular network, √(2A / (√3 n)).

    Raises
    ------
    InvalidParameter
        The buffer is negative.

    References
    ----------
    沂南县新型智慧城市建设实施方案 (2022), item 6.
    """
    if not 0 <= neighbour_buffer_km < float("inf"):
        raise InvalidParameter(
            f"neighbour_buffer_km must be 0 or more, not {neighbour_buffer_km}", parameter="neighbour_buffer_km"
        )
    scope = find_county(admin_areas) if area == "county" else find_scope(planning_areas, area)
    if scope is None:
        in_force = "" if area == "county" else " in force"
        return Measure(value=None, note=f"There is no {SCOPE_TITLES[area]}{in_force}: nothing to measure in.")

    counts = find_in_service(weather_stations.data, on_date)
    if kind == "automatic":
        counts = counts & (weather_stations.data["kind"] == "automatic").to_numpy(bool)
    plane = metric_plane(weather_stations.crs, BBox.around([scope.geometry]))
    ground = reproject(densify([scope.geometry], weather_stations.crs, plane), weather_stations.crs, plane)[0]
    at = shapely.force_2d(reproject(weather_stations.geometry, weather_stations.crs, plane))
    away_m = shapely.distance(ground, at)
    inside = away_m <= ON_BORDER_M
    stations = weather_stations.data.index.to_numpy(object)
    area_m2 = float(ellipsoidal_area_m2([scope.geometry], weather_stations.crs)[0])
    n = int((counts & inside).sum())
    townships, parts = cut_by_township(scope.geometry, admin_areas)
    where = locate_points(weather_stations.geometry[counts & inside], townships)
    held = np.bincount(where[where >= 0], minlength=len(townships))
    common: dict[str, Any] = {
        "numerator": area_m2,
        "denominator": float(n),
        "covered": {"weather_stations": tuple(stations[counts & inside].tolist())},
        "uncovered": {"weather_stations": tuple(stations[~counts & inside].tolist())},
        "breakdown": make_parts(townships, ellipsoidal_area_m2(parts, townships.crs), held, value=_spacing_km),
    }
    details = {
        "area": area,
        "area_ids": list(scope.ids),
        "area_versions": list(scope.versions),
        "area_km2": area_m2 / 1e6,
        "stations": n,
        "stations_outside_townships": int((where < 0).sum()),
        "stations_needed": _count_needed(area_m2),
    }
    if n == 0:
        note = f"No {'' if kind == 'any' else kind + ' '}station in service in the area: it has no spacing."
        return Measure(value=None, note=note, details=details, **common)

    near = counts & (inside | (away_m <= neighbour_buffer_km * 1000))
    scene = Scene(
        plane=plane,
        storage=weather_stations.crs,
        area=ground,
        area_m2=area_m2,
        # To the millimetre: one place that was written down twice must not become two beside each other.
        neighbours=shapely.get_coordinates(at[near]).round(3),
        inside=inside[near],
    )
    edge = find_longest_edge(scene.stations, scene.plane)
    circle = find_largest_empty_circle(scene.area, scene.neighbours, scene.plane)
    distances, beyond = measure_reach(scene)
    return Measure(
        value=_spacing_km(area_m2, n),
        note=" ".join((*scope.tell(), *tell_shared(scene))),
        shapes=tuple(show(scene, edge, circle, beyond)),
        details=details
        | {
            "neighbours_outside": int((~scene.inside).sum()),
            "mean_nearest_neighbour_km": measure_nearest_km(scene),
            "triangular_equivalent_km": sqrt(2 * area_m2 / (sqrt(3) * n)) / 1000,
            "longest_delaunay_edge_km": edge.length_m / 1000 if edge else None,
            "largest_empty_circle_km": circle.radius_m / 1000,
            "share_within": distances,
            "spacing_with_one_more_km": _spacing_km(area_m2, n + 1),
        },
        **common,
    )


def _spacing_km(area_m2: float, n: float) -> float:
    return round(sqrt(area_m2 / n) / 1000, 5)


def _count_needed(area_m2: float) -> int:
    """Return the fewest stations whose spacing meets the target."""
    almost = max(1, int(area_m2 / (TARGET.value * 1000) ** 2))
    return next(n for n in count(almost) if TARGET.verdict(_spacing_km(area_m2, n)) == "met")
