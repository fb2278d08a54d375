"""Reading what GDAL reads."""

from __future__ import annotations

import json
import mmap
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from twin.crs import parse_crs
from twin.errors import SourceError
from twin.ingest.arrow import frame_of
from twin.ingest.dbf import decide_dbf_encoding, mend_dbf, read_dbf
from twin.ingest.dxf import read_dxf_notices
from twin.ingest.source import Geometries, Source, Table
from twin.ingest.stage import Staged
from twin.layer import Layer

#: Set while GDAL reads: rebuild a missing .shx (in the staging folder), write no side files.
_CONFIG = {"SHAPE_RESTORE_SHX": "YES", "GDAL_PAM_ENABLED": "NO"}

_NESTED = ("OFTIntegerList", "OFTInteger64List", "OFTRealList", "OFTStringList", "OFTBinary")

_FAMILY = {"Point": 0, "LineString": 1, "Polygon": 2}


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
    path, notices, decision, names = staged.path, [], None, None
    if path.suffix == ".vrt":
        raise SourceError(f"{staged.name} only points to other files: name those instead")
    if path.suffix in (".shp", ".dbf") and path.with_suffix(".dbf").exists():
        dbf = read_dbf(path.with_suffix(".dbf"))
        decision = decide_dbf_encoding(dbf, encoding)
        names = dbf.names(decision.value)
        cut = mend_dbf(dbf, decision.value)
        if cut:
            notices.append(f"{cut} column names or values end in the middle of a character; the half was dropped")
    elif encoding is not None and path.suffix not in (".tab", ".mif", ".dxf"):
        notices.append(f"{path.suffix} files name their own encoding; {encoding} was not used")
    text = decision.value if decision else encoding if path.suffix in (".tab", ".mif", ".dxf") else None
    with _gdal(staged, notices):
        import pyogrio

        name = _choose_layer(pyogrio.list_layers(path), staged, layer, wanted, notices)
        info = pyogrio.read_info(path, layer=name, encoding=text)
    gdal_names = [str(field) for field in info["fields"]]
    shown = tuple(gdal_names) if names is None or len(names) != len(gdal_names) else names
    nested = [
        column
        for column, kind, subtype in zip(shown, info["ogr_types"], info["ogr_subtypes"], strict=True)
        if kind in _NESTED or subtype == "OFSTJSON"
    ]
    crs, said = info["crs"], "the file says so" if info["crs"] else ""
    if info["driver"] == "GeoJSON":
        crs, said = _geojson_crs(path, crs)
    elif info["driver"] == "DXF":
        said, found = read_dxf_notices(path)
        notices += found

    def read(columns: Sequence[str]) -> Table:
        positions = [shown.index(column) for column in columns]
        return _read(staged, name, gdal_names, positions, columns, text)

    return Source(
        name=staged.name,
        format=info["driver"],
        layer=name if name != path.stem else None,
        columns=tuple(column for column in shown if column not in nested),
        nested=tuple(nested),
        crs=None if crs is None else parse_crs(crs),
        crs_said=said,
        has_geometry=info["geometry_type"] is not None,
        encoding=decision,
        read=read,
        notices=tuple(dict.fromkeys(notices)),
    )


def _read(
    staged: Staged, layer: str, names: list[str], positions: list[int], columns: Sequence[str], encoding: str | None
) -> Table:
    import pyogrio

    notices: list[str] = []
    unique = len(set(names)) == len(names)
    with _gdal(staged, notices):
        meta, table = pyogrio.read_arrow(
            staged.path,
            layer=layer,
            columns=[names[position] for position in positions] if unique else None,
            encoding=encoding,
            datetime_as_string=True,
        )
    geometry = unclosed = None
    if meta["geometry_type"] is not None:
        geometry_name = meta["geometry_name"] or "wkb_geometry"
        geometry, unclosed = _decode(table.column(geometry_name))
        table = table.drop_columns([geometry_name])
    order = {name: index for index, name in enumerate(table.column_names)}
    arrays = [table.column(order[names[position]] if unique else position) for position in positions]
    rows = table.num_rows
    return Table(
        columns=frame_of(columns, arrays, rows),
        geometry=geometry,
        number=np.arange(1, rows + 1),
        unclosed=np.zeros(rows, dtype=bool) if unclosed is None else unclosed,
    )


def _decode(column: Any) -> tuple[Geometries, Any]:
    wkb = column.to_numpy()
    # A ring that does not close cannot become a geometry: it comes back as None where there were bytes.
    geometry = shapely.from_wkb(wkb, on_invalid="ignore")
    return geometry, shapely.is_missing(geometry) & ~np.asarray(column.is_null())


