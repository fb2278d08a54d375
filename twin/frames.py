"""Whole layers in memory, shared by every reader."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from datetime import datetime
from threading import Lock, Timer
from typing import Protocol

from twin.deadline import wait_at_most
from twin.departures import Departures
from twin.errors import TwinError
from twin.frame import Frame
from twin.latest import LatestRevisions, RevisionNames
from twin.layer import Layer
from twin.query import AsOf
from twin.renewal import read_whole, renew
from twin.store import Store

#: The revisions of a layer that make a state: the last of them, or all where one before it does not count.
State = int | tuple[int, ...]


#: How long the first readers are left alone before a whole layer is read in the background.
_PAUSE_S = 1.0


class Shelf(Protocol):
    """Where what is made of frames outlasts the process."""

    def find(self, store: Store, layer: Layer, known_at: int) -> Frame | None:
        """Find the latest state of a layer, not after a revision, of which something is there; rows are not read."""
        ...

    def attach(self, store: Store, frame: Frame) -> Frame:
        """The same frame, of which what is made is kept there."""
        ...


class Frames:
    """Keeps the frames of whole layers by (layer, state); a write makes a new state and so a new frame.

    Readers that hold an old frame are undisturbed. Of the current states only the last is kept; of the past ones that
    were asked for, the least recently used go first.

    Parameters
    ----------
    store
        Where the rows come from.
    keep
        How many frames to keep.
    most_rows
        Layers with more rows are not for memory; who asks for one nevertheless gets it.
    shelf
        Where what was made of the layers before may be found.

    Attributes
    ----------
    departures
        Where features of the layers were before.
    name_revision
        What is a function of a revision, or of what it wrote, is known by this; asks nobody about frames that are here.
    """

    def __init__(self, store: Store, *, keep: int = 24, most_rows: int = 3_000_000, shelf: Shelf | None = None) -> None:
        self.store = store
        self.most_rows = most_rows
        self.departures = Departures(store)
        self.name_revision = RevisionNames(store)
        self._keep = keep
        self._shelf = shelf
        self._looking = Lock()
        self._frames: OrderedDict[tuple[str, State], Frame] = OrderedDict()
        self._guard = Lock()
        self._reading: dict[tuple[str, State], Lock] = {}
        self._following: dict[str, Lock] = {}
        self._fetching: set[str] = set()
        self._current: dict[str, int] = {}
        self._latest = LatestRevisions(store)
        self._counted: dict[str, tuple[int, int]] = {}

    def get(self, layer: Layer, as_of: AsOf | None = None) -> Frame:
        """The layer's frame at a revision or instant, now by default; read at most once."""
        known_at = self._latest.of(layer)
        if isinstance(as_of, int) and self.store.latest(layer) == known_at <= as_of <= self.store.latest():
            as_of = None  # nothing has changed since
        current = self.follow(layer) if as_of is None else None
        if current is not None:
            return current
        key = (layer.id, self._state(layer, as_of, known_at))
        with self._guard:
            reading = self._reading.setdefault(key, Lock())
        try:
            with reading:
                frame = self._frames.get(key)
                if frame is None:
                    with wait_at_most(None):  # it is read for everybody, not only for who asks first
                        frame = read_whole(self.store, layer, as_of=as_of, known_at=known_at)
                    if self._shelf is not None and as_of is None:
                        frame = self._shelf.attach(self.store, frame)
                self._put(key, frame, current=as_of is None)
        finally:
            with self._guard:
                self._reading.pop(key, None)
        return frame

    def peek(self, layer: Layer, *, ask: bool = True, stamp: Hashable | None = None) -> Frame | None:
        """The layer's current frame, if it is here already; without asking the store, if that is known.

        Parameters
        ----------
        layer
            The layer.
        ask
            Whether the store may be asked which frame is the current one.
        stamp
            Of the store at this moment, for who has just read it and does not ask.
        """
        latest = self._latest.of(layer) if ask else self._latest.known(layer, stamp)
        return None if latest is None else self._frames.get((layer.id, latest))

    def follow(self, layer: Layer) -> Frame | None:
        """The layer's current frame, if it is here, or an earlier one that can follow the edits since."""
        known_at = self._latest.of(layer)
        self._look_at_shelf(layer, known_at)
        key = (layer.id, known_at)
        with self._guard:
            following = self._following.setdefault(layer.id, Lock())
        with following:
            frame = self._frames.get(key)
            before = self._frames.get((layer.id, self._current.get(layer.id, 0)))
            if frame is None and before is not None and before.revision < known_at:
                frame = renew(before, self.store, known_at)
            if frame is not None:
                self._put(key, frame, current=True)
            return frame

    def _put(self, key: tuple[str, State], frame: Frame, *, current: bool) -> None:
        self.name_revision.learn(frame.revision)
        with self._guard:
            self._frames[key] = frame
            self._frames.move_to_end(key)
            layer, state = key
            before = self._current.get(layer, 0)
            if current and isinstance(state, int) and before < state:
                self._frames.pop((layer, before), None)  # the last one is nobody's wish any more, and large
                self._current[layer] = state
            while len(self._frames) > self._keep:
                self._frames.popitem(last=False)

    def held(self) -> list[Frame]:
        """All that are here, of whatever state."""
        with self._guard:
            return list(self._frames.values())

    def beyond(self, layer: Layer) -> int | None:
        """The last revision of a layer that has too many rows for memory; None of others.

        Its rows are counted once after each write; those of a layer that is in memory are known.
        """
        latest = self._latest.of(layer)
        self._look_at_shelf(layer, latest)
        held = self._frames.get((layer.id, self._current.get(layer.id, 0)))
        if held is not None:
            return latest if len(held) > self.most_rows else None
        if self._counted.get(layer.id, (0, 0))[0] != latest:
            self._counted[layer.id] = latest, self.store.count(layer)
        return latest if self.is_known_beyond(layer) else None

    def is_known_beyond(self, layer: Layer) -> bool:
        """Whether a layer had too many rows for memory when they were counted last; asks nobody."""
        return self._counted.get(layer.id, (0, 0))[1] > self.most_rows

    def fetch(self, layer: Layer, prepare: Callable[[Frame], object]) -> None:
        """Read the layer's current frame and prepare it in the background, unless that is under way."""
        with self._guard:
            if layer.id in self._fetching:
                return
            self._fetching.add(layer.id)
        # Whoever asks now is served first.
        fetching = Timer(_PAUSE_S, self._fetch, args=(layer, prepare))
        fetching.daemon = True
        fetching.start()

    def _fetch(self, layer: Layer, prepare: Callable[[Frame], object]) -> None:
        try:
            with suppress(TwinError):  # whoever asks for the frame will be told
                prepare(self.get(layer))
        finally:
            self._fetching.discard(layer.id)

    def _look_at_shelf(self, layer: Layer, known_at: int) -> None:
        """Begin with what is on the shelf, the first time that anybody asks for a layer."""
        if self._shelf is None or layer.id in self._current:
            return
        with self._looking:
            if layer.id not in self._current:
                frame = self._shelf.find(self.store, layer, known_at)
                self.name_revision.learn(known_at)
                with self._guard:
                    if frame is not None:
                        self._frames[layer.id, frame.revision] = frame
                    self._current[layer.id] = 0 if frame is None else frame.revision

    def _state(self, layer: Layer, as_of: AsOf | None, known_at: int) -> State:
        """Name the state; the instants between two revisions share one."""
        if not isinstance(as_of, datetime):
            return known_at if as_of is None else as_of
        known = [revision for revision in self.store.revisions(layer) if revision.number <= known_at]
        counting = [revision.number for revision in known if revision.effective <= as_of]
        in_order = counting == [revision.number for revision in known[: len(counting)]]
        return max(counting, default=0) if in_order else tuple(counting)
