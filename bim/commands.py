"""`twin bim`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.commands.output import print_json, show_steps
from twin.errors import TwinError
from twin.session import Session

if TYPE_CHECKING:
    from bim.ifc.supervising import Limits
    from bim.model import Model


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--georef", type=click.Path(path_type=Path), help="TOML file that says where the models stand.")
@click.option("--dry-run", is_flag=True, help="Read and report, write nothing; without it nothing is done so far.")
@click.option(
    "--product-seconds", type=click.FloatRange(min=1), default=60, show_default=True, help="Time for a shape."
)
@click.option("--file-seconds", type=click.FloatRange(min=1), default=3600, show_default=True, help="Time for a file.")
@click.pass_obj
def bim(
    session: Session,
    files: tuple[Path, ...],
    georef: Path | None,
    dry_run: bool,
    product_seconds: float,
    file_seconds: float,
) -> None:
    """Read building models (.ifc, .ifczip); report what is in them, which products have no shape, where they stand.

    Example: twin bim 学校.ifc --dry-run
    """
    from bim.georeference.choosing import assess_levels, declare_place
    from bim.georeference.declared import read_declaration
    from bim.ifc.supervising import Limits
    from bim.report import describe_model, render_model

    if not dry_run:
        raise click.UsageError("models are read and reported, not yet imported: add --dry-run")
    declaration = None if georef is None else read_declaration(georef)
    limits = Limits(product_s=product_seconds, file_s=file_seconds)
    reports = []
    refused = False
    for file in files:
        try:
            model = _read(file, limits)
            place = assess_levels(model.levels) if declaration is None else declare_place(model.levels, declaration)
        except TwinError as error:
            refused = True
            reports.append({"refused": error.detail})
            click.echo(f"refused: {error.detail}", err=True)
            continue
        if session.as_json:
            reports.append(describe_model(model, place))
        else:
            click.echo(render_model(model, place))
    if session.as_json:
        print_json(reports)
    if refused:
        raise click.exceptions.Exit(1)


def _read(file: Path, limits: Limits) -> Model:
    """Read one file with a line on the terminal that says how far it is."""
    from bim.ifc.reading import read_ifc

    with show_steps() as show:

        def watch(step: str) -> None:
            show(f"{file.name}: {step}")

        return read_ifc(file, limits=limits, watch=watch)
