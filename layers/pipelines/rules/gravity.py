"""Rules of gravity pipes: they fall as they flow, nowhere too steep, to an outfall, in pipes that do not get smaller.

Two numbers are called slope. The *design slope* is the fall by the way on the plan; the *slope angle* is the arc sine
of the fall by the length in space.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.classes import DRIVES
from layers.pipelines.codes.points import has_role
from layers.pipelines.network.direction import LEVEL_M, find_directions
from layers.pipelines.rules.rule import Hits, rule
from layers.pipelines.rules.survey import Survey

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Diameters of pipes in use, mm, to count by how many sizes one is smaller.
_SIZES_MM = np.array(
    [100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1350, 1500, 1650, 1800, 2000, 2200, 2400]
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Flow:
    """Gravity segments whose direction is known, k of m, from the point that they flow from to the one they flow to.

    Parameters
    ----------
    rows
        Their positions.
    upper, lower
        Their points.
    surveyed
        Whether the direction was surveyed; if not it is the one in which they fall.
    unknown
        How many gravity segments without a direction end at each of n points.
    """

    rows: Positions
    upper: Positions
    lower: Positions
    surveyed: npt.NDArray[np.bool_]
    unknown: npt.NDArray[np.int64]


def _drains(survey: Survey) -> npt.NDArray[np.bool_]:
    """Which segments run by gravity and have both points."""
    return (survey.segments["class"].map(DRIVES) == "gravity").to_numpy(bool) & survey.joined


def _said(survey: Survey) -> npt.NDArray[np.int8]:
    """The direction of flow as surveyed: 1 from start to end, -1 against it, 0 unknown or both."""
    said = survey.segments["flow_direction"]
    return (said == "forward").to_numpy(np.int8) - (said == "backward").to_numpy(np.int8)


def _flow(survey: Survey) -> _Flow:
    drains, said = _drains(survey), _said(survey)
    both = (survey.segments["flow_direction"] == "both").to_numpy(bool)
    direction, _ = find_directions(said, np.where(both, np.nan, survey.fall_m))
    rows = np.flatnonzero(drains & (direction != 0))
    forth = direction[rows] == 1
    start, stop = survey.from_row[rows], survey.to_row[rows]
    lost = drains & (direction == 0)
    return _Flow(
        rows=rows,
        upper=np.where(forth, start, stop),
        lower=np.where(forth, stop, start),
        surveyed=said[rows] != 0,
        unknown=np.bincount(np.concatenate([survey.from_row[lost], survey.to_row[lost]]), minlength=len(survey.nodes)),
    )


@rule(
    "GRAV-SLOPE",
    title="A gravity pipe rises in the direction of its flow",
    title_zh="重力管线逆坡",
    severity="warning",
    source="Catalogues of checks in use; GB 50014-2021",
    confidence="high",
    limits={"tolerance_m": "A rise up to this is none, m."},
)
def find_reverse_slopes(survey: Survey, *, tolerance_m: float = LEVEL_M) -> Iterator[Hits]:
    """Every gravity segment whose invert rises in the direction of flow that was surveyed, by its design slope."""
    fall_m = np.round(survey.fall_m * _said(survey), 6)
    rows = np.flatnonzero(_drains(survey) & (fall_m < -tolerance_m) & (survey.way_m > 0))
    yield Hits(
        table="segments",
        rows=rows,
        what="the invert rises in the direction of flow",
        field="flow_direction",
        measured=fall_m[rows] / survey.way_m[rows],
        limit=0.0,
        unit="m/m",
    )


@rule(
    "GRAV-STEEP",
    title="A gravity pipe is suspiciously steep",
    title_zh="重力管线坡角过大",
    severity="warning",
    source="Catalogues of checks in use: 10° to 30°",
    confidence="medium",
    limits={"steepest_deg": "Largest slope angle, degrees."},
)
def find_steep_segments(survey: Survey, *, steepest_deg: float = 10.0) -> Iterator[Hits]:
    """Every gravity segment whose slope angle, the arc sine of its fall by its length in space, is above the limit."""
    fall_m = np.abs(survey.fall_m)
    angle_deg = np.degrees(np.arctan2(fall_m, survey.way_m))  # the arc sine of fall by length in space
    rows = np.flatnonzero(_drains(survey) & (angle_deg > steepest_deg) & (survey.way_m > 0))
    what = "the slope angle is larger than allowed"
    yield Hits(table="segments", rows=rows, what=what, measured=angle_deg[rows], limit=steepest_deg, unit="°")


@rule(
    "GRAV-FLOW",
    title="Drained water cannot get away",
    title_zh="重力管线环流或有进无出",
    severity="warning",
    source="Catalogues of checks in use",
    confidence="medium",
)
def find_trapped_flows(survey: Survey) -> Iterator[Hits]:
    """Every round in which drained water flows, by one of its points, and every point that it only flows to.

    Water flows as surveyed, else as segments fall. It may end at outfalls, pumping stations, treatment works and where
    lines end on purpose; where a single segment ends whose flow nobody surveyed, it may go on.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    flow, n = _flow(survey), len(survey.nodes)
    away = coo_array((np.ones(len(flow.rows), dtype=np.int8), (flow.upper, flow.lower)), shape=(n, n))
    _, part = connected_components(away.tocsr(), connection="strong")
    order = np.argsort(part, kind="stable")
    groups = [group for group in np.split(order, np.flatnonzero(np.diff(part[order])) + 1) if len(group) > 1]
    names = survey.nodes["node_id"].to_numpy(object)
    yield Hits(
        table="nodes",
        rows=np.array([group[0] for group in groups if group[0] < survey.judged], dtype=np.intp),
        what="drained water flows in a round",
        others=["points " + ", ".join(names[group[:9]]) for group in groups if group[0] < survey.judged],
    )
    rows = _only(survey, flow, flow.lower, flow.upper, several=True)
    rows = rows[~has_role(survey.nodes, "end", "outfall", "pump")[rows]]
    yield Hits(table="nodes", rows=rows, what="drained water flows here and not away")


