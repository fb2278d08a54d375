"""What a Store can do, whatever database is behind it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from twin.crs import CRS, BBox
from twin.frame import Frame
from twin.layer import Layer
from twin.query import Query

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

#: Reason of the revisions that another program made by editing the store itself, and their author where a store does
#: not know who it was.
EDITED_OUTSIDE = "edited in the store by another program"
OUTSIDER = "unknown"


#: What a twin is called that was given no title.
UNTITLED = "County twin"

#: A number in the memory that processes share.
SharedCount: TypeAlias = "Synchronized[int]"

#: What was looked at, what was found, and whether it is well.
Finding = tuple[str, str, bool]


@dataclass(frozen=True, kw_only=True, eq=False)
class Changes:
    """What one write does to a layer.

    Rows are indexed by key, hold every field of the schema in its dtype and geometry in the storage CRS.
    A key stands in one of the three only.
    """

    insert: GeoDataFrame | None = None
    update: GeoDataFrame | None = None
    delete: tuple[str, ...] = ()

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many rows are inserted, updated and deleted."""
        return (
            0 if self.insert is None else len(self.insert),
            0 if self.update is None else len(self.update),
            len(self.delete),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Write:
    """Changes of one layer, made on its revision `base`; None where that does not matter."""

    layer: Layer
    changes: Changes
    base: int | None = None


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One write: who changed what, why, from which file, recorded when, effective from when.

    `number` counts the writes of the whole store, so one number names one state of every layer.
    """

    number: int
    layer: str
    author: str
    reason: str
    recorded_at: datetime
    effective: datetime
    inserted: int
    updated: int
    deleted: int
    source: str | None = None
    sha256: str | None = None

    @property
    def outside(self) -> bool:
        """Whether another program made it by editing the store itself, where nothing checks what comes in."""
        return self.reason == EDITED_OUTSIDE or self.author == OUTSIDER


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many features a query matches, and the last revision that wrote one of them; 0 where there is none.

    What a place shows changed if and only if its tally did: what comes or changes there is written by a later revision,
    and what only leaves makes them fewer.
    """

    count: int
    opened: int


class Store(Protocol):
    """Keeps the features of every layer and every revision of them."""

    @property
    def url(self) -> str:
        """Where the store is, without secrets."""
        ...

    @property
    def crs(self) -> CRS:
        """The storage CRS: every coordinate of the store is in it."""
        ...

    @property
    def area(self) -> BaseGeometry | None:
        """The county's outline in the storage CRS, where one was given when the store was created."""
        ...

    @property
    def title(self) -> str:
        """What the twin is called."""
        ...

    @property
    def created_at(self) -> datetime:
        """When the twin was created: another one in its place has another moment."""
        ...

    def prepare(self, layer: Layer) -> None:
        """Create the layer's tables, or verify that they are as the layer says, and describe them. Idempotent."""
        ...

    def read(self, layer: Layer, query: Query = ...) -> Frame:
        """Answer a query; a layer never written is an empty frame."""
        ...

    def count(self, layer: Layer, query: Query = ...) -> int:
        """How many features a query matches, limit and paging aside."""
        ...

    def keys(self, layer: Layer, query: Query = ..., *, skip: int = 0) -> npt.NDArray[np.object_]:
        """Keys of the features that a query matches, in its order, those of the first few passed over."""
        ...

    def tally(self, layer: Layer, query: Query = ...) -> Tally:
        """Count the features that a query matches, as far as its limit: no more is looked at; paging aside."""
        ...

    def scan(self, layer: Layer, query: Query = ...) -> Iterator[Frame]:
        """Answer a query a piece at a time, in no order, limit and paging aside; the pieces belong to one state.

        No more than a piece is in memory.
        """
        ...

    def extent(self, layer: Layer) -> BBox | None:
        """The box around the current features, None where there are none."""
        ...

    def write(
        self,
        layer: Layer,
        changes: Changes,
        *,
        author: str,
        reason: str,
        effective: datetime | None = None,
        base: int | None = None,
        source: str | None = None,
        sha256: str | None = None,
    ) -> Revision:
        """Apply changes as one transaction and one revision: all of it or nothing.

        Raises
        ------
        RevisionConflict
            `base` is not the layer's latest revision, an inserted key exists, or a changed key does not.
        StoreUnavailable
            The store is locked, read-only or full; nothing was changed.
        """
        ...

    def write_together(
        self,
        writes: Sequence[Write],
        *,
        author: str,
        reason: str,
        effective: datetime | None = None,
        source: str | None = None,
        sha256: str | None = None,
        keep: Sequence[bytes] = (),
    ) -> tuple[Revision, ...]:
        """Apply changes of several layers as one transaction, with a revision of each: all of it or nothing.

        They are recorded at one moment and effective from one; see `write`. `keep` are bytes that the rows name by
        their SHA-256, and `kept` finds.
        """
        ...

    def kept(self, digest: str) -> bytes:
        """The bytes with a SHA-256, which rows name and a write kept.

        Raises
        ------
        StoreUnavailable
            They are not there.
        """
        ...

    def revisions(self, layer: Layer | None = None, *, after: int = 0) -> list[Revision]:
        """The revisions of a layer, or of all, that come after a certain one, oldest first."""
        ...

    def changed(self, layer: Layer, first: int, last: int) -> frozenset[str]:
        """Keys of the features that the revisions from `first` to `last` wrote or removed."""
        ...

    def ended(self, layer: Layer, first: int, last: int) -> npt.NDArray[np.int64]:
        """Numbers of the features there before `first` that the revisions from `first` to `last` changed or removed."""
        ...

    def departed(self, layer: Layer, *, after: int = 0) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
        """Where features were until a revision after a certain one moved, changed or removed them.

        Returns
        -------
        m geometries in the storage CRS, None where there was none that can be read; m revisions that ended them.
        """
        ...

    def stamp(self) -> Hashable:
        """A value that is another one after any write, by whatever program; costs microseconds.

        Raises
        ------
        StoreReplaced
            Another store stands in the place of this one.
        """
        ...

    def share_stamp(self, writes: SharedCount) -> None:
        """Let the stamp be another one as soon as a process has written that counts its writes in the same place.

        Otherwise other processes may learn of a write a moment after whoever wrote was told that it is done.
        """
        ...

    def latest(self, layer: Layer | None = None) -> int:
        """The number of the latest revision of a layer, or of all; 0 before the first. Cheap."""
        ...

    def findings(self) -> list[Finding]:
        """What its operator should know of the database behind it."""
        ...

    def close(self) -> None:
        """Release the store."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
