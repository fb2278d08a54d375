"""What nodes are to their network, and in which networks water runs by its weight."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What a node is to its network.

    A stuck valve is open and cannot be closed. At an end a pipe ends on purpose: a cap, a stub for later.
    """

    PLAIN = 0
    VALVE = 1
    CLOSED_VALVE = 2
    STUCK_VALVE = 3
    SOURCE = 4
    OUTFALL = 5
    CUSTOMER = 6
    END = 7


VALVES = (Role.VALVE, Role.CLOSED_VALVE, Role.STUCK_VALVE)

#: Codes of the classes in which water runs downhill to an outfall; the others are fed by a source.
GRAVITY = ("PS",)
