"""Whole layers in memory, shared by every reader."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf, Query
from twin.store import Store


class Frames:
    """Keeps the frames of whole layers by (layer, revision); a write makes a new revision and so a new frame.

    Readers that hold an old frame are undisturbed; the least recently used frames go first.

    Parameters
    ----------
    store
        Where the rows come from.
    keep
        How many frames to keep.
    """

    def __init__(self, store: Store, *, keep: int = 24) -> None:
        self._store = store
        self._keep = keep
        self._frames: OrderedDict[tuple[str, int, AsOf | None], Frame] = OrderedDict()
        self._guard = Lock()
        self._reading: dict[tuple[str, int, AsOf | None], Lock] = {}

    def get(self, layer: Layer, as_of: AsOf | None = None) -> Frame:
        """The layer's frame at a revision or instant, now by default; read at most once."""
        latest = self._store.latest(layer)
        key = (layer.id, latest, as_of)
        with self._guard:
            reading = self._reading.setdefault(key, Lock())
        with reading:
            frame = self._frames.get(key)
            if frame is None:
                frame = self._store.read(layer, Query(as_of=as_of, known_at=latest))
            with self._guard:
                self._frames[key] = frame
                self._frames.move_to_end(key)
                self._reading.pop(key, None)
                while len(self._frames) > self._keep:
                    self._frames.popitem(last=False)
        return frame
