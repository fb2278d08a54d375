"""Which segments are nearer to buildings than GB 50289-2016 allows, and which share room with foundations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

from layers.pipelines.axis import has_heights, heights_at
from layers.pipelines.clearance.limits import KINDS, NO_KIND, TOUCH_M, load_limits
from layers.pipelines.clearance.soil import SOIL_DEG
from layers.pipelines.clearance.tubes import Tubes, tubes_of
from layers.pipelines.section import Sections

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

_BUILDING = KINDS.index("building")
#: Room to work in beside a pipe in its trench.
_ROOM_M = 0.3
_AT_END_M = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class _Near:
    """r pairs of segments and buildings that may be too near one another.

    Parameters
    ----------
    pipe, building
        (r,) positions.
    apart_m
        (r,) from the axis to the footprint in plan, 0 where it crosses it.
    limit_m
        (r,) the least clearance between wall and footprint.
    spread
        (r,) whether that is asked for because the pipe lies deeper than the foundation.
    """

    pipe: Numbers
    building: Numbers
    apart_m: Floats
    limit_m: Floats
    spread: Flags


def find_building_conflicts(
    segments: GeoDataFrame, buildings: GeoDataFrame, *, soil_deg: float = SOIL_DEG
) -> pd.DataFrame:
    """Find all segments that are too close to a building, or share room with its foundation.

    The clearance is that in plan, from the outer wall to the footprint. Where a pipe lies deeper than the foundation it
    is to keep farther away, so that its trench does not undermine it: as far as it lies deeper, spread by the angle of
    friction of the soil. The foundation is what is below the footprint, from the ground at the building to its depth.
    Where that depth is unknown only the table counts; where the ground is, nothing can clash. A pair that clashes is
    not reported for its clearance too.

    A pipe that is near by its free end only, or by an end where it goes on into one that is, leads into the building
    and is not compared with it.

    Parameters
    ----------
    segments, buildings
        Rows of ``pipe_segments`` and ``buildings`` in a CRS in metres.
    soil_deg
        Angle of friction of the soil.

    Returns
    -------
    DataFrame
        As of `layers.pipelines.clearance.pairs.find_conflicts`, but ``second`` are positions of buildings, and the
        second place is on the footprint, at the height of the first.

    References
    ----------
    GB 50289-2016, 4.1.9: clearances; 4.1.11: pipes deeper than foundations, L = (H - h) / tan α + B / 2.
    """
    tubes = tubes_of(segments)
    lines, outlines = segments.geometry.to_numpy(), buildings.geometry.to_numpy()
    near = _find_near(segments, buildings, tubes, lines, outlines, math.tan(math.radians(soil_deg)))
    ground_m, depth_m = (_column(buildings, name) for name in ("ground_m", "foundation_depth_m"))
    gap_m = _gaps(tubes, outlines, ground_m - depth_m, ground_m, near)
    clear_m = near.apart_m - tubes.sizes[near.pipe, 0]
    judged = np.flatnonzero((gap_m < -TOUCH_M) | (clear_m < near.limit_m - TOUCH_M))
    rows = judged[~_lead_in(tubes, lines, outlines, near, judged)]
    return _describe(segments, tubes, lines, outlines, near, rows, gap_m, clear_m)


def _find_near(
    segments: GeoDataFrame,
    buildings: GeoDataFrame,
    tubes: Tubes,
    lines: Geometries,
    outlines: Geometries,
    tangent: float,
) -> _Near:
    """Find pairs that are nearer than they may be, with or without the depth of foundations, or touch."""
    founded_m = _column(buildings, "foundation_depth_m")
    known = tubes.kinds != NO_KIND
    table_m = np.where(known, load_limits("horizontal").least_m[tubes.kinds, _BUILDING], np.nan)
    bottoms_m = _bottom_depths(segments)
    spread_m = np.where(known, np.nanmax(bottoms_m, axis=1, initial=0) / tangent + _ROOM_M, np.nan)
    touching_m = tubes.sizes.sum(axis=1)
    deep = np.isfinite(founded_m)
    pairs = np.vstack(
        [
            _query(lines, table_m + touching_m, outlines, np.flatnonzero(~deep)),
            _query(lines, np.fmax(table_m, spread_m) + touching_m, outlines, np.flatnonzero(deep)),
        ]
    )
    pipe, building = pairs.T
    apart_m = shapely.distance(lines[pipe], outlines[building])
    deeper_m = np.full(len(pairs), np.nan)
    below = np.flatnonzero(np.fmax(*bottoms_m[pipe].T) > founded_m[building])
    link = shapely.shortest_line(lines[pipe[below]], outlines[building[below]])
    share = shapely.line_locate_point(lines[pipe[below]], shapely.get_point(link, 0), normalized=True)
    start_m, stop_m = bottoms_m[pipe[below]].T
    deeper_m[below] = start_m + share * (stop_m - start_m) - founded_m[building[below]]
    wanted_m = np.where(deeper_m > 0, deeper_m / tangent + _ROOM_M, np.nan)
    return _Near(
        pipe=pipe,
        building=building,
        apart_m=apart_m,
        limit_m=np.fmax(table_m[pipe], wanted_m),
        spread=wanted_m > np.nan_to_num(table_m[pipe]),
    )


def _query(lines: Geometries, reach_m: Floats, outlines: Geometries, among: Numbers) -> Numbers:
    """(r, 2) positions of segments and of buildings, of some, that are within reach."""
    rows = np.flatnonzero(np.isfinite(reach_m))
    tree = shapely.STRtree(outlines[among])
    line, outline = tree.query(lines[rows], predicate="dwithin", distance=reach_m[rows])
    return np.column_stack([rows[line], among[outline]])


def _bottom_depths(segments: GeoDataFrame) -> Floats:
    """(m, 2) depths of the outer bottom at both ends; NaN where they are unknown."""
    sections = Sections.of(segments)
    high_m = sections.height_m + 2 * sections.wall_m
    depths = [sections.cover_m(_column(segments, f"{end}_depth_m"), segments["depth_ref"]) for end in ("from", "to")]
    return np.column_stack([depth + high_m for depth in depths])


def _gaps(tubes: Tubes, outlines: Geometries, low_m: Floats, high_m: Floats, near: _Near) -> Floats:
    """(r,) clear distances of pipes and foundations as solids; infinite where they are not near, or not known."""
    from layers.pipelines.clearance.kernels.prisms import gaps_to_prisms

    pieces = np.searchsorted(tubes.owners, np.arange(len(tubes.sizes) + 1))
    has_height = np.isfinite(tubes.edges[np.minimum(pieces[:-1], len(tubes.edges) - 1), 2]) if len(tubes.edges) else ()
    touching = near.apart_m <= tubes.sizes[near.pipe].sum(axis=1)
    rows = np.flatnonzero(touching & np.isfinite(low_m[near.building]))
    rows = rows[np.asarray(has_height, dtype=bool)[near.pipe[rows]]] if len(rows) else rows
    wanted, prism = np.unique(near.building[rows], return_inverse=True)
    walls, rings = _walls(outlines[wanted], tubes.origin)
    gaps = np.full(len(near.pipe), np.inf)
    found = np.empty(len(rows))
    gaps_to_prisms(
        near.pipe[rows], prism, tubes.edges, pieces, tubes.sizes, tubes.is_round, walls, rings, low_m[wanted],
        high_m[wanted], found,
    )  # fmt: skip
    gaps[rows] = found
    return gaps


def _walls(outlines: Geometries, origin: tuple[float, float]) -> tuple[Floats, Numbers]:
    """The sides of outlines from an origin, (w, 4), and where those of each begin."""
    parts, owner = shapely.get_parts(outlines, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points -= origin
    starts = np.flatnonzero(np.diff(ring) == 0)
    begins = np.searchsorted(owner[part[ring[starts]]], np.arange(len(outlines) + 1))
    return np.hstack([points[starts], points[starts + 1]]), begins.astype(np.int64)


def _lead_in(tubes: Tubes, lines: Geometries, outlines: Geometries, near: _Near, rows: Numbers) -> Flags:
    """Which pairs, of some, are of pipes that lead into the building."""
    nodes, building = tubes.ends[near.pipe[rows]], near.building[rows]
    degree = np.bincount(tubes.ends.ravel(), minlength=1)[nodes]

    def is_near_by(row: int, end: int) -> bool:
        line, outline = lines[near.pipe[rows[row]]], outlines[building[row]]
        limit_m = max(near.limit_m[rows[row]], 0) + tubes.sizes[near.pipe[rows[row]], 0]
        return _is_near_by_end(line, outline, near.apart_m[rows[row]], limit_m, from_start=end == 0)

    leads = np.zeros(len(rows), dtype=bool)
    ends = np.argwhere(degree == 1)
    while len(ends):  # free ends; then, back from the building, ends where these go on
        new = [row for row, end in ends.tolist() if not leads[row] and is_near_by(row, end)]
        leads[new] = True
        there = {(node, building[row]) for row in new for node in nodes[row].tolist()}
        on = np.argwhere(np.isin(nodes, [node for node, _ in there]) & (degree == 2) & ~leads[:, None])
        goes_on = [(nodes[row, end], building[row]) in there for row, end in on.tolist()]
        ends = on[np.array(goes_on, dtype=bool)]
    return leads


def _is_near_by_end(
    line: shapely.LineString, outline: BaseGeometry, apart_m: float, limit_m: float, *, from_start: bool
) -> bool:
    """Whether a line is near only by an end of it: beyond twice the limit from there it keeps the limit."""
    if outline.distance(shapely.get_point(line, 0 if from_start else -1)) > apart_m + _AT_END_M:
        return False
    if line.length <= 2 * limit_m:
        return True
    start, stop = (2 * limit_m, line.length) if from_start else (0, line.length - 2 * limit_m)
    return bool(shapely.ops.substring(line, start, stop).distance(outline) >= limit_m)


def _describe(
    segments: GeoDataFrame,
    tubes: Tubes,
    lines: Geometries,
    outlines: Geometries,
    near: _Near,
    rows: Numbers,
    gap_m: Floats,
    clear_m: Floats,
) -> pd.DataFrame:
    """Write what is too close or clashes in the order of the segments."""
    import pandas as pd

    limits = load_limits("horizontal")
    pipe, building = near.pipe[rows], near.building[rows]
    clash, spread = gap_m[rows] < -TOUCH_M, near.spread[rows]
    ends = shapely.get_coordinates(shapely.shortest_line(lines[pipe], outlines[building])).reshape(-1, 2, 2)
    along_m = shapely.line_locate_point(lines[pipe], shapely.points(ends[:, 0]))
    axes = segments.iloc[pipe]
    z = np.where(has_heights(axes), heights_at(axes.geometry.to_numpy(), along_m), np.nan)
    found = pd.DataFrame(
        {
            "rule": np.where(clash, "CLASH", "CLR-H"),
            "first": pipe,
            "second": building,
            "measured_m": np.where(clash, gap_m[rows], clear_m[rows]),
            "limit_m": np.where(clash, 0.0, near.limit_m[rows]),
            "confidence": np.where(clash, "M", np.where(spread, "L", limits.confidence[tubes.kinds[pipe], _BUILDING])),
            "source": np.where(
                clash,
                "a pipe and a foundation cannot share room",
                np.where(spread, "GB 50289-2016, 4.1.11", limits.source),
            ),
            **{f"first_{letter}": ends[:, 0, axis] for axis, letter in enumerate("xy")},
            "first_z": z,
            **{f"second_{letter}": ends[:, 1, axis] for axis, letter in enumerate("xy")},
            "second_z": z,
        }
    )
    return found.sort_values(["first", "second"], kind="stable", ignore_index=True)


def _column(rows: pd.DataFrame, name: str) -> Floats:
    return rows[name].to_numpy(dtype=float, na_value=np.nan)
