"""Rules of closeness: pipes keep clear of one another, and share no room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layers.pipelines.accuracy import depth_limits_m
from layers.pipelines.clearance.entries import NO_ENTRIES, EntriesSetting
from layers.pipelines.clearance.limits import Direction, Entries, kinds_of, load_limits
from layers.pipelines.rules.hits import Hits
from layers.pipelines.rules.survey import Survey
from twin.rules.rule import rule

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

_NOT_AN_ERROR = "; it may be less where measures are taken"
_CLEARANCES = EntriesSetting(
    name="least_m", kinds=2, about='Clearances other than those of the table, m by two kinds: `"water_* sewer" = 1.2`.'
)


@rule(
    "CLR-H",
    title="Pipes are too close side by side",
    title_zh="水平净距不足",
    severity="warning",
    source="GB 50289-2016, Table 4.1.9" + _NOT_AN_ERROR,
    confidence="medium",
    tables=(_CLEARANCES,),
)
def find_close_neighbours(survey: Survey, *, least_m: Entries = NO_ENTRIES) -> Iterator[Hits]:
    """Every pair of segments whose outer walls are nearer on the plan than the table asks for their kinds."""
    yield _conflicts(survey, "horizontal", least_m, "outer walls are nearer on the plan than allowed")


@rule(
    "CLR-V",
    title="Pipes are too close where they cross",
    title_zh="垂直净距不足",
    severity="warning",
    source="GB 50289-2016, Table 4.1.14" + _NOT_AN_ERROR,
    confidence="medium",
    tables=(_CLEARANCES,),
)
def find_close_crossings(survey: Survey, *, least_m: Entries = NO_ENTRIES) -> Iterator[Hits]:
    """Every pair of segments that cross with less between the upper and the lower wall than the table asks for."""
    yield _conflicts(survey, "vertical", least_m, "walls are nearer where the pipes cross than allowed")


@rule(
    "CLASH",
    title="Pipes share room",
    title_zh="管线空间碰撞",
    severity="error",
    source="Two solids cannot share room; CJJ 61-2017, accuracy of depths",
    confidence="high",
)
def find_clashes(survey: Survey) -> Iterator[Hits]:
    """Every pair of segments whose solids share more room than the accuracy of both depths explains.

    Solids are round pipes or ducts with their walls. A depth that was seen may be wrong by 2.5 cm, or by one in a
    hundred of it below 2.5 m; one that was detected by 0.15 h, where h is the depth of the centre, 1 m at least. Both
    may be wrong by as much, towards each other. A segment is as well known as the worse of its points; where nobody
    says how a point was found, it counts as detected. What stands in a model or a plan may be wrong by any amount.
    """
    yield _clashes(survey, "the two share room, however wrong their depths may be", sure=True)


@rule(
    "CLASH-DOUBT",
    title="Pipes share room if their depths are right",
    title_zh="管线疑似碰撞",
    severity="warning",
    source="Two solids cannot share room; CJJ 61-2017, accuracy of depths",
    confidence="medium",
)
def find_doubtful_clashes(survey: Survey) -> Iterator[Hits]:
    """Every pair of segments whose solids share no more room than the accuracy of both depths explains, as `CLASH`."""
    yield _clashes(survey, "the two share room, if their depths are right", sure=False)


def _clashes(survey: Survey, what: str, *, sure: bool) -> Hits:
    found = survey.conflicts[(survey.conflicts["rule"] == "CLASH").to_numpy(bool)]
    explained_m = sum(_accuracy_m(survey)[found[side].to_numpy(np.intp)] for side in ("first", "second"))
    certain = (-found["measured_m"].to_numpy(float) > explained_m) == sure
    return _hits(survey, found[certain], what, -explained_m[certain] if sure else np.zeros(certain.sum()))


def _accuracy_m(survey: Survey) -> Floats:
    """By how much the depth of each of m segments may be wrong."""
    seen, assumed = (
        np.append((survey.nodes["point_class"] == found).to_numpy(bool), False) for found in ("visible", "assumed")
    )
    visible = seen[survey.from_row] & seen[survey.to_row]
    ground_m = np.append(survey.ground_m, np.nan)
    depths = [ground_m[row] - axis for row, axis in zip((survey.from_row, survey.to_row), survey.axis_m, strict=True)]
    limits_m = depth_limits_m(np.fmax(*depths), visible)
    return np.where(assumed[survey.from_row] | assumed[survey.to_row], np.inf, limits_m)


def _conflicts(survey: Survey, direction: Direction, entries: Entries, what: str) -> Hits:
    limits, own = load_limits(direction).with_entries(entries)
    found = survey.find_conflicts(**{direction: limits}) if entries else survey.conflicts
    found = found[(found["rule"] == f"CLR-{direction[0].upper()}").to_numpy(bool)]
    kinds = kinds_of(survey.segments)
    set_ = own[kinds[found["first"].to_numpy(np.intp)], kinds[found["second"].to_numpy(np.intp)]]
    hits = _hits(survey, found, what, found["limit_m"].to_numpy(float), found["confidence"].to_numpy(object))
    return replace(hits, by=np.where(set_, "least_m", "").astype(object))


def _hits(
    survey: Survey, found: pd.DataFrame, what: str, limit_m: Floats, confidence: npt.ArrayLike | None = None
) -> Hits:
    """Conflicts by their second segment, there where the two are nearest to one another."""
    keys = survey.segments["segment_id"].to_numpy(object)
    middle = [found[[f"first_{axis}", f"second_{axis}"]].to_numpy(float).mean(axis=1) for axis in "xy"]
    return Hits(
        table="segments",
        rows=found["second"].to_numpy(np.intp),
        what=what,
        measured=found["measured_m"].to_numpy(float),
        limit=limit_m.astype(object),
        unit="m",
        others=keys[found["first"].to_numpy(np.intp)],
        places=survey.locate(*middle),
        confidence=confidence,
    )
