"""Areas that meet themselves on the grid of a tile, made valid there.

Snapping closes narrow yards and slims necks to lines. So every edge is split where a vertex of the area lies on it; a
piece belongs to the border if only one of its sides is inside, which is where an exterior winds around a place and none
of its holes does. The border is followed with the inside on its left, and cut into rings where it comes back to a
vertex. Nothing moves and everything is exact. Edges that cross between vertices are left to others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tiles.kernels.rings import Flags, Integers, Vertices, measure_ring
from tiles.kernels.sketch import COLLAPSED, DOUBTFUL, DRAWN, Sketch, finish_path, make_room
from twin.compiled import compiled, step

#: Most pieces of edges that are looked at; each is held against each. An area of more than half as many edges is left.
_MOST = 200


class Bench(NamedTuple):
    """Room to work in: pieces of edges, those of the border as they run, vertices on the way, and finished rings."""

    pieces: Vertices
    border: Vertices
    done: Flags
    way: Vertices
    rings: Vertices
    begins: Integers


@compiled
def set_up_bench() -> Bench:
    """Set room aside for the largest area that is looked at."""
    return Bench(
        np.empty((_MOST, 4), dtype=np.int32),
        np.empty((_MOST, 4), dtype=np.int32),
        np.empty(_MOST, dtype=np.bool_),
        np.empty((_MOST, 2), dtype=np.int32),
        np.empty((_MOST, 2), dtype=np.int32),
        np.zeros(_MOST + 1, dtype=np.int64),
    )


@compiled
def mend_area(begin: int, sketch: Sketch, bench: Bench) -> tuple[int, Sketch]:
    """Make the last area of a sketch valid, in its place.

    Parameters
    ----------
    begin
        The first of its paths, which are straightened rings; holes follow their exterior.
    sketch, bench
        What it is drawn on, and room to work in.

    Returns
    -------
    What becomes of it: drawn, collapsed or still doubtful, which leaves it as it is.
    """
    starts, holes = sketch.first_vertex[begin : sketch.used[0] + 1], sketch.hole[begin : sketch.used[0]]
    pieces = _split_edges(starts, sketch.xy, bench.pieces)
    known = pieces >= 0 and not _any_cross(bench.pieces, pieces)
    border = _find_border(starts, holes, sketch.xy, bench, pieces) if known else -1
    if border < 0:
        return DOUBTFUL, sketch
    rings = _follow_border(bench, border)
    sketch.used[0], sketch.used[1] = begin, sketch.first_vertex[begin]
    sketch = make_room(sketch, _MOST, _MOST)
    _draw_rings(bench, rings, sketch)
    return DRAWN if sketch.used[0] > begin else COLLAPSED, sketch


@step
def _split_edges(starts: Integers, xy: Vertices, pieces: Vertices) -> int:
    """Split edges where vertices lie on them, into pieces from west to east, each once; -1 if there are too many."""
    first, last = starts[0], starts[-1]
    count = 0
    if 2 * (last - first) > _MOST:
        return -1
    for path in range(len(starts) - 1):
        before = starts[path + 1] - 1
        for vertex in range(starts[path], starts[path + 1]):
            x, y, end_x, end_y = xy[before, 0], xy[before, 1], xy[vertex, 0], xy[vertex, 1]
            while x != end_x or y != end_y:
                stop_x, stop_y = end_x, end_y
                for stop in range(first, last):
                    if _is_on_way(x, y, stop_x, stop_y, xy[stop, 0], xy[stop, 1]):
                        stop_x, stop_y = xy[stop, 0], xy[stop, 1]
                if count == _MOST:
                    return -1
                count = _add_piece(pieces, count, x, y, stop_x, stop_y)
                x, y = stop_x, stop_y
            before = vertex
    return count


@step
def _is_on_way(x: int, y: int, end_x: int, end_y: int, stop_x: int, stop_y: int) -> bool:
    """Whether a place lies on the way to an end, and not where that begins."""
    if stop_x < min(x, end_x) or stop_x > max(x, end_x) or stop_y < min(y, end_y) or stop_y > max(y, end_y):
        return False
    return (stop_x != x or stop_y != y) and (end_x - x) * (stop_y - y) == (end_y - y) * (stop_x - x)


@step
def _add_piece(pieces: Vertices, count: int, ax: int, ay: int, bx: int, by: int) -> int:
    """Add a piece unless it is there; return how many there are."""
    if bx < ax or (bx == ax and by < ay):
        ax, ay, bx, by = bx, by, ax, ay
    for piece in range(count):
        if pieces[piece, 0] == ax and pieces[piece, 1] == ay and pieces[piece, 2] == bx and pieces[piece, 3] == by:
            return count
    pieces[count, 0], pieces[count, 1], pieces[count, 2], pieces[count, 3] = ax, ay, bx, by
    return count + 1


@step
def _any_cross(pieces: Vertices, count: int) -> bool:
    """Whether two pieces cross between their ends."""
    for one in range(count):
        ax, ay, bx, by = pieces[one]
        for other in range(one):
            cx, cy, dx, dy = pieces[other]
            turns_c, turns_d = _turn(ax, ay, bx, by, cx, cy), _turn(ax, ay, bx, by, dx, dy)
            turns_a, turns_b = _turn(cx, cy, dx, dy, ax, ay), _turn(cx, cy, dx, dy, bx, by)
            if turns_c * turns_d < 0 and turns_a * turns_b < 0:
                return True
    return False


@step
def _turn(ax: int, ay: int, bx: int, by: int, x: int, y: int) -> int:
    """Which way to turn from a to b for a place: 1 where it lies on the left, from x towards y; 0 straight on."""
    return int(np.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax)))


@step
def _find_border(starts: Integers, holes: Flags, xy: Vertices, bench: Bench, pieces: int) -> int:
    """Keep the pieces with one side inside, and let them run with that on their left; return how many.

    -1 where a hole takes nothing from its exterior, since nobody knows what it is.
    """
    count, takes = 0, bench.done
    takes[: len(holes)] = False
    for piece in range(pieces):
        ax, ay, bx, by = bench.pieces[piece]
        left = right = around_left = around_right = False
        for path in range(len(holes)):
            winds_left, winds_right = _winding(xy, starts[path], starts[path + 1], ax, ay, bx, by)
            if holes[path]:
                takes[path] |= (around_left and winds_left != 0) or (around_right and winds_right != 0)
                around_left &= winds_left == 0
                around_right &= winds_right == 0
            else:
                left, right = left | around_left, right | around_right
                around_left, around_right = winds_left != 0, winds_right != 0
        left, right = left | around_left, right | around_right
        if left != right:
            if right:
                ax, ay, bx, by = bx, by, ax, ay
            border = bench.border[count]
            border[0], border[1], border[2], border[3] = ax, ay, bx, by
            count += 1
    for path in range(len(holes)):
        if holes[path] and not takes[path]:
            return -1
    return count


@step
def _winding(xy: Vertices, first: int, last: int, ax: int, ay: int, bx: int, by: int) -> tuple[int, int]:
    """How often a ring winds around the places just left and just right of the middle of a piece."""
    x, y = ax + bx, ay + by  # twice the middle, so that it is a whole number
    beside, along = 0, 0
    before = last - 1
    for vertex in range(first, last):
        px, py, qx, qy = 2 * xy[before, 0], 2 * xy[before, 1], 2 * xy[vertex, 0], 2 * xy[vertex, 1]
        before = vertex
        if _is_on_way(px, py, qx, qy, x, y):
            along += 1 if px < qx or (px == qx and py < qy) else -1
        elif (py > y) != (qy > y) and (_turn(px, py, qx, qy, x, y) > 0) == (qy > py):
            beside += 1 if qy > py else -1
    # What goes to the east from just beside the middle meets no edge along the piece: it starts right of a piece that
    # goes up, left of any other.
    return (beside + along, beside) if by > ay else (beside, beside - along)


@step
def _follow_border(bench: Bench, count: int) -> int:
    """Cut the border into rings that come back to no vertex; return how many."""
    border, way = bench.border, bench.way
    rings = 0
    bench.done[:count] = False
    for start in range(count):
        edge, length = start, 0
        while not bench.done[edge]:
            bench.done[edge] = True
            way[length, 0], way[length, 1] = border[edge, 0], border[edge, 1]
            length += 1
            edge = _turn_left(border, count, edge)
            for back in range(length):
                if way[back, 0] == border[edge, 0] and way[back, 1] == border[edge, 1]:
                    _copy(way, back, length, bench.rings, bench.begins[rings])
                    bench.begins[rings + 1] = bench.begins[rings] + length - back
                    rings += 1
                    length = back
                    break
    return rings


@step
def _turn_left(border: Vertices, count: int, edge: int) -> int:
    """Find the edge by which the border goes on with the same inside: the one farthest to the left."""
    behind_x, behind_y, x, y = border[edge]
    found = edge
    for other in range(count):
        if border[other, 0] != x or border[other, 1] != y:
            continue
        if found == edge:
            found = other
            continue
        turn = _turn(x, y, behind_x, behind_y, border[other, 2], border[other, 3])
        most = _turn(x, y, behind_x, behind_y, border[found, 2], border[found, 3])
        nearer = _turn(x, y, border[found, 2], border[found, 3], border[other, 2], border[other, 3]) > 0
        if turn < most or (turn == most and nearer):
            found = other
    return found


@step
def _draw_rings(bench: Bench, count: int, sketch: Sketch) -> None:
    """Draw rings, each hole behind the smallest exterior around it."""
    for outer in range(count):
        if _area(bench, outer) > 0:
            _draw_ring(bench, outer, False, sketch)
            for inner in range(count):
                if _area(bench, inner) < 0 and _find_exterior(bench, count, inner) == outer:
                    _draw_ring(bench, inner, True, sketch)


@step
def _find_exterior(bench: Bench, count: int, inner: int) -> int:
    """Find the smallest exterior around a ring."""
    found, smallest = -1, np.int64(0)
    vertex = bench.begins[inner]
    ax, ay = bench.rings[vertex]
    bx, by = bench.rings[vertex + 1]
    for outer in range(count):
        area = _area(bench, outer)
        if area > 0 and (found < 0 or area < smallest):
            around, _ = _winding(bench.rings, bench.begins[outer], bench.begins[outer + 1], ax, ay, bx, by)
            if around != 0:
                found, smallest = outer, area
    return found


@step
def _area(bench: Bench, ring: int) -> np.int64:
    vertices = bench.rings[bench.begins[ring] : bench.begins[ring + 1]]
    return measure_ring(vertices, len(vertices))[0]


@step
def _draw_ring(bench: Bench, ring: int, is_hole: bool, sketch: Sketch) -> None:
    first, last = bench.begins[ring], bench.begins[ring + 1]
    _copy(bench.rings, first, last, sketch.xy, sketch.used[1])
    finish_path(sketch, last - first, 2, is_hole)


@step
def _copy(source: Vertices, first: int, last: int, target: Vertices, at: int) -> None:
    for vertex in range(first, last):
        target[at, 0], target[at, 1] = source[vertex]
        at += 1
