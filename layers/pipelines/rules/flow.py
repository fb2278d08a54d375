"""Which way drained water flows in a survey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.classes import DRIVES
from layers.pipelines.network.direction import find_directions
from layers.pipelines.network.frames import OUT_OF_USE

if TYPE_CHECKING:
    from layers.pipelines.rules.survey import Survey

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Flow:
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


def drains(survey: Survey) -> npt.NDArray[np.bool_]:
    """Which of m segments run by gravity, are in use and have both points."""
    gravity = (survey.segments["class"].map(DRIVES) == "gravity") & ~survey.segments["status"].isin(OUT_OF_USE)
    return gravity.to_numpy(bool) & survey.joined


def surveyed_flow(survey: Survey) -> npt.NDArray[np.int8]:
    """The direction of flow of m segments as surveyed: 1 from start to end, -1 against it, 0 unknown or both."""
    said = survey.segments["flow_direction"]
    return (said == "forward").to_numpy(np.int8) - (said == "backward").to_numpy(np.int8)


def find_flow(survey: Survey) -> Flow:
    """Which way drained water flows: as surveyed, else as segments fall."""
    drained, said = drains(survey), surveyed_flow(survey)
    both = (survey.segments["flow_direction"] == "both").to_numpy(bool)
    direction, _ = find_directions(said, np.where(both, np.nan, survey.fall_m))
    rows = np.flatnonzero(drained & (direction != 0))
    forth = direction[rows] == 1
    start, stop = survey.from_row[rows], survey.to_row[rows]
    lost = drained & (direction == 0)
    return Flow(
        rows=rows,
        upper=np.where(forth, start, stop),
        lower=np.where(forth, stop, start),
        surveyed=said[rows] != 0,
        unknown=np.bincount(np.concatenate([survey.from_row[lost], survey.to_row[lost]]), minlength=len(survey.nodes)),
    )
