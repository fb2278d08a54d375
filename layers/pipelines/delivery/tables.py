"""One table of a delivery: whether it holds points or segments, and what its rows say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.delivery.delivery import Kind, TableReport, Wishes
from layers.pipelines.delivery.places import (
    PlaceColumns,
    bound_places,
    find_ground,
    find_places,
    read_ground,
    read_places,
)
from layers.pipelines.delivery.units import find_wrong_units
from layers.pipelines.delivery.values import (
    drop_line_numbers,
    fill_segments,
    read_classes,
    read_export_dates,
    read_flow,
    read_points,
    read_quantities,
    read_sizes,
)
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.crs import CRS, BBox, reproject
from twin.errors import SourceError
from twin.ingest.convert import read_text
from twin.ingest.delivery import convert_columns
from twin.ingest.faults import Faults, Rows
from twin.ingest.mapping import FieldMapping, FieldRule
from twin.ingest.match import FieldSource, match_fields
from twin.ingest.place import decide_crs
from twin.ingest.report import Decision, Match
from twin.ingest.settle import settle_shapes
from twin.ingest.source import Source, Table

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

Geometries = npt.NDArray[np.object_]

#: Points whose table says no class: they get that of the segments that end there.
_CLASSLESS = replace(
    PIPE_NODES,
    fields=tuple(replace(field, required=False) if field.name == "class" else field for field in PIPE_NODES.fields),
)
_SIDES = ("diameter_mm", "width_mm", "height_mm")
_DEPTHS = ("from_depth_m", "to_depth_m")
_MM_PER = {"mm": 1.0, "m": 1000.0}
_M_PER = {"m": 1.0, "mm": 0.001}


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a delivery goes: the storage CRS, and the county's outline in it, where there is one."""

    crs: CRS
    area: BaseGeometry | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class TableRows:
    """Rows of one table.

    Parameters
    ----------
    columns
        n rows with the fields of their layer; of segments with ``size``, the section as it is written, of points with
        ``classless``, whether their table says no class.
    geometry
        Points, or lines with the vertices of segments, in the storage CRS; None where there is none.
    rows
        Where they come from.
    report
        What is to be said of the table.
    said
        The fields that the table has columns for.
    """

    columns: pd.DataFrame
    geometry: Geometries
    rows: Rows
    report: TableReport
    said: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What a table is taken for, by its columns."""

    kind: Kind
    fields: tuple[FieldSource, ...] = ()
    places: PlaceColumns | None = None
    ground: str | None = None
    lacks: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column needed."""
        named = [str(source.column) for source in self.fields]
        named += [*(self.places.all if self.places else ()), *([self.ground] if self.ground else [])]
        return tuple(dict.fromkeys(named))


def recognise(source: Source) -> Recognised:
    """Tell by its columns whether a table holds points, segments or neither.

    Segments name the points at both ends; points have a number and a place, by columns or by geometry.
    """
    ends = match_fields(PIPE_SEGMENTS, source.columns, FieldMapping())
    named = {found.field.name for found in ends} & {"from_node", "to_node"}
    if len(named) == 2:
        return Recognised(kind="segments", fields=ends)
    fields = match_fields(PIPE_NODES, source.columns, FieldMapping())
    places = None if source.has_geometry else find_places(source.columns)
    numbered, placed = "node_id" in {found.field.name for found in fields}, bool(places or source.has_geometry)
    if not (numbered and placed):
        has = [*(["the point at one end"] if named else []), *(["point numbers"] if numbered else [])]
        lacks = ["the point at the other end"] if named else []
        lacks += ["X and Y"] if numbered else ["point numbers"] if places else []
        return Recognised(kind="neither", lacks=f"it lacks {' or '.join(lacks)}" if has or lacks else "")
    taken = {*(places.all if places else ())}
    own = tuple(found for found in fields if found.column not in taken)
    return Recognised(kind="points", fields=own, places=places, ground=find_ground(source.columns))


