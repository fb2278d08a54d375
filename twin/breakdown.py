"""Breaking a measure down by township."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.frame import Frame


def select_townships(admin_areas: Frame) -> Frame:
    """Return the townships among the administrative areas."""
    return admin_areas.take((admin_areas.data["level"] == "township").to_numpy(bool))


def locate_points(points: npt.NDArray[np.object_], areas: Frame) -> npt.NDArray[np.int64]:
    """Return for each of n points the position of the area that holds it, -1 outside all of them.

    A point on the border of two areas belongs to the first in key order, so that it is counted once.
    """
    found = np.full(len(points), len(areas), dtype=np.int64)
    point, area = areas.tree.query(points, predicate="intersects")
    np.minimum.at(found, point, area)
    return np.where(found == len(areas), -1, found)
