"""How much each vertex matters to the shape of its line or ring, such that shared borders stay shared.

A border that two areas share is cut where it ends, at the vertices where neighbours differ, and each piece is judged
by itself and in the same direction for both. So both keep the same vertices at any tolerance.

References
----------
Douglas, Peucker: Algorithms for the reduction of the number of points required to represent a digitized line,
Cartographica 1973.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Nodes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

#: A piece that needs more looks at its vertices than this many times their number keeps the rest of them.
_PATIENCE = 200


@compiled
def vertex_importance(xy: Floats, first_vertex: Integers, ring: Flags) -> Singles:
    """Find for every vertex the tolerance up to which it has to be kept.

    Parameters
    ----------
    xy, first_vertex
        Paths as in `tiles.paths.Paths`.
    ring
        For each path, whether its end joins its beginning.

    Returns
    -------
    Distances in units of the CRS; infinite for the ends of lines, for vertices where borders meet, for two vertices
    of every ring, and for four of one that meets no other.
    """
    importance = np.zeros(len(xy), dtype=np.float32)
    node = _same_places(xy)
    fixed = _meeting_places(node, first_vertex, ring)
    longest = 1
    for path in range(len(first_vertex) - 1):
        longest = max(longest, first_vertex[path + 1] - first_vertex[path])
    arc = np.empty(longest + 1, dtype=np.int64)
    for path in range(len(first_vertex) - 1):
        begin, end = first_vertex[path], first_vertex[path + 1]
        count = end - begin
        if count == 0:
            continue
        anchor, alone = begin, False
        if ring[path]:
            anchor, alone = _anchor_ring(xy, node, fixed, begin, end, importance)
        importance[anchor] = np.inf
        if not ring[path]:
            importance[end - 1] = np.inf
        steps = count if ring[path] else count - 1
        arc[0], size = anchor, 1
        for step in range(1, steps + 1):
            vertex = begin + (anchor - begin + step) % count
            arc[size] = vertex
            size += 1
            if fixed[node[vertex]] or importance[vertex] == np.inf or step == steps:
                importance[vertex] = np.inf
                farthest = _judge_arc(xy, arc[:size], importance)
                if alone and farthest >= 0:
                    importance[farthest] = np.inf  # or else a slim area would be nothing but a line
                arc[0], size = vertex, 1
    return importance


@compiled
def _same_places(xy: Floats) -> Nodes:
    """Number the places: vertices with the same coordinates have the same number."""
    size = 16
    while size < 2 * len(xy):
        size *= 2
    table = np.full(size, -1, dtype=np.int32)
    node = np.empty(len(xy), dtype=np.int32)
    bits = xy.view(np.uint64)
    for vertex in range(len(xy)):
        mixed = bits[vertex, 0] * np.uint64(0x9E3779B97F4A7C15) ^ bits[vertex, 1] * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        slot = np.int64((mixed >> np.uint64(24)) & np.uint64(size - 1))
        while table[slot] >= 0:
            other = table[slot]
            if xy[other, 0] == xy[vertex, 0] and xy[other, 1] == xy[vertex, 1]:
                break
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = vertex
        node[vertex] = table[slot]
    return node


@compiled
def _meeting_places(node: Nodes, first_vertex: Integers, ring: Flags) -> Flags:
    """Find the places where paths end, or that have other neighbours on one path than on another."""
    fixed = np.zeros(len(node), dtype=np.bool_)
    one = np.full(len(node), -1, dtype=np.int32)
    other = np.full(len(node), -1, dtype=np.int32)
    for path in range(len(first_vertex) - 1):
        begin, end = first_vertex[path], first_vertex[path + 1]
        for vertex in range(begin, end):
            here = node[vertex]
            if not ring[path] and (vertex == begin or vertex == end - 1):
                fixed[here] = True
                continue
            before = node[vertex - 1] if vertex > begin else node[end - 1]
            after = node[vertex + 1] if vertex < end - 1 else node[begin]
            low, high = min(before, after), max(before, after)
            if one[here] < 0:
                one[here], other[here] = low, high
            elif one[here] != low or other[here] != high:
                fixed[here] = True
    return fixed


@compiled
def _anchor_ring(xy: Floats, node: Nodes, fixed: Flags, begin: int, end: int, importance: Singles) -> tuple[int, bool]:
    """Find a vertex at which a ring may be cut, make sure that it has two that are kept, and say if it meets none."""
    found, anchor = 0, begin
    for vertex in range(begin, end):
        if fixed[node[vertex]]:
            anchor = vertex if found == 0 else anchor
            found += 1
    if found >= 2:
        return anchor, False
    if found == 0:
        for vertex in range(begin, end):
            if _is_before(xy, vertex, anchor):
                anchor = vertex
    farthest, distance = anchor, -1.0
    for vertex in range(begin, end):
        away = (xy[vertex, 0] - xy[anchor, 0]) ** 2 + (xy[vertex, 1] - xy[anchor, 1]) ** 2
        if away > distance or (away == distance and _is_before(xy, vertex, farthest)):
            farthest, distance = vertex, away
    importance[farthest] = np.inf
    return anchor, found == 0


@compiled
def _is_before(xy: Floats, one: int, other: int) -> bool:
    return xy[one, 0] < xy[other, 0] or (xy[one, 0] == xy[other, 0] and xy[one, 1] < xy[other, 1])


@compiled
def _judge_arc(xy: Floats, arc: Integers, importance: Singles) -> int:
    """Judge the vertices between the ends of a piece, in whatever direction it is given.

    Returns the one that matters most; -1 if there is none.
    """
    count = len(arc)
    if count < 3:
        return -1
    if _is_before(xy, arc[count - 1], arc[0]):
        arc[:] = arc[::-1].copy()
    begin = np.empty(count, dtype=np.int64)
    end = np.empty(count, dtype=np.int64)
    bound = np.empty(count, dtype=np.float64)
    begin[0], end[0], bound[0] = 0, count - 1, np.inf
    open_parts, looks, farthest = 1, 0, -1
    while open_parts > 0:
        open_parts -= 1
        first, last, most = begin[open_parts], end[open_parts], bound[open_parts]
        looks += last - first
        tired = looks > _PATIENCE * count
        x0, y0 = xy[arc[first], 0], xy[arc[first], 1]
        dx, dy = xy[arc[last], 0] - x0, xy[arc[last], 1] - y0
        squared = dx * dx + dy * dy
        middle, distance = -1, -1.0
        for position in range(first + 1, last):
            px, py = xy[arc[position], 0] - x0, xy[arc[position], 1] - y0
            along = min(1.0, max(0.0, (px * dx + py * dy) / squared)) if squared > 0 else 0.0
            away = np.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2)
            if tired:
                importance[arc[position]] = most
            elif away > distance:
                middle, distance = position, away
        if middle < 0:
            continue
        farthest = arc[middle] if farthest < 0 else farthest
        distance = min(distance, most)
        importance[arc[middle]] = distance
        for low, high in ((first, middle), (middle, last)):
            if high - low > 1:
                begin[open_parts], end[open_parts], bound[open_parts] = low, high, distance
                open_parts += 1
    return farthest
