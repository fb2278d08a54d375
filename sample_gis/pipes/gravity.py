"""Sewers: which way each street drains, and how deep sewers lie so that water runs by its weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_gis.dice import Floats, Ints
from sample_gis.graph import make_graph
from sample_gis.mesh import Mask
from sample_gis.pipes.net import Net
from sample_gis.pipes.ways import Ways

#: Ground that a sewer has to climb under counts as so many metres of way for each metre of height.
_CLIMB = 250.0
#: Where a sewer would lie deeper than this, its water is pumped up.
_DEEPEST_M = {"YS": 6.0, "WS": 7.5}
#: Steeper than this no sewer is laid: the rest is a drop in the manhole.
_STEEPEST = 0.04
#: Sizes of sewers, and how many points upstream each of them drains at most.
_SIZES = {
    "WS": ((300, 400, 500, 600, 800), (60, 240, 700, 2_000)),
    "YS": ((400, 500, 600, 800, 1000), (25, 80, 200, 600)),
}
#: Least slopes of these sizes: sewage, of which sewers are never full, needs less than storm water.
_SLOPE = {
    "WS": {300: 0.003, 400: 0.0015, 500: 0.0012, 600: 0.001, 800: 0.0008},
    "YS": {400: 0.0021, 500: 0.0016, 600: 0.0012, 800: 0.00085, 1000: 0.00062},
}


def drain(ways: Ways, ground_m: Floats, roots: Ints) -> tuple[Ways, Mask]:
    """Turn all ways downstream, and tell which of them begin after their first crossing, which drains elsewhere.

    Parameters
    ----------
    ways
        The m ways.
    ground_m
        (k,) height of the ground at their crossings.
    roots
        Crossings at which water leaves.
    """
    from scipy.sparse.csgraph import dijkstra

    both = np.concatenate([ways.edge, ways.edge[:, ::-1]])
    climb = (ground_m[both[:, 0]] - ground_m[both[:, 1]]).clip(min=0.0)
    graph = make_graph(len(ways.sheet), both, np.tile(ways.length_m, 2) + _CLIMB * climb)
    _, below, _ = dijkstra(graph, indices=roots, min_only=True, return_predecessors=True)
    start, end = ways.edge.T
    forth, back = below[start] == end, below[end] == start
    turned = back | (~forth & (ground_m[end] > ground_m[start]))
    return ways.turned(turned), ~forth & ~back


@dataclass(frozen=True, kw_only=True, eq=False)
class Sewers:
    """How deep the sewers of a net lie.

    Parameters
    ----------
    size_mm, start_m, end_m
        (s,) diameter, and height of the invert at either end of each piece.
    out_m
        (n,) height of the invert that leads away from each point.
    pumped
        (n,) points at which water is pumped up.
    """

    size_mm: Floats
    start_m: Floats
    end_m: Floats
    out_m: Floats
    pumped: Mask

    def bottoms(self, net: Net) -> tuple[Ints, Floats]:
        """Crossings, and the lowest outer bottom at each."""
        at = net.crossing[net.ends]
        low = np.full(int(net.crossing.max()) + 1, np.inf)
        np.minimum.at(low, at[:, 0][at[:, 0] >= 0], self.start_m[at[:, 0] >= 0])
        np.minimum.at(low, at[:, 1][at[:, 1] >= 0], self.end_m[at[:, 1] >= 0])
        crossings = np.flatnonzero(np.isfinite(low))
        return crossings, low[crossings] - wall_mm(np.array([self.size_mm.max()]))[0] / 1000


def wall_mm(size_mm: Floats) -> Floats:
    """Thickness of the wall of concrete pipes."""
    return np.where(size_mm < 300, 20.0, size_mm / 10)


def settle(net: Net, ground_m: Floats, crown_m: Floats) -> Sewers:
    """Lay sewers as high as they may lie, at their least slope or with the ground.

    Parameters
    ----------
    net
        Mains only: every point but the roots has one piece that leads away from it.
    ground_m
        (n,) height of the ground at the points.
    crown_m
        (n,) greatest height of the outer top there.
    """
    count = len(net.place)
    start, end = net.ends.T
    down = np.arange(count)
    down[start] = end
    length = np.zeros(count)
    length[start] = net.length_m
    levels = _levels(down)
    drained = np.ones(count, np.int64)
    for rows in levels:
        np.add.at(drained, down[rows], drained[rows])
    sizes, steps = _SIZES[net.line.code]
    size = np.array(sizes, float)[np.searchsorted(steps, drained)]
    slope = np.array([_SLOPE[net.line.code][each] for each in sizes])[np.searchsorted(steps, drained)]

    highest = crown_m - (size + wall_mm(size)) / 1000
    low, out = highest.copy(), highest.copy()
    pumped = np.zeros(count, bool)
    for rows in levels:
        pumped[rows] = ground_m[rows] - low[rows] > _DEEPEST_M[net.line.code]
        out[rows] = np.where(pumped[rows], highest[rows], low[rows])
        np.minimum.at(low, down[rows], out[rows] - slope[rows] * length[rows])
    arrival = np.minimum(np.maximum(low[end], out[start] - _STEEPEST * length[start]), highest[end])
    return Sewers(size_mm=size[start], start_m=out[start], end_m=arrival, out_m=out, pumped=pumped)


def _levels(down: Ints) -> list[Ints]:
    """Points by how many pieces lie between them and their root, the farthest first; the roots are not among them."""
    level, next_ = (down != np.arange(len(down))).astype(np.int64), down
    while (next_[next_] != next_).any():
        level, next_ = level + level[next_], next_[next_]
    order = np.argsort(-level, kind="stable")
    order = order[level[order] > 0]
    return np.split(order, np.flatnonzero(np.diff(level[order])) + 1)
