"""`twin tiles`."""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.commands.output import print_json, print_table, show_steps
from twin.commands.parse import as_of_option
from twin.query import AsOf
from twin.session import Session

if TYPE_CHECKING:
    from tiles.grid import Grid
    from twin.crs import CRS
    from twin.layer import Layer


def _parse_zooms(_: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is neither a zoom nor a range like 8-14", param=parameter)
    return int(found[1]), int(found[2] or found[1])


@click.command(
    epilog="""\b
    Examples:
      twin tiles county.pmtiles
      twin tiles base.pmtiles roads buildings --zooms 8-14
      twin tiles then.mbtiles topo_sheets --as-of 2021-12-31"""
)
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.argument("layer_ids", metavar="[LAYER]...", nargs=-1)
@click.option(
    "--zooms", callback=_parse_zooms, metavar="FIRST-LAST", help="Those of the layers by default, to 14 at most."
)
@click.option("--tms", default="WebMercatorQuad", show_default=True, help="Tile grid; archives hold this one only.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@as_of_option
@click.pass_obj
def tiles(
    session: Session,
    out: Path,
    layer_ids: tuple[str, ...],
    zooms: tuple[int, int] | None,
    tms: str,
    overwrite: bool,
    as_of: AsOf | None,
) -> None:
    """Write the vector tiles of layers, or of all that are served, to OUT (.pmtiles or .mbtiles)."""
    gc.disable()  # what is loaded here stays
    from tiles.archive import write_archive
    from tiles.shelf import open_shelf
    from tiles.source import VectorSource
    from twin.frames import Frames

    layers, shelf = _choose_layers(session, layer_ids, zooms), open_shelf(session.settings)
    with session.open() as store, show_steps() as show:
        frames = Frames(store, most_rows=session.settings.max_rows_in_memory, shelf=shelf)
        source = VectorSource(layers=layers, frames=frames, grid=_find_grid(store.crs, tms), as_of=as_of)
        gc.freeze()
        gc.enable()
        report = write_archive(source, out, zooms=zooms, overwrite=overwrite, watch=show)
        if shelf is not None:
            shelf.write()
    if session.as_json:
        print_json(report.to_dict())
        return
    print_table(
        ("zoom", "tiles", "bytes", "features in", "out"),
        [(zoom.zoom, zoom.tiles, zoom.bytes, zoom.features_in, zoom.features_out) for zoom in report.zooms],
    )
    click.echo(f"wrote {out}: {report.tiles:,} tiles, {report.bytes / 1e6:.1f} MB, {report.seconds:.1f} s")
    for note in report.notes:
        click.echo(f"  {note}")


def _choose_layers(session: Session, ids: tuple[str, ...], zooms: tuple[int, int] | None) -> tuple[Layer, ...]:
    """Find the layers that are named, otherwise all that are served and drawn at the zooms."""
    from twin.errors import InvalidParameter

    catalog = session.catalog
    if len(set(ids)) < len(ids):
        raise InvalidParameter("a layer is named twice", parameter="layers")
    chosen = [catalog.layer(name) for name in ids] or [
        layer
        for layer in catalog.layers.values()
        if session.settings.serves(layer.classification)
        and (zooms is None or (layer.zooms[0] <= zooms[1] and zooms[0] <= layer.zooms[1]))
    ]
    for layer in chosen:
        if not session.settings.serves(layer.classification):
            raise InvalidParameter(
                f"{layer.id} is classified {layer.classification}; set serve_secret to write it", parameter="layers"
            )
    if not chosen:
        raise InvalidParameter("no layer is drawn at these zooms", parameter="zooms")
    return tuple(chosen)


def _find_grid(storage: CRS, tms: str) -> Grid:
    from tiles.grid import grids_for
    from twin.errors import GridNotFound

    grids = grids_for(storage)
    if tms not in grids:
        raise GridNotFound(f"there is no tile grid {tms}; there are {', '.join(grids)}")
    return grids[tms]
