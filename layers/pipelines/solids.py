"""Pipes and wells as solids: tubes and ducts along the axes of segments, shafts from the covers of wells down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.axis import has_heights
from layers.pipelines.codes.points import has_role
from layers.pipelines.section import Sections
from twin.crs import BBox, metric_plane, transform
from twin.solids import End, Sweeps

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: How wide is drawn what nobody has measured.
_LINE_M, _WELL_M = 0.1, 0.7
#: Vertices nearer to the one before are the same.
_SAME_M = 0.001
#: Segments go straight on where they turn by less than 2 degrees and their axes are less than a centimetre apart.
_STRAIGHT, _APART_M = -np.cos(np.radians(2.0)), 0.01


def solids_of_segments(segments: GeoDataFrame) -> Sweeps:
    """The outer walls of rows of ``pipe_segments``, with joints where they meet others at a bend or a branch.

    Those of unknown depth are left out, rather than drawn at a height that they do not have.
    """
    axes, owners = shapely.get_coordinates(segments.geometry.to_numpy(), include_z=True, return_index=True)
    metres = _in_metres(axes, segments)
    again = (np.diff(owners, prepend=-1) == 0) & (_length(np.diff(metres, axis=0, prepend=0)) < _SAME_M)
    axes, metres, owners = axes[~again], metres[~again], owners[~again]
    vertices = np.bincount(owners, minlength=len(segments))
    lost = np.bincount(owners, weights=~np.isfinite(axes[:, 2]), minlength=len(segments)) > 0
    deep, long = has_heights(segments) & ~lost, vertices > 1
    drawn = deep & long
    rows, axes, metres = np.flatnonzero(drawn), axes[drawn[owners]], metres[drawn[owners]]
    starts = _add_up(vertices[rows])

    sections = Sections.of(segments)
    unknown = np.isnan(sections.width_m) | np.isnan(sections.height_m)
    sizes = np.column_stack([sections.width_m, sections.height_m]) + 2 * sections.wall_m[:, None]
    sizes[unknown] = _LINE_M
    is_round = sections.is_round | unknown
    nodes = np.unique(segments[["from_node", "to_node"]].to_numpy(dtype=str)[rows], return_inverse=True)[1]
    shapes = np.column_stack([sizes, is_round])[rows]
    return Sweeps(
        rows=rows,
        axes=axes,
        starts=starts,
        width_m=sizes[rows, 0],
        height_m=sizes[rows, 1],
        is_round=is_round[rows],
        ends=_find_ends(metres, starts, nodes.reshape(-1, 2), shapes),
        left_out=_count({"depth unknown": ~deep, "no line longer than 1 mm": deep & ~long}),
        assumed=_count({f"section unknown, {_LINE_M:g} m wide": drawn & unknown}),
    )


def _find_ends(axes: Floats, starts: Numbers, nodes: Numbers, shapes: Floats) -> npt.NDArray[np.uint8]:
    """The `End`s of n segments: open where exactly one other of the same section goes straight on.

    Parameters
    ----------
    axes, starts
        As `twin.solids.Sweeps` has them, in metres each way.
    nodes
        (n, 2) numbers of the nodes at both ends.
    shapes
        (n, r) what is equal of segments of the same section.
    """
    first, last = starts[:-1], starts[1:] - 1
    points = np.stack([axes[first], axes[last]], axis=1).reshape(-1, 3)
    ways = np.stack([axes[first + 1], axes[last - 1]], axis=1).reshape(-1, 3) - points
    ways /= _length(ways)[:, None]

    node = nodes.ravel()
    met = np.bincount(node, minlength=1)[node]
    order = np.argsort(node, kind="stable")
    one, other = order[met[order] == 2].reshape(-1, 2).T
    goes_on = (
        ((ways[one] * ways[other]).sum(axis=1) < _STRAIGHT)
        & (_length(points[one] - points[other]) < _APART_M)
        & (shapes[one // 2] == shapes[other // 2]).all(axis=1)
    )
    ends = np.where(met == 1, np.uint8(End.FLAT), np.uint8(End.JOINT))
    ends[one[goes_on]] = ends[other[goes_on]] = End.OPEN
    return ends.reshape(-1, 2)


def solids_of_nodes(nodes: GeoDataFrame) -> Sweeps:
    """The wells among rows of ``pipe_nodes``: shafts from the cover down to the bottom, as wide as they are inside.

    How a rectangular one is turned is not surveyed; it stands from west to east and from south to north.
    """
    depth_m, width_mm, length_mm = (
        nodes[name].to_numpy(dtype=float, na_value=np.nan)
        for name in ("well_depth_m", "well_width_mm", "well_length_mm")
    )
    found, at = shapely.get_coordinates(nodes.geometry.to_numpy(), include_z=True, return_index=True)
    covers = np.full((len(nodes), 3), np.nan)
    covers[at] = found
    is_well, wide = has_role(nodes, "well") | (depth_m > 0), ~np.isnan(width_mm)
    deep = (depth_m > 0) & np.isfinite(covers[:, 2])
    rows = np.flatnonzero(is_well & deep)
    covers = covers[rows]
    bottoms = covers - depth_m[rows, None] * [0.0, 0.0, 1.0]
    is_round = (nodes["well_shape"] != "rectangular").to_numpy(bool) | ~wide
    width_m = np.where(wide, width_mm / 1000, _WELL_M)
    return Sweeps(
        rows=rows,
        axes=np.stack([bottoms, covers], axis=1).reshape(-1, 3),
        starts=np.arange(len(rows) + 1) * 2,
        width_m=width_m[rows],
        height_m=np.where(is_round | np.isnan(length_mm), width_m, length_mm / 1000)[rows],
        is_round=is_round[rows],
        ends=np.full((len(rows), 2), End.FLAT, dtype=np.uint8),
        left_out=_count({"no well": ~is_well, "depth of the well or height of its cover unknown": is_well & ~deep}),
        assumed=_count({f"width of the well unknown, {_WELL_M:g} m": is_well & deep & ~wide}),
    )


def _in_metres(axes: Floats, segments: GeoDataFrame) -> Floats:
    """The same vertices where lengths can be measured: of a CRS in degrees, in a plane about them."""
    if not len(axes) or segments.crs is None or not segments.crs.is_geographic:
        return axes
    plane = metric_plane(segments.crs, BBox.around(segments.geometry.to_numpy()))
    x, y = transform(axes[:, 0], axes[:, 1], segments.crs, plane)
    return np.column_stack([x, y, axes[:, 2]])


def _length(vectors: Floats) -> Floats:
    found: Floats = np.linalg.norm(vectors, axis=1)
    return found


def _add_up(counts: Numbers) -> Numbers:
    return np.concatenate([[0], np.cumsum(counts)])


def _count(reasons: dict[str, Flags]) -> dict[str, int]:
    return {reason: int(those.sum()) for reason, those in reasons.items() if those.any()}
