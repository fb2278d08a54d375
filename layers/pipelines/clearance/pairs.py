"""Which segments are nearer to one another than GB 50289-2016 allows, and which share room."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layers.pipelines.clearance.limits import TOUCH_M, Limits, load_limits
from layers.pipelines.clearance.tubes import Tubes, tubes_of

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_CHUNK = 8192
_ROOM = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class _Meetings:
    """Where pieces of two different segments are near one another; r of them, the segment with the lower number first.

    Parameters
    ----------
    segments
        (r, 2) numbers of segments.
    places
        (r, 2, 3) x, y, z on either axis, nearest to one another in plan.
    apart_m
        (r,) distance of the axes in plan, 0 where they cross.
    gap_m
        (r,) clear distance of the solids; infinite where they were not near enough to look.
    nodes
        (r, 2) the node of the network at which either place is, -1 if it is at none.
    """

    segments: Numbers
    places: Floats
    apart_m: Floats
    gap_m: Floats
    nodes: Numbers

    def least(self, value: Floats, among: Flags) -> Numbers:
        """Positions of those with the least value, one for each pair of segments that has any."""
        chosen = np.flatnonzero(among)
        order = chosen[np.lexsort((value[chosen], self.segments[chosen, 1], self.segments[chosen, 0]))]
        ordered = self.segments[order]
        first: Numbers = order[np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)][: len(order)]]
        return first


def find_conflicts(
    segments: GeoDataFrame, *, horizontal: Limits | None = None, vertical: Limits | None = None
) -> pd.DataFrame:
    """Find all pairs of segments that are too close to one another, or share room.

    Clearances are those between outer walls. In plan they are asked of segments that do not cross; where two cross, the
    vertical clearance is asked for, from the outer bottom of the upper to the outer top of the lower, there where their
    axes cross. Segments that meet at a node are not compared, nor is what is near only where it goes on into a segment
    that crosses or joins the other one. Round pipes are filled bends, ducts boxes; they clash if they share room. A
    pair that clashes is not reported for its vertical clearance too.

    Parameters
    ----------
    segments
        Rows of ``pipe_segments`` in the storage CRS.
    horizontal, vertical
        Least clearances in plan and where pipes cross, by default those of the standard.

    Returns
    -------
    DataFrame
        A row for each conflict: ``rule`` (``CLR-H``, ``CLR-V``, ``CLASH``), ``first`` and ``second`` (positions of
        segments), ``measured_m`` (negative for what they share), ``limit_m`` (0 of a clash), ``confidence`` and
        ``source`` of the limit, ``first_x`` … ``second_z``: where, on either axis.

    References
    ----------
    GB 50289-2016, 4.1.9 and 4.1.14: clearances. They may be less where measures are taken, so each is to be looked at.
    """
    tubes = tubes_of(segments)
    horizontal, vertical = horizontal or load_limits("horizontal"), vertical or load_limits("vertical")
    met = _meet(tubes, horizontal)
    crossing = met.apart_m == 0
    clash = met.least(met.gap_m, met.gap_m < -TOUCH_M)

    clashing = _codes(met.segments[clash], tubes)
    at = met.least(_vertical_gap(met, tubes), crossing & ~np.isin(_codes(met.segments, tubes), clashing))
    upright = _too_close(met, tubes, at, _vertical_gap(met, tubes)[at], "V", vertical)

    across = np.unique(_codes(met.segments[crossing], tubes))
    at = met.least(met.apart_m, ~np.isin(_codes(met.segments, tubes), across))
    walls = tubes.sizes[met.segments[at], 0].sum(axis=1)
    level = _too_close(met, tubes, at, met.apart_m[at] - walls, "H", horizontal)
    goes_on = _goes_on(met.segments[level["meeting"]], met.nodes[level["meeting"]], across, tubes)
    return _described(met, clash, upright, level[~goes_on])


def _meet(tubes: Tubes, horizontal: Limits) -> _Meetings:
    """Run the sweep over all pieces, a share of them in each thread."""
    from layers.pipelines.clearance.kernels.sweep import meet_all

    least = horizontal.least_m
    reach = tubes.sizes.sum(axis=1)[tubes.owners]
    boxes = np.column_stack(
        [
            np.minimum(tubes.edges[:, :2], tubes.edges[:, 3:5]) - reach[:, None],
            np.maximum(tubes.edges[:, :2], tubes.edges[:, 3:5]) + reach[:, None],
        ]
    )
    order = np.argsort(boxes[:, 0], kind="stable")
    between_pipes = least[:-1, :-1]
    given = (
        tubes.edges[order], boxes[order], tubes.sizes, tubes.is_round, tubes.kinds, tubes.owners[order], tubes.ends,
        least, float(np.nanmax(between_pipes)),
    )  # fmt: skip

    def sweep(begin: int) -> tuple[Numbers, Floats]:
        end = min(begin + _CHUNK, len(order))
        room = _ROOM * _CHUNK
        while True:
            pairs, measures = np.empty((room, 2), dtype=np.int64), np.empty((room, 4))
            found = meet_all(begin, end, *given, pairs, measures)
            if found <= room:
                return pairs[:found], measures[:found]
            room = found

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        parts = list(threads.map(sweep, range(0, len(order), _CHUNK)))
    pairs = order[np.concatenate([part[0] for part in parts] or [np.empty((0, 2), dtype=np.int64)])]
    measures = np.concatenate([part[1] for part in parts] or [np.empty((0, 4))])
    return _arranged(tubes, pairs, measures)


def _arranged(tubes: Tubes, pairs: Numbers, measures: Floats) -> _Meetings:
    """Have the segment with the lower number first, and say where the pieces meet."""
    shares = measures[:, 1:3]
    swapped = tubes.owners[pairs[:, 0]] > tubes.owners[pairs[:, 1]]
    pairs = np.where(swapped[:, None], pairs[:, ::-1], pairs)
    shares = np.where(swapped[:, None], shares[:, ::-1], shares)
    owners = tubes.owners[pairs]
    at_start = (shares == 0) & tubes.is_first[pairs]
    at_end = (shares == 1) & tubes.is_last[pairs]
    nodes = np.where(at_start, tubes.ends[owners, 0], np.where(at_end, tubes.ends[owners, 1], -1))
    places = np.stack([tubes.place(pairs[:, side], shares[:, side]) for side in (0, 1)], axis=1)
    return _Meetings(segments=owners, places=places, apart_m=measures[:, 0], gap_m=measures[:, 3], nodes=nodes)


def _codes(segments: Numbers, tubes: Tubes) -> Numbers:
    """One number for each pair of segments."""
    codes: Numbers = segments[..., 0] * len(tubes.sizes) + segments[..., 1]
    return codes


def _vertical_gap(met: _Meetings, tubes: Tubes) -> Floats:
    apart = np.abs(met.places[:, 0, 2] - met.places[:, 1, 2])
    gap: Floats = apart - tubes.sizes[met.segments, 1].sum(axis=1)
    return gap


def _too_close(
    met: _Meetings, tubes: Tubes, at: Numbers, measured_m: Floats, letter: str, limits: Limits
) -> pd.DataFrame:
    """Hold what was measured at meetings to a table."""
    import pandas as pd

    first, second = tubes.kinds[met.segments[at]].T
    limit = limits.least_m[first, second]
    close = measured_m < limit - TOUCH_M  # NaN, an unknown height or no limit, is not
    return pd.DataFrame(
        {
            "rule": f"CLR-{letter}",
            "meeting": at[close],
            "measured_m": measured_m[close],
            "limit_m": limit[close],
            "confidence": limits.confidence[first, second][close],
            "source": limits.source,
        }
    )


def _goes_on(segments: Numbers, nodes: Numbers, across: Numbers, tubes: Tubes) -> Flags:
    """Whether segments are near only where one of them goes on into a segment that crosses or joins the other.

    Parameters
    ----------
    segments, nodes
        (r, 2) pairs, and the nodes at which they are nearest to one another.
    across, tubes
        Codes of pairs that cross, and all pipes.
    """
    at_node = np.argsort(tubes.ends.ravel(), kind="stable")
    begins = np.searchsorted(tubes.ends.ravel()[at_node], np.arange(tubes.ends.max(initial=-1) + 2))
    count = np.where(nodes >= 0, begins[nodes + 1] - begins[nodes], 0) + 1  # the segment itself, and those at its node
    each = count.prod(axis=1)
    pair = np.repeat(np.arange(len(segments)), each)
    turn = np.arange(len(pair)) - np.repeat(np.cumsum(each) - each, each)
    turns = np.column_stack([turn // count[pair, 1], turn % count[pair, 1]])
    others = np.where(
        turns == 0, segments[pair], at_node[np.minimum(begins[nodes[pair]] + turns - 1, len(at_node) - 1)] // 2
    )  # fmt: skip
    ends = tubes.ends[others]
    joined = (ends[:, 0, :, None] == ends[:, 1, None, :]).any(axis=(1, 2))
    crosses = np.isin(_codes(np.sort(others, axis=1), tubes), across)
    found = np.zeros(len(segments), dtype=bool)
    np.logical_or.at(found, pair, joined | crosses)
    return found


def _described(met: _Meetings, clash: Numbers, *too_close: pd.DataFrame) -> pd.DataFrame:
    """Write all conflicts in the order of their segments."""
    import pandas as pd

    clashes = pd.DataFrame(
        {
            "rule": "CLASH",
            "meeting": clash,
            "measured_m": met.gap_m[clash],
            "limit_m": 0.0,
            "confidence": "H",
            "source": "two solids cannot share room",
        }
    )
    found = pd.concat([clashes, *(each for each in too_close if len(each))], ignore_index=True)
    at = found.pop("meeting").to_numpy(dtype=np.int64)
    found.insert(1, "first", met.segments[at, 0])
    found.insert(2, "second", met.segments[at, 1])
    for side, name in enumerate(("first", "second")):
        for axis, letter in enumerate("xyz"):
            found[f"{name}_{letter}"] = met.places[at, side, axis]
    return found.sort_values(["first", "second", "rule"], kind="stable", ignore_index=True)
