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
@click.option("--dry-run", is_flag=True, help="Read and report, write nothing; without it nothing is done so far.")
@click.option(
    "--product-seconds", type=click.FloatRange(min=1), default=60, show_default=True, help="Time for a shape."
)
@click.option("--file-seconds", type=click.FloatRange(min=1), default=3600, show_default=True, help="Time for a file.")
@click.pass_obj
def bim(session: Session, files: tuple[Path, ...], dry_run: bool, product_seconds: float, file_seconds: float) -> None:
    """Read building models (.ifc, .ifczip) and report what is in them, with every product that has no shape and why.

    Example: twin bim 学校.ifc --dry-run
    """
    from bim.ifc.supervising import Limits
    from bim.report import describe_model, render_model

    if not dry_run:
        raise click.UsageError("models are read and reported, not yet imported: add --dry-run")
    limits = Limits(product_s=product_seconds, file_s=file_seconds)
    reports = []
    refused = False
    for file in files:
        try:
            model = _read(file, limits)
        except TwinError as error:
            refused = True
            reports.append({"refused": error.detail})
            click.echo(f"refused: {error.detail}", err=True)
            continue
        if session.as_json:
            reports.append(describe_model(model))
        else:
            click.echo(render_model(model))
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
