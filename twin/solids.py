"""What features are in space: sections swept along axes, or blocks over outlines; data without themes or pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
#: (k, 3) places to (k, 3) places, wherever those have their axes.
Move = Callable[[Floats], Floats]


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
class Sweeps:
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

    def take(self, numbers: Numbers) -> Sweeps:
        """Some of them, in the order given."""
        vertices, starts = _choose(self.starts, numbers)
        return Sweeps(
            rows=self.rows[numbers],
            axes=self.axes[vertices],
            starts=starts,
            width_m=self.width_m[numbers],
            height_m=self.height_m[numbers],
            is_round=self.is_round[numbers],
            ends=self.ends[numbers],
        )

    def move(self, way: Move) -> Sweeps:
        """The same somewhere else."""
        return replace(self, axes=way(self.axes))

    def boxes(self) -> Floats:
        """(n, 6) west, south, bottom, east, north and top, with room for mitres."""
        reach = 1.5 * np.hypot(self.width_m, self.height_m)[:, None]
        low, high = (side.reduceat(self.axes, self.starts[:-1]) for side in (np.minimum, np.maximum))
        return np.hstack([low - reach, high + reach])

    @property
    def sizes(self) -> Floats:
        """(n,) by which the largest of them are known: the wider side of the section."""
        return np.maximum(self.width_m, self.height_m)

    @property
    def owners(self) -> Numbers:
        """(k,) the number of the solid to which each vertex of the axes belongs."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """n solids: everything between a bottom and a top of the same outline, holes left open.

    Parameters
    ----------
    rows
        (n,) positions of the features among the rows they were made from, ascending; those without a solid are absent.
    bottoms, tops
        (k, 3) corners of the outlines: x and y in the storage CRS, 1985 national height in metres. No ring says its
        first corner again. An outer ring runs counter-clockwise, its holes follow it and run clockwise.
    rings
        (r + 1,) where each ring begins among them.
    starts
        (n + 1,) where those of each block begin among the rings.
    left_out, assumed
        As `Sweeps` has them.
    """

    rows: Numbers
    bottoms: Floats
    tops: Floats
    rings: Numbers
    starts: Numbers
    left_out: Mapping[str, int] = field(default_factory=dict)
    assumed: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, numbers: Numbers) -> Blocks:
        """Some of them, in the order given."""
        chosen, starts = _choose(self.starts, numbers)
        corners, rings = _choose(self.rings, chosen)
        return Blocks(
            rows=self.rows[numbers], bottoms=self.bottoms[corners], tops=self.tops[corners], rings=rings, starts=starts
        )

    def move(self, way: Move) -> Blocks:
        """The same somewhere else."""
        return replace(self, bottoms=way(self.bottoms), tops=way(self.tops))

    def boxes(self) -> Floats:
        """(n, 6) west, south, bottom, east, north and top."""
        corners = self.rings[self.starts[:-1]]
        low = np.minimum.reduceat(np.minimum(self.bottoms, self.tops), corners)
        high = np.maximum.reduceat(np.maximum(self.bottoms, self.tops), corners)
        return np.hstack([low, high])

    @property
    def sizes(self) -> Floats:
        """(n,) by which the largest of them are known: the longest way through each."""
        boxes = self.boxes()
        sizes: Floats = np.linalg.norm(boxes[:, 3:] - boxes[:, :3], axis=1)
        return sizes

    @property
    def owners(self) -> Numbers:
        """(k,) the number of the block to which each corner belongs."""
        return np.repeat(np.arange(len(self)), np.diff(self.rings[self.starts]))


#: What a layer's features are in space.
Solids = Sweeps | Blocks


@dataclass(frozen=True, kw_only=True)
class KeptModels:
    """What a layer says whose features are models, the shapes of which the store keeps.

    Parameters
    ----------
    shapes
        Its field with the digest of the kept shapes.
    instead_of
        The layer whose solids models replace where one is near, and the field that names such a feature.
    elements
        The layer with what they consist of, features by the keys that the shapes name.
    drawn
        Of elements: the field and the values of those that are drawn.
    """

    shapes: str
    instead_of: tuple[str, str]
    elements: str
    drawn: tuple[str, tuple[str, ...]]


def _choose(starts: Numbers, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Which parts belong to some of n wholes, and where those of each begin among them."""
    counts = np.diff(starts)[numbers]
    begins = np.concatenate([[0], np.cumsum(counts)])
    return np.arange(begins[-1]) + np.repeat(starts[numbers] - begins[:-1], counts), begins
