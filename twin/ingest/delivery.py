"""One delivered file, read to the end: rows of the layer in the storage CRS, and what was decided on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.crs import CRS, CRS84, BBox
from twin.errors import CrsError, Fault, SourceError
from twin.ingest.convert import convert_field
from twin.ingest.coordinates import CoordinateColumns, find_coordinates, read_coordinates
from twin.ingest.delimited import open_csv
from twin.ingest.faults import Faults, Rows
from twin.ingest.mapping import FieldMapping
from twin.ingest.match import FieldSource, find_column, match_fields
from twin.ingest.parquet import open_parquet
from twin.ingest.place import OFFSET_DATUMS, Datum, decide_crs, decide_datum
from twin.ingest.report import Decision, FileReport, Match, Watch
from twin.ingest.settle import settle_shapes
from twin.ingest.shapes import Flags
from twin.ingest.source import Geometries, Source, Table
from twin.ingest.stage import Staged, stage
from twin.ingest.vector import list_layers, open_vector
from twin.ingest.workbook import open_workbook, open_xlsx
from twin.layer import Layer

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the operator says about the files, by options or mapping."""

    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    datum: str | None = None
    repair_tolerance: float = 1e-6
    mapping: FieldMapping = field(default_factory=FieldMapping)


@dataclass(frozen=True, kw_only=True, eq=False)
class Delivery:
    """Rows of one file.

    Parameters
    ----------
    columns
        Every field of the layer, n values in its dtype.
    geometry
        n geometries in the storage CRS; None where there was a fault.
    rows
        Where the rows come from.
    datum
        What the operator said of the datum.
    repaired
        How many geometries were repaired.
    report
        The file's part of the report.
    """

    columns: Mapping[str, pd.Series[Any]]
    geometry: Geometries
    rows: Rows
    datum: Datum | None
    repaired: int
    report: FileReport


def read_delivery(
    path: Path, name: str, layer: Layer, target: CRS, wishes: Wishes, faults: Faults, watch: Watch
) -> Delivery:
    """Read one file, called `name` in messages, into rows of a layer; what is wrong with rows goes to `faults`.

    Raises
    ------
    SourceError
        The file cannot be read as what it claims to be.
    CrsError
        Where its coordinates are cannot be told, or is refused.
    """
    with stage(path, name=name) as staged:
        source = open_source(staged, layer, wishes, faults)
        fields = match_fields(layer, source.columns, wishes.mapping)
        place = _coordinate_columns(source, layer, wishes)
        kept = [find_column(name, source.columns) for name in wishes.mapping.keep]
        needed = dict.fromkeys([f.column for f in fields if f.column] + list(place.all if place else ()) + kept)
        twice = [name for name in needed if source.columns.count(name) > 1]
        if twice:
            raise SourceError(f"{source.name} has several columns named {', '.join(twice)}: leave only one so named")
        table = source.read(list(needed))
    read = len(table.number)
    watch(f"checking {read:,} rows of {name}")
    table = _keep_rows(table, dict(zip(kept, wishes.mapping.keep.values(), strict=True)))
    rows = Rows.of(source.name, table.number)
    columns, filled = convert_columns(layer, fields, table.columns, rows, faults, delivered=source.columns)
    shape = read_shapes(source, place, table, layer, target, wishes, rows, faults)
    if shape.datum in OFFSET_DATUMS:
        _record_offset(columns, shape.datum)
    report = FileReport(
        name=source.name,
        sha256=staged.sha256,
        format=source.format,
        source_layer=source.layer,
        rows=read,
        encoding=source.encoding,
        crs=shape.crs,
        datum=shape.datum_decision,
        coordinates=shape.coordinates,
        matches=tuple(Match(field=f.field.name, column=f.column, how=f.how) for f in fields),
        unused=tuple(name for name in (*source.columns, *source.nested) if name not in needed),
        notices=(
            *dict.fromkeys((*source.notices, *table.notices)),
            *shape.notices,
            *filled,
            *((f"{len(table.number):,} of {read:,} rows were kept by the mapping",) if kept else ()),
        ),
    )
    return Delivery(
        columns=columns,
        geometry=shape.geometry,
        rows=rows,
        datum=shape.datum,
        repaired=int(shape.repaired.sum()),
        report=report,
    )


def open_source(staged: Staged, layer: Layer, wishes: Wishes, faults: Faults) -> Source:
    """Open a staged file by what its suffix says it is.

    Raises
    ------
    SourceError
        It is not that, or of a kind that cannot be read.
    """
    suffix = staged.path.suffix
    if suffix in (".csv", ".txt", ".tsv"):
        return open_csv(staged, encoding=wishes.encoding, faults=faults)
    if suffix in (".xlsx", ".xlsm"):
        return open_xlsx(staged, wanted=wishes.layer, faults=faults)
    if suffix in (".xls", ".et"):
        raise SourceError(f"{staged.name} is in an old spreadsheet format: save it as .xlsx")
    if suffix == ".dwg":
        raise SourceError(f"{staged.name} is in a closed format: save it as .dxf, or convert it by ODA File Converter")
    if suffix in (".mdb", ".accdb"):
        raise SourceError(
            f"{staged.name} is a database of Access, which is read by Access and mdbtools only: export its tables as "
            "XLSX or CSV (mdb-export FILE TABLE > TABLE.csv) and deliver those"
        )
    if suffix in (".gz", ".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz"):
        raise SourceError(f"{staged.name} is packed: unpack it first, or pack it as .zip")
    if suffix in (".parquet", ".geoparquet"):
        return open_parquet(staged)
    return open_vector(staged, layer, wanted=wishes.layer, encoding=wishes.encoding)