@rule(
    "GRAV-START",
    title="Drained water comes from nowhere",
    title_zh="重力管线有出无进",
    severity="note",
    source="Catalogues of checks in use",
    confidence="medium",
)
def find_sourceless_points(survey: Survey) -> Iterator[Hits]:
    """Every point that drained water only flows from, as surveyed, and that is no start, gully, tank, or well."""
    flow = _flow(survey)
    rows = _only(survey, flow, flow.upper, flow.lower, several=False)
    rows = rows[~has_role(survey.nodes, "end", "inlet", "pump", "source", "well")[rows]]
    yield Hits(table="nodes", rows=rows, what="drained water flows away from here and not to it")


def _only(survey: Survey, flow: _Flow, here: Positions, not_here: Positions, *, several: bool) -> Positions:
    """Judged points at which all flow is of one kind, and some was surveyed, or, if that will do, several meet."""
    n = len(survey.nodes)
    some, other = np.bincount(here, minlength=n), np.bincount(not_here, minlength=n)
    surveyed = np.bincount(here[flow.surveyed], minlength=n) > 0
    alone = (other == 0) & (flow.unknown == 0) & (some == survey.degree)
    return np.flatnonzero((alone & (surveyed | (several & (some > 1))))[: survey.judged])


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
    flow = _flow(survey)
    width, height = survey.sections.width_m, survey.sections.height_m
    size_mm = np.round(1000 * np.where(survey.sections.is_round, height, np.sqrt(4 / np.pi * width * height)), 3)
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


def _largest(rows: Positions, nodes: Positions, size_mm: Floats, count: int) -> Positions:
    """For each point the largest of its segments, -1 where it has none."""
    largest = np.full(count, -1, dtype=np.intp)
    order = np.argsort(size_mm[rows], kind="stable")
    largest[nodes[order]] = rows[order]  # the last one stays
    return largest


@rule(
    "SYS-MIX",
    title="Systems of drainage are mixed",
    title_zh="雨污管网混接",
    severity="warning",
    source="GB 50014-2021: no sewage into storm water, no joint of storm water and combined sewage",
    confidence="high",
)
def find_mixed_systems(survey: Survey) -> Iterator[Hits]:
    """Every point at which sewage and storm water meet, or storm water and combined sewage; overflows are for that."""
    n = len(survey.nodes)
    subclass, drains = survey.segments["subclass"], _drains(survey)
    has = {}
    for code in ("WS", "YS", "HS"):
        rows = np.flatnonzero(drains & (subclass == code).to_numpy(bool))
        has[code] = np.bincount(np.concatenate([survey.from_row[rows], survey.to_row[rows]]), minlength=n) > 0
    allowed = (survey.nodes["appurtenance"] == "overflow_well").to_numpy(bool)
    for what, mixed in (
        ("sewage and storm water meet", has["WS"] & has["YS"]),
        ("storm water and combined sewage meet", has["YS"] & has["HS"] & ~has["WS"] & ~allowed),
    ):
        yield Hits(table="nodes", rows=np.flatnonzero(mixed[: survey.judged]), what=what)
