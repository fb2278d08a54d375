"""Writing a layer to a file that others open."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.arrow import arrow_table, geoparquet_metadata, with_boxes
from twin.crs import CRS, CRS84, crs_label, parse_crs, reproject, same_grid
from twin.errors import InvalidParameter, TwinError
from twin.frame import Frame
from twin.ingest.names import short_names
from twin.layer import Layer
from twin.query import AsOf, Query
from twin.schema import GEOMETRY
from twin.store import Store
from twin.stores import is_store

if TYPE_CHECKING:
    import pyarrow as pa

#: Longest text of a .dbf, in bytes.
_DBF_TEXT = 254

#: Decimals of degrees in GeoJSON: 0.1 mm.
_DEGREE_DECIMALS = 9


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What to write where, and what to say about it."""

    layer: Layer
    table: pa.Table
    crs: CRS
    geometry_type: str
    path: Path
    notes: list[str]


def export_layer(
    store: Store,
    layer: Layer,
    path: Path | str,
    *,
    as_of: AsOf | None = None,
    crs: CRS | str | None = None,
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Write a layer to .gpkg, .geojson, .fgb, .parquet, .shp or .csv, by the suffix of the path.

    The file appears whole or not at all.

    Parameters
    ----------
    store, layer
        What to write.
    path
        The file.
    as_of
        The state to write; now by default.
    crs
        CRS of the file; the storage CRS by default, WGS 84 longitude and latitude in GeoJSON and CSV.
    overwrite
        Whether a file that is there is replaced.

    Returns
    -------
    tuple of str
        What the reader of the file must know: names and texts that were cut, the CRS of a file that cannot say it.

    Raises
    ------
    InvalidParameter
        The suffix is unknown, the file is there already or is a twin's store, or the format cannot hold the layer.
    """
    path = Path(path)
    _find_writer(path)  # before the layer is read
    return export_frame(store.read(layer, Query(as_of=as_of)), path, crs=crs, overwrite=overwrite)


def export_frame(frame: Frame, path: Path, *, crs: CRS | str | None = None, overwrite: bool = False) -> tuple[str, ...]:
    """Write the features of a frame to a file; as `export_layer`."""
    write, layer = _find_writer(path), frame.layer
    target = _target_crs(path, crs, frame.crs)
    geometry = reproject(frame.geometry, frame.crs, target)
    notes = [] if layer.classification == "public" else [f"{layer.id} is classified {layer.classification}"]
    try:
        _require_free(path, overwrite=overwrite)
        with tempfile.TemporaryDirectory(prefix=".twin-export-", dir=path.parent) as folder:
            job = _Job(
                layer=layer,
                table=arrow_table(frame, geometry),
                crs=target,
                geometry_type=_geometry_type(layer, geometry),
                path=Path(folder) / path.name,
                notes=notes,
            )
            write(job)
            parts = {part: path.with_name(part.name) for part in sorted(Path(folder).iterdir())}
            for place in parts.values():
                _require_free(place, overwrite=overwrite)
            for part, place in parts.items():
                part.replace(place)
    except OSError as error:
        raise TwinError(f"{path} cannot be written: {error.strerror or error}", cause=error) from error
    return tuple(notes)


def _find_writer(path: Path) -> Callable[[_Job], None]:
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise InvalidParameter(f"{path.name} must end in {', '.join(_WRITERS)}", parameter="path")
    return write


def _require_free(place: Path, *, overwrite: bool) -> None:
    if not place.exists():
        return
    if not overwrite:
        raise InvalidParameter(f"{place} is there already; give --overwrite to replace it", parameter="path")
    if is_store(place):
        raise InvalidParameter(f"{place} is a twin's store; export to another file", parameter="path")


def _target_crs(path: Path, asked: CRS | str | None, storage: CRS) -> CRS:
    suffix = path.suffix.lower()
    crs = None if asked is None else parse_crs(asked)
    if suffix in (".geojson", ".json"):
        if crs is not None and not same_grid(crs, CRS84):
            raise InvalidParameter(
                f"GeoJSON is in longitude and latitude of WGS 84 (RFC 7946 §4), not in {crs_label(crs)}",
                parameter="crs",
            )
        return CRS84
    if crs is None:
        return CRS84 if suffix == ".csv" else storage
    return crs


def _geometry_type(layer: Layer, geometry: Any) -> str:
    """The one type of every feature, or ``Unknown`` where the layer has several."""
    kinds = {str(shape.geom_type) for shape in geometry} if layer.also else {layer.geometry}
    kind = next(iter(kinds)) if len(kinds) == 1 else "Unknown"
    return f"{kind} Z" if layer.has_z else kind


def _write_gdal(job: _Job, driver: str, **options: str) -> None:
    import pyogrio

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pyogrio.write_arrow(
            job.table,
            job.path,
            layer=job.path.stem if driver == "ESRI Shapefile" else job.layer.id,
            driver=driver,
            geometry_name="geometry",
            geometry_type=job.geometry_type,
            crs=job.crs.to_wkt(),
            **options,
        )
    job.notes.extend(str(warning.message) for warning in caught)


def _write_gpkg(job: _Job) -> None:
    _write_gdal(job, "GPKG", GEOMETRY_NAME="geom", DESCRIPTION=job.layer.title)


def _write_geojson(job: _Job) -> None:
    _write_gdal(job, "GeoJSON", RFC7946="YES", COORDINATE_PRECISION=str(_DEGREE_DECIMALS))


def _write_flatgeobuf(job: _Job) -> None:
    _write_gdal(job, "FlatGeobuf")


def _write_parquet(job: _Job) -> None:
    """GeoParquet 1.1: WKB, boxes, and the metadata that says so."""
    from pyarrow import parquet

    table = with_boxes(job.table, shapely.from_wkb(job.table.column(GEOMETRY).to_numpy()))
    types = [] if job.geometry_type.startswith("Unknown") else [job.geometry_type]
    table = table.replace_schema_metadata(geoparquet_metadata(job.crs, types))
    parquet.write_table(table, job.path, compression="zstd")


def _write_shapefile(job: _Job) -> None:
    """A Shapefile in UTF-8: ten-byte column names, instants as text, long texts cut; all of it noted."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if job.geometry_type.startswith("Unknown"):
        raise InvalidParameter(
            f"{job.layer.id} has several geometry types, a Shapefile holds one: write .gpkg instead", parameter="path"
        )
    table, names = job.table, short_names(job.layer.schema.names)
    for position, field in enumerate(job.layer.schema):
        column = table.column(position)
        if field.type == "datetime":
            column = pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
        elif field.type == "boolean":
            column = column.cast(pa.int32())
        if pa.types.is_string(column.type):
            long = pc.sum(pc.greater(pc.binary_length(column), _DBF_TEXT)).as_py()
            if long:
                job.notes.append(f"{long} texts of {field.name} are longer than {_DBF_TEXT} bytes and were cut")
                column = pa.array([_cut(text) for text in column.to_pylist()], type=pa.string())
        table = table.set_column(position, names[field.name], column)
    shortened = [f"{name} is {short}" for name, short in names.items() if name != short]
    if shortened:
        job.notes.append("column names of a Shapefile have ten bytes: " + ", ".join(shortened))
    _write_gdal(_Job(**{**vars(job), "table": table}), "ESRI Shapefile", ENCODING="UTF-8")


def _cut(text: str | None) -> str | None:
    return None if text is None else text.encode()[:_DBF_TEXT].decode(errors="ignore")


def _write_csv(job: _Job) -> None:
    """UTF-8 with a byte order mark, so that spreadsheets show Chinese; geometry as WKT at full precision."""
    frame = job.table.drop_columns(["geometry"]).to_pandas()
    geometry = shapely.from_wkb(job.table.column("geometry").to_numpy())
    frame["WKT"] = np.asarray(shapely.to_wkt(geometry, rounding_precision=-1), dtype=object)
    frame.to_csv(job.path, index=False, encoding="utf-8-sig")
    job.notes.append(f"a CSV does not say its CRS: WKT is in {crs_label(job.crs)}, x (east or longitude) first")


_WRITERS: Mapping[str, Callable[[_Job], None]] = {
    ".gpkg": _write_gpkg,
    ".geojson": _write_geojson,
    ".json": _write_geojson,
    ".fgb": _write_flatgeobuf,
    ".parquet": _write_parquet,
    ".shp": _write_shapefile,
    ".csv": _write_csv,
}
