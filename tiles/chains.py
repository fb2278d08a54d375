"""Lines that meet end to end and look alike, as one line each: what tiles of maps of the county are made from.

This is the classic rule of line merging, with the whole layer in view, so that a line is the same in every tile: two
lines are joined where an end of one is an end of the other, they agree in all fields but those in which
`twin.layer.Layer.joined_over` lets them differ, and no third line that agrees with them ends there. Others may.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tiles.columns import Columns, rank_features
from tiles.kernels.chains import Members, follow_chains
from tiles.kernels.index import feature_bounds, leaf_bounds
from tiles.paths import Paths, runs
from tiles.prepared import columns_of
from twin.crs import CRS
from twin.frame import Frame

Integers = npt.NDArray[np.int64]


def joined_columns_of(frame: Frame, crs: CRS) -> Columns:
    """Take the features of a frame apart, lines joined as its layer lets them; done once, then kept with the frame."""
    columns, over = columns_of(frame, crs), frame.layer.joined_over
    if over is None or len(columns) == 0:
        return columns
    return frame.keep(f"tiles joined {crs.srs}", lambda: join_lines(columns, {frame.layer.key, *over}))


def join_lines(columns: Columns, over: set[str]) -> Columns:
    """Make one feature of lines that meet end to end; all others stay as they are.

    A joined line has the number of its member of highest rank, and stands in its place. It has the attributes in which
    its members agree by the rule, and none of those in which they may differ. It may run against some of its members.
    Features of several lines, and lines that end where they begin, are not joined.

    Parameters
    ----------
    columns
        All features of a layer.
    over
        Attributes in which the members may differ.
    """
    attributes = columns.attributes
    own = np.isin(attributes.keys, list(over))
    alike = np.unique(attributes.codes[:, ~own], axis=0, return_inverse=True)[1].ravel()
    entered, first = follow_chains(_find_meetings(columns.paths, alike))
    # The member of highest rank, of equal ones that of the lowest number, says where its chain stands.
    member, chain = entered // 2, np.repeat(np.arange(len(first) - 1), np.diff(first))
    lead = member[np.lexsort((columns.fid[member], -columns.rank[member], chain))][first[:-1]]
    order = np.argsort(lead)
    lead = lead[order]
    seats, first = runs(first[order], first[order + 1])
    paths, first_vertex = _draw_chains(columns.paths, entered[seats], first)
    codes = attributes.codes[lead]
    codes[np.ix_(np.diff(first) > 1, own)] = -1
    bounds = feature_bounds(paths.xy, paths.first_vertex, paths.first_path)
    return replace(
        columns,
        paths=paths,
        bounds=bounds,
        leaves=leaf_bounds(bounds),
        fid=columns.fid[lead],
        opened=np.maximum.reduceat(columns.opened[member[seats]], first[:-1]),
        attributes=replace(attributes, codes=codes),
        rank=rank_features(columns.fid[lead], paths.dimension, bounds),
        members=Members(first, first_vertex),
    )


def _find_meetings(paths: Paths, alike: Integers) -> Integers:
    """Find for each end of a feature the end of another one that it meets, or -1; feature i has the ends 2i and 2i + 1.

    Parameters
    ----------
    paths
        n features.
    alike
        n: numbers; features may be joined that have the same.
    """
    count = np.diff(paths.first_path)
    owner = np.repeat(np.arange(len(paths)), count)
    line = np.flatnonzero(paths.dimension[owner] == 1)
    # The ends of a feature of several lines are in the way of others, but cannot be told from each other.
    end = np.where(count[owner[line], None] == 1, 2 * owner[line, None] + [0, 1], -1).ravel()
    vertex = np.column_stack((paths.first_vertex[line], paths.first_vertex[line + 1] - 1)).ravel()
    x, y, group = *paths.xy[vertex].T, np.repeat(alike[owner[line]], 2)
    order = np.lexsort((y, x, group))
    apart = np.any([np.diff(values[order]) != 0 for values in (x, y, group)], axis=0)
    first = np.concatenate(([0], np.flatnonzero(apart) + 1))
    two = first[np.diff(first, append=len(order)) == 2]
    one, other = end[order[two]], end[order[two + 1]]
    joined = (one >= 0) & (other >= 0) & (one // 2 != other // 2)
    meets = np.full(2 * len(paths), -1)
    meets[one[joined]], meets[other[joined]] = other[joined], one[joined]
    return meets


def _draw_chains(paths: Paths, entered: Integers, first: Integers) -> tuple[Paths, Integers]:
    """Put the vertices of features one after the other; where two meet, they share one.

    Parameters
    ----------
    paths
        The features.
    entered, first
        The ends by which they are entered, chain after chain, and where each chain begins, with the end of the last.

    Returns
    -------
    The chains, and the first vertex of each of the features in them.
    """
    member, turned, head = entered // 2, entered % 2 == 1, first[:-1]
    follows = np.ones(len(member), dtype=bool)
    follows[head] = False
    ends = paths.first_vertex[paths.first_path]
    begin, end = ends[member] + (follows & ~turned), ends[member + 1] - (follows & turned)
    vertices, starts = runs(begin, end)
    vertices = np.where(np.repeat(turned, end - begin), np.repeat(begin + end - 1, end - begin) - vertices, vertices)
    # A chain of one feature has the paths of that feature, any other a single one.
    path, first_path = runs(paths.first_path[member[head]], paths.first_path[member[head] + 1])
    shift = np.repeat(starts[head] - begin[head], np.diff(first_path))
    drawn = Paths(
        dimension=paths.dimension[member[head]],
        first_path=first_path,
        first_vertex=np.append(paths.first_vertex[path] + shift, starts[-1]),
        hole=paths.hole[path],
        xy=paths.xy[vertices],
    )
    return drawn, starts[:-1] - follows
