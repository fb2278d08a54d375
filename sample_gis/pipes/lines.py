"""How a street is shared out: beside its middle or beyond its kerbs, and one below another where streets cross.

The order from the kerb to the houses is that of GB 50289-2016, 4.1.2 to 4.1.9: on one side water, heat and power, on
the other gas, telecommunications and the street lamps; sewers run under the carriageway. Each line keeps a layer of its
own below the ground, so that lines that cross keep their vertical clearances (4.1.14); sewers have what is below all.
"""

from __future__ import annotations

from dataclasses import dataclass

from sample_gis.dice import Floats


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is laid in every street of some kind.

    Parameters
    ----------
    code, group
        Letters of its sub-class and class in CJJ 61-2017; keys begin with the former.
    number
        Digits of both in feature codes.
    side
        1 on the east or north side of a street, -1 on the other, 0 for its middle.
    beyond_m
        Distance beyond the kerb of that side, or from the middle.
    top_m
        Depth of the outer top; of a gravity line, the least.
    phase
        Where its points stand between those of other lines, as a share of their distance: what branches off at points
        of different lines does not meet.
    spacing_m
        Greatest distance of its points in streets.
    valves
        Whether every street can be shut off at both ends.
    direction
        In which direction from the middle of a town its source lies; sewers have outfalls where the ground is low.
    owner
        To whom it belongs.
    """

    code: str
    group: str
    number: str
    side: int
    beyond_m: float
    top_m: float
    phase: float
    spacing_m: float = 32.0
    valves: bool = False
    owner: str
    direction: tuple[float, float] = (0.0, 0.0)

    def offset_m(self, half_m: Floats) -> Floats:
        """How far east or north of the middle of streets it runs, by half the width of their carriageways."""
        return self.side * (half_m + self.beyond_m) if self.side else 0.0 * half_m + self.beyond_m


WATER = Line(
    code="JP", group="JS", number="104", side=-1, beyond_m=1.25, top_m=1.86, phase=0.5, valves=True,
    direction=(0.0, 1.0), owner="示例自来水公司",
)  # fmt: skip
GAS = Line(
    code="TR", group="RQ", number="303", side=1, beyond_m=1.4, top_m=1.52, phase=0.3, valves=True,
    direction=(-1.0, 0.0), owner="示例燃气公司",
)  # fmt: skip
HEAT = Line(
    code="RS", group="RL", number="401", side=-1, beyond_m=3.15, top_m=2.36, phase=0.6, valves=True,
    direction=(-0.8, 0.6), owner="示例热力公司",
)  # fmt: skip
POWER = Line(
    code="GD", group="DL", number="501", side=-1, beyond_m=5.7, top_m=0.55, phase=0.2, spacing_m=40.0,
    direction=(0.6, 0.8), owner="示例供电公司",
)  # fmt: skip
LAMPS = Line(
    code="LD", group="DL", number="502", side=1, beyond_m=5.0, top_m=0.60, phase=0.85,
    owner="示例市政工程处",
)  # fmt: skip
TELECOM = Line(
    code="XX", group="TX", number="603", side=1, beyond_m=3.2, top_m=1.10, phase=0.7, spacing_m=40.0,
    direction=(1.0, 0.0), owner="示例通信管道公司",
)  # fmt: skip
STORM = Line(
    code="YS", group="PS", number="201", side=0, beyond_m=1.8, top_m=2.60, phase=0.1,
    owner="示例市政工程处",
)  # fmt: skip
SEWAGE = Line(
    code="WS", group="PS", number="202", side=0, beyond_m=-1.8, top_m=2.90, phase=0.0,
    owner="示例污水处理公司",
)  # fmt: skip

#: Heat lies below water: where it is laid, sewers begin deeper.
BELOW_HEAT_M = 0.35
