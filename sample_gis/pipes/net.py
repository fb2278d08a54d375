"""A net of pipelines of one kind before it becomes rows: its points, its pieces, and how it grows along the ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sample_gis.blocks import unit_vector
from sample_gis.dice import Floats, Ints
from sample_gis.graph import make_graph
from sample_gis.mesh import Mask
from sample_gis.pipes.lines import Line
from sample_gis.pipes.ways import Ways

Texts = npt.NDArray[np.object_]

#: How far beyond the last crossing a source or an outfall lies.
_BEYOND_M = 30.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Net:
    """n points and the s pieces between them.

    Parameters
    ----------
    line
        What it is.
    place
        (n, 2) metres from the seat.
    what
        (n,) what is built onto each point, as the layer names it; empty where there is nothing.
    crossing, way
        (n,) crossing of each point or -1; (s,) way of each piece.
    ends
        (s, 2) points at start and end; gravity lines run downhill.
    branch
        (s,) whether a piece leads off the line: to a house, a lamp, a gully.
    """

    line: Line
    place: Floats
    what: Texts
    crossing: Ints
    way: Ints
    ends: Ints
    branch: Mask

    @property
    def length_m(self) -> Floats:
        """(s,) lengths in plan."""
        x, y = (self.place[self.ends[:, 0]] - self.place[self.ends[:, 1]]).T
        length: Floats = np.sqrt(x * x + y * y)
        return length

    @property
    def degree(self) -> Ints:
        """(n,) how many pieces meet at each point."""
        return np.bincount(self.ends.ravel(), minlength=len(self.place))

    def grow(self, at: Ints, place: Floats, way: Ints, what: str, *, towards: bool = False) -> Net:
        """Join new points to points that there are.

        Parameters
        ----------
        at
            (k,) points that there are.
        place, way
            (k, 2) new points, and (k,) the ways that they belong to.
        what
            What is built there.
        towards
            Whether the pieces run from the new points.
        """
        new = len(self.place) + np.arange(len(at))
        return replace(
            self,
            place=np.concatenate([self.place, place]),
            what=np.concatenate([self.what, np.full(len(at), what, dtype=object)]),
            crossing=np.concatenate([self.crossing, np.full(len(at), -1)]),
            way=np.concatenate([self.way, way]),
            ends=np.concatenate([self.ends, np.stack([new, at] if towards else [at, new], axis=1)]),
            branch=np.concatenate([self.branch, np.full(len(at), True)]),
        )

    def built(self, at: Ints, what: str) -> Net:
        """The same with something built onto some points."""
        changed = self.what.copy()
        changed[at] = what
        return replace(self, what=changed)

    def end_beyond(self, roots: Ints, ways: Ways, what: str, *, towards: bool) -> Net:
        """Join sources, or outfalls, to the points at some crossings, outwards from their town."""
        at = np.flatnonzero(np.isin(self.crossing, roots))
        one = np.zeros(len(self.place), np.int64)
        one[self.ends.T] = self.way  # any of the ways at a point
        outwards = self.place[at] + _BEYOND_M * unit_vector(ways.outwards[self.crossing[at]])
        net = self.grow(at, outwards, one[at], what, towards=towards)
        net.branch[len(self.branch) :] = False
        return net


@dataclass(frozen=True, kw_only=True, eq=False)
class Stations:
    """The t points of a net between crossings.

    Parameters
    ----------
    point, way, share
        (t,) number in the net, way and share of the way along it.
    inner
        (t,) whether something may branch off: not at valves, and not in the country.
    """

    point: Ints
    way: Ints
    share: Floats
    inner: Mask


def lay(ways: Ways, line: Line, *, spacing_m: Floats, detached: Mask | None = None) -> tuple[Net, Stations]:
    """Lay a line along all ways.

    Parameters
    ----------
    ways
        The m ways.
    line
        What to lay.
    spacing_m
        (m,) greatest distance of its points.
    detached
        (m,) ways at whose start it does not begin at the crossing, but after it.
    """
    length, corner = ways.length_m, ways.corner_m
    room = length - corner.sum(axis=1)
    inner = np.ceil(room / spacing_m).astype(np.int64).clip(min=1)
    count = inner + 2 * line.valves
    way = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(way)) - np.repeat(np.cumsum(count) - count, count)
    first, last = (step == 0) & line.valves, (step == count[way] - 1) & line.valves
    along = (step - line.valves + line.phase) / inner[way]
    share = (corner[way, 0] + np.where(first, 0.0, np.where(last, 1.0, along)) * room[way]) / length[way]

    used, ends = np.unique(ways.edge, return_inverse=True)
    ends = ends.reshape(-1, 2)
    point = len(used) + np.arange(len(way))
    # A piece before each point, and one after the last of each way.
    before = np.where(step == 0, ends[way, 0], point - 1)
    start = np.flatnonzero(step == count[way] - 1)
    pieces = np.concatenate([np.stack([before, point], axis=1), np.stack([point[start], ends[:, 1]], axis=1)])
    owner = np.concatenate([way, np.arange(len(count))])
    if detached is not None:
        kept = ~np.concatenate([(step == 0) & detached[way], np.zeros(len(count), bool)])
        pieces, owner = pieces[kept], owner[kept]
    what = np.full(len(used) + len(way), "", dtype=object)
    what[point[first | last]] = "valve_well"
    net = Net(
        line=line,
        place=np.concatenate([ways.at_crossings(line)[used], ways.along(line, way, share)]),
        what=what,
        crossing=np.concatenate([used, np.full(len(way), -1)]),
        way=owner,
        ends=pieces,
        branch=np.zeros(len(pieces), bool),
    )
    return net, Stations(point=point, way=way, share=share, inner=~first & ~last & ways.street[way])


def find_roots(ways: Ways, *scores: Floats) -> Ints:
    """The crossing with each of the highest scores, in every part of every town that hangs together by some ways.

    Parameters
    ----------
    ways
        The ways; towns have them where they have streets.
    *scores
        (k,) how well each crossing suits.
    """
    from scipy.sparse.csgraph import connected_components

    graph = make_graph(len(ways.sheet), ways.edge, np.ones(len(ways.edge)))
    part = connected_components(graph, directed=False)[1]
    used = np.unique(ways.edge[ways.street])
    group = part[used] * (ways.town.max() + 1) + ways.town[used]
    roots = []
    for score in scores:
        order = np.lexsort((-score[used], group))
        roots.append(used[order[np.flatnonzero(np.diff(group[order], prepend=-1))]])
    return np.unique(np.concatenate(roots))


def fed_ways(ways: Ways) -> Mask:
    """Which ways hang together with a street."""
    from scipy.sparse.csgraph import connected_components

    part = connected_components(make_graph(len(ways.sheet), ways.edge, np.ones(len(ways.edge))), directed=False)[1]
    fed: Mask = np.isin(part[ways.edge[:, 0]], part[ways.edge[ways.street, 0]])
    return fed
