"""What remains of a network without its dead ends: chains of segments between junctions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from layers.pipelines.network.arrays import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Segments in a row, from one junction to another or back to the same.

    Parameters
    ----------
    first, last
        The vertices at its ends.
    segments
        Positions of the segments, from the first vertex to the last.
    length_m
        Of all of them.
    """

    first: int
    last: int
    segments: list[int]
    length_m: float


def find_chains(ends: Ints, length_m: Floats, vertices: int) -> list[Chain]:
    """Find the chains of a network; a ring without a junction is one that comes back to where it began.

    Parameters
    ----------
    ends
        (m, 2) vertices at the ends of the m segments.
    length_m
        Of the segments.
    vertices
        How many there are.
    """
    kept = _drop_dead_ends(ends, vertices)
    beside: dict[int, list[int]] = defaultdict(list)
    pairs = ends.tolist()
    for segment in kept:
        for vertex in pairs[segment]:
            beside[vertex].append(segment)
    unused = set(kept)
    chains = []
    # Rings without a junction are what the junctions leave over.
    for vertex in [*(v for v, around in beside.items() if len(around) != 2), *beside]:
        for segment in beside[vertex]:
            if segment in unused:
                last, segments = _walk(vertex, segment, beside, pairs, unused)
                whole_m = float(length_m[segments].sum())
                chains.append(Chain(first=vertex, last=last, segments=segments, length_m=whole_m))
    return chains


def _walk(
    first: int, segment: int, beside: dict[int, list[int]], pairs: list[list[int]], unused: set[int]
) -> tuple[int, list[int]]:
    """Go from a vertex by a segment to the next junction, or back to the vertex."""
    at, passed = first, []
    while True:
        passed.append(segment)
        unused.discard(segment)
        start, end = pairs[segment]
        at = end if at == start else start
        around = beside[at]
        if at == first or len(around) != 2:
            return at, passed
        segment = around[1] if around[0] == segment else around[0]


def _drop_dead_ends(ends: Ints, vertices: int) -> list[int]:
    """Return the segments that are left when every segment that ends at nothing is taken away, again and again."""
    degree = np.bincount(ends.ravel(), minlength=vertices).tolist()
    # Of a vertex with one segment left, the sum of the numbers of its segments is the number of that segment.
    numbers = np.repeat(np.arange(len(ends)), 2)
    total = np.bincount(ends.ravel(), weights=numbers, minlength=vertices).astype(np.int64).tolist()
    pairs = ends.tolist()
    gone = [False] * len(pairs)
    loose = [vertex for vertex in range(vertices) if degree[vertex] == 1]
    while loose:
        vertex = loose.pop()
        if degree[vertex] != 1:
            continue
        segment = total[vertex]
        gone[segment] = True
        for end in pairs[segment]:
            degree[end] -= 1
            total[end] -= segment
            if degree[end] == 1:
                loose.append(end)
    return [segment for segment, is_gone in enumerate(gone) if not is_gone]
