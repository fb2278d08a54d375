"""A frame after an edit, made from the one before it: of 300,000 rows only those are read that changed."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from twin.frame import Frame
from twin.layer import Layer
from twin.query import AsOf, Query
from twin.rows import Rows, Unread
from twin.store import Store

#: More changes than this share of the rows, or this many, and everything is read.
_LARGEST_SHARE, _MOST = 0.05, 10_000

#: After so many changes that nobody wanted to see, rows are no longer held: who wants them reads them.
_MOST_UNSEEN = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Renewal:
    """What makes a frame of the one before it.

    Parameters
    ----------
    keys
        Of all features that changed.
    gone
        Numbers of those that were there before; numbers of others do not matter.
    come
        Those that are there now, in key order.
    read
        Reads features by their keys as they are now, None: all.
    """

    keys: frozenset[str]
    gone: npt.NDArray[np.int64]
    come: Frame
    read: Callable[[frozenset[str] | None], Frame]


@runtime_checkable
class Renewable(Protocol):
    """Something derived from a frame that can follow an edit more quickly than it is made."""

    def renewed(self, renewal: Renewal) -> Self | None:
        """Derive the same from the frame after an edit; None where it is better made anew."""
        ...


def read_whole(store: Store, layer: Layer, *, known_at: int, as_of: AsOf | None = None) -> Frame:
    """Read all rows of a layer, here to stay; see `twin.query.Query`."""
    frame = store.read(layer, Query(as_of=as_of, known_at=known_at, unreadable=True))
    gc.freeze()  # searches for garbage need not walk through its geometries
    return frame


def renew(frame: Frame, store: Store, revision: int) -> Frame | None:
    """Read what changed since a frame, and make the frame of a later revision.

    Parameters
    ----------
    frame
        A whole layer at the end of some revision.
    store
        Where it comes from.
    revision
        A later revision of the layer.

    Returns
    -------
    The frame; None where so much changed that the whole layer is better read.
    """
    layer, first = frame.layer, frame.revision + 1
    keys = store.changed(layer, first, revision)
    if len(keys) > min(_MOST, _LARGEST_SHARE * len(frame)):
        return None

    def read(keys: frozenset[str] | None) -> Frame:
        if keys is None:
            return read_whole(store, layer, known_at=revision)
        return store.read(layer, Query(ids=tuple(sorted(keys)), known_at=revision, unreadable=True))

    gone = store.ended(layer, first, revision)
    renewal = Renewal(keys=keys, gone=gone, come=read(keys), read=read)
    return follow(frame, renewal, count=len(frame) - len(gone) + len(renewal.come))


def follow(frame: Frame, renewal: Renewal, *, count: int | None = None) -> Frame:
    """Make the frame after an edit, of so many rows, which follow when somebody asks for them.

    What is kept with the old frame and can follow is kept with the new one.
    """

    def read_again() -> Rows:
        return renewal.read(None).rows.read()

    rows = Unread(crs=frame.crs, count=count, source=_Following.of(frame.rows, renewal) or read_again)
    renewed = Frame(layer=frame.layer, rows=rows, revision=renewal.come.revision)
    for name, thing in frame.kept().items():
        if isinstance(thing, Renewable):
            made = thing.renewed(renewal)
            if made is not None:
                renewed.keep(name, lambda made=made: made)  # type: ignore[misc]
    return renewed


@dataclass(frozen=True)
class _Following:
    """Makes rows of those before some edits, and of those that the edits changed.

    Parameters
    ----------
    before
        The rows before.
    keys
        Of all features that changed since.
    read
        Reads features by their keys.
    """

    before: Rows
    keys: frozenset[str]
    read: Callable[[frozenset[str]], Frame]

    @classmethod
    def of(cls, rows: Rows | Unread, renewal: Renewal) -> Self | None:
        """Follow an edit after some rows; None where these were never read, or not for long."""
        source = rows if isinstance(rows, Rows) else rows.source
        if isinstance(source, Rows):
            return cls(source, renewal.keys, renewal.read)
        if isinstance(source, cls) and len(source.keys) < _MOST_UNSEEN:
            return cls(source.before, source.keys | renewal.keys, renewal.read)
        return None

    def __call__(self) -> Rows:
        import pandas as pd

        rows, come = self.before, self.read(self.keys).rows.read()
        old = np.flatnonzero(~rows.data.index.isin(list(self.keys)))
        keys = rows.data.index.to_numpy(dtype=object)[old]
        places = np.searchsorted(keys, come.data.index.to_numpy(dtype=object))
        order = np.insert(old, places, len(rows) + np.arange(len(come)))

        def merged(one: npt.NDArray[Any] | None, other: npt.NDArray[Any] | None) -> npt.NDArray[np.int64]:
            return np.concatenate((one, other))[order]  # type: ignore[arg-type]

        return Rows(
            data=pd.concat([rows.data, come.data]).iloc[order],
            fid=merged(rows.fid, come.fid),
            opened=merged(rows.opened, come.opened),
            unreadable=(*(key for key in rows.unreadable if key not in self.keys), *come.unreadable),
        )
