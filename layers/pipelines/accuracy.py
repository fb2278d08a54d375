"""How well the depths of pipelines are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Of what is seen in an open well: so much, and below 2.5 m this share of the depth.
_VISIBLE_M, _VISIBLE_SHARE = 0.025, 0.01
#: Of what is found by detection: this share of the depth, which counts as 1 m at least.
_HIDDEN_SHARE, _LEAST_DEPTH_M = 0.15, 1.0


def depth_limits_m(center_depth_m: Floats, visible: npt.NDArray[np.bool_]) -> Floats:
    """By how much each of n depths may be wrong, metres.

    Parameters
    ----------
    center_depth_m
        Depths of the centres of pipes.
    visible
        Whether they were seen and measured; what nobody says counts as found by detection, which may be more wrong.

    References
    ----------
    CJJ 61-2017, accuracy of detection, as its edition of 2003 has it: visible points 2.5 cm, below 2.5 m one in a
    hundred of the depth; hidden points 0.15 h, where h is the depth of the centre, 1 m at least.
    """
    deep_m = np.abs(center_depth_m)
    hidden = _HIDDEN_SHARE * np.maximum(deep_m, _LEAST_DEPTH_M)
    limits: Floats = np.where(visible, np.maximum(_VISIBLE_M, _VISIBLE_SHARE * deep_m), hidden)
    return limits
