"""What nodes are to their network, and in which classes water runs by its weight."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from layers.pipelines.codes.classes import DRIVES
from layers.pipelines.network.arrays import Mask, Texts


class Role(IntEnum):
    """What a node is to its network.

    A stuck valve is open and cannot be closed. A check valve lets through one way. At an end a pipe ends on purpose: a
    cap, a stub for later. At a border it goes on where nobody surveyed.
    """

    PLAIN = 0
    VALVE = 1
    CLOSED_VALVE = 2
    STUCK_VALVE = 3
    SOURCE = 4
    OUTFALL = 5
    CUSTOMER = 6
    END = 7
    CHECK_VALVE = 8
    BORDER = 9


VALVES = (Role.VALVE, Role.CLOSED_VALVE, Role.STUCK_VALVE, Role.CHECK_VALVE)


def is_piped(classes: Texts) -> Mask:
    """Tell in which of n classes, by code, something flows; in the others there are cables and ducts."""
    dry = [code for code, drive in DRIVES.items() if drive == "cable"]
    return ~np.isin(classes, np.array(dry, dtype=object))


def is_gravity(classes: Texts) -> Mask:
    """Tell in which of n classes, by code, water runs downhill to an outfall; a source feeds the others."""
    downhill = [code for code, drive in DRIVES.items() if drive == "gravity"]
    return np.isin(classes, np.array(downhill, dtype=object))
