"""The rows of a layer: at hand, or read when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from twin.crs import CRS

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: What GEOS takes for a vertex, and for a geometry beside its vertices.
_VERTEX_BYTES, _GEOMETRY_BYTES = 24, 150


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """n features, in key order.

    Parameters
    ----------
    data
        n rows indexed by key, columns the asked fields of the layer's schema in the dtypes of `twin.schema.DTYPES`,
        geometry in the storage CRS.
    fid
        n integers: the number of each feature inside the store, stable for its life (tile feature ids).
    opened
        n revisions: the one that wrote each row; None where rows do not come from a store.
    unreadable
        Keys of the features whose geometry is there and cannot be read; they have none here.
    """

    data: GeoDataFrame
    fid: npt.NDArray[np.int64]
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
    def at_hand(self) -> bool:
        """Whether they need not be read first."""
        return True

    @cached_property
    def size_bytes(self) -> int:
        """What they take in memory, about."""
        import shapely

        name = self.data.geometry.name
        vertices = int(shapely.get_num_coordinates(self.data.geometry.to_numpy()).sum())
        values = int(self.data.drop(columns=name).memory_usage().sum()) + self.fid.nbytes
        return values + vertices * _VERTEX_BYTES + len(self) * _GEOMETRY_BYTES

    def read(self) -> Self:
        """These rows."""
        return self

    def take(self, rows: npt.NDArray[Any]) -> Rows:
        """Only these rows (positions or a boolean mask)."""
        return Rows(
            data=self.data.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows],
            fid=self.fid[rows],
            opened=None if self.opened is None else self.opened[rows],
            unreadable=self.unreadable,
        )


class Unread:
    """Rows that are read when first asked for, once for all threads; some of what others want is known before.

    Parameters
    ----------
    crs
        The storage CRS.
    count
        How many they are; None where that is not known before.
    source
        What reads or makes them.

    Attributes
    ----------
    source
        The rows, once they are there; what they were made of is not held any longer.
    """

    def __init__(self, *, crs: CRS, count: int | None = None, source: Callable[[], Rows]) -> None:
        self.crs = crs
        self.source: Rows | Callable[[], Rows] = source
        self._count = count
        self._guard = Lock()

    def __len__(self) -> int:
        return len(self.read()) if self._count is None else self._count

    @property
    def at_hand(self) -> bool:
        """Whether they have been read."""
        return isinstance(self.source, Rows)

    def read(self) -> Rows:
        """Read them, unless they are there.

        Raises
        ------
        StoreUnavailable
            They cannot be read now; whoever asks next tries again.
        """
        with self._guard:
            if not isinstance(self.source, Rows):
                self.source = self.source()
            return self.source