def read_table(source: Source, target: Target, wishes: Wishes, faults: Faults) -> TableRows | TableReport:
    """Read a table of points or segments; of any other, only tell its columns.

    Raises
    ------
    SourceError
        Two columns that are needed have the same name.
    CrsError
        Where its coordinates are cannot be told, or is refused.
    """
    name = source.name if source.layer is None else f"{source.name}, {source.layer}"
    found = recognise(source)
    report = TableReport(
        name=name, kind=found.kind, format=source.format, unused=source.columns, notices=source.notices
    )
    if found.kind == "neither":
        return replace(report, notices=(*report.notices, *([found.lacks] if found.lacks else [])))
    twice = [column for column in found.columns if source.columns.count(column) > 1]
    if twice:
        raise SourceError(f"{name} has several columns named {', '.join(twice)}: leave only one so named")
    table, left = _drop_remarks(source.read(list(found.columns)), found)
    rows = Rows.of(name, table.number)
    columns, notices = _convert(found, table, rows, wishes, faults, source.columns)
    if found.kind == "points":
        places = _read_points(source, table, found, target, wishes, rows, faults)
    else:
        places = _read_paths(source, table, target, wishes)
    report = TableReport(
        name=name,
        kind=found.kind,
        format=source.format,
        rows=len(rows),
        encoding=source.encoding,
        crs=places.crs,
        coordinates=places.coordinates,
        matches=tuple(Match(field=f.field.name, column=f.column, how=f.how) for f in found.fields),
        unused=tuple(column for column in source.columns if column not in found.columns),
        notices=(*source.notices, *table.notices, *left, *notices, *places.notices),
    )
    said = frozenset(f.field.name for f in found.fields)
    return TableRows(columns=columns, geometry=places.geometry, rows=rows, report=report, said=said)


def _drop_remarks(table: Table, found: Recognised) -> tuple[Table, tuple[str, ...]]:
    """A table without the remarks below it, last rows with neither number nor place, or neither end; what to tell."""
    names = {f.field.name: str(f.column) for f in found.fields}
    telling = [names[name] for name in ("node_id", "from_node", "to_node") if name in names]
    telling += found.places.all if found.places else ()
    if table.geometry is not None or not telling:
        return table, ()
    told = table.columns[telling].apply(lambda column: read_text(column).notna()).any(axis=1).to_numpy(bool)
    last = int(np.flatnonzero(told)[-1]) if told.any() else len(told)
    keep = np.arange(len(told)) <= last
    if keep.all():
        return table, ()
    rows, what = ", ".join(map(str, table.number[~keep][:5])), "point" if found.kind == "points" else "segment"
    more = ", …" if (~keep).sum() > 5 else ""
    return table.take(keep), (f"remarks below the last {what} are left out: row {rows}{more}",)


