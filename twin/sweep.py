"""Solids become meshes: the section stands at each vertex of an axis as a ring, bands of triangles join the rings.

A closed end has more rings: where it is cut off the same once more with normals along the axis, at a joint smaller and
smaller ones. The outermost is filled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from twin.mesh import Mesh, join_meshes
from twin.solids import End, Sweeps

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

#: The cosine at which a mitre stops growing: nearly three times the width, where an axis turns by 140 degrees.
_SHARPEST = 0.35
#: An axis is upright where less of its direction than this goes sideways.
_UPRIGHT = 1e-3
_EAST, _UP = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Section:
    """A section of half width and half height 1: p points, and the edges between them.

    Parameters
    ----------
    points, normals
        (p, 2) sideways and upwards.
    edges
        (e, 2) numbers of points.
    corners
        Of the polygon that fills it.
    """

    points: Floats
    normals: Floats
    edges: Numbers
    corners: Numbers


@cache
def _circle(sides: int) -> _Section:
    turn, numbers = 2 * np.pi * np.arange(sides) / sides, np.arange(sides)
    points = np.column_stack([np.cos(turn), np.sin(turn)])
    edges = np.column_stack([numbers, np.roll(numbers, -1)])
    return _Section(points=points, normals=points, edges=edges, corners=numbers)


@cache
def _rectangle() -> _Section:
    """Eight points: each corner belongs to two faces, which have normals of their own."""
    corners = np.array([(1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)])
    faces = np.array([(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)])
    return _Section(
        points=np.stack([corners, np.roll(corners, -1, axis=0)], axis=1).reshape(-1, 2),
        normals=np.repeat(faces, 2, axis=0),
        edges=np.arange(8).reshape(4, 2),
        corners=np.arange(0, 8, 2),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Frames:
    """What stands across each of k vertices of axes.

    Parameters
    ----------
    along
        (k, 3) the direction there, half-way between those of the pieces before and after.
    side, top
        (k, 3) sideways and upwards, across that direction; all of length 1.
    before
        (k, 3) the direction of the piece before.
    """

    along: Floats
    side: Floats
    top: Floats
    before: Floats

    @classmethod
    def of(cls, solids: Sweeps) -> _Frames:
        """The frames of solids, in the plane that halves the bend where there is one."""
        first, last = solids.starts[:-1], solids.starts[1:] - 1
        steps = _unit(np.diff(solids.axes, axis=0))
        before, after = np.empty_like(solids.axes), np.empty_like(solids.axes)
        before[1:], after[:-1] = steps, steps
        before[first], after[last] = after[first], before[last]
        middle = before + after
        turns_back = np.linalg.norm(middle, axis=1, keepdims=True) < 1e-9
        along = _unit(np.where(turns_back, before, middle))
        upright = np.hypot(along[:, 0], along[:, 1]) < _UPRIGHT
        side = np.cross(along, _UP)
        side[upright] = _EAST - along[upright] * along[upright, :1]
        side = _unit(side)
        return cls(along=along, side=side, top=np.cross(side, along), before=before)

    def stretch(self, vectors: Floats) -> Floats:
        """What vectors across the pipe before a bend become in the plane that halves it."""
        straight = (self.before * self.along).sum(axis=1, keepdims=True)
        sideways = self.before - straight * self.along
        share = (vectors * sideways).sum(axis=1, keepdims=True) / np.maximum((sideways**2).sum(axis=1)[:, None], 1e-12)
        stretched: Floats = vectors + sideways * share * (1 / np.maximum(straight, _SHARPEST) - 1)
        return stretched


def sweep(solids: Sweeps, *, sides: int) -> Mesh:
    """Make the surfaces of n solids.

    Parameters
    ----------
    solids
        Their axes in metres east, north and up of somewhere near.
    sides
        Of a round section.

    Returns
    -------
    Mesh
        Its owners are the numbers of the solids.
    """
    round_, square = np.flatnonzero(solids.is_round), np.flatnonzero(~solids.is_round)
    tubes = _sweep(solids.take(round_), _circle(sides), joint_rings=max(sides // 8, 1))
    ducts = _sweep(_lengthen(solids.take(square)), _rectangle(), joint_rings=0)
    return join_meshes([replace(tubes, owners=round_[tubes.owners]), replace(ducts, owners=square[ducts.owners])])


def _lengthen(ducts: Sweeps) -> Sweeps:
    """Have joints of ducts reach half a width farther, where they are cut off."""
    axes, joint = ducts.axes.copy(), ducts.ends == End.JOINT
    for at, next_, those in (
        (ducts.starts[:-1], ducts.starts[:-1] + 1, joint[:, 0]),
        (ducts.starts[1:] - 1, ducts.starts[1:] - 2, joint[:, 1]),
    ):
        outwards = _unit(ducts.axes[at] - ducts.axes[next_])
        axes[at] += outwards * (those * ducts.width_m / 2)[:, None]
    return replace(ducts, axes=axes, ends=np.where(joint, np.uint8(End.FLAT), ducts.ends))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rings:
    """The r sections that are drawn of solids, in order along each.

    Parameters
    ----------
    owners, vertices
        (r,) the solid of each, and the vertex of its axis where it stands.
    beyond
        (r,) how many rings it stands beyond the end of the axis: less than 0 at the start, more at the stop.
    is_cut
        (r,) whether it is a flat end, whose normals point along the axis.
    tilt
        (r,) how far around the ball of a joint it stands, radians; 0 on the axis.
    """

    owners: Numbers
    vertices: Numbers
    beyond: Numbers
    is_cut: npt.NDArray[np.bool_]
    tilt: Floats

    @classmethod
    def of(cls, solids: Sweeps, joint_rings: int) -> _Rings:
        """The rings of solids, so many of them at each joint."""
        more = np.where(solids.ends == End.JOINT, joint_rings, solids.ends == End.FLAT).astype(np.int64)
        lengths = np.diff(solids.starts)
        counts = more.sum(axis=1) + lengths
        owners = np.repeat(np.arange(len(solids)), counts)
        number = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts + more[:, 0], counts)
        last = lengths[owners] - 1
        beyond = np.where(number < 0, number, np.maximum(number - last, 0))
        end = np.where(beyond == 0, End.OPEN, solids.ends[owners, (beyond > 0).astype(np.int64)])
        return cls(
            owners=owners,
            vertices=solids.starts[owners] + np.clip(number, 0, last),
            beyond=beyond,
            is_cut=end == End.FLAT,
            tilt=np.where(end == End.JOINT, np.abs(beyond) / (joint_rings + 1) * np.pi / 2, 0.0),
        )


def _sweep(solids: Sweeps, section: _Section, *, joint_rings: int) -> Mesh:
    frames, rings = _Frames.of(solids), _Rings.of(solids, joint_rings)
    owners, at = rings.owners, rings.vertices
    outwards = frames.along[at] * np.sign(rings.beyond)[:, None]
    half_w, half_h = solids.width_m[owners, None] / 2, solids.height_m[owners, None] / 2
    shrunk, forth = np.cos(rings.tilt)[:, None], np.sin(rings.tilt)[:, None]
    centres = solids.axes[at] + outwards * half_w * forth
    wide, high = frames.stretch(frames.side)[at] * half_w * shrunk, frames.stretch(frames.top)[at] * half_h * shrunk
    points = centres[:, None] + _spread(section.points, wide, high)
    across = _spread(section.normals, frames.side[at] * shrunk, frames.top[at] * shrunk)
    ahead = outwards[:, None]
    normals = np.where(rings.is_cut[:, None, None], ahead, across + ahead * forth[:, None])
    return Mesh(
        points=points.reshape(-1, 3),
        normals=normals.reshape(-1, 3),
        owners=np.repeat(owners, len(section.points)),
        corners=_join_rings(rings, section),
    )


def _spread(points: Floats, wide: Floats, high: Floats) -> Floats:
    """(r, p, 3): p points of a section, for r pairs of vectors."""
    spread: Floats = points[:, :1] * wide[:, None] + points[:, 1:] * high[:, None]
    return spread


def _join_rings(rings: _Rings, section: _Section) -> Numbers:
    many, (one, other) = len(section.points), section.edges.T
    band = np.stack([one, one + many, other, other, one + many, other + many], axis=1).ravel()
    middle = np.arange(1, len(section.corners) - 1)
    fan = section.corners[np.stack([np.zeros_like(middle), middle, middle + 1], axis=1)]
    solids, is_end = rings.owners, rings.beyond != 0
    joined = (solids[:-1] == solids[1:]) & ~rings.is_cut[:-1] & ~rings.is_cut[1:]
    opens, closes = is_end & (np.diff(solids, prepend=-1) != 0), is_end & (np.diff(solids, append=-1) != 0)
    drawn = ((joined, band), (opens, fan.ravel()), (closes, fan[:, ::-1].ravel()))
    return np.concatenate([(np.flatnonzero(those)[:, None] * many + corners).ravel() for those, corners in drawn])


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)[:, None]
    return unit
