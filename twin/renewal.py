"""A frame after an edit, made from the one before it: of 300,000 rows only those are read that changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from twin.frame import Frame
from twin.query import Query
from twin.store import Store

#: More changes than this share of the rows, or this many, and everything is read.
_LARGEST_SHARE, _MOST = 0.05, 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Renewal:
    """What makes a frame of the one before it.

    Parameters
    ----------
    frame
        The new frame.
    keys, gone
        Keys of all features that changed; and numbers of those that were there before.
    rows
        The rows that came, in key order.
    """

    frame: Frame
    keys: frozenset[str]
    gone: npt.NDArray[np.int64]
    rows: Frame


@runtime_checkable
class Renewable(Protocol):
    """Something derived from a frame that can follow an edit more quickly than it is made."""

    def renewed(self, renewal: Renewal) -> Self | None:
        """Derive the same from the new frame; None where it is better made anew."""
        ...


def renew(frame: Frame, store: Store, revision: int) -> Frame | None:
    """Read what changed since a frame, and make the frame of a later revision.

    What is kept with the old frame and can follow is kept with the new one.

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
    changed = store.changed(frame.layer, frame.revision + 1, revision)
    if len(changed) > min(_MOST, _LARGEST_SHARE * len(frame)):
        return None
    rows = store.read(frame.layer, Query(ids=tuple(sorted(changed)), known_at=revision, unreadable=True))
    stays = ~frame.data.index.isin(list(changed))
    renewal = Renewal(frame=_merge(frame, stays, rows, changed), keys=changed, gone=frame.fid[~stays], rows=rows)
    for name, thing in frame.kept().items():
        if isinstance(thing, Renewable):
            made = thing.renewed(renewal)
            if made is not None:
                renewal.frame.keep(name, lambda made=made: made)  # type: ignore[misc]
    return renewal.frame


def _merge(frame: Frame, stays: npt.NDArray[np.bool_], rows: Frame, changed: frozenset[str]) -> Frame:
    import pandas as pd

    old = np.flatnonzero(stays)
    keys = frame.data.index.to_numpy(dtype=object)[old]
    places = np.searchsorted(keys, rows.data.index.to_numpy(dtype=object))
    order = np.insert(old, places, len(frame) + np.arange(len(rows)))

    def merged(one: npt.NDArray[Any] | None, other: npt.NDArray[Any] | None) -> npt.NDArray[np.int64]:
        return np.concatenate((one, other))[order]  # type: ignore[arg-type]

    return replace(
        frame,
        data=pd.concat([frame.data, rows.data]).iloc[order],
        fid=merged(frame.fid, rows.fid),
        revision=rows.revision,
        opened=merged(frame.opened, rows.opened),
        unreadable=(*(key for key in frame.unreadable if key not in changed), *rows.unreadable),
    )
