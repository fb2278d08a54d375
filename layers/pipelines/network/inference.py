"""Which way segments flow and from what that is known: the survey, inverts, where the sources are, check valves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from layers.pipelines.network.arrays import Floats, Ints, Mask
from layers.pipelines.network.bridges import find_only_ways
from layers.pipelines.network.direction import LEVEL_M, find_directions
from layers.pipelines.network.links import Links

#: What a survey says of a segment that flows now this way, now that.
BOTH = 2


class Origin(IntEnum):
    """From what the direction of a segment is known.

    By sources: only one way leads there from sources and from where the survey ends, or from there to outfalls and to
    where it ends. By a check valve: one side of it is known.
    """

    UNKNOWN = 0
    SURVEYED = 1
    INVERTS = 2
    SOURCES = 3
    CHECK_VALVE = 4


#: Origins of what nobody measured or saw.
INFERRED = (Origin.SOURCES, Origin.CHECK_VALVE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Directions:
    """How m segments flow.

    Parameters
    ----------
    way
        1 where a segment flows from start to end, -1 from end to start, 0 both ways or unknown.
    origin
        One `Origin` each.
    contradicted
        Segments of which two origins say different ways: gravity flow uphill, or flow to where the only source is (of
        drainage away from the only outfall).
    one_way
        Which of the v vertices are check valves whose way is known.
    """

    way: npt.NDArray[np.int8]
    origin: Ints
    contradicted: Mask
    one_way: Mask


def infer_directions(
    flow: npt.NDArray[np.int8], fall_m: Floats, ends: Ints, links: Links, *, starts: Mask, drains: Mask, checks: Mask
) -> Directions:
    """Find out which way segments flow, each by the first of the origins that tells.

    Inverts go before sources, because whether a survey has all sources and outfalls is less sure than two heights.

    Parameters
    ----------
    flow
        As surveyed: 1 from start to end, -1 from end to start, `BOTH`, 0 where nobody said.
    fall_m
        How much lower the invert is at the end than at the start; NaN where it is unknown or does not matter.
    ends, links
        (m, 2) vertices at start and end, and the steps that segments make between them if what is in them flows one
        way from sources or to outfalls.
    starts, drains, checks
        Which of the v vertices are where flow may begin (of drainage end), belong to drainage, and are check valves.
    """
    surveyed = np.where(flow == BOTH, 0, flow).astype(np.int8)
    way, contradicted = find_directions(surveyed, np.where(flow == BOTH, np.nan, fall_m))
    by_sources = find_only_ways(links, ends, np.flatnonzero(starts))
    is_drain = drains[ends[:, 0]]
    by_sources[is_drain] *= -1
    climbs = np.where(flow == 0, by_sources, 0) * np.nan_to_num(fall_m) < -LEVEL_M
    contradicted |= (by_sources * surveyed < 0) | climbs
    origin = np.select([flow != 0, way != 0, by_sources != 0], [Origin.SURVEYED, Origin.INVERTS, Origin.SOURCES])
    way = np.where(origin == Origin.SOURCES, by_sources, way)
    one_way = _pass_checks(ends, checks, way, origin)
    return Directions(way=way, origin=origin.astype(np.int64), contradicted=contradicted, one_way=one_way)


def _pass_checks(ends: Ints, checks: Mask, way: npt.NDArray[np.int8], origin: Ints) -> Mask:
    """Carry directions on through check valves, in place, and return the vertices of those whose way is known then.

    A check valve between two segments lets through from the one that flows to it to the other, and never back.
    """
    one_way = np.zeros_like(checks)
    vertex = ends.ravel()
    places = np.flatnonzero(checks[vertex])
    places = places[np.argsort(vertex[places], kind="stable")]
    found, first, count = np.unique(vertex[places], return_index=True, return_counts=True)
    pairs = places[first[count == 2][:, None] + [0, 1]]
    segment, away = pairs // 2, np.where(pairs % 2 == 0, 1, -1)  # a segment that flows forth flows away from its start
    while True:
        leaves = way[segment] * away
        open_end = (origin[segment] == Origin.UNKNOWN) & (leaves[:, ::-1] != 0)
        if not open_end.any():
            break
        way[segment[open_end]] = (-leaves[:, ::-1] * away)[open_end]
        origin[segment[open_end]] = Origin.CHECK_VALVE
    one_way[found[count == 2][(leaves != 0).all(axis=1) & (leaves.sum(axis=1) == 0)]] = True
    return one_way
