"""Which way segments flow: as surveyed, else downhill where water runs by its weight, else nobody knows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Inverts are measured to a centimetre: flow that climbs by less than this contradicts nothing.
LEVEL_M = 0.01


def find_directions(
    flow: npt.NDArray[np.int8], fall_m: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Return the direction of m segments, and which of them were surveyed as flowing uphill.

    Parameters
    ----------
    flow
        As surveyed: 1 from start to end, -1 from end to start, 0 unknown. It goes first, because a survey sees water.
    fall_m
        How much lower the invert is at the end than at the start; NaN where it is unknown or does not matter.
    """
    known = np.nan_to_num(fall_m)
    direction = np.where(flow != 0, flow, np.sign(known)).astype(np.int8)
    return direction, np.round(flow * known, 6) < -LEVEL_M
