"""Reading what GDAL reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from twin.crs import parse_crs
from twin.errors import SourceError
from twin.ingest.arrow import decode_geometry, frame_of
from twin.ingest.dbf import decide_dbf_encoding, mend_dbf, mend_prj, read_dbf, require_whole
from twin.ingest.dxf import decide_dxf_encoding, read_dxf_place, refuse_binary_drawing, require_whole_drawing
from twin.ingest.gdal import choose_layer, run_gdal
from twin.ingest.geojson import geojson_crs, holds_nested
from twin.ingest.mapinfo import declare_charset
from twin.ingest.report import Decision
from twin.ingest.source import Geometries, Source, Table
from twin.ingest.stage import Staged
from twin.layer import Layer

_NESTED = ("OFTIntegerList", "OFTInteger64List", "OFTRealList", "OFTStringList", "OFTBinary")


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How a staged file is to be read.

    Parameters
    ----------
    encoding
        What was decided about its text.
    names
        The column names, where GDAL cannot give them.
    bytes_encoding
        The encoding to pass on to the reader of a .dbf.
    options
        GDAL options.
    said
        What to say of a CRS that GDAL does not find.
    notices
        What was found on the way.
    """

    encoding: Decision | None = None
    names: tuple[str, ...] | None = None
    bytes_encoding: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    notices: tuple[str, ...] = ()


def open_vector(staged: Staged, layer: Layer, *, wanted: str | None, encoding: str | None) -> Source:
    """Open one layer of a file that GDAL reads.

    Parameters
    ----------
    staged
        The delivery.
    layer
        The layer it is meant for, to choose among several source layers.
    wanted
        The source layer asked for.
    encoding
        The encoding asked for.

    Raises
    ------
    SourceError
        GDAL cannot read it, or it has several layers that would do.
    """
    path = staged.path
    if path.is_file():
        with path.open("rb") as file:
            if re.search(rb"<OGR\w+DataSource", file.read(4_096)):
                raise SourceError(f"{staged.name} only points to other data: name the files themselves")
    reading = _PREPARE.get(path.suffix, _prepare_other)(path, encoding)
    notices = list(reading.notices)
    with run_gdal(staged, notices, reading.options):
        import pyogrio

        name = choose_layer(pyogrio.list_layers(path), staged, layer, wanted, notices)
        info = pyogrio.read_info(path, layer=name, encoding=reading.bytes_encoding)
    gdal_names = [str(column) for column in info["fields"]]
    names = tuple(gdal_names) if reading.names is None or len(reading.names) != len(gdal_names) else reading.names
    kinds = list(zip(gdal_names, info["ogr_types"], info["ogr_subtypes"], strict=True))
    lists = {column for column, kind, _ in kinds if kind in _NESTED}
    json_texts = [column for column, kind, subtype in kinds if kind == "OFTString" and subtype == "OFSTJSON"]
    if json_texts:
        with run_gdal(staged, notices, reading.options):
            _, values = pyogrio.read_arrow(path, layer=name, columns=json_texts, read_geometry=False)
        lists |= {column for column in json_texts if holds_nested(values.column(column).to_pylist())}
    nested = tuple(column for column, gdal_name in zip(names, gdal_names, strict=True) if gdal_name in lists)
    crs, said = info["crs"], "the file says so" if info["crs"] else reading.said
    if info["driver"] in ("GeoJSON", "GeoJSONSeq"):
        crs, said = geojson_crs(path)

    def read(columns: Sequence[str]) -> Table:
        positions = [names.index(column) for column in columns]
        table = _read(staged, name, reading, gdal_names, positions, columns)
        if info["driver"] == "FlatGeobuf" and len(table.number) != info["features"]:
            raise SourceError(
                f"{staged.name} is cut off: of {info['features']:,} features {len(table.number):,} can be read"
            )
        return table

    return Source(
        name=staged.name,
        format=info["driver"],
        layer=name if name != Path(staged.name).stem else None,
        columns=tuple(column for column in names if column not in nested),
        nested=nested,
        crs=None if crs is None else parse_crs(crs),
        crs_said=said,
        has_geometry=info["geometry_type"] is not None,
        encoding=reading.encoding,
        read=read,
        notices=tuple(notices),
    )


