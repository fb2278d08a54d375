"""What features are in space: sections swept along axes, as data that knows neither pipes nor pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


class End(IntEnum):
    """What stands at the end of a solid."""

    #: Nothing: it goes on there.
    OPEN = 0
    #: It is cut off across.
    FLAT = 1
    #: A joint: half a ball, or half the width more where the section is a rectangle, so that whatever meets it there
    #: in another direction leaves no gap.
    JOINT = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Solids:
    """n solids: a round or rectangular section swept along each axis, bends mitred.

    Parameters
    ----------
    rows
        (n,) positions of the features among the rows they were made from, ascending; those without a solid are absent.
    axes
        (k, 3) vertices of the axes: x and y in the storage CRS, 1985 national height in metres.
    starts
        (n + 1,) where each axis begins among them.
    width_m, height_m
        (n,) outer sizes of the sections; of a standing solid, from west to east and from south to north.
    is_round
        (n,) whether the section is round.
    ends
        (n, 2) `End` at the start and at the stop.
    left_out
        How many features have no solid, by the reason.
    assumed
        How many have a size that nobody measured, by what was taken for it.
    """

    rows: Numbers
    axes: Floats
    starts: Numbers
    width_m: Floats
    height_m: Floats
    is_round: npt.NDArray[np.bool_]
    ends: npt.NDArray[np.uint8]
    left_out: Mapping[str, int] = field(default_factory=dict)
    assumed: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, numbers: Numbers) -> Solids:
        """Some of them, in the order given."""
        counts = np.diff(self.starts)[numbers]
        starts = np.concatenate([[0], np.cumsum(counts)])
        vertices = np.arange(starts[-1]) + np.repeat(self.starts[numbers] - starts[:-1], counts)
        return Solids(
            rows=self.rows[numbers],
            axes=self.axes[vertices],
            starts=starts,
            width_m=self.width_m[numbers],
            height_m=self.height_m[numbers],
            is_round=self.is_round[numbers],
            ends=self.ends[numbers],
        )

    @property
    def owners(self) -> Numbers:
        """(k,) the number of the solid to which each vertex of the axes belongs."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))
