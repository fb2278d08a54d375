"""What comes of reading the files of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from twin.ingest.faults import Faults, Rows
from twin.ingest.report import Decision, Match

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

Kind = Literal["points", "segments", "neither"]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the operator says about a delivery.

    Parameters
    ----------
    crs, encoding
        Of the files, where they do not say.
    size_unit, depth_unit
        In which sections and depths are delivered.
    flow
        What digits in a column of flow directions stand for, as ``0=forward,1=backward``.
    prefix
        To put before the numbers of points and segments that another delivery has too.
    snap_m
        How far from a point the end of a drawn line may be that is tied to it.
    """

    crs: str | None = None
    encoding: str | None = None
    size_unit: Literal["mm", "m"] = "mm"
    depth_unit: Literal["m", "mm"] = "m"
    flow: str = ""
    prefix: str = ""
    snap_m: float = 0.05


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """One table of a delivery: where it stands, what it was taken for, and what was decided about it."""

    name: str
    kind: Kind
    format: str
    rows: int = 0
    encoding: Decision | None = None
    coordinates: Decision | None = None
    crs: Decision | None = None
    matches: tuple[Match, ...] = ()
    unused: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def render(self) -> str:
        """The table's part of the report as text for a terminal."""
        lines = [f"{self.name}: {self.format}, {self.kind}, {self.rows:,} rows"]
        for name in ("encoding", "crs", "coordinates"):
            decision = getattr(self, name)
            if decision is not None:
                lines.append(f"  {name}: {decision}")
        if self.matches:
            lines.append("  " + ", ".join(f"{match.field} ← {match.column}" for match in self.matches))
        if self.unused:
            lines.append(f"  not used: {', '.join(self.unused)}")
        return "\n".join((*lines, *(f"  note: {notice}" for notice in self.notices)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Delivery:
    """Points and segments of a delivery, as they were delivered.

    Parameters
    ----------
    nodes
        n rows with the fields of ``pipe_nodes`` and their place in the storage CRS, its Z the ground; numbers may stand
        twice.
    segments
        m rows with the fields of ``pipe_segments`` and ``size``, the section as it is written.
    paths
        m lines in the storage CRS as they are delivered, None where a segment goes straight from point to point.
    node_rows, segment_rows
        File, sheet and row of each.
    said
        For each layer the fields that each of the tables has columns for, by the number of the table in `Rows.file`.
    faults
        Values that could not be read, or are none that their field allows.
    tables
        The tables of the files.
    files, sha256
        Names of the files, and the digest of their bytes.
    """

    nodes: GeoDataFrame
    segments: pd.DataFrame
    paths: npt.NDArray[np.object_]
    node_rows: Rows
    segment_rows: Rows
    said: Mapping[str, tuple[frozenset[str], ...]]
    faults: Faults
    tables: tuple[TableReport, ...] = ()
    files: tuple[str, ...] = ()
    sha256: str = ""