def list_layers(staged: Staged) -> list[str]:
    """Names of the layers of a file that GDAL reads, tables without geometry included."""
    import pyogrio

    with run_gdal(staged, [], {}):
        return [str(name) for name, _ in pyogrio.list_layers(staged.path)]


def _read(
    staged: Staged, layer: str, reading: _Reading, names: list[str], positions: list[int], columns: Sequence[str]
) -> Table:
    import pyarrow as pa
    import pyogrio

    notices: list[str] = []
    unique = len(set(names)) == len(names)
    with run_gdal(staged, notices, reading.options):
        meta, table = pyogrio.read_arrow(
            staged.path,
            layer=layer,
            columns=[names[position] for position in positions] if unique else None,
            encoding=reading.bytes_encoding,
            datetime_as_string=True,
        )
    try:
        table.validate(full=True)
    except pa.ArrowInvalid as error:
        raise SourceError(f"{staged.name} has text that is not in the encoding it declares", cause=error) from error
    rows = table.num_rows
    geometry, unreadable = None, np.zeros(rows, dtype=bool)
    if meta["geometry_type"] is not None:
        geometry_name = meta["geometry_name"] or "wkb_geometry"
        try:
            geometry, unreadable = decode_geometry(table.column(geometry_name))
        except NotImplementedError:
            geometry = _read_straight(staged, layer, reading)
            notices.append("curves were replaced by straight pieces")
        table = table.drop_columns([geometry_name])
    order = {name: index for index, name in enumerate(table.column_names)}
    arrays = [table.column(order[names[position]] if unique else position) for position in positions]
    return Table(
        columns=frame_of(columns, arrays, rows),
        geometry=geometry,
        number=np.arange(1, rows + 1),
        unreadable=unreadable,
        notices=tuple(notices),
    )


def _read_straight(staged: Staged, layer: str, reading: _Reading) -> Geometries:
    """Read geometry with its curves stroked, which GDAL does in its older interface only."""
    import pyogrio

    with run_gdal(staged, [], reading.options):
        _, _, wkb, _ = pyogrio.raw.read(staged.path, layer=layer, columns=[])
    geometries: Geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    return geometries


def _prepare_shapefile(path: Path, encoding: str | None) -> _Reading:
    mend_prj(path.with_suffix(".prj"))
    # Only where it is missing: GDAL would write a new one through the link to the delivered one.
    options = {} if path.with_suffix(".shx").exists() else {"SHAPE_RESTORE_SHX": "YES"}
    if not path.with_suffix(".dbf").exists():
        return _Reading(options=options, notices=("no .dbf lies beside it: its shapes have no attributes",))
    dbf = read_dbf(path.with_suffix(".dbf"))
    deleted = require_whole(path, dbf) if path.suffix == ".shp" else 0
    decision = decide_dbf_encoding(dbf, encoding)
    cut = mend_dbf(dbf, decision.value)
    told = {
        f"{cut:,} column names or values end in the middle of a character; the half was dropped": cut,
        f"{deleted:,} rows are marked as deleted in the .dbf and were left out": deleted,
    }
    return _Reading(
        encoding=decision,
        names=dbf.names(decision.value),
        bytes_encoding=decision.value,
        options=options,
        notices=tuple(notice for notice, count in told.items() if count),
    )


def _prepare_dxf(path: Path, encoding: str | None) -> _Reading:
    refuse_binary_drawing(path)
    require_whole_drawing(path)
    decision = decide_dxf_encoding(path, encoding)
    said, notices = read_dxf_place(path)
    return _Reading(encoding=decision, options={"DXF_ENCODING": decision.value}, said=said, notices=notices)


def _prepare_mapinfo(path: Path, encoding: str | None) -> _Reading:
    return _Reading(encoding=declare_charset(path, encoding))


def _prepare_other(path: Path, encoding: str | None) -> _Reading:
    unused = f"{path.suffix} files say themselves how their text is encoded; {encoding} was not used"
    return _Reading(notices=(unused,) if encoding else ())


_PREPARE: Mapping[str, Callable[[Path, str | None], _Reading]] = {
    ".shp": _prepare_shapefile,
    ".dbf": _prepare_shapefile,
    ".dxf": _prepare_dxf,
    ".tab": _prepare_mapinfo,
    ".mif": _prepare_mapinfo,
}
