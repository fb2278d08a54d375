"""`twin sheets`: sheet numbers and sheet grids."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layers.topo_sheets.numbering import DECODABLE, footprint, grid, number_at, numbering_crs
from layers.topo_sheets.rectangular import Offset
from layers.topo_sheets.series import own_series
from twin.commands.output import print_json
from twin.crs import CRS, CRS84, BBox, crs_label, parse_crs, reproject, transform
from twin.errors import InvalidParameter
from twin.grids import check_crs_fits
from twin.session import Session

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}


def _parse_pair(_: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not two numbers joined by a comma", param=parameter) from error
    return first, second


def _parse_offset(_: click.Context, parameter: click.Parameter, text: str | None) -> Offset | None:
    if text is None:
        return None
    try:
        north_km, east_km = (int(part) for part in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not two whole kilometres, as 3900,600", param=parameter) from error
    return Offset(north_km=north_km, east_km=east_km)


@click.command(
    epilog="""\b
    Examples:
      twin sheets plan.gpkg --scale 2000 --area urban
      twin sheets --scale 1000 --point 632885,3936656
      twin sheets --scale 2000 --scheme graticule --number I50I065429"""
)
@click.argument("out", metavar="[OUT]", required=False, type=click.Path(path_type=Path))
@click.option("--scale", type=int, required=True, help="Scale denominator, e.g. 2000.")
@click.option("--scheme", type=click.Choice(DECODABLE), default="rectangular_50x50", show_default=True)
@click.option("--area", default="planning", show_default=True, help="Area to fill: planning, urban or a file.")
@click.option("--point", callback=_parse_pair, metavar="E,N", help="Only answer: which sheet holds this point?")
@click.option("--number", metavar="NO", help="Only answer: where is the sheet of this number?")
@click.option("--crs", "crs_text", help="CRS in which the numbers count; the storage CRS by default.")
@click.option(
    "--offset",
    callback=_parse_offset,
    metavar="N,E",
    help="Kilometres that the numbers leave out; only a zone number by default.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@click.pass_obj
def sheets(
    session: Session,
    out: Path | None,
    scale: int,
    scheme: str,
    area: str,
    point: tuple[float, float] | None,
    number: str | None,
    crs_text: str | None,
    offset: Offset | None,
    overwrite: bool,
) -> None:
    """Write the sheet grid of an area to OUT (.gpkg, or .geojson in WGS 84), or answer for one sheet."""
    if [out, point, number].count(None) != 2:
        raise click.UsageError("give one of OUT, --point and --number")
    crs = parse_crs(crs_text) if crs_text else _storage_crs(session)
    offset = offset or own_series(crs, scheme).offset
    answer: dict[str, Any] = {"scale": scale, "scheme": scheme, "crs": crs_label(crs)}
    if out is None:
        native = numbering_crs(crs, scheme)
        if point is not None:
            check_crs_fits(BBox(*point, *point), crs)
            x, y = transform([point[0]], [point[1]], crs, native)
            number = number_at(float(x[0]), float(y[0]), scale=scale, scheme=scheme, offset=offset)
        box = footprint(str(number), scale=scale, scheme=scheme, offset=offset)
        answer |= {"sheet_no": number, "footprint": [*box], "footprint_crs": crs_label(native)}
        line = f"{number}  1:{scale}  west south east north {' '.join(f'{v:.10g}' for v in box)}  {crs_label(native)}"
    else:
        _require_writable(out, overwrite)
        numbers, footprints = grid(_find_area(session, area, crs), crs, scale=scale, scheme=scheme, offset=offset)
        _write(out, crs, footprints, {"sheet_no": numbers, "scale": scale, "scheme": scheme})
        answer |= {"file": str(out), "sheets": len(numbers)}
        line = f"wrote {out}: {len(numbers)} sheets of 1:{scale}"
    if session.as_json:
        print_json(answer)
    else:
        click.echo(line)


def _storage_crs(session: Session) -> CRS:
    with session.open() as store:
        return store.crs


def _find_area(session: Session, area: str, crs: CRS) -> BaseGeometry:
    """Give the area to fill in the CRS of the numbers: the planning or urban area in force, or what a file holds."""
    import shapely

    from twin.expressions import both, compare
    from twin.query import Query

    if area not in ("planning", "urban"):
        from twin.ingest import read_area

        return read_area(Path(area), crs)
    query = Query(where=both(compare("kind", "=", area), compare("status", "=", "in_force")))
    with session.open() as store:
        found = store.read(session.catalog.layer("planning_areas"), query)
    if not len(found):
        raise InvalidParameter(f"the store holds no {area} area in force: ingest one, or give --area FILE")
    return shapely.union_all(reproject(found.geometry, found.crs, crs))


def _require_writable(out: Path, overwrite: bool) -> None:
    if out.suffix.lower() not in _DRIVERS:
        raise InvalidParameter(f"{out.name} must end in {' or '.join(_DRIVERS)}")
    if out.exists() and not overwrite:
        raise InvalidParameter(f"{out} exists already; --overwrite replaces it")


def _write(out: Path, crs: CRS, footprints: Any, columns: dict[str, Any]) -> None:
    """Write the whole file or nothing; GeoJSON is WGS 84 longitude and latitude by its standard."""
    import geopandas

    driver = _DRIVERS[out.suffix.lower()]
    if driver == "GeoJSON":
        footprints, crs = reproject(footprints, crs, CRS84), CRS84
    rows = geopandas.GeoDataFrame(columns, geometry=footprints, crs=crs)
    try:
        with tempfile.TemporaryDirectory(dir=out.parent) as folder:
            written = Path(folder) / out.name
            rows.to_file(written, driver=driver, engine="pyogrio")
            written.replace(out)
    except (OSError, RuntimeError) as error:  # GDAL's own errors are RuntimeErrors
        raise InvalidParameter(f"{out} cannot be written: {error}", cause=error) from None
