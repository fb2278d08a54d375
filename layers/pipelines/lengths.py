"""Lengths of pipelines in an area, as indicators add them up."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.axis import has_heights, lengths_m
from layers.pipelines.metres import in_metres
from twin.breakdown import cut_by_township, locate_points, make_parts
from twin.crs import reproject
from twin.densify import densify
from twin.frame import Frame
from twin.indicator import Part
from twin.scope import Scope, find_county, find_scope

#: Where lengths are added up.
Area = Literal["urban", "planning", "county"]
AREA_ABOUT = "Urban area (城区), planning area (城市规划区) or the whole county."


def find_area(planning_areas: Frame, admin_areas: Frame, area: Area) -> Scope | None:
    """The area in which lengths are added up; None where there is none."""
    return find_county(admin_areas) if area == "county" else find_scope(planning_areas, area)


def measure_lengths(segments: Frame, scope: Scope) -> npt.NDArray[np.float64]:
    """Length of each of n segments within an area, in metres.

    Along the axis in space where its heights are known, in plan where they are not; of a segment that leaves the area,
    in proportion to what of its plan lies within.
    """
    (rows,) = in_metres(segments)
    lines = rows.geometry.to_numpy()
    ground = reproject(densify([scope.geometry], segments.crs, rows.crs), segments.crs, rows.crs)[0]
    shapely.prepare(ground)
    plan = shapely.length(lines)
    within = plan.copy()
    crossing = ~shapely.covers(ground, lines)
    within[crossing] = shapely.length(shapely.intersection(shapely.force_2d(lines[crossing]), ground))
    length = lengths_m(lines, has_heights(segments.data))
    inside: npt.NDArray[np.float64] = np.divide(length * within, plan, out=np.zeros_like(plan), where=plan > 0)
    return inside


def break_down(
    segments: Frame,
    scope: Scope,
    admin_areas: Frame,
    parts_m: npt.NDArray[np.float64],
    all_m: npt.NDArray[np.float64],
) -> tuple[Part, ...]:
    """A ratio of lengths by township; a segment belongs to the one in which its middle lies, or to none."""
    townships, _ = cut_by_township(scope.geometry, admin_areas)
    middles = shapely.line_interpolate_point(shapely.force_2d(segments.geometry), 0.5, normalized=True)
    where = locate_points(middles, townships)
    held = where >= 0
    sums = [np.bincount(where[held], weights=each[held], minlength=len(townships)) for each in (parts_m, all_m)]
    return make_parts(townships, *sums)
