"""Rules of heights: depths that fit the ground, lie within what their class allows, and are covered enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from layers.pipelines.clearance.cover import load_cover_confidences, load_covers
from layers.pipelines.clearance.entries import NO_ENTRIES, EntriesSetting
from layers.pipelines.clearance.limits import KINDS, NO_KIND, Entries, kinds_like, kinds_of
from layers.pipelines.codes.attributes import ABOVE_GROUND
from layers.pipelines.codes.classes import DRIVES
from layers.pipelines.codes.points import has_role
from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from twin.rules.rule import rule

Floats = npt.NDArray[np.float64]

_COVERS = EntriesSetting(
    name="least_m", kinds=1, about='Covers other than those of the table, m by kind: `"water_*" = 1.2`.'
)
#: Points at which a line comes to the surface.
_SURFACE = ("emergence", "pole_rise")


def _ends(survey: Survey) -> Iterator[tuple[str, npt.NDArray[np.intp], Floats]]:
    """The two ends of segments: which, the points there (-1 where there is none), and the depths."""
    for end, row in (("from", survey.from_row), ("to", survey.to_row)):
        yield end, row, survey.segments[f"{end}_depth_m"].to_numpy(dtype=float, na_value=np.nan)


@rule(
    "ELEV-ID",
    title="Ground is not depth and height together",
    title_zh="地面高程与埋深、管线高程不符",
    severity="error",
    source="CJJ 61-2017; catalogues of checks in use: ground = depth + height of the same part of the pipe",
    confidence="high",
    limits={"tolerance_m": "They may differ by this much, m; catalogues have 0.01 to 0.05."},
)
def find_unequal_heights(survey: Survey, *, tolerance_m: float = 0.05) -> Iterator[Hits]:
    """Every end of a segment whose depth and height, both delivered, do not add up to the ground at its point."""
    for end, row, depth_m in _ends(survey):
        height_m = survey.segments[f"{end}_elevation_m"].to_numpy(dtype=float, na_value=np.nan)
        ground_m = np.append(survey.ground_m, np.nan)[row]
        off_m = np.round(depth_m + height_m - ground_m, 6)
        rows = np.flatnonzero(np.abs(off_m) > tolerance_m)
        yield Hits(
            table="segments",
            rows=rows,
            what=f"depth and height at the {'start' if end == 'from' else 'end'} differ from the ground",
            field=f"{end}_elevation_m",
            measured=off_m[rows],
            limit=tolerance_m,
            unit="m",
        )


@rule(
    "DEPTH-RANGE",
    title="A depth cannot be",
    title_zh="埋深超出合理范围",
    severity="error",
    source="Catalogues of checks in use; the greatest depths are custom",
    confidence="low",
    limits={
        "gravity_m": "Greatest depth of gravity pipes, m.",
        "pressure_m": "Greatest depth of pressure pipes, m.",
        "cable_m": "Greatest depth of cables and ducts, m.",
        "drilled_m": "Greatest depth of what is jacked, drilled or under water, m.",
    },
)
def find_odd_depths(
    survey: Survey,
    *,
    gravity_m: float = 20.0,
    pressure_m: float = 10.0,
    cable_m: float = 10.0,
    drilled_m: float = 50.0,
) -> Iterator[Hits]:
    """Every depth that is 0 or less of what lies in the ground, or more than its class may have.

    Overhead, on the ground, rising overhead, and where a line comes out of the ground, any depth up to there may be.
    """
    embedding = survey.segments["embedding"]
    greatest = {"gravity_m": gravity_m, "pressure_m": pressure_m, "cable_m": cable_m, "drilled_m": drilled_m}
    drives = survey.segments["class"].map({code: f"{drive}_m" for code, drive in DRIVES.items()})
    named = drives.mask(embedding.isin(("DG", "SX")), "drilled_m").to_numpy(object)
    most_m = np.array([greatest.get(name, np.nan) for name in named])
    none = np.full(len(named), None)
    buried = ~embedding.isin(ABOVE_GROUND).to_numpy(bool)
    surfaces = np.append(survey.nodes["feature"].isin(_SURFACE).to_numpy(bool), False)
    for end, row, depth_m in _ends(survey):
        for what, wrong, limit, by in (
            ("what lies in the ground has a depth above 0", buried & ~surfaces[row] & (depth_m <= 0), 0.0, none),
            ("the depth is more than the class may have", depth_m > most_m, most_m, named),
        ):
            rows = np.flatnonzero(wrong)
            yield Hits(
                table="segments",
                rows=rows,
                what=what,
                field=f"{end}_depth_m",
                measured=depth_m[rows],
                limit=limit if isinstance(limit, float) else limit[rows].astype(object),
                unit="m",
                by=by[rows],
            )


@rule(
    "COVER",
    title="Less ground above a pipe than it needs",
    title_zh="覆土深度不足",
    severity="warning",
    source="GB 50289-2016, Table 4.1.1",
    confidence="medium",
    limits={"above": "What is above: a footway (or another place without vehicles), or a lane for vehicles."},
    tables=(_COVERS,),
)
def find_shallow_segments(
    survey: Survey, *, above: Literal["footway", "vehicle_lane"] = "footway", least_m: Entries = NO_ENTRIES
) -> Iterator[Hits]:
    """Every segment with less ground above its outer top, at its shallower end, than the table asks for its kind.

    In cold regions water, drainage, buried power and wet gas need more, by the depth of frost: `least_m` says it.
    """
    ends = [survey.sections.cover_m(depth_m, survey.segments["depth_ref"]) for _, _, depth_m in _ends(survey)]
    cover_m = np.round(np.fmin(*ends), 6)
    kinds = kinds_of(survey.segments)
    cover, confidence = load_covers(above).copy(), load_cover_confidences().copy()
    own = np.full(len(KINDS), "above", dtype=object)
    for pattern, metres in least_m.items():
        mine = kinds_like(pattern)
        cover[mine], confidence[mine], own[mine] = metres, "H", "least_m"
    wanted_m = np.where(kinds == NO_KIND, np.nan, cover[kinds])
    buried = ~survey.segments["embedding"].isin(ABOVE_GROUND).to_numpy(bool)
    rows = np.flatnonzero(buried & (cover_m < wanted_m))
    yield Hits(
        table="segments",
        rows=rows,
        what="there is less ground above the pipe than it needs",
        measured=cover_m[rows],
        limit=wanted_m[rows].astype(object),
        unit="m",
        by=own[kinds[rows]],
        confidence=confidence[kinds[rows]],
    )


@rule(
    "WELL-DEPTH",
    title="A well and the pipes in it do not go together",
    title_zh="井底深与管线埋深不符",
    severity="warning",
    source="CJJ 61-2017, table of points (井底深); catalogues of checks in use",
    confidence="medium",
    limits={
        "tolerance_m": "Pipes may lie deeper than the bottom of the well by this much, m.",
        "sump_m": "The bottom may lie deeper than all pipes by this much, m.",
    },
    sure={"sump_m": "low"},
)
def find_odd_wells(survey: Survey, *, tolerance_m: float = 0.05, sump_m: float = 1.5) -> Iterator[Hits]:
    """Every well that does not reach the inner bottom of a pipe that ends in it, or goes far below all of them.

    Pumping stations have sumps as deep as they like.
    """
    buried = ~survey.segments["embedding"].isin(ABOVE_GROUND).to_numpy(bool)
    deepest_m = np.full(len(survey.nodes), -np.inf)
    for row, axis_m in zip((survey.from_row, survey.to_row), survey.axis_m, strict=True):
        bottom_m = np.append(survey.ground_m, np.nan)[row] - survey.sections.inner_bottom_m(axis_m)
        known = np.flatnonzero(buried & np.isfinite(bottom_m))
        np.maximum.at(deepest_m, row[known], bottom_m[known])
    deepest_m = np.where(np.isfinite(deepest_m), deepest_m, np.nan)[: survey.judged]
    well_m = survey.nodes["well_depth_m"].to_numpy(dtype=float, na_value=np.nan)[: survey.judged]
    pumps = has_role(survey.nodes, "pump")[: survey.judged]
    below_m = np.round(well_m - deepest_m, 6)
    for what, by, wrong, limit in (
        ("a pipe lies deeper than the bottom of the well", "tolerance_m", below_m < -tolerance_m, deepest_m),
        ("the well is much deeper than all pipes in it", "sump_m", (below_m > sump_m) & ~pumps, deepest_m + sump_m),
    ):
        rows = np.flatnonzero(wrong)
        yield Hits(
            table="nodes",
            rows=rows,
            what=what,
            field="well_depth_m",
            measured=well_m[rows],
            limit=limit[rows].astype(object),
            unit="m",
            by=by,
        )
