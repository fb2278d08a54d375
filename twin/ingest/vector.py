"""Reading what GDAL reads."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from twin.crs import parse_crs
from twin.errors import SourceError
from twin.ingest.arrow import decode_geometry, frame_of
from twin.ingest.dbf import decide_dbf_encoding, mend_dbf, read_dbf
from twin.ingest.dxf import decide_dxf_encoding, read_dxf_place
from twin.ingest.gdal import choose_layer, run_gdal
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
    if path.suffix == ".vrt":
        raise SourceError(f"{staged.name} only points to other files: name those instead")
    reading = _PREPARE.get(path.suffix, _prepare_other)(path, encoding)
    notices = list(reading.notices)
    with run_gdal(staged, notices, reading.options):
        import pyogrio

        name = choose_layer(pyogrio.list_layers(path), staged, layer, wanted, notices)
        info = pyogrio.read_info(path, layer=name, encoding=reading.bytes_encoding)
    gdal_names = [str(column) for column in info["fields"]]
    names = tuple(gdal_names) if reading.names is None or len(reading.names) != len(gdal_names) else reading.names
    nested = tuple(
        column
        for column, kind, subtype in zip(names, info["ogr_types"], info["ogr_subtypes"], strict=True)
        if kind in _NESTED or subtype == "OFSTJSON"
    )
    crs, said = info["crs"], "the file says so" if info["crs"] else reading.said
    if info["driver"] == "GeoJSON":
        crs, said = _geojson_crs(path, crs)

    def read(columns: Sequence[str]) -> Table:
        positions = [names.index(column) for column in columns]
        return _read(staged, name, reading, gdal_names, positions, columns)

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
    # Only where it is missing: GDAL would write a new one through the link to the delivered one.
    options = {} if path.with_suffix(".shx").exists() else {"SHAPE_RESTORE_SHX": "YES"}
    if not path.with_suffix(".dbf").exists():
        return _Reading(options=options)
    dbf = read_dbf(path.with_suffix(".dbf"))
    decision = decide_dbf_encoding(dbf, encoding)
    cut = mend_dbf(dbf, decision.value)
    notice = f"{cut} column names or values end in the middle of a character; the half was dropped"
    return _Reading(
        encoding=decision,
        names=dbf.names(decision.value),
        bytes_encoding=decision.value,
        options=options,
        notices=(notice,) if cut else (),
    )


def _prepare_dxf(path: Path, encoding: str | None) -> _Reading:
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


def _geojson_crs(path: Path, crs: str | None) -> tuple[str | None, str]:
    """What a GeoJSON file says: its old-style crs member, or nothing, which RFC 7946 defines as WGS 84."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        says_so = re.search(rb'"crs"\s*:\s*(\{|null)', data) is not None
    if says_so:
        return crs, "crs member of the file"
    return "OGC:CRS84", "GeoJSON without a crs member, RFC 7946"
