"""Lines that meet end to end: in which order they follow each other, and how many of them show in a square."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tiles.kernels.clip import clip_segment
from tiles.kernels.sketch import HIGH, LOW, Features, Integers, Place, box_in_units, is_inside
from twin.compiled import compiled, step


class Members(NamedTuple):
    """The features of which others are made, one after the other.

    Parameters
    ----------
    first
        n + 1 positions of the first member of each feature.
    first_vertex
        For each member, the position of its first vertex; its last one is the first of the next.
    """

    first: Integers
    first_vertex: Integers


@compiled
def follow_chains(meets: Integers) -> tuple[Integers, Integers]:
    """Put lines that meet in the order in which they follow each other.

    A chain begins where a line begins that meets no other there; if it has none, where one ends; a ring where the
    first of its lines begins. So lines that all run the same way make a chain that runs that way.

    Parameters
    ----------
    meets
        The end that each end meets, or -1; line i begins at end 2i and ends at end 2i + 1.

    Returns
    -------
    The ends by which the lines are entered, chain after chain, and the position of the first of each chain, with the
    end of the last.
    """
    count = len(meets) // 2
    entered = np.empty(count, dtype=np.int64)
    first = np.zeros(count + 1, dtype=np.int64)
    done = np.zeros(count, dtype=np.bool_)
    made, chains = 0, 0
    for side, ring in ((0, False), (1, False), (0, True)):
        for line in range(count):
            end = 2 * line + side
            if done[line] or not (ring or meets[end] < 0):
                continue
            while end >= 0 and not done[end // 2]:
                entered[made] = end
                done[end // 2] = True
                made += 1
                end = meets[end ^ 1]
            chains += 1
            first[chains] = made
    return entered, first[: chains + 1]


@compiled
def count_members(rows: Integers, members: Members, features: Features, place: Place) -> int:
    """Count of how many features those are made that show in a tile or its buffer, as far as they have a part there."""
    count = 0
    for row in rows:
        begin, end = members.first[row], members.first[row + 1]
        if end == begin + 1 or is_inside(box_in_units(features.bounds[row], place)):
            count += end - begin
            continue
        last = features.first_vertex[features.first_path[row + 1]] - 1
        seen = 0
        for member in range(begin, end):
            stop = members.first_vertex[member + 1] if member + 1 < end else last
            seen += _shows(features, members.first_vertex[member], stop, place)
        # Without some of its vertices a line may lie where none of its members does.
        count += max(1, seen)
    return count


@step
def _shows(features: Features, first: int, last: int, place: Place) -> bool:
    """Whether the line from one vertex to another has a part in a tile or its buffer."""
    xy = features.xy
    for vertex in range(first, last):
        x0, y0 = (xy[vertex, 0] - place.west) * place.scale, (place.north - xy[vertex, 1]) * place.scale
        x1, y1 = (xy[vertex + 1, 0] - place.west) * place.scale, (place.north - xy[vertex + 1, 1]) * place.scale
        if clip_segment(x0, y0, x1, y1, LOW, HIGH)[4]:
            return True
    return False
