"""All pairs of pieces of pipe that are near one another in plan."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from layers.pipelines.clearance.kernels.edges import meet_in_plan
from layers.pipelines.clearance.kernels.solids import gap_between
from twin.compiled import compiled, step

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@compiled
def meet_all(
    begin: int, end: int, edges: Floats, boxes: Floats, sizes: Floats, is_round: npt.NDArray[np.bool_], kinds: Numbers,
    owners: Numbers, ends: Numbers, least: Floats, farthest: float, pairs: Numbers, measures: Floats,
) -> int:  # fmt: skip
    """Find pairs of edges of different pipes, not joined at a node, whose walls are nearer in plan than they may be.

    Parameters
    ----------
    begin, end
        Which edges are compared with all that begin farther east; so several threads share the work.
    edges, boxes
        (n, 6) x, y, z of start and end, z NaN where unknown; (n, 4) west, south, east, north with the walls, in the
        order of their west.
    owners
        (n,) the pipe of each edge.
    sizes, is_round, kinds, ends
        Of m pipes: (m, 2) half the outer width and height, whether round, number in `least`, (m, 2) nodes.
    least
        (k, k) metres that may not be undercut, NaN where walls may touch in plan.
    farthest
        The largest of `least`.
    pairs, measures
        (r, 2) and (r, 4) room for what is found: the edges; distance of the axes in plan, how far along the first and
        the second edge (0 to 1), clear distance of the solids (infinite where they are apart in plan).

    Returns
    -------
    int
        How many there are; more than r if the room was not enough.
    """
    found = 0
    frame_a, frame_b = np.empty((5, 3)), np.empty((5, 3))
    for i in range(begin, end):
        a = owners[i]
        south, east, north = boxes[i, 1], boxes[i, 2] + farthest, boxes[i, 3] + farthest
        for j in range(i + 1, len(edges)):
            if boxes[j, 0] > east:
                break
            if boxes[j, 1] > north or boxes[j, 3] < south - farthest:
                continue
            b = owners[j]
            if a == b or _joined(ends, a, b):
                continue
            squared, s, t = meet_in_plan(edges[i], edges[j])
            walls = sizes[a, 0] + sizes[b, 0]
            wanted = least[kinds[a], kinds[b]]
            reach = walls + (wanted if wanted > 0 else 0.0)
            about = walls + sizes[a, 1] + sizes[b, 1]  # a steep duct is longer in plan than its axis
            if squared > max(reach, about) ** 2:
                continue
            gap = np.inf
            if squared <= about * about and edges[i, 2] == edges[i, 2] and edges[j, 2] == edges[j, 2]:
                gap = gap_between(
                    edges[i], sizes[a], is_round[a], edges[j], sizes[b], is_round[b], frame_a, frame_b
                )  # fmt: skip
            if squared > reach * reach and gap > 0:
                continue
            if found < len(pairs):
                pairs[found, 0], pairs[found, 1] = i, j
                measures[found, 0], measures[found, 1], measures[found, 2] = math.sqrt(squared), s, t
                measures[found, 3] = gap
            found += 1
    return found


@step
def _joined(ends: Numbers, a: int, b: int) -> bool:
    return ends[a, 0] == ends[b, 0] or ends[a, 0] == ends[b, 1] or ends[a, 1] == ends[b, 0] or ends[a, 1] == ends[b, 1]
