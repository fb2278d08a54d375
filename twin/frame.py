"""A Frame: the rows of one layer at one revision, as a GeoDataFrame that knows where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS
from twin.layer import Layer
from twin.ragged import Ragged, reproject_ragged
from twin.rows import Rows, Unread

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

T = TypeVar("T")


class Keeper(Protocol):
    """Where things that are made of the rows of one frame outlast the process."""

    def find(self, name: str) -> Any:
        """Return what was made under a name before; None if it is not there."""
        ...

    def add(self, name: str, thing: Any) -> None:
        """Take what was made under a name."""
        ...

    def below(self, name: str) -> Keeper:
        """Where what is made of the thing of a name is kept."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """Rows of a layer, in key order.

    Its layer, revision, CRS and length cost nothing; for anything else the rows are read if they are not at hand.

    Parameters
    ----------
    layer
        The layer the rows belong to.
    rows
        At hand, or to be read.
    revision
        Number of the last revision of the layer that the rows reflect; 0 before the first.
    truncated
        Whether a limit cut rows off.
    keeper
        Keeps what is made of these very rows for other processes.
    """

    layer: Layer
    rows: Rows | Unread
    revision: int
    truncated: bool = False
    keeper: Keeper | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def crs(self) -> CRS:
        """The storage CRS."""
        return self.rows.crs

    @property
    def data(self) -> GeoDataFrame:
        """The n rows; see `twin.rows.Rows` for this and the three below."""
        return self.rows.read().data

    @property
    def fid(self) -> npt.NDArray[np.int64]:
        """The numbers of the n features inside the store."""
        return self.rows.read().fid

    @property
    def opened(self) -> npt.NDArray[np.int64] | None:
        """The revisions that wrote the n rows."""
        return self.rows.read().opened

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Keys of the features whose geometry cannot be read."""
        return self.rows.read().unreadable

    @property
    def geometry(self) -> npt.NDArray[np.object_]:
        """The n shapely geometries, storage CRS."""
        geometries: npt.NDArray[np.object_] = self.data.geometry.to_numpy()
        return np.asarray(geometries, dtype=object)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Spatial index over `geometry`, built once."""
        return shapely.STRtree(self.geometry)

    def take(self, rows: npt.NDArray[Any]) -> Frame:
        """The same frame with only these rows (positions or a boolean mask)."""
        return replace(self, rows=self.rows.read().take(rows), keeper=None)

    def ragged(self, crs: CRS | None = None) -> Ragged:
        """The geometries as coordinates and offsets in a wanted CRS (GeoArrow layout), computed once per CRS."""
        name = "" if crs is None else crs.srs
        return self.keep(f"ragged {name}", lambda: reproject_ragged(self.geometry, self.crs, crs))

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` derives from these rows, computed once for all threads and kept under a name."""
        kept: dict[str, T] = self.__dict__.setdefault("_kept", {})
        if name in kept:  # whoever makes something else meanwhile is not waited for
            return kept[name]
        with self.__dict__.setdefault("_making", RLock()):
            if name not in kept and self.recall(name) is None:
                kept[name] = make()
                if self.keeper is not None:
                    self.keeper.add(name, kept[name])
            return kept[name]

    def recall(self, name: str) -> Any:
        """Return what is kept under a name, here or by the keeper; None if there is nothing."""
        with self.__dict__.setdefault("_making", RLock()):
            kept = self.__dict__.setdefault("_kept", {})
            if name not in kept and self.keeper is not None:
                thing = self.keeper.find(name)
                if thing is not None:
                    kept[name] = thing
            return kept.get(name)

    def kept(self) -> dict[str, Any]:
        """What is kept, by its names."""
        return dict(self.__dict__.get("_kept", {}))

    def keeps(self, name: str) -> bool:
        """Whether something is kept under a name already."""
        return name in self.__dict__.get("_kept", {})
