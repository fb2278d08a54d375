"""Geometries as GeoJSON has them.

References
----------
RFC 7946: 3.1.6 (rings follow the right-hand rule), 4 (other CRS by prior arrangement), 11.2 (digits beyond 0.1 mm are
noise).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS, reproject

Geometries = npt.NDArray[np.object_]


def settle_geometries(geometries: Geometries, crs: CRS, target: CRS, *, digits: int) -> Geometries:
    """Bring n geometries of a CRS into another, turn their rings, and round them; heights stay."""
    moved = shapely.orient_polygons(reproject(geometries, crs, target))
    return shapely.transform(moved, lambda coords: np.round(coords, digits), include_z=True)


def write_geometries(geometries: Geometries) -> list[str]:
    """Write n geometries as texts; a missing one is ``null``."""
    return [text or "null" for text in shapely.to_geojson(geometries)]
