"""`twin cityjson`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.commands.output import print_json
from twin.commands.parse import as_of_option
from twin.session import Session

if TYPE_CHECKING:
    from twin.query import AsOf


@click.command(epilog="Example: twin cityjson 城区.city.jsonl --crs EPSG:4548 --box 118.45 35.54 118.47 35.56")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--crs", help="CRS of the file, projected and with an EPSG code; the storage CRS by default.")
@click.option(
    "--box", type=float, nargs=4, metavar="W S E N", help="Only buildings in it; degrees of longitude and latitude."
)
@click.option("--blocks", is_flag=True, help="Buildings that have models as blocks too, without their elements.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@as_of_option
@click.pass_obj
def cityjson(
    session: Session,
    path: Path,
    crs: str | None,
    box: tuple[float, float, float, float] | None,
    blocks: bool,
    overwrite: bool,
    as_of: AsOf | None,
) -> None:
    """Write buildings as CityJSON 2.0: a document (.city.json) or a sequence (.city.jsonl)."""
    from bim.cityjson.exporting import export_buildings
    from twin.crs import CRS84, BBox, parse_crs, reproject_bbox

    with session.open() as store:
        done = export_buildings(
            store,
            session.catalog,
            path,
            crs=None if crs is None else parse_crs(crs),
            box=None if box is None else reproject_bbox(BBox(*box), CRS84, store.crs),
            as_of=as_of,
            overwrite=overwrite,
            shapes=not blocks,
        )
    if session.as_json:
        print_json({"file": str(path), **asdict(done)})
        return
    click.echo(f"wrote {path}: {done.buildings:,} buildings")
    if done.modelled:
        click.echo(f"  {done.modelled:,} have the shapes of their models: {done.elements:,} elements")
    if done.without_geometry:
        click.echo(f"  {done.without_geometry:,} have no geometry: the height of their ground is unknown")
    if done.assumed:
        click.echo(f"  {done.assumed:,} have an assumed height (heightIsAssumed): nobody knows theirs")
