"""Archives: every tile of a source that holds something, in one file that appears whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from tiles.grid import WEB_MERCATOR
from tiles.labels import with_labels
from tiles.mbtiles import MbtilesWriter
from tiles.pmtiles import PmtilesWriter
from tiles.prepared import prepare
from tiles.pyramid import LAST_ZOOM, ZoomReport, make_tiles
from tiles.source import TileInfo, VectorSource
from tiles.tilejson import describe_content, describe_zooms
from twin.crs import crs_label
from twin.drafts import drafting, flush
from twin.errors import InvalidParameter, TwinError
from twin.layer import Layer

#: What MBTiles 1.3 calls the types of fields; other types are text in a tile.
_TYPES = {"integer": "Number", "real": "Number", "boolean": "Boolean"}


class ArchiveWriter(Protocol):
    """What writes a kind of archive."""

    def add(self, z: int, x: int, y: int, data: bytes) -> None:
        """Add a tile, compressed by gzip."""
        ...

    def finish(self, metadata: Mapping[str, Any]) -> None:
        """Write what stands around the tiles: what is known of them, and what finds them."""
        ...


@dataclass(frozen=True, kw_only=True)
class ArchiveReport:
    """What was written.

    Parameters
    ----------
    file
        Where.
    layers
        Layer ids.
    revision
        The last revision in it.
    tiles, bytes
        Tiles in the archive, and size of the file.
    seconds
        How long it took.
    zooms
        What each zoom holds.
    notes
        What the reader must know.
    """

    file: str
    layers: tuple[str, ...]
    revision: int
    tiles: int
    bytes: int
    seconds: float
    zooms: tuple[ZoomReport, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)


_WRITERS: Mapping[str, Callable[[Path], PmtilesWriter | MbtilesWriter]] = {
    ".pmtiles": PmtilesWriter,
    ".mbtiles": MbtilesWriter,
}


def write_archive(
    source: VectorSource,
    path: Path,
    *,
    zooms: tuple[int, int] | None = None,
    overwrite: bool = False,
    watch: Callable[[str], None] = lambda _: None,
) -> ArchiveReport:
    """Write all tiles of a source to a ``.pmtiles`` or ``.mbtiles`` file; each is the tile that the service sends.

    The rows are those of one moment, whatever is written meanwhile. All cores work, and no more tiles are in memory
    than they work on.

    Parameters
    ----------
    source
        What to write, in `WebMercatorQuad`.
    path
        The file.
    zooms
        First and last; by default those of the layers, to `LAST_ZOOM` at most.
    overwrite
        Whether a file that is there is replaced.
    watch
        Is told what is being done.

    Raises
    ------
    InvalidParameter
        The suffix, the grid or the zooms cannot be, the file is there already, or there is nothing to draw.
    """
    started = perf_counter()
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InvalidParameter(f"{path.name} must end in {' or '.join(_WRITERS)}", parameter="path")
    first, last = choose_zooms(source, zooms)
    try:
        with drafting(path, replace=overwrite) as draft:
            watch("reading")
            source = source.held()
            info = narrow(source.info, first, last)
            with writer(draft) as archive:
                reports = _add_tiles(archive, source, range(first, last + 1), watch)
                if not any(report.tiles for report in reports):
                    names = ", ".join(layer.id for layer in source.layers)
                    raise InvalidParameter(f"there is nothing to draw in {names}", parameter="layers")
                watch("finishing")
                archive.finish(describe_archive(info, reports))
            flush(draft)
    except FileExistsError as error:
        raise InvalidParameter(
            f"{path} is there already; give --overwrite to replace it", parameter="path", cause=error
        ) from None
    except OSError as error:
        raise TwinError(f"{path} cannot be written: {error.strerror or error}", cause=error) from error
    except sqlite3.Error as error:
        raise TwinError(f"{path} cannot be written: {error}", cause=error) from error
    return ArchiveReport(
        file=str(path),
        layers=tuple(layer.id for layer in source.layers),
        revision=info.revision,
        tiles=sum(report.tiles for report in reports),
        bytes=path.stat().st_size,
        seconds=round(perf_counter() - started, 3),
        zooms=tuple(reports),
        notes=tuple(_notes(source)),
    )


def choose_zooms(source: VectorSource, asked: tuple[int, int] | None) -> tuple[int, int]:
    """Find the first and last zoom of an archive, and refuse what no archive or no layer can hold."""
    grid, layers = source.grid, source.layers
    if grid.id != WEB_MERCATOR:
        raise InvalidParameter(
            f"PMTiles and MBTiles hold tiles of {WEB_MERCATOR} only, whose numbers in {grid.id} would be read as other "
            "places; serve that grid with twin serve",
            parameter="tms",
        )
    first, last = asked or (min(layer.zooms[0] for layer in layers), max(layer.zooms[1] for layer in layers))
    if asked is None:
        last = max(first, min(last, LAST_ZOOM))
    lowest, highest = grid.levels
    if not lowest <= first <= last <= highest:
        raise InvalidParameter(f"zooms {first}-{last} are not from {lowest} to {highest}, ascending", parameter="zooms")
    for layer in layers:
        if not (layer.zooms[0] <= last and first <= layer.zooms[1]):
            raise InvalidParameter(
                f"{layer.id} is drawn at zooms {layer.zooms[0]}-{layer.zooms[1]}, not at {first}-{last}",
                parameter="zooms",
            )
    return first, last


def narrow(info: TileInfo, first: int, last: int) -> TileInfo:
    """Say what there is between two zooms."""

    def cut(layer: Layer) -> Layer:
        return replace(layer, zooms=(max(first, layer.zooms[0]), min(last, layer.zooms[1])))

    return replace(info, min_zoom=first, max_zoom=last, layers=tuple(map(cut, info.layers)))


def describe_archive(info: TileInfo, zooms: Sequence[ZoomReport]) -> dict[str, Any]:
    """Describe an archive as TileJSON does, with the types of fields as readers of archives expect them.

    The clock is not asked, so that the same state makes the same file.
    """
    described = describe_content(info)
    for layer, named in zip(with_labels(info.layers), described["vector_layers"], strict=True):
        named["fields"] = {field.name: _TYPES.get(field.type, "String") for field in layer.schema}
    west, south, east, north = described["bounds"]
    described["center"] = [(west + east) / 2, (south + north) / 2, info.min_zoom]
    return described | {"type": "overlay", "version": str(info.revision), **describe_zooms(zooms, complete=True)}


def _notes(source: VectorSource) -> Iterator[str]:
    for layer in source.layers:
        if layer.classification != "public":
            yield f"{layer.id} is classified {layer.classification}"
        if source.frames.beyond(layer) is not None:
            continue
        broken = prepare(source.frames.get(layer, source.as_of), source.grid.crs).before.broken
        if broken:
            yield f"{len(broken)} features of {layer.id} have no place in {crs_label(source.grid.crs)}: {broken[0]} …"


def _add_tiles(
    archive: ArchiveWriter, source: VectorSource, zooms: range, watch: Callable[[str], None]
) -> list[ZoomReport]:
    reports = [ZoomReport(zoom=zoom) for zoom in zooms]
    with closing(make_tiles(source, zooms)) as made:
        for packed in made:
            z, x, y = packed.place
            if packed.data:
                archive.add(z, x, y, packed.data)
            report = reports[z - zooms.start]
            report.count(packed, source.layers)
            if report.tiles % 16 == 1:
                watch(f"zoom {z}: {packed.done:.0%}, {report.tiles:,} tiles, {report.bytes / 1e6:.1f} MB")
    return reports
