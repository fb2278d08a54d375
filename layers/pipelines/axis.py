"""The axes of segments in space, from the ground at their ends and their depths, and how long they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.section import Sections

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]


#: Digits of metres of worked-out heights: what comes of a delivery is the same whatever unit and order it came in.
AXIS_DIGITS = 6


def axis_heights_m(segments: pd.DataFrame, from_ground_m: Floats, to_ground_m: Floats) -> tuple[Floats, Floats]:
    """Heights of the axes of n segments at their starts and ends.

    By the depth and the ground, and where there is no depth, by the height that was delivered. Where the section is
    unknown, the line itself is what depth is measured to. NaN where there is neither depth nor height.

    Parameters
    ----------
    segments
        n rows with the fields of ``pipe_segments``.
    from_ground_m, to_ground_m
        Heights of the ground at their points.
    """
    rise_m = np.nan_to_num(Sections.of(segments).rise_m(segments["depth_ref"].to_numpy(object)))
    heights = []
    for end, ground_m in (("from", from_ground_m), ("to", to_ground_m)):
        depth_m, height_m = (
            segments[f"{end}_{name}"].to_numpy(dtype=float, na_value=np.nan) for name in ("depth_m", "elevation_m")
        )
        heights.append(np.round(np.where(np.isnan(depth_m), height_m, ground_m - depth_m) + rise_m, AXIS_DIGITS))
    return heights[0], heights[1]


def has_heights(segments: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether the heights of n lines are those of axes: both ends have a depth, or a height that was delivered."""
    known = [segments[f"{end}_depth_m"].notna() | segments[f"{end}_elevation_m"].notna() for end in ("from", "to")]
    return (known[0] & known[1]).to_numpy(bool)


def heights_at(lines: Geometries, along_m: Floats) -> Floats:
    """Heights of n lines at distances along their plan, straight between vertices."""
    heights: Floats = shapely.get_z(shapely.line_interpolate_point(lines, along_m))
    return heights


def draw_axes(starts: Floats, stops: Floats, paths: Geometries) -> Geometries:
    """Lines of n segments in space.

    Parameters
    ----------
    starts, stops
        (n, 3) axes at the points; heights that are not known become 0.
    paths
        n lines by which segments go where they do not go straight, in either direction, or None; their own ends give
        way to the points, and between these heights rise evenly.
    """
    ends = np.nan_to_num(np.stack([starts, stops], axis=1))
    lines: Geometries = np.asarray(shapely.linestrings(ends), dtype=object)
    bent = np.flatnonzero(shapely.get_num_coordinates(paths) > 2)
    for row in bent.tolist():
        between = shapely.get_coordinates(paths[row])[1:-1]
        start, stop = ends[row]
        first, last = shapely.get_coordinates(paths[row])[[0, -1]]
        if np.hypot(*(first - stop[:2])) < np.hypot(*(first - start[:2])) and np.hypot(*(last - start[:2])) < np.hypot(
            *(last - stop[:2])
        ):
            between = between[::-1]
        plan = np.vstack([start[:2], between, stop[:2]])
        along = walk_m(plan)
        z = np.interp(along, [0.0, along[-1]], [start[2], stop[2]])
        lines[row] = shapely.LineString(np.column_stack([plan, z]))
    return lines


def walk_m(vertices: Floats) -> Floats:
    """How far along the plan each of k vertices of a line lies from the first, (k, 2 or 3) in a plane in metres."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(vertices[:, :2], axis=0).T))])


def lengths_m(lines: Geometries, has_height: npt.NDArray[np.bool_]) -> Floats:
    """Lengths of n lines in a plane in metres: in space where their heights are known, on the plan elsewhere.

    NaN where there is no line.
    """
    vertices, line = shapely.get_coordinates(lines, include_z=True, return_index=True)
    steps = np.sqrt((np.diff(vertices, axis=0) ** 2).sum(axis=1))
    same = np.diff(line) == 0
    in_space = np.bincount(line[1:][same], weights=steps[same], minlength=len(lines))
    on_plan: Floats = shapely.length(lines)
    return np.where(has_height & ~np.isnan(on_plan), in_space, on_plan)
