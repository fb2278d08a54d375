"""Geometries as flat arrays: one coordinate array and offsets, which encoders and fast analyses work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS, Floats, Geometries, transform
from twin.errors import CrsError


@dataclass(frozen=True, eq=False)
class Ragged:
    """Geometries of one kind as arrays, in GeoArrow layout (as `shapely.to_ragged_array` gives them).

    Parameters
    ----------
    kind
        Type of every geometry; ``MISSING`` where there is none.
    coords
        n vertices, x and y.
    offsets
        Where each part begins in the level below: for MultiPolygons those of rings, polygons, geometries.
    """

    kind: shapely.GeometryType
    coords: Floats
    offsets: tuple[npt.NDArray[np.integer[Any]], ...]


def reproject_ragged(geometries: Geometries, source: CRS, target: CRS | None) -> Ragged:
    """Return geometries of one kind (single and multi may mix) as arrays in a CRS; None: in the source CRS.

    Raises
    ------
    CrsError
        As `transform`, or the geometries are of several kinds.
    """
    array = np.asarray(geometries, dtype=object)
    if shapely.is_missing(array).all():
        return Ragged(shapely.GeometryType.MISSING, np.empty((0, 2)), ())
    try:
        kind, coords, offsets = shapely.to_ragged_array(array, include_z=False)
    except ValueError as error:
        raise CrsError("geometries of several kinds have no common array layout", cause=error) from None
    if kind == shapely.GeometryType.MULTIPOINT:
        # Shapely counts empty points, which have no coordinates here.
        offsets = (np.concatenate(([0], np.cumsum(shapely.get_num_coordinates(array)))),)
    if target is not None:
        # An empty point is a row of NaN in this layout; it has no place to be moved to.
        real = ~np.isnan(coords).all(axis=1)
        coords[real] = np.column_stack(transform(coords[real, 0], coords[real, 1], source, target))
    return Ragged(kind, coords, offsets)