def _convert(
    found: Recognised, table: Table, rows: Rows, wishes: Wishes, faults: Faults, delivered: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The fields of the layer from the columns of a table, and what to tell."""
    import pandas as pd

    layer = PIPE_NODES if found.kind == "points" else PIPE_SEGMENTS
    given = pd.DataFrame({source.field.name: table.columns[source.column] for source in found.fields})
    given = given.reindex(table.columns.index)
    factors = {source.field.name: source.factor for source in found.fields}
    quantities = {name: factors.pop(name, 1.0) for name in ("pressure_mpa", "voltage_kv")}
    given, exported = read_export_dates(given)
    given, by = read_classes(read_quantities(given, quantities), str(rows.files[0]))
    if found.kind == "points" and by is None and ("class" not in given or read_text(given["class"]).isna().all()):
        by, layer = "the segments that end at the points", _CLASSLESS
    notices = [*exported, f"the class is told by {by or 'nothing'}"]
    if found.kind == "points":
        given, moved = read_points(given)
        if moved:
            notices.append(f"{moved:,} features and appurtenances stood in each other's column")
    else:
        factors |= {side: factors.get(side, 1.0) * _MM_PER[wishes.size_unit] for side in _SIDES}
        factors |= {end: factors.get(end, 1.0) * _M_PER[wishes.depth_unit] for end in _DEPTHS}
        for fault in find_wrong_units(given, factors, str(rows.files[0])):
            faults.add(fault)
        given = read_sizes(given, {side: factors.pop(side) for side in _SIDES})
        given, counted = drop_line_numbers(given)
        given, told = fill_segments(read_flow(given, wishes.flow))
        notices += [*counted, *told]
    for name in ("node_id", "from_node", "to_node", "segment_id"):
        if name in given:
            given[name] = wishes.prefix + read_text(given[name])
    sources = [
        FieldSource(field=layer.schema[name], column=name, rule=FieldRule(), factor=factors.get(name, 1.0), how="")
        for name in given.columns
        if name in layer.schema
    ]
    columns, filled = convert_columns(layer, sources, given, rows, faults, delivered=delivered)
    frame = pd.DataFrame(columns)
    own = {"size": given["size"]} if found.kind == "segments" else {"classless": layer is _CLASSLESS}
    return frame.assign(**own), (*notices, *filled)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Places:
    """Geometry of a table in the storage CRS, with the decisions behind it."""

    geometry: Geometries
    crs: Decision | None = None
    coordinates: Decision | None = None
    notices: tuple[str, ...] = ()


def _read_points(
    source: Source, table: Table, found: Recognised, target: Target, wishes: Wishes, rows: Rows, faults: Faults
) -> _Places:
    coordinates, own, told = None, None, None
    if found.places is None:
        geometry = _geometry(table)
        crs, said = decide_crs(source.name, wishes.crs, source.crs, source.crs_said, _bounds(geometry), None)
        own = np.asarray(shapely.get_z(geometry)) if found.ground is None else None
    else:
        bounds = bound_places(found.places, table.columns)
        crs, said = decide_crs(source.name, wishes.crs, source.crs, source.crs_said, bounds, None)
        geometry, coordinates = read_places(
            found.places, table.columns, crs, rows, faults, area=target.area, area_crs=target.crs
        )
        told = np.asarray(shapely.is_missing(geometry))
    ground = read_ground(found.ground, table.columns, rows, faults, own=own)
    there = np.flatnonzero(shapely.get_type_id(geometry) == 0)
    solid: Geometries = np.array([None] * len(geometry), dtype=object)
    solid[there] = shapely.points(shapely.get_x(geometry[there]), shapely.get_y(geometry[there]), ground[there])
    shapes = settle_shapes(solid, PIPE_NODES, crs, target.crs, rows, faults, faulty=told, tolerance=1e-6)
    notices = tuple(notice for notice in shapes.notices if "no heights" not in notice)  # each one is a fault already
    return _Places(geometry=shapes.geometry, crs=said, coordinates=coordinates, notices=notices)


def _read_paths(source: Source, table: Table, target: Target, wishes: Wishes) -> _Places:
    """Lines of segments where they are delivered; None stands for the straight way from point to point."""
    if table.geometry is None:
        return _Places(geometry=_geometry(table))
    lines = np.asarray(shapely.line_merge(shapely.force_2d(table.geometry)), dtype=object)
    lines[shapely.get_type_id(lines) != 1] = None
    crs, said = decide_crs(source.name, wishes.crs, source.crs, source.crs_said, _bounds(lines), None)
    return _Places(geometry=reproject(lines, crs, target.crs), crs=said)


def _geometry(table: Table) -> Geometries:
    """Geometry of a table, None of each row where it has none."""
    return np.array([None] * len(table.number), dtype=object) if table.geometry is None else table.geometry


def _bounds(geometry: Geometries) -> BBox | None:
    bounds = shapely.total_bounds(geometry)
    return BBox(*bounds.tolist()) if np.isfinite(bounds).all() else None
