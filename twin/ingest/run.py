"""Ingest: from files or rows to one revision, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.crs import CRS, crs_label, same_grid
from twin.errors import CrsError, InvalidParameter, SchemaViolation, SourceError
from twin.filenames import name_of
from twin.ingest.changes import Mode
from twin.ingest.delivery import Wishes, convert_columns, open_source, read_delivery, read_shapes
from twin.ingest.faults import Faults, Rows, summarise
from twin.ingest.mapping import FieldMapping, FieldRule, load_mapping, parse_mapping
from twin.ingest.match import FieldSource
from twin.ingest.names import require_known
from twin.ingest.report import Report, Watch, watch_nothing
from twin.ingest.settle import make_rows, settle_shapes
from twin.ingest.stage import digest_list, stage
from twin.ingest.task import Task
from twin.layer import Layer
from twin.schema import Field
from twin.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry


def ingest_files(
    store: Store,
    layer: Layer,
    files: Iterable[Path | str],
    *,
    mapping: Path | str | Mapping[str, Any] | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    source_layer: str | None = None,
    datum: str | None = None,
    mode: Mode = "append",
    effective: datetime | None = None,
    author: str,
    reason: str = "",
    repair_tolerance: float = 1e-6,
    dry_run: bool = False,
    watch: Watch = watch_nothing,
) -> Report:
    """Read files into a layer: validate every row, then write one revision or nothing.

    Parameters
    ----------
    store, layer
        Where the rows go.
    files
        Shapefile, GeoPackage, GeoJSON, FlatGeobuf, GeoParquet, KML, DXF, MapInfo, File Geodatabase, GML, CSV, XLSX, or
        anything else GDAL reads; zipped as well.
    mapping
        Mapping file, or the same as values; see `twin.ingest.mapping`.
    crs
        CRS of the files; goes before what they say themselves.
    encoding
        Encoding of their text; tested against the bytes.
    source_layer
        Layer or sheet to read, where a file has several.
    datum
        ``wgs84``, ``cgcs2000``, or for data of internet maps ``gcj02`` or ``bd09``.
    mode
        ``append``, ``replace`` or ``sync``; see `twin.ingest.changes.find_changes`.
    effective
        From when it is so in the real world; not in the future.
    author, reason
        Who writes and why; the file names by default.
    repair_tolerance
        Largest relative change of area that the repair of an invalid polygon may make.
    dry_run
        Do everything but write.
    watch
        Told of every step before it is taken, and the part of the report on each file once it is read.

    Raises
    ------
    SchemaViolation
        Rows break the schema or its checks; carries every fault and, as ``report``, the report.
    SourceError, CrsError, InvalidParameter
        A file, its place or an option is refused.
    """
    started = perf_counter()
    task = Task(layer=layer, mode=mode, effective=effective, author=author, reason=reason, dry_run=dry_run, watch=watch)
    rules = _read_mapping(mapping, layer)
    wishes = Wishes(
        crs=crs or rules.source.crs,
        encoding=encoding or rules.source.encoding,
        layer=source_layer or rules.source.layer,
        datum=datum or rules.source.datum,
        repair_tolerance=repair_tolerance,
        mapping=rules,
    )
    faults = Faults()
    paths = [Path(file) for file in files]
    if not paths:
        raise InvalidParameter("name at least one file to ingest", parameter="files")
    for path in paths:
        _refuse_store(path, store)
    # Townships deliver files of the same name: these are told apart by their folders.
    unique = len({path.name for path in paths}) == len(paths)
    names = [name_of(path.name if unique else path) for path in paths]
    deliveries = []
    for number, (path, name) in enumerate(zip(paths, names, strict=True), start=1):
        watch(f"reading {name}" + (f", file {number} of {len(paths)}" if len(paths) > 1 else ""))
        deliveries.append(read_delivery(path, name, layer, store.crs, wishes, faults, watch))
        watch(deliveries[-1].report)
    report = Report(
        layer=layer.id,
        mode=mode,
        dry_run=dry_run,
        files=tuple(delivery.report for delivery in deliveries),
        read=sum(delivery.report.rows for delivery in deliveries),
        repaired=sum(delivery.repaired for delivery in deliveries),
        sha256=digest_list([(delivery.report.name, delivery.report.sha256) for delivery in deliveries]),
    )
    columns = {name: _concat([delivery.columns[name] for delivery in deliveries]) for name in layer.schema.names}
    rows = make_rows(columns, np.concatenate([delivery.geometry for delivery in deliveries]), layer, store.crs)
    origin = Rows.concat(delivery.rows for delivery in deliveries)
    trusted = all(delivery.datum is not None for delivery in deliveries)
    report = task.write(store, rows, origin, faults, report, trust_places=trusted)
    return replace(report, seconds=perf_counter() - started)


def ingest_rows(
    store: Store,
    layer: Layer,
    rows: GeoDataFrame,
    *,
    mode: Mode = "append",
    effective: datetime | None = None,
    author: str,
    reason: str = "",
    source: str | None = None,
    repair_tolerance: float = 1e-6,
    dry_run: bool = False,
) -> Report:
    """Take rows that have the layer's field names and the storage CRS: same validation, same report.

    Parameters
    ----------
    store, layer
        Where the rows go.
    rows
        n rows; the key as a column or as the index; fields that are absent get their default.
    source
        What the rows come from, for the revision.
    mode, effective, author, reason, repair_tolerance, dry_run
        As in `ingest_files`.

    Raises
    ------
    SchemaViolation
        Rows break the schema or its checks.
    CrsError
        The rows are not in the storage CRS.
    """
    started = perf_counter()
    task = Task(layer=layer, mode=mode, effective=effective, author=author, reason=reason, dry_run=dry_run)
    if rows.crs is None or not same_grid(rows.crs, store.crs):
        raise CrsError(f"rows must be in the storage CRS {crs_label(store.crs)}")
    if layer.key not in rows.columns:
        rows = rows.rename_axis(index=layer.key).reset_index()
    given = [name for name in rows.columns if name != rows.geometry.name]
    for name in given:
        require_known(name, layer.schema.names, f"field of {layer.id}")
    faults = Faults()
    origin = Rows.of(source, np.arange(1, len(rows) + 1))
    sources = [FieldSource(field=layer.schema[name], column=name, rule=FieldRule(), how="same name") for name in given]
    columns, filled = convert_columns(layer, sources, rows.reset_index(drop=True), origin, faults, delivered=given)
    given_shapes = rows.geometry.to_numpy()
    shapes = settle_shapes(given_shapes, layer, store.crs, store.crs, origin, faults, tolerance=repair_tolerance)
    report = Report(
        layer=layer.id,
        mode=mode,
        dry_run=dry_run,
        read=len(rows),
        repaired=int(shapes.repaired.sum()),
        notices=(*shapes.notices, *filled),
        source=source,
    )
    report = task.write(store, make_rows(columns, shapes.geometry, layer, store.crs), origin, faults, report)
    return replace(report, seconds=perf_counter() - started)


def read_area(path: Path | str, crs: CRS, *, datum: str | None = None) -> BaseGeometry:
    """Read the outline that a file draws: the union of its polygons, in a CRS.

    Parameters
    ----------
    path
        The file.
    crs
        The CRS wanted.
    datum
        As in `ingest_files`.

    Raises
    ------
    SourceError, CrsError
        The file, or where its coordinates are, is refused.
    SchemaViolation
        A polygon of it is broken.
    """
    faults = Faults()
    wishes = Wishes(datum=datum)
    with stage(Path(path)) as staged:
        source = open_source(staged, _OUTLINE, wishes, faults)
        table = source.read([])
        rows = Rows.of(source.name, table.number)
        shapes = read_shapes(source, None, table, _OUTLINE, crs, wishes, rows, faults)
    if faults.count:
        raise SchemaViolation(summarise(faults, "the area"), faults.kept)
    area: BaseGeometry = shapely.union_all(shapes.geometry)
    return area


#: What an outline must be; it is never stored.
_OUTLINE = Layer(
    id="outline",
    title="Outline",
    title_zh="范围线",
    about="The outline of an area.",
    geometry="MultiPolygon",
    key="outline_id",
    fields=(Field(name="outline_id", title="Outline", title_zh="范围线"),),
)


def _refuse_store(path: Path, store: Store) -> None:
    kept = Path(store.url)
    if kept.exists() and path.exists() and path.samefile(kept):
        raise SourceError(f"{name_of(path.name)} is the store itself: name the files that were delivered")


def _read_mapping(mapping: Path | str | Mapping[str, Any] | None, layer: Layer) -> FieldMapping:
    if mapping is None:
        return FieldMapping()
    return parse_mapping(mapping, layer) if isinstance(mapping, Mapping) else load_mapping(mapping, layer)


def _concat(parts: Sequence[pd.Series[Any]]) -> pd.Series[Any]:
    import pandas as pd

    return parts[0] if len(parts) == 1 else pd.concat(list(parts), ignore_index=True)
