"""Rules of drained water: it falls as it flows, nowhere too steep, comes from somewhere, gets away, and is not mixed.

Two numbers are called slope. The *design slope* is the fall by the way on the plan; the *slope angle* is the arc sine
of the fall by the length in space.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.points import has_role
from layers.pipelines.network.direction import LEVEL_M
from layers.pipelines.rules.flow import Flow, drains, surveyed_flow
from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from twin.rules.rule import rule

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: How many segments of a round are named.
_SHOWN = 9


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
    fall_m = np.round(survey.fall_m * surveyed_flow(survey), 6)
    rows = np.flatnonzero(drains(survey) & (fall_m < -tolerance_m) & (survey.way_m > 0))
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
    rows = np.flatnonzero(drains(survey) & (angle_deg > steepest_deg) & (survey.way_m > 0))
    what = "the slope angle is larger than allowed"
    yield Hits(table="segments", rows=rows, what=what, measured=angle_deg[rows], limit=steepest_deg, unit="°")


@rule(
    "GRAV-ROUND",
    title="Drained water flows in a round",
    title_zh="重力管线环流",
    severity="error",
    source="Catalogues of checks in use: the graph of flow has no cycle",
    confidence="medium",
)
def find_rounds(survey: Survey) -> Iterator[Hits]:
    """Every round of gravity segments in which water would flow for ever, by the first of them, with the others.

    Water flows as surveyed, else as segments fall; what comes out of a pumping station is lifted there.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    flow, n = survey.flow, len(survey.nodes)
    fallen = ~has_role(survey.nodes, "pump")[flow.upper] & (flow.upper != flow.lower)
    rows, upper, lower = flow.rows[fallen], flow.upper[fallen], flow.lower[fallen]
    away = coo_array((np.ones(len(rows), dtype=np.int8), (upper, lower)), shape=(n, n))
    _, part = connected_components(away.tocsr(), connection="strong")
    around = part[upper] == part[lower]
    rows, of = rows[around], part[upper[around]]
    order = np.argsort(of, kind="stable")
    rounds = np.split(rows[order], np.flatnonzero(np.diff(of[order])) + 1) if len(rows) else []
    names = survey.segments["segment_id"].to_numpy(object)
    yield Hits(
        table="segments",
        rows=np.array([each[0] for each in rounds], dtype=np.intp),
        what="drained water flows in a round of so many segments",
        field="flow_direction",
        measured=[len(each) for each in rounds],
        others=["segments " + ", ".join(names[each[1:_SHOWN]]) for each in rounds],
    )


@rule(
    "GRAV-FLOW",
    title="Drained water cannot get away",
    title_zh="重力管线有进无出",
    severity="warning",
    source="Catalogues of checks in use",
    confidence="medium",
)
def find_trapped_flows(survey: Survey) -> Iterator[Hits]:
    """Every point that drained water only flows to.

    Water flows as surveyed, else as segments fall. It may end at outfalls, pumping stations, treatment works and where
    lines end on purpose; where a single segment ends whose flow nobody surveyed, it may go on.
    """
    flow = survey.flow
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
    flow = survey.flow
    rows = _only(survey, flow, flow.upper, flow.lower, several=False)
    rows = rows[~has_role(survey.nodes, "end", "inlet", "pump", "source", "well")[rows]]
    yield Hits(table="nodes", rows=rows, what="drained water flows away from here and not to it")


def _only(survey: Survey, flow: Flow, here: Positions, not_here: Positions, *, several: bool) -> Positions:
    """Judged points at which all flow is of one kind, and some was surveyed, or, if that will do, several meet."""
    n = len(survey.nodes)
    some, other = np.bincount(here, minlength=n), np.bincount(not_here, minlength=n)
    surveyed = np.bincount(here[flow.surveyed], minlength=n) > 0
    alone = (other == 0) & (flow.unknown == 0) & (some == survey.degree)
    return np.flatnonzero((alone & (surveyed | (several & (some > 1))))[: survey.judged])


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
    subclass, drained = survey.segments["subclass"], drains(survey)
    has = {}
    for code in ("WS", "YS", "HS"):
        rows = np.flatnonzero(drained & (subclass == code).to_numpy(bool))
        has[code] = np.bincount(np.concatenate([survey.from_row[rows], survey.to_row[rows]]), minlength=n) > 0
    allowed = (survey.nodes["appurtenance"] == "overflow_well").to_numpy(bool)
    for what, mixed in (
        ("sewage and storm water meet", has["WS"] & has["YS"]),
        ("storm water and combined sewage meet", has["YS"] & has["HS"] & ~has["WS"] & ~allowed),
    ):
        yield Hits(table="nodes", rows=np.flatnonzero(mixed[: survey.judged]), what=what)
