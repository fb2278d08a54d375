"""Where features were that are no longer there: what a map drawn before must not go on showing."""

from __future__ import annotations

from threading import Lock

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS, reproject
from twin.errors import CrsError
from twin.latest import LatestRevisions
from twin.layer import Layer
from twin.store import Store

Floats = npt.NDArray[np.float64]
Revisions = npt.NDArray[np.int64]

_EVERYWHERE = (-np.inf, -np.inf, np.inf, np.inf)


class Departures:
    """The boxes of former places, read from the store once and then only as far as writes add to them.

    Parameters
    ----------
    store
        Where the history is.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._latest = LatestRevisions(store)
        self._guard = Lock()
        self._known: dict[tuple[str, str], tuple[int, Floats, Revisions]] = {}

    def of(self, layer: Layer, crs: CRS) -> tuple[Floats, Revisions]:
        """Find the (n, 4) boxes of all former places of a layer in a CRS, and n revisions since when nothing is there.

        What has no place in the CRS may have been everywhere.
        """
        with self._guard:
            up_to, boxes, closed = self._known.get(
                (layer.id, crs.srs), (0, np.empty((0, 4)), np.empty(0, dtype=np.int64))
            )
            latest = self._latest.of(layer)
            if latest > up_to:
                geometries, more = self._store.departed(layer, after=up_to)
                there = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
                boxes = np.concatenate((boxes, _boxes(geometries[there], self._store.crs, crs)))
                closed = np.concatenate((closed, more[there]))
                self._known[layer.id, crs.srs] = max(latest, int(more.max(initial=0))), boxes, closed
            return boxes, closed


def _boxes(geometries: npt.NDArray[np.object_], source: CRS, target: CRS) -> Floats:
    try:
        return np.asarray(shapely.bounds(reproject(geometries, source, target))).reshape(-1, 4)
    except CrsError:
        if len(geometries) == 1:
            return np.array([_EVERYWHERE])
        half = len(geometries) // 2
        return np.concatenate((_boxes(geometries[:half], source, target), _boxes(geometries[half:], source, target)))
