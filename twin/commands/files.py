"""`twin ingest` and `twin export`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from twin.commands.output import print_json, show_steps
from twin.commands.parse import DATUMS, as_of_option, parse_effective, parse_pairs, parse_report
from twin.intake import Intake, Order
from twin.query import AsOf
from twin.session import Session

if TYPE_CHECKING:
    from twin.ingest.changes import Mode
    from twin.ingest.report import FileReport


@click.command(epilog="Example: twin ingest topo_sheets 图幅.shp --crs EPSG:4548 --mode sync --effective 2022-06-30")
@click.argument("layer_id", metavar="LAYER")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--map", "mapping", type=click.Path(path_type=Path), help="TOML file that maps fields, codes and units.")
@click.option("--crs", help="CRS of the files where they do not say, or say it wrong.")
@click.option("--encoding", help="Encoding of the files, e.g. GBK.")
@click.option("--source-layer", help="Which layer of the file, where it has several.")
@click.option("--datum", type=click.Choice(DATUMS), help="Datum of internet map data.")
@click.option("--mode", type=click.Choice(["append", "replace", "sync"]), default="append", show_default=True)
@click.option("--effective", callback=parse_effective, metavar="DATE", help="From when it is so in the real world.")
@click.option("--reason", default="", help="Why; the file names by default.")
@click.option(
    "--repair-tolerance", type=float, default=1e-6, show_default=True, help="Largest relative area change of a repair."
)
@click.option("--param", "pairs", multiple=True, metavar="K=V", help="Of a delivery of several layers; repeatable.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    callback=parse_report,
    metavar="FILE",
    help="Write the report on a delivery of several layers to .xlsx, .html, .geojson or .json.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.pass_context
def ingest(
    context: click.Context,
    layer_id: str,
    files: tuple[Path, ...],
    mapping: Path | None,
    crs: str | None,
    encoding: str | None,
    source_layer: str | None,
    datum: str | None,
    mode: Mode,
    effective: datetime | None,
    reason: str,
    repair_tolerance: float,
    pairs: tuple[str, ...],
    report_path: Path | None,
    dry_run: bool,
) -> None:
    """Read files into a layer: validate, then write one revision or nothing.

    Instead of a LAYER may stand the name of a delivery that makes several at once, as pipelines.
    """
    from twin.ingest import ingest_files

    session: Session = context.obj
    way_in = session.catalog.intakes.get(layer_id)
    if way_in is not None:
        _refuse_options(context, "mapping", "source_layer", "datum", "mode", "repair_tolerance")
        order = Order(
            files=files,
            author=session.author,
            crs=crs,
            encoding=encoding,
            reason=reason,
            effective=effective,
            dry_run=dry_run,
        )
        _take_in(session, way_in, order, parse_pairs(pairs), report_path)
        return
    _refuse_options(context, "pairs", "report_path")

    with session.open(write=not dry_run) as store, show_steps() as show:

        def watch(step: str | FileReport) -> None:
            if isinstance(step, str):
                show(step)
            elif not session.as_json:
                show("")
                click.echo(step.render())

        report = ingest_files(
            store,
            session.catalog.layer(layer_id),
            files,
            mapping=mapping,
            crs=crs,
            encoding=encoding,
            source_layer=source_layer,
            datum=datum,
            mode=mode,
            effective=effective,
            author=session.author,
            reason=reason,
            repair_tolerance=repair_tolerance,
            dry_run=dry_run,
            watch=watch,
        )
    if session.as_json:
        print_json(report.to_dict())
    else:
        click.echo(report.render_outcome())


def _take_in(
    session: Session, way_in: Intake, order: Order, parameters: Mapping[str, str], report_path: Path | None
) -> None:
    """Take in files that make several layers, and write the report on them; exit 1 where they are refused."""
    with session.open(write=not order.dry_run) as store, show_steps() as show:
        outcome = way_in.take(store, replace(order, watch=show), parameters)
    if report_path is not None:
        outcome.write(report_path)
    if session.as_json:
        print_json(outcome.to_dict())
    else:
        click.echo(outcome.render())
    if not outcome.accepted:
        raise click.exceptions.Exit(1)


def _refuse_options(context: click.Context, *names: str) -> None:
    """Refuse options that do nothing for what is asked."""
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = next(each for each in context.command.params if each.name == name)
            raise click.UsageError(f"{option.opts[0]} does not go with {context.params['layer_id']}")


@click.command(epilog="Example: twin export topo_sheets sheets.shp --as-of 2021-12-31")
@click.argument("layer_id", metavar="LAYER")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--crs", help="CRS of the file; the storage CRS by default, WGS 84 for GeoJSON.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@as_of_option
@click.pass_obj
def export(session: Session, layer_id: str, path: Path, crs: str | None, overwrite: bool, as_of: AsOf | None) -> None:
    """Write a layer to a file: .gpkg, .geojson, .fgb, .parquet, .shp or .csv."""
    from twin.export import export_layer

    layer = session.catalog.layer(layer_id)
    with session.open() as store:
        notes = export_layer(store, layer, path, as_of=as_of, crs=crs, overwrite=overwrite)
    if session.as_json:
        print_json({"layer": layer.id, "file": str(path), "notes": list(notes)})
    else:
        click.echo(f"wrote {path}")
        for note in notes:
            click.echo(f"  {note}")
