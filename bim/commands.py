"""`twin bim`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twin.commands.output import print_json, show_steps
from twin.commands.parse import parse_effective
from twin.errors import TwinError
from twin.session import Session

if TYPE_CHECKING:
    from bim.ifc.supervising import Limits
    from bim.model import Model
    from twin.bbox import BBox
    from twin.store import Store


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--georef", type=click.Path(path_type=Path), help="TOML file that says where the models stand.")
@click.option("--model", "model_id", metavar="ID", help="What the model is called; by default after its file.")
@click.option("--building", "building_id", metavar="ID", help="The building that the model is of.")
@click.option("--effective", callback=parse_effective, metavar="DATE", help="From when it is so in the real world.")
@click.option("--reason", default="", help="Why; the file name by default.")
@click.option("--dry-run", is_flag=True, help="Read, compare with the twin where there is one, and write nothing.")
@click.option(
    "--product-seconds", type=click.FloatRange(min=1), default=60, show_default=True, help="Time for a shape."
)
@click.option("--file-seconds", type=click.FloatRange(min=1), default=3600, show_default=True, help="Time for a file.")
@click.pass_obj
def bim(
    session: Session,
    files: tuple[Path, ...],
    georef: Path | None,
    model_id: str | None,
    building_id: str | None,
    effective: datetime | None,
    reason: str,
    dry_run: bool,
    product_seconds: float,
    file_seconds: float,
) -> None:
    """Import building models (IFC, CityJSON): what is in them, which products have no shape, where they stand.

    Each file is one revision; a newer file of a model is compared with it by GlobalId, and what is the same stays.

    Example: twin bim 学校.ifc --georef 学校.toml
    """
    from bim.georeference.declared import read_declaration
    from bim.ifc.supervising import Limits

    if len(files) > 1 and (model_id or building_id):
        raise click.UsageError("--model and --building are for one file at a time")
    declaration = None if georef is None else read_declaration(georef)
    limits = Limits(product_s=product_seconds, file_s=file_seconds)
    told: dict[str, Any] = {"model_id": model_id, "building_id": building_id, "effective": effective, "reason": reason}
    reports = []
    store = _open(session, dry_run=dry_run)
    try:
        for file in files:
            try:
                report, text = _take(session, store, file, limits, declaration, told, dry_run=dry_run)
            except TwinError as error:
                report, text = {"source": {"name": file.name}, "refused": error.detail}, None
                click.echo(f"refused: {error.detail}", err=True)
            reports.append(report)
            if text is not None and not session.as_json:
                click.echo(text)
    finally:
        if store is not None:
            store.close()
    if session.as_json:
        print_json(reports)
    if any("refused" in report for report in reports):
        raise click.exceptions.Exit(1)


def _take(
    session: Session,
    store: Store | None,
    file: Path,
    limits: Limits,
    declaration: Any,
    told: dict[str, Any],
    *,
    dry_run: bool,
) -> tuple[dict[str, Any], str]:
    """Read a file, and import it where there is a twin; the reports for programs and for people."""
    from bim.georeference.choosing import assess_levels, declare_place
    from bim.importing import Order, import_model
    from bim.report import describe_model, render_model
    from bim.telling import describe_import, render_import

    model = _read(file, limits)
    if declaration is None:
        place = assess_levels(model.levels, area_crs84=None if store is None else _area_of(store))
    else:
        place = declare_place(model.levels, declaration)
    report, text = describe_model(model, place), render_model(model, place)
    if store is None or (dry_run and place.chosen is None):
        return report, text
    order = Order(author=session.author, dry_run=dry_run, **told)
    imported = import_model(store, session.catalog, file, model, place, order)
    text += "\n" + render_import(imported, dry_run=dry_run)
    return report | {"imported": describe_import(imported)}, text


def _open(session: Session, *, dry_run: bool) -> Store | None:
    """The twin; a dry run needs none."""
    from twin.errors import StoreUnavailable

    try:
        return session.open(write=not dry_run)
    except StoreUnavailable:
        if dry_run:
            return None
        raise


def _area_of(store: Store) -> BBox | None:
    """The county with some margin, in degrees; None where nobody gave its outline."""
    from twin.crs import CRS84, BBox, reproject_bbox

    if store.area is None:
        return None
    return reproject_bbox(BBox(*store.area.bounds), store.crs, CRS84).buffer(_MARGIN_DEG)


def _read(file: Path, limits: Limits) -> Model:
    """Read one file with a line on the terminal that says how far it is."""
    from bim.cityjson.opening import looks_like_cityjson
    from bim.cityjson.reading import read_cityjson
    from bim.ifc.reading import read_ifc

    with show_steps() as show:

        def watch(step: str) -> None:
            show(f"{file.name}: {step}")

        if looks_like_cityjson(file):
            return read_cityjson(file, watch=watch)
        return read_ifc(file, limits=limits, watch=watch)


#: How far beyond the outline of the county a model may stand: some kilometres.
_MARGIN_DEG = 0.05