@contextmanager
def _gdal(staged: Staged, notices: list[str]) -> Iterator[None]:
    """Run GDAL with our options, its warnings collected as notices and its errors told as `SourceError`."""
    import pyogrio
    from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FieldError, GeometryError

    before = {name: pyogrio.get_gdal_config_option(name) for name in _CONFIG}
    pyogrio.set_gdal_config_options(_CONFIG)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    except (DataSourceError, DataLayerError, FieldError, GeometryError, CRSError, UnicodeDecodeError) as error:
        said = str(error).replace(str(staged.path), staged.name).replace(str(staged.path.parent) + "/", "")
        raise SourceError(f"{staged.name} cannot be read: {said}", cause=error) from error
    finally:
        pyogrio.set_gdal_config_options(before)
        notices += [str(w.message).replace(str(staged.path.parent) + "/", "") for w in caught]


def _choose_layer(layers: Any, staged: Staged, layer: Layer, wanted: str | None, notices: list[str]) -> str:
    kinds = {str(name): kind for name, kind in layers}
    listed = ", ".join(f"{name} ({kind or 'no geometry'})" for name, kind in kinds.items())
    if wanted is not None:
        if wanted not in kinds:
            raise SourceError(f"{staged.name} has no layer {wanted}; it has {listed}")
        return wanted
    if not kinds:
        raise SourceError(f"{staged.name} holds no layers")
    fitting = [name for name, kind in kinds.items() if _fits(kind, layer)]
    if len(kinds) > 1 and layer.id in kinds:
        fitting = [layer.id]
    if len(kinds) > 1 and len(fitting) == 1:
        notices.append(f"of its {len(kinds)} layers, {fitting[0]} was read")
        return fitting[0]
    if len(kinds) == 1:
        return next(iter(kinds))
    raise SourceError(
        f"{staged.name} has {len(kinds)} layers, {len(fitting)} of which would fit {layer.id}; "
        f"choose one with --source-layer: {listed}"
    )


def _fits(kind: str | None, layer: Layer) -> bool:
    if kind is None:
        return False
    families = {_FAMILY[name.removeprefix("Multi")] for name in layer.geometries}
    plain = kind.split(" ")[0].removeprefix("Multi").replace("Curve", "LineString").replace("Surface", "Polygon")
    return plain not in _FAMILY or _FAMILY[plain] in families


def _geojson_crs(path: Path, crs: str | None) -> tuple[str | None, str]:
    """What a GeoJSON file says: its old-style crs member, or nothing, which RFC 7946 defines as WGS 84."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        says_so = re.search(rb'"crs"\s*:\s*(\{|null)', data) is not None
    if says_so:
        return crs, "crs member of the file"
    return "OGC:CRS84", "GeoJSON without a crs member, RFC 7946"


def open_parquet(staged: Staged) -> Source:
    """Open a GeoParquet file, or a plain Parquet table with coordinate columns.

    Raises
    ------
    SourceError
        It is not Parquet, or its geometry is not in WKB.

    References
    ----------
    GeoParquet 1.1: without a ``crs`` member coordinates are OGC:CRS84; null means unknown.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(staged.path)
        rows = parquet.read_metadata(staged.path).num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{staged.name} is not a Parquet file: {error}", cause=error) from error
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    name = geo.get("primary_column")
    column = geo.get("columns", {}).get(name, {})
    if name is not None and column.get("encoding") != "WKB":
        raise SourceError(f"{staged.name} has geometry in {column.get('encoding')}: write it as WKB")
    nested = tuple(
        f.name for f in schema if pa.types.is_nested(f.type) or (pa.types.is_binary(f.type) and f.name != name)
    )
    crs = column.get("crs", "OGC:CRS84") if name is not None else None

    def read(columns: Sequence[str]) -> Table:
        table = parquet.read_table(staged.path, columns=[*columns, *([name] if name else [])])
        geometry, unclosed = _decode(table.column(name)) if name else (None, np.zeros(rows, dtype=bool))
        arrays = [table.column(column) for column in columns]
        return Table(
            columns=frame_of(columns, arrays, rows), geometry=geometry, number=np.arange(1, rows + 1), unclosed=unclosed
        )

    return Source(
        name=staged.name,
        format="Parquet",
        columns=tuple(f.name for f in schema if f.name != name and f.name not in nested),
        nested=nested,
        crs=None if crs is None else parse_crs(crs),
        crs_said="the file says so" if "crs" in column else "GeoParquet without a crs" if crs else "",
        has_geometry=name is not None,
        read=read,
    )
