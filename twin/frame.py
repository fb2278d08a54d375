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

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """Rows of a layer, in key order.

    Parameters
    ----------
    layer
        The layer the rows belong to.
    data
        n rows indexed by key, columns the asked fields of ``layer.schema`` in the dtypes of `twin.schema.DTYPES`,
        geometry in the storage CRS.
    fid
        n integers: the number of each feature inside the store, stable for its life (tile feature ids).
    revision
        Number of the last revision of the layer that the rows reflect; 0 before the first.
    truncated
        Whether a limit cut rows off.
    opened
        n revisions: the one that wrote each row; None where rows do not come from a store.
    unreadable
        Keys of the features whose geometry is there and cannot be read; they have none here.
    """

    layer: Layer
    data: GeoDataFrame
    fid: npt.NDArray[np.int64]
    revision: int
    truncated: bool = False
    opened: npt.NDArray[np.int64] | None = None
    unreadable: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.data)

    @property
    def crs(self) -> CRS:
        """The storage CRS."""
        crs: CRS = self.data.crs
        return crs

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
        return replace(
            self,
            data=self.data.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows],
            fid=self.fid[rows],
            opened=None if self.opened is None else self.opened[rows],
        )

    def ragged(self, crs: CRS | None = None) -> Ragged:
        """The geometries as coordinates and offsets in a wanted CRS (GeoArrow layout), computed once per CRS."""
        name = "" if crs is None else crs.srs
        return self.keep(f"ragged {name}", lambda: reproject_ragged(self.geometry, self.crs, crs))

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` derives from these rows, computed once for all threads and kept under a name."""
        with self.__dict__.setdefault("_making", RLock()):
            kept: dict[str, T] = self.__dict__.setdefault("_kept", {})
            if name not in kept:
                kept[name] = make()
            return kept[name]

    def kept(self) -> dict[str, Any]:
        """What is kept, by its names."""
        return dict(self.__dict__.get("_kept", {}))

    def keeps(self, name: str) -> bool:
        """Whether something is kept under a name already."""
        return name in self.__dict__.get("_kept", {})
