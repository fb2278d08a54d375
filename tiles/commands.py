"""`twin tiles` and `twin scene`."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.commands.output import print_json, print_table, show_steps
from twin.commands.parse import as_of_option
from twin.query import AsOf
from twin.session import Session

if TYPE_CHECKING:
    from tiles.grid import Grid
    from tiles.scenes.encoding import Compression, Edition
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
    from twin.errors import InvalidParameter
    from twin.frames import Frames

    layers, shelf = _choose_layers(session, layer_ids, partial(_is_drawn, zooms=zooms)), open_shelf(session.settings)
    if not layers:
        raise InvalidParameter("no layer is drawn at these zooms", parameter="zooms")
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


@click.command(
    epilog="""\b
    Examples:
      twin scene underground
      twin scene pipes pipe_segments --overwrite
      twin scene engine --edition 1.0
      twin scene web --compress meshopt
      TWIN_GEOID_OFFSET="-2.95 m, GNSS on 12 benchmarks" twin scene then --as-of 2021-12-31"""
)
@click.argument("out", metavar="FOLDER", type=click.Path(path_type=Path))
@click.argument("layer_ids", metavar="[LAYER]...", nargs=-1)
@click.option("--overwrite", is_flag=True, help="Replace a scene that is there.")
@click.option(
    "--edition",
    type=click.Choice(["1.1", "1.0"]),
    default="1.1",
    show_default=True,
    help="Of 3D Tiles: glTF and implicit tiling, or b3dm for QGIS, game engines and older clients.",
)
@click.option(
    "--compress",
    type=click.Choice(["none", "meshopt"]),
    default="none",
    show_default=True,
    help="Pack meshes for clients that know EXT_meshopt_compression.",
)
@as_of_option
@click.pass_obj
def scene(
    session: Session,
    out: Path,
    layer_ids: tuple[str, ...],
    overwrite: bool,
    edition: Edition,
    compress: Compression,
    as_of: AsOf | None,
) -> None:
    """Write layers in space, or all of them that are served, to FOLDER as 3D Tiles.

    Heights above the ellipsoid need the setting geoid_offset.
    """
    from tiles.scenes.encoding import Encoding
    from tiles.scenes.folder import write_scene
    from tiles.scenes.source import SceneSource, find_elements, is_drawn
    from twin.frames import Frames
    from twin.heights import GeoidOffset

    geoid = GeoidOffset.parse(session.settings.geoid_offset)
    served = {
        layer.id: layer for layer in session.catalog.layers.values() if session.settings.serves(layer.classification)
    }
    layers = _choose_layers(session, layer_ids, lambda layer: is_drawn(layer, served))
    with session.open() as store, show_steps() as show:
        encoding = Encoding(edition=edition, compress=compress)
        source = SceneSource(
            layers=layers,
            frames=Frames(store),
            geoid=geoid,
            as_of=as_of,
            encoding=encoding,
            elements=find_elements(layers, served),
        )
        report = write_scene(source, out, overwrite=overwrite, watch=show)
    if session.as_json:
        print_json(report.to_dict())
        return
    print_table(
        ("layer", "features", "drawn", "left out", "sizes assumed"),
        [
            (name, told["features"], told["drawn"], _list_reasons(told["left_out"]), _list_reasons(told["assumed"]))
            for name, told in report.described["layers"].items()
        ],
    )
    print_table(("tiles", "MB"), [(name, f"{size / 1e6:.1f}") for name, size in report.forms.items()])
    click.echo(f"wrote {out}: {report.files:,} files, {report.bytes / 1e6:.1f} MB, {report.seconds:.1f} s")
    click.echo(f"  heights above the ellipsoid = 1985 heights {geoid.offset_m:+g} m ({geoid.source})")


def _list_reasons(counts: dict[str, int]) -> str:
    return "; ".join(f"{count:,}: {reason}" for reason, count in counts.items())


def _choose_layers(session: Session, ids: tuple[str, ...], is_drawn: Callable[[Layer], bool]) -> tuple[Layer, ...]:
    """Find the layers that are named, otherwise all that are served and drawn."""
    from twin.errors import InvalidParameter

    catalog = session.catalog
    if len(set(ids)) < len(ids):
        raise InvalidParameter("a layer is named twice", parameter="layers")
    chosen = [catalog.layer(name) for name in ids] or [
        layer for layer in catalog.layers.values() if session.settings.serves(layer.classification) and is_drawn(layer)
    ]
    for layer in chosen:
        if not session.settings.serves(layer.classification):
            raise InvalidParameter(
                f"{layer.id} is classified {layer.classification}; set serve_secret to write it", parameter="layers"
            )
    return tuple(chosen)


def _is_drawn(layer: Layer, zooms: tuple[int, int] | None) -> bool:
    """Whether a layer is drawn at some zooms, by default those that an archive has by default."""
    from tiles.pyramid import LAST_ZOOM

    first, last = zooms or (0, LAST_ZOOM)
    return layer.zooms[0] <= last and first <= layer.zooms[1]


def _find_grid(storage: CRS, tms: str) -> Grid:
    from tiles.grid import grids_for
    from twin.errors import GridNotFound

    grids = grids_for(storage)
    if tms not in grids:
        raise GridNotFound(f"there is no tile grid {tms}; there are {', '.join(grids)}")
    return grids[tms]
