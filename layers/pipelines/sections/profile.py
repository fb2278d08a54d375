"""The long section along a path of segments: ground, inverts and what crosses, by the distance along the path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.pipelines.axis import has_heights, walk_m
from layers.pipelines.codes.classes import DRIVES
from layers.pipelines.network.direction import find_directions
from layers.pipelines.section import Sections
from layers.pipelines.sections.cuts import Cut, cut_along
from twin.errors import InvalidParameter

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Station:
    """A point of the path, its distance along the path and the height of the ground there."""

    node_id: str
    at_m: float
    ground_m: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """A segment of the path, in the direction of the path; metres, NaN where the depth or the section is unknown.

    Parameters
    ----------
    segment_id, pipe_class, size, material
        Which segment, its class, its section in words, its material (empty where unknown).
    height_m, wall_m
        Of the opening, and of the wall.
    axis
        Distance along the path and height of each vertex of the axis.
    covers_m
        Ground above the outer top at its start and its end.
    flow
        1 along the path, -1 against it, 0 unknown: as surveyed, else downhill where water runs by its weight.
    """

    segment_id: str
    pipe_class: str
    size: str
    material: str
    height_m: float
    wall_m: float
    axis: tuple[tuple[float, float], ...]
    covers_m: tuple[float, float]
    flow: int

    @property
    def from_m(self) -> float:
        """Distance along the path at which it starts."""
        return self.axis[0][0]

    @property
    def to_m(self) -> float:
        """Distance along the path at which it ends."""
        return self.axis[-1][0]

    @property
    def length_m(self) -> float:
        """Length in plan."""
        return self.to_m - self.from_m

    @property
    def inverts_m(self) -> tuple[float, float]:
        """Heights of the inner bottom at its start and its end."""
        return self.axis[0][1] - self.height_m / 2, self.axis[-1][1] - self.height_m / 2

    @property
    def slope(self) -> float:
        """Fall of the invert by the length in plan; negative where it rises along the path."""
        return (self.inverts_m[0] - self.inverts_m[1]) / self.length_m if self.length_m else math.nan


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """What crosses the path, and its clear vertical distance, wall to wall.

    Parameters
    ----------
    clearance_m
        From the pipe of the path, negative where the two share room; NaN where a depth is unknown.
    above
        Whether it crosses above.
    """

    cut: Cut
    clearance_m: float
    above: bool


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A long section: points and segments in the order of the path, and what crosses it."""

    stations: tuple[Station, ...]
    runs: tuple[Run, ...]
    crossings: tuple[Crossing, ...]


def make_profile(nodes: GeoDataFrame, segments: GeoDataFrame, path: Sequence[str]) -> Profile:
    """Lay the section along a path.

    Parameters
    ----------
    nodes, segments
        Rows of ``pipe_nodes`` and ``pipe_segments`` in the storage CRS, indexed by their keys; segments that are not on
        the path, nor end at a point of it, are looked at for crossings.
    path
        Names of segments in their order; each begins at the point where the one before ends.

    Raises
    ------
    InvalidParameter
        If a segment is not there, a point of it is not, or two do not meet.
    """
    if not path:
        raise InvalidParameter("a section goes along at least one segment")
    if unknown := [name for name in path if name not in segments.index]:
        raise InvalidParameter(f"there is no segment {unknown[0]}")
    rows = segments.loc[list(path)]
    ends, backwards = _in_order(rows)
    if missing := [name for name in ends if name not in nodes.index]:
        raise InvalidParameter(f"there is no point {missing[0]}, at which a segment of the path ends")

    runs, way = _run_along(rows, backwards)
    at = [runs[0].from_m, *(run.to_m for run in runs)]
    ground = shapely.get_z(nodes.geometry.loc[ends].to_numpy())
    others = segments[~segments.index.isin(path) & ~segments[["from_node", "to_node"]].isin(ends).any(axis=1)]
    return Profile(
        stations=tuple(
            Station(node_id=name, at_m=along, ground_m=float(height))
            for name, along, height in zip(ends, at, ground, strict=True)
        ),
        runs=tuple(runs),
        crossings=tuple(_cross(cut, runs) for cut in cut_along(way, others)),
    )


def _in_order(rows: GeoDataFrame) -> tuple[list[str], list[bool]]:
    """The points along a path, and which segments are gone through against their direction."""
    pairs: list[tuple[str, str]] = list(rows[["from_node", "to_node"]].itertuples(index=False, name=None))
    start = pairs[0][1] if len(pairs) > 1 and pairs[0][0] in pairs[1] else pairs[0][0]
    ends, backwards = [start], []
    for name, pair in zip(rows.index, pairs, strict=True):
        if ends[-1] not in pair:
            raise InvalidParameter(f"segment {name} does not go on from point {ends[-1]}, where the one before ends")
        backwards.append(ends[-1] != pair[0])
        ends.append(pair[0] if backwards[-1] else pair[1])
    return ends, backwards


def _run_along(rows: GeoDataFrame, backwards: Sequence[bool]) -> tuple[list[Run], Floats]:
    """The segments one after the other, and the way over the ground: x, y and distance of every vertex."""
    sections = Sections.of(rows)
    depths = rows[["from_depth_m", "to_depth_m"]].to_numpy(dtype=float, na_value=np.nan)
    covers = np.column_stack([sections.cover_m(depths[:, end], rows["depth_ref"]) for end in (0, 1)])
    flows = _flows_along(rows)
    runs: list[Run] = []
    ways: list[Floats] = []
    begin = 0.0
    for number, (name, row) in enumerate(rows.iterrows()):
        turn = -1 if backwards[number] else 1
        vertices = shapely.get_coordinates(row.geometry, include_z=True)[::turn]
        cover = covers[number, ::turn]
        along = begin + walk_m(vertices)
        heights = np.full(len(along), np.nan) if np.isnan(cover).any() else vertices[:, 2]
        runs.append(
            Run(
                segment_id=str(name),
                pipe_class=row["class"],
                size=sections.labels()[number],
                material=row["material"] if isinstance(row["material"], str) else "",
                height_m=float(sections.height_m[number]),
                wall_m=float(sections.wall_m[number]),
                axis=tuple(zip(along.tolist(), heights.tolist(), strict=True)),
                covers_m=(float(cover[0]), float(cover[1])),
                flow=turn * int(flows[number]),
            )
        )
        ways.append(np.column_stack([vertices[:, :2], along]))
        begin = float(along[-1])
    return runs, np.vstack(ways)


def _flows_along(rows: GeoDataFrame) -> NDArray[np.int8]:
    """Which way segments flow, 1 from their start to their end."""
    surveyed = (
        rows["flow_direction"].map({"forward": 1, "backward": -1}).to_numpy(dtype=float, na_value=0).astype(np.int8)
    )
    ends = [shapely.get_z(shapely.get_point(rows.geometry.to_numpy(), end)) for end in (0, -1)]
    falls = (rows["class"].map(DRIVES) == "gravity").to_numpy(dtype=bool) & has_heights(rows)
    return find_directions(surveyed, np.where(falls, ends[0] - ends[1], np.nan))[0]


def _cross(cut: Cut, runs: Sequence[Run]) -> Crossing:
    run = next(run for run in runs if cut.at_m <= run.to_m + 1e-6)
    along, heights = zip(*run.axis, strict=True)
    apart = cut.axis_m - float(np.interp(cut.at_m, along, heights))
    walls = run.height_m / 2 + run.wall_m + cut.height_m / 2
    return Crossing(cut=cut, clearance_m=abs(apart) - walls, above=apart > 0)
