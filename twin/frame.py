"""A Frame: the rows of one layer at one revision, as a GeoDataFrame that knows where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

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
    """

    layer: Layer
    rows: Rows | Unread
    revision: int
    truncated: bool = False

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
        return replace(self, rows=self.rows.read().take(rows))

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
            if name not in kept:
                kept[name] = make()
            return kept[name]

    def kept(self) -> dict[str, Any]:
        """What is kept, by its names."""
        return dict(self.__dict__.get("_kept", {}))

    def keeps(self, name: str) -> bool:
        """Whether something is kept under a name already."""
        return name in self.__dict__.get("_kept", {})
