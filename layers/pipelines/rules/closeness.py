"""Rules of closeness: pipes keep clear of one another, and share no room."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layers.pipelines.rules.rule import Hits, rule
from layers.pipelines.rules.survey import Survey

_NOT_AN_ERROR = "; it may be less where measures are taken"


@rule(
    "CLR-H",
    title="Pipes are too close side by side",
    title_zh="水平净距不足",
    severity="warning",
    source="GB 50289-2016, Table 4.1.9" + _NOT_AN_ERROR,
    confidence="medium",
)
def find_close_neighbours(survey: Survey) -> Iterator[Hits]:
    """Every pair of segments whose outer walls are nearer on the plan than the table asks for their kinds."""
    yield _conflicts(survey, "CLR-H", "outer walls are nearer on the plan than allowed")


@rule(
    "CLR-V",
    title="Pipes are too close where they cross",
    title_zh="垂直净距不足",
    severity="warning",
    source="GB 50289-2016, Table 4.1.14" + _NOT_AN_ERROR,
    confidence="medium",
)
def find_close_crossings(survey: Survey) -> Iterator[Hits]:
    """Every pair of segments that cross with less between the upper and the lower wall than the table asks for."""
    yield _conflicts(survey, "CLR-V", "walls are nearer where the pipes cross than allowed")


@rule(
    "CLASH",
    title="Pipes share room",
    title_zh="管线空间碰撞",
    severity="error",
    source="Two solids cannot share room",
    confidence="high",
)
def find_clashes(survey: Survey) -> Iterator[Hits]:
    """Every pair of segments whose solids, round pipes or ducts with their walls, share room."""
    yield _conflicts(survey, "CLASH", "the two share room")


def _conflicts(survey: Survey, rule_id: str, what: str) -> Hits:
    found = survey.conflicts[(survey.conflicts["rule"] == rule_id).to_numpy(bool)]
    keys = survey.segments["segment_id"].to_numpy(object)
    return Hits(
        table="segments",
        rows=found["second"].to_numpy(np.intp),
        what=what,
        measured=found["measured_m"].to_numpy(float),
        limit=found["limit_m"].to_numpy(object),
        unit="m",
        others=keys[found["first"].to_numpy(np.intp)],
    )
