"""Rules of GB 50014 for sewers that follow one another: sizes, turns, and how far apart wells stand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.codes.points import has_role
from layers.pipelines.rules.design import limits_of
from layers.pipelines.rules.flow import drains
from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from twin.rules.rule import rule

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Diameters of pipes in use, mm, to count by how many sizes one is smaller.
_SIZES_MM = np.array(
    [100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1350, 1500, 1650, 1800, 2000, 2200, 2400]
)


def _largest(rows: Positions, nodes: Positions, size_mm: Floats, count: int) -> Positions:
    """For each point the largest of its segments, -1 where it has none."""
    largest = np.full(count, -1, dtype=np.intp)
    order = np.argsort(size_mm[rows], kind="stable")
    largest[nodes[order]] = rows[order]  # the last one stays
    return largest


@rule(
    "GRAV-SIZE",
    title="A larger pipe flows into a smaller one",
    title_zh="大管接小管",
    severity="warning",
    source="GB 50014-2021: smaller only where steeper, by two sizes at most",
    confidence="medium",
    limits={"sizes": "By so many sizes a steeper pipe may be smaller."},
)
def find_narrowed_pipes(survey: Survey, *, sizes: int = 2) -> Iterator[Hits]:
    """Every largest segment that flows from a point and is smaller than the largest one that flows there.

    A steeper one may be smaller by some sizes. Rectangular openings count as round ones of their area.
    """
    flow = survey.flow
    size_mm = survey.size_mm
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.abs(survey.fall_m) / survey.way_m
    known = np.isfinite(size_mm[flow.rows])
    n = len(survey.nodes)
    into = _largest(flow.rows[known], flow.lower[known], size_mm, n)
    away = _largest(flow.rows[known], flow.upper[known], size_mm, n)
    nodes = np.flatnonzero((into >= 0) & (away >= 0))
    into, away = into[nodes], away[nodes]
    steps = np.searchsorted(_SIZES_MM, size_mm[into]) - np.searchsorted(_SIZES_MM, size_mm[away])
    allowed = (slope[away] > slope[into]) & (steps <= sizes)
    wrong = np.flatnonzero((size_mm[away] < size_mm[into]) & ~allowed)
    yield Hits(
        table="segments",
        rows=away[wrong],
        what="the pipe is smaller than the one that flows into it",
        measured=size_mm[away[wrong]],
        limit=size_mm[into[wrong]].astype(object),
        unit="mm",
        others=survey.segments["segment_id"].to_numpy(object)[into[wrong]],
        places=survey.places[nodes[wrong]],
    )


@rule(
    "GRAV-TURN",
    title="Water turns back where sewers meet",
    title_zh="重力管线水流转角小于90°",
    severity="note",
    source="GB 50014-2021, joints and turns: 90° or more",
    confidence="medium",
    limits={
        "least_deg": "Least angle between the sewer that flows in and the one that flows away, degrees.",
        "tolerance_deg": "It may fall short by this much, degrees: lines are drawn to the middle of wells.",
        "small_mm": "Sewers up to this diameter may turn back if they drop, mm.",
        "drop_m": "They must drop more than this, m.",
    },
)
def find_sharp_turns(
    survey: Survey,
    *,
    least_deg: float = 90.0,
    tolerance_deg: float = 2.0,
    small_mm: float = 300.0,
    drop_m: float = 0.3,
) -> Iterator[Hits]:
    """Every sewer in use that comes in at a sharp angle to the largest one that flows away, on the plan.

    The angle is that between the two as seen from their point: 180° is straight on.
    """
    flow, size_mm = survey.flow, survey.size_mm
    away = _largest(flow.rows, flow.upper, size_mm, len(survey.nodes))
    into, nodes = flow.rows[away[flow.lower] >= 0], flow.lower[away[flow.lower] >= 0]
    out = away[nodes]
    first, last = _headings(survey)
    ends = [np.where((survey.from_row[rows] == nodes)[:, None], first[rows], last[rows]) for rows in (into, out)]
    angle_deg = np.degrees(np.arccos(np.clip((ends[0] * ends[1]).sum(axis=1), -1, 1)))
    start_m, stop_m = (axis_m - survey.sections.height_m / 2 for axis_m in survey.axis_m)
    inverts = [np.where(survey.from_row[rows] == nodes, start_m[rows], stop_m[rows]) for rows in (into, out)]
    waived = (size_mm[into] <= small_mm) & (inverts[0] - inverts[1] > drop_m)
    wrong = np.flatnonzero((angle_deg < least_deg - tolerance_deg) & ~waived)
    yield Hits(
        table="segments",
        rows=into[wrong],
        what="the sewer comes in against the way that water flows on",
        measured=angle_deg[wrong],
        limit=least_deg,
        unit="°",
        others=survey.segments["segment_id"].to_numpy(object)[out[wrong]],
        places=survey.places[nodes[wrong]],
        by="least_deg",
    )


def _headings(survey: Survey) -> tuple[Floats, Floats]:
    """Directions in which m segments lead away from their start and from their end, (m, 2) of length 1, or NaN."""
    lines = shapely.force_2d(survey.axes_m)
    headings = []
    for end, next_ in ((0, 1), (-1, -2)):
        at, towards = (shapely.get_point(lines, number) for number in (end, next_))
        step = np.column_stack([shapely.get_x(towards) - shapely.get_x(at), shapely.get_y(towards) - shapely.get_y(at)])
        with np.errstate(invalid="ignore", divide="ignore"):
            headings.append(step / np.hypot(*step.T)[:, None])
    return headings[0], headings[1]


@rule(
    "GRAV-WELLS",
    title="Wells of a sewer stand too far apart",
    title_zh="检查井间距过大",
    severity="note",
    source="GB 50014-2021, greatest distances of wells on straight stretches",
    confidence="medium",
    limits={
        "to_600_m": "Greatest distance up to DN600, m.",
        "to_1000_m": "Greatest distance up to DN1000, m.",
        "to_1500_m": "Greatest distance up to DN1500, m.",
        "to_2000_m": "Greatest distance up to DN2000, m.",
    },
)
def find_sparse_wells(
    survey: Survey,
    *,
    to_600_m: float = 75.0,
    to_1000_m: float = 100.0,
    to_1500_m: float = 150.0,
    to_2000_m: float = 200.0,
) -> Iterator[Hits]:
    """Every stretch of a sewer in use without a well between its ends that is longer than its diameter allows.

    Segments are one stretch where two of them meet at a point at which nobody can get in.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = np.flatnonzero(drains(survey))
    ends = np.concatenate([survey.from_row[rows], survey.to_row[rows]])
    which = np.tile(np.arange(len(rows)), 2)
    open_ = has_role(survey.nodes, "well", "pump", "end", "valve")
    through = ~open_ & (np.bincount(ends, minlength=len(survey.nodes)) == 2)
    order = np.argsort(ends, kind="stable")
    order = order[through[ends[order]]]
    pairs = which[order].reshape(-1, 2).T
    joined = coo_array((np.ones(pairs.shape[1], dtype=np.int8), (pairs[0], pairs[1])), shape=(len(rows), len(rows)))
    count, stretch = connected_components(joined.tocsr(), directed=False)
    length_m = np.bincount(stretch, weights=survey.way_m[rows], minlength=count)
    size_mm = np.full(count, -np.inf)
    np.maximum.at(size_mm, stretch, np.nan_to_num(survey.size_mm[rows], nan=-np.inf))
    limits = {"to_600_m": to_600_m, "to_1000_m": to_1000_m, "to_1500_m": to_1500_m, "to_2000_m": to_2000_m}
    by = np.array([*limits, ""], dtype=object)[np.searchsorted([600, 1000, 1500, 2000], size_mm)]
    longest_m = np.where(np.isfinite(size_mm), limits_of(limits, by), np.nan)
    first = rows[np.unique(stretch, return_index=True)[1]]
    wrong = np.flatnonzero(np.round(length_m, 6) > longest_m)
    told = [f"{number} segments in a row" for number in np.bincount(stretch, minlength=count)[wrong].tolist()]
    yield Hits(
        table="segments",
        rows=first[wrong],
        what="there is no well for longer than allowed",
        measured=length_m[wrong],
        limit=longest_m[wrong].astype(object),
        unit="m",
        others=told,
        by=by[wrong],
    )