def open_tables(staged: Staged, layer: Layer, wishes: Wishes, faults: Faults) -> list[Source]:
    """Open every table of a staged file, of a kind of file that has several.

    Raises
    ------
    SourceError
        It cannot be read as what it claims to be.
    """
    if staged.path.suffix in (".xlsx", ".xlsm"):
        return open_workbook(staged, faults=faults)
    if staged.path.suffix in (".gpkg", ".sqlite", ".gdb"):
        names = list_layers(staged)
        return [open_vector(staged, layer, wanted=name, encoding=wishes.encoding) for name in names]
    return [open_source(staged, layer, wishes, faults)]


def _coordinate_columns(source: Source, layer: Layer, wishes: Wishes) -> CoordinateColumns | None:
    rule = wishes.mapping.source
    if source.has_geometry and not (rule.x or rule.lonlat or rule.latlon or rule.wkt):
        return None
    return find_coordinates(source.name, source.columns, rule, heights=layer.has_z)


def _keep_rows(table: Table, keep: Mapping[str, Sequence[str]]) -> Table:
    for column, values in keep.items():
        wanted = table.columns[column].astype("str").isin(list(values)).to_numpy(dtype=bool)
        table = table.take(wanted)
    return table


def convert_columns(
    layer: Layer,
    fields: Sequence[FieldSource],
    table: pd.DataFrame,
    rows: Rows,
    faults: Faults,
    *,
    delivered: Sequence[str],
) -> tuple[dict[str, pd.Series[Any]], tuple[str, ...]]:
    """Every field of the layer, converted, and what to tell: where nothing is delivered, a field has its default."""
    import pandas as pd

    found = {source.field.name: source for source in fields}
    columns, notices = {}, []
    for wanted in layer.schema:
        source = found.get(wanted.name)
        if source is None:
            columns[wanted.name] = pd.Series(wanted.default, index=range(len(rows)), dtype=wanted.dtype)
            if wanted.default is not None:
                notices.append(f"there is no column for {wanted.name}: all rows get its default {wanted.default}")
            if wanted.required and wanted.default is None and len(rows):
                what = "no column was found for this required field: name one in a mapping"
                value = ", ".join(delivered) or "no columns"
                faults.add(Fault(what=what, file=rows.files[0], field=wanted.name, value=value))
        elif source.rule.sequence is not None:
            columns[wanted.name] = pd.Series([f"{source.rule.sequence}{n}" for n in rows.number.tolist()], dtype="str")
        else:
            constant = pd.Series(source.rule.constant, index=range(len(rows)))
            column = constant if source.column is None else table[source.column]
            columns[wanted.name], filled = convert_field(source, column, rows, faults)
            if filled:
                notices.append(f"{wanted.name} is empty in {filled:,} rows, which get its default {wanted.default}")
    return columns, tuple(notices)


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedShapes:
    """Geometry in the storage CRS with the decisions behind it."""

    geometry: Geometries
    crs: Decision
    coordinates: Decision | None
    datum: Datum | None
    datum_decision: Decision | None
    repaired: Flags
    notices: tuple[str, ...]


def read_shapes(
    source: Source,
    place: CoordinateColumns | None,
    table: Table,
    layer: Layer,
    target: CRS,
    wishes: Wishes,
    rows: Rows,
    faults: Faults,
) -> PlacedShapes:
    """Make the geometry of a table fit the layer and bring it into the storage CRS.

    Raises
    ------
    CrsError
        Where the coordinates are cannot be told, or is refused.
    SourceError
        There is no geometry, or columns of coordinates contradict their names.
    """
    coordinates, said, said_how = None, source.crs, source.crs_said
    geometry, faulty = table.geometry, table.unreadable
    what = "the geometry cannot be read: a ring does not close, or its type is unknown"
    faults.add_rows(what, faulty, rows, field="geometry")
    if place is not None:
        places = read_coordinates(place, table.columns, rows, faults)
        geometry, faulty, coordinates = places.geometry, places.faulty, places.decision
        if places.degrees and said is None and wishes.crs is None:
            said, said_how = CRS84, "columns of longitude and latitude, taken as WGS 84"
    if geometry is None:
        raise SourceError(f"{source.name} has no geometry")
    crs, crs_decision = decide_crs(source.name, wishes.crs, said, said_how, _bounds(geometry), wishes.datum)
    marked = (*source.columns, *source.nested, *((source.layer,) if source.layer else ()))
    datum, datum_decision = decide_datum(source.name, marked, crs, wishes.datum, layer)
    tolerance = wishes.repair_tolerance
    try:
        shapes = settle_shapes(
            geometry, layer, crs, target, rows, faults, datum=datum, faulty=faulty, tolerance=tolerance
        )
    except CrsError as error:
        where = f" ({coordinates.value})" if coordinates else ""
        raise CrsError(f"{source.name}{where}: {error.detail}", cause=error, **error.members) from error
    return PlacedShapes(
        geometry=shapes.geometry,
        crs=crs_decision,
        coordinates=coordinates,
        datum=datum,
        datum_decision=datum_decision,
        repaired=shapes.repaired,
        notices=shapes.notices,
    )


def _bounds(geometry: Geometries) -> BBox | None:
    bounds = shapely.bounds(geometry)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    return BBox(*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist()) if len(bounds) else None


def _record_offset(columns: dict[str, pd.Series[Any]], datum: Datum | None) -> None:
    """Mark every row for good with the offset datum it came in, and with an accuracy no better than that allows."""
    import pandas as pd

    title, accuracy_m = OFFSET_DATUMS[str(datum)]
    delivered = columns["accuracy_m"]
    columns["accuracy_m"] = delivered.where(delivered > accuracy_m, accuracy_m)
    columns["source_datum"] = pd.Series(title, index=delivered.index, dtype="str")
