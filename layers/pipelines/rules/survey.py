"""A network as rules look at it: points and segments joined by their names, with what is needed often at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.axis import axis_heights_m, draw_axes
from layers.pipelines.rules.flow import Flow, find_flow
from layers.pipelines.section import Sections
from twin.crs import CRS, BBox, metric_plane, reproject, transform
from twin.ingest.faults import Faults, Rows

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

    from layers.pipelines.clearance.limits import Limits

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Survey:
    """n points and m segments.

    Parameters
    ----------
    nodes
        Points with the fields of ``pipe_nodes``, geometry in any CRS, Z the ground. Behind those that are judged may
        stand others that segments end at.
    judged
        How many of the points are judged.
    segments
        Segments with the fields of ``pipe_segments`` and, where they are delivered, ``size`` as it is written.
    paths
        m lines by which segments go, None where they go straight.
    others
        Names of points at which segments end that are not among these, as often as they do.
    beyond
        What the store has of other areas around; its ends of lines that are joined to this one's by name are counted.
    node_rows, segment_rows
        Where the judged points and the segments come from, if from a file.
    faults
        Values that could not be read, and what else stands against single rows.
    """

    nodes: GeoDataFrame
    judged: int
    segments: pd.DataFrame
    paths: npt.NDArray[np.object_]
    others: pd.Index[str]
    beyond: Survey | None = None
    node_rows: Rows | None = None
    segment_rows: Rows | None = None
    faults: Faults = field(default_factory=Faults)

    @cached_property
    def from_row(self) -> Positions:
        """M positions of the points at which segments start, -1 where there is none; of a name twice, the first."""
        return self._find("from_node")

    @cached_property
    def to_row(self) -> Positions:
        """M positions of the points at which segments end, as `from_row`."""
        return self._find("to_node")

    @cached_property
    def joined(self) -> npt.NDArray[np.bool_]:
        """Which of m segments have both of their points."""
        return (self.from_row >= 0) & (self.to_row >= 0)

    @cached_property
    def degree(self) -> npt.NDArray[np.int64]:
        """How many segments meet at each of n points."""
        import pandas as pd

        ends = np.concatenate([self.from_row, self.to_row])
        own = np.bincount(ends[ends >= 0], minlength=len(self.nodes))
        beyond = pd.Series(self.others).value_counts()
        return np.asarray(own + self.nodes["node_id"].map(beyond).fillna(0).to_numpy(np.int64))

    @cached_property
    def places(self) -> Floats:
        """(n, 2) places of points in the storage CRS; NaN where a point has none."""
        geometry = self.nodes.geometry.to_numpy()
        return np.column_stack([shapely.get_x(geometry), shapely.get_y(geometry)])

    @cached_property
    def plane(self) -> CRS:
        """A CRS in metres around the points."""
        x, y = self.places[np.isfinite(self.places).all(axis=1)].T
        box = BBox(x.min(), y.min(), x.max(), y.max()) if len(x) else BBox(0, 0, 0, 0)
        return metric_plane(self.nodes.crs, box)

    @cached_property
    def place_m(self) -> Floats:
        """(n, 2) places of points in `plane`; NaN where a point has none."""
        there = np.isfinite(self.places).all(axis=1)
        place_m = np.full(self.places.shape, np.nan)
        x, y = self.places[there].T
        place_m[there] = np.column_stack(transform(x, y, self.nodes.crs, self.plane))
        return place_m

    def locate(self, x_m: Floats, y_m: Floats) -> Floats:
        """Bring k places from `plane` to the storage CRS, (k, 2)."""
        return np.column_stack(transform(x_m, y_m, self.plane, self.nodes.crs))

    @cached_property
    def ground_m(self) -> Floats:
        """N heights of the ground."""
        return np.asarray(shapely.get_z(self.nodes.geometry.to_numpy()), dtype=float)

    @cached_property
    def sections(self) -> Sections:
        """M sections."""
        return Sections.of(self.segments)

    @cached_property
    def size_mm(self) -> Floats:
        """M diameters; rectangular openings have that of a round one of their area, unknown ones NaN."""
        width, height = self.sections.width_m, self.sections.height_m
        diameter = np.where(self.sections.is_round, height, np.sqrt(4 / np.pi * width * height))
        return np.asarray(np.round(1000 * diameter, 3), dtype=float)

    @cached_property
    def axis_m(self) -> tuple[Floats, Floats]:
        """M heights of axes at the starts and at the ends; NaN where they are unknown."""
        starts, stops = (_at(self.ground_m, row) for row in self._rows)
        return axis_heights_m(self.segments, starts, stops)

    @cached_property
    def axes(self) -> npt.NDArray[np.object_]:
        """M lines in space, in the CRS of the points; None where a point is missing."""
        x, y = self.places.T
        ends = [np.column_stack([_at(x, row), _at(y, row), z]) for row, z in zip(self._rows, self.axis_m, strict=True)]
        whole = self.joined & np.isfinite(ends[0][:, :2]).all(axis=1) & np.isfinite(ends[1][:, :2]).all(axis=1)
        lines = np.array([None] * len(self.segments), dtype=object)
        lines[whole] = draw_axes(ends[0][whole], ends[1][whole], self.paths[whole])
        return lines

    @cached_property
    def drawn(self) -> npt.NDArray[np.bool_]:
        """Which of m segments have a line."""
        return ~shapely.is_missing(self.axes)

    @cached_property
    def axes_m(self) -> npt.NDArray[np.object_]:
        """M lines in space, in `plane`; None where a point is missing."""
        lines = self.axes.copy()
        lines[self.drawn] = reproject(lines[self.drawn], self.nodes.crs, self.plane)
        return lines

    @cached_property
    def conflicts(self) -> pd.DataFrame:
        """Pairs of segments that are too close by the standard or share room; see `find_conflicts`."""
        return self.find_conflicts()

    def find_conflicts(self, **limits: Limits) -> pd.DataFrame:
        """Pairs of segments that are too close or share room, as `find_conflicts` of pairs; places in `plane`."""
        from geopandas import GeoDataFrame

        from layers.pipelines.clearance.pairs import find_conflicts

        rows = np.flatnonzero(self.drawn)
        found = find_conflicts(GeoDataFrame(self.segments.iloc[rows], geometry=self.axes_m[rows]), **limits)
        return found.assign(first=rows[found["first"]], second=rows[found["second"]])

    @cached_property
    def way_m(self) -> Floats:
        """M lengths on the plan along the ways of segments, NaN where a point is missing."""
        return np.asarray(shapely.length(self.axes_m), dtype=float)

    @cached_property
    def fall_m(self) -> Floats:
        """M heights by which segments fall from start to end, NaN where they are unknown; inverts fall as axes do."""
        starts, stops = self.axis_m
        return starts - stops

    @cached_property
    def flow(self) -> Flow:
        """Which way drained water flows."""
        return find_flow(self)

    @property
    def _rows(self) -> tuple[Positions, Positions]:
        return self.from_row, self.to_row

    def _find(self, end: str) -> Positions:
        import pandas as pd

        names = self.nodes["node_id"]
        first = np.flatnonzero(~names.duplicated().to_numpy() & names.notna().to_numpy())
        if not len(first):
            return np.full(len(self.segments), -1)
        at = pd.Index(names.iloc[first]).get_indexer(pd.Index(self.segments[end]))
        return np.where(at >= 0, first[at], -1)


def _at(values: Floats, rows: Positions) -> Floats:
    """Values of points, NaN where the position is -1: there is none."""
    return np.append(values, np.nan)[rows]
