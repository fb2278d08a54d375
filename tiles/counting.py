"""What the tiles of a source leave out at each zoom, counted beside everything else."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from threading import Event, Lock
from time import perf_counter

from tiles.cache import SizedCache
from tiles.pyramid import LAST_ZOOM, ZoomReport, make_tiles
from tiles.source import VectorSource
from twin.errors import TwinError

#: How long those who ask for tiles are left alone first.
_PAUSE_S = 1.0
#: Sources that may wait to be counted; what is asked for beyond is counted when it is asked for again.
_MOST_WAITING = 50
_KEPT_BYTES = 5_000_000
_REPORT_BYTES = 500


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The zooms that are counted, from the lowest, and whether that is all of them."""

    zooms: tuple[ZoomReport, ...] = ()
    complete: bool = False


class ZoomCounter:
    """Counts sources in the background, one after the other, once for each state of their layers.

    One thread works, and for half of its time at most, so that whoever asks for tiles hardly notices.

    Parameters
    ----------
    pause_s
        How long to wait before a count.
    """

    def __init__(self, *, pause_s: float = _PAUSE_S) -> None:
        self._pause_s = pause_s
        self._known: SizedCache[Counted] = SizedCache(_KEPT_BYTES)
        self._waiting: set[Hashable] = set()
        self._guard = Lock()
        self._closed = Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="counting")

    def look_up(self, source: VectorSource) -> Counted:
        """Say what is counted so far, at once, and go on counting unless that is all.

        Layers that are too large for memory are not counted: nobody asked for so much work of the database.
        """
        if any(source.frames.beyond(layer) is not None for layer in source.layers):
            return Counted()
        known = self._known.get(_state(source)) or Counted()
        if not known.complete:
            with self._guard:
                if source.key not in self._waiting and len(self._waiting) < _MOST_WAITING and not self._closed.is_set():
                    self._waiting.add(source.key)
                    self._worker.submit(self._count, source)
        return known

    def close(self) -> None:
        """Stop counting."""
        self._closed.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _count(self, source: VectorSource) -> None:
        try:
            with suppress(TwinError):  # whoever asks for a tile will be told
                if not self._closed.wait(self._pause_s):
                    state, held = _state(source), source.held()
                    if state == _state(source):  # otherwise a write came between, and the next who asks begins anew
                        self._add_up(state, held)
        finally:
            with self._guard:
                self._waiting.discard(source.key)

    def _add_up(self, state: Hashable, source: VectorSource) -> None:
        zooms = zooms_counted(source)
        reports = [ZoomReport(zoom=zoom) for zoom in zooms]
        current = zooms.start
        begun = perf_counter()
        with closing(make_tiles(source, zooms, cores=1)) as made:
            for packed in made:
                if packed.place[0] > current:
                    current = packed.place[0]
                    self._publish(state, reports[: current - zooms.start], complete=False)
                reports[current - zooms.start].count(packed, source.layers)
                if self._closed.wait(perf_counter() - begun):
                    return
                begun = perf_counter()
        self._publish(state, reports, complete=True)

    def _publish(self, state: Hashable, reports: list[ZoomReport], *, complete: bool) -> None:
        counted = Counted(zooms=tuple(map(replace, reports)), complete=complete)
        self._known.put(state, counted, _REPORT_BYTES * len(reports))


def zooms_counted(source: VectorSource) -> range:
    """The levels that are counted: those with content, to zoom `LAST_ZOOM` of the web or the first there is."""
    info = source.info
    return range(info.min_zoom, max(info.min_zoom, min(info.max_zoom, LAST_ZOOM - source.grid.web_zoom)) + 1)


def _state(source: VectorSource) -> Hashable:
    return source.key, tuple(source.frames.store.latest(layer) for layer in source.layers)
