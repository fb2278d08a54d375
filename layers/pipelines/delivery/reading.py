"""Reading the files of a delivery into one table of points and one of segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layers.pipelines.delivery.delivery import Delivery, Kind, TableReport, Wishes
from layers.pipelines.delivery.drawing import open_drawing
from layers.pipelines.delivery.inp import read_inp
from layers.pipelines.delivery.tables import TableRows, Target, read_table
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.errors import SourceError
from twin.filenames import name_of
from twin.ingest.delivery import Wishes as FileWishes
from twin.ingest.delivery import open_tables
from twin.ingest.faults import Faults, Rows
from twin.ingest.stage import Staged, digest_list, stage
from twin.layer import Layer

if TYPE_CHECKING:
    import pandas as pd


def read_delivery(
    files: Sequence[Path], target: Target, wishes: Wishes, *, watch: Callable[[str], None] = lambda _: None
) -> Delivery:
    """Read every table of points or segments in the files of a delivery.

    Parameters
    ----------
    files
        Workbooks, CSV, Shapefiles or GeoPackages with tables of points and segments, drawings (``.dxf``), or networks
        of EPANET and SWMM (``.inp``).
    target
        Where they go.
    wishes
        What the operator says about them.
    watch
        Told of every step before it is taken.

    Raises
    ------
    SourceError
        A file cannot be read, or none of the tables is one of points or segments.
    CrsError
        Where coordinates are cannot be told, or is refused.
    """
    import geopandas as gpd

    faults = Faults()
    read: list[TableRows | TableReport] = []
    digests = []
    for path in files:
        name = name_of(path.name)
        watch(f"reading {name}")
        with stage(path, name=name) as staged:
            digests.append((name, staged.sha256))
            read += _read_file(staged, target, wishes, faults)
    tables = [table for table in read if isinstance(table, TableRows)]
    reports = tuple(table.report if isinstance(table, TableRows) else table for table in read)
    if not tables:
        columns = "; ".join(f"{report.name} has {', '.join(report.unused) or 'no columns'}" for report in reports)
        raise SourceError(
            "no table is one of points (point number, X, Y, height) or of segments (numbers of the points at both "
            f"ends): {columns}"
        )
    points, node_rows, places = _join(tables, "points", PIPE_NODES)
    segments, segment_rows, paths = _join(tables, "segments", PIPE_SEGMENTS)
    points = _class_points(points, segments, node_rows, faults)
    faults.sort()
    return Delivery(
        nodes=gpd.GeoDataFrame(points, geometry=places, crs=target.crs),
        segments=segments,
        paths=paths,
        node_rows=node_rows,
        segment_rows=segment_rows,
        said={
            layer.id: (frozenset(), *(table.said for table in tables if table.report.kind == kind))
            for layer, kind in ((PIPE_NODES, "points"), (PIPE_SEGMENTS, "segments"))
        },
        faults=faults,
        tables=reports,
        files=tuple(name for name, _ in digests),
        sha256=digest_list(digests),
    )


def _read_file(staged: Staged, target: Target, wishes: Wishes, faults: Faults) -> list[TableRows | TableReport]:
    if staged.path.suffix == ".inp":
        return [*read_inp(staged, target, wishes, faults)]
    if staged.path.suffix == ".dxf":
        sources = open_drawing(staged, wishes, area=target.area, area_crs=target.crs)
    else:
        sources = open_tables(staged, PIPE_NODES, FileWishes(crs=wishes.crs, encoding=wishes.encoding), faults)
    return [read_table(source, target, wishes, faults) for source in sources]


def _class_points(points: pd.DataFrame, segments: pd.DataFrame, rows: Rows, faults: Faults) -> pd.DataFrame:
    """Points whose table says no class, with that of the segments that end there, if all of these are of one."""
    import pandas as pd

    silent = points.pop("classless").to_numpy(bool)
    if not silent.any():
        return points
    kinds = ["class", "subclass"]
    ends = pd.concat([segments.set_index(end)[kinds] for end in ("from_node", "to_node")]).fillna("")
    of_end = ends.groupby(level=0).agg(["min", "max"])
    for kind in kinds:
        one = of_end[kind, "min"].where(of_end[kind, "min"] == of_end[kind, "max"]).replace("", None)
        found = points["node_id"].map(one).astype("str")
        points[kind] = points[kind].where(points[kind].notna() | ~silent, found)
    what = (
        "nothing says the class of this point: name the table after it (JSPOINT), give a column 管类, or segments that "
        "end here and are of one class"
    )
    faults.add_rows(what, silent & points["class"].isna().to_numpy(bool), rows, field="class", values=points["node_id"])
    return points


def _join(
    tables: Sequence[TableRows], kind: Kind, layer: Layer
) -> tuple[pd.DataFrame, Rows, np.ndarray[tuple[int], np.dtype[np.object_]]]:
    """The rows of all tables of a kind, one after the other."""
    import pandas as pd

    mine = [table for table in tables if table.report.kind == kind]
    empty = pd.DataFrame({field.name: pd.Series(dtype=field.dtype) for field in layer.schema})
    if kind == "segments":
        empty["size"] = pd.Series(dtype="str")
    else:
        empty["classless"] = pd.Series(dtype="bool")
    rows = [Rows.of(None, np.empty(0, dtype=np.int64)), *(table.rows for table in mine)]
    return (
        pd.concat([table.columns for table in mine], ignore_index=True) if mine else empty,
        Rows.concat(rows),
        np.concatenate([np.empty(0, dtype=object), *(table.geometry for table in mine)]),
    )
