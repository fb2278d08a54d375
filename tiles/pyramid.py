"""Every tile of a source where a feature has a part, from the lowest zoom down, and what each zoom leaves out."""

from __future__ import annotations

import os
import zlib
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from tiles.source import VectorSource
from tiles.square import Tile
from twin.layer import Layer

#: Half the time of the usual 6, for three hundredths more.
_GZIP_LEVEL = 4

#: The last zoom that is gone through unless another one is asked for; maps go on drawing it when they are closer.
LAST_ZOOM = 14

Place = tuple[int, int, int]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class PackedTile:
    """A tile where a feature has a part.

    Parameters
    ----------
    place
        Level, column and row.
    tile
        As the service sends it.
    data
        Its bytes, packed; empty where nothing is drawn.
    done
        How much of its level is done with it, from 0 to 1.
    """

    place: Place
    tile: Tile
    data: bytes
    done: float


@dataclass(kw_only=True)
class ZoomReport:
    """What the tiles of one zoom hold; a feature counts in every tile where it has a part.

    Parameters
    ----------
    zoom
        Which one, a level of the grid.
    tiles, bytes
        Tiles that hold something, and their packed size.
    features_in, features_out
        Features with a part in a tile or its buffer, and features drawn.
    left_out
        Where the others went, by rule; ``broken`` are features of the layers, not of tiles, and count once.
    """

    zoom: int
    tiles: int = 0
    bytes: int = 0
    features_in: int = 0
    features_out: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def count(self, packed: PackedTile, layers: Iterable[Layer]) -> None:
        """Add what a tile shows of the layers; the points that name areas are not among them."""
        self.tiles += bool(packed.data)
        self.bytes += len(packed.data)
        left_out: Counter[str] = Counter()
        shown = packed.tile.layers
        for layer in (shown[layer.id] for layer in layers if layer.id in shown):
            self.features_in += layer.features_in
            self.features_out += layer.features_out
            left_out.update(layer.left_out)
        broken = max(left_out.pop("broken", 0), self.left_out.get("broken", 0))
        self.left_out = dict(Counter(self.left_out) + left_out) | ({"broken": broken} if broken else {})


def pack_gzip(data: bytes) -> bytes:
    """Compress a tile; the same tile gives the same bytes, without name and time."""
    packer = zlib.compressobj(level=_GZIP_LEVEL, wbits=31)
    return packer.compress(data) + packer.flush()


def make_tiles(
    source: VectorSource,
    zooms: range,
    *,
    pack: Callable[[bytes], bytes] = pack_gzip,
    cores: int | None = None,
) -> Generator[PackedTile]:
    """Make the tiles of some zooms where a feature has a part, zoom by zoom, in the order of `tile_id`.

    Below a place where no feature has a part nothing is looked for, so the work grows with what there is to draw, not
    with the size of the grid. Of the tiles only those that are being worked on are in memory.

    Parameters
    ----------
    source
        What to draw.
    zooms
        Levels of the grid.
    pack
        Compresses a tile that holds something.
    cores
        How many work; all by default. One makes no tile before it is asked for.
    """
    cores = cores or _count_cores()
    grid = source.grid
    with ThreadPoolExecutor(cores, thread_name_prefix="tiles") as workers:
        try:
            places: list[Place] = [(grid.levels[0], x, y) for x in range(grid.columns) for y in range(grid.rows)]
            for zoom in range(grid.levels[0], zooms.stop):
                work = partial(_draw, source, pack) if zoom in zooms else partial(_look, source)
                below: list[Place] = []
                made = _in_order(workers, work, places, ahead=4 * cores if cores > 1 else 0)
                for number, (place, tile, data, goes_on) in enumerate(made, start=1):
                    if goes_on:
                        below.extend(_children(place))
                    if tile is not None and any(layer.features_in for layer in tile.layers.values()):
                        yield PackedTile(place=place, tile=tile, data=data, done=number / len(places))
                places = sorted(below, key=lambda place: tile_id(*place))
        finally:
            workers.shutdown(cancel_futures=True)


def tile_id(z: int, x: int, y: int) -> int:
    """Number a tile: all of the levels above first, then along the Hilbert curve of its level.

    References
    ----------
    PMTiles Version 3 Specification, chapter 4.1.
    """
    number = ((1 << 2 * z) - 1) // 3
    for bit in range(z - 1, -1, -1):
        side = 1 << bit
        right, low = bool(x & side), bool(y & side)
        number += ((3 * right) ^ low) << 2 * bit
        if not low:
            if right:
                x, y = ~x, ~y
            x, y = y, x
    return number


_Made = tuple[Place, Tile | None, bytes, bool]


def _look(source: VectorSource, place: Place) -> _Made:
    return place, None, b"", source.reaches(*place)


def _draw(source: VectorSource, pack: Callable[[bytes], bytes], place: Place) -> _Made:
    """Make a tile; say as well whether there may be something at the zooms below."""
    if not source.reaches(*place):
        return place, None, b"", False
    tile = source.tile(*place)
    # What has no part in a tile has none in those below; a layer that is not drawn yet may.
    undrawn = any(layer.id not in tile.layers for layer in source.layers)
    goes_on = undrawn or any(layer.features_in for layer in tile.layers.values())
    return place, tile, pack(tile.data) if tile.data else b"", goes_on


def _children(place: Place) -> list[Place]:
    z, x, y = place
    return [(z + 1, 2 * x + right, 2 * y + low) for low in (0, 1) for right in (0, 1)]


def _in_order(workers: Executor, work: Callable[[T], R], given: Iterable[T], *, ahead: int) -> Iterator[R]:
    """Do work in parallel and give what comes of it in the order of what was given, not far ahead of the reader."""
    waiting: deque[Future[R]] = deque()
    for one in given:
        waiting.append(workers.submit(work, one))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
