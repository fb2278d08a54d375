"""Geometry as it was given, made fit for a layer in the storage CRS; rows as a store takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twin.crs import CRS, same_grid
from twin.ingest.faults import Faults, Rows
from twin.ingest.place import OFFSET_DATUMS, Datum, into_storage
from twin.ingest.shapes import Flags, Shapes, fit_shapes, repair_invalid, tell_repaired
from twin.ingest.source import Geometries
from twin.layer import Layer

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame


def settle_shapes(
    geometry: Geometries,
    layer: Layer,
    crs: CRS,
    target: CRS,
    rows: Rows,
    faults: Faults,
    *,
    datum: Datum | None = None,
    faulty: Flags | None = None,
    tolerance: float,
) -> Shapes:
    """Make geometry fit a layer and bring it into the storage CRS.

    Parameters
    ----------
    geometry
        n geometries in `crs`; None where there is none.
    layer
        What they are for.
    crs, datum, target
        See `twin.ingest.place.into_storage`.
    rows
        Where they come from.
    faults
        Gets what is wrong.
    faulty, tolerance
        See `twin.ingest.shapes.fit_shapes`.

    Raises
    ------
    CrsError
        The numbers contradict the CRS, or the datum cannot be changed.
    """
    fit = fit_shapes(geometry, layer, rows, faults, faulty=faulty, tolerance=tolerance)
    placed, notes = into_storage(fit.geometry, crs, datum, target, rows, faults)
    repaired = fit.repaired
    if datum in OFFSET_DATUMS or not same_grid(crs, target):
        # What only touches itself, as a hole its shell, comes to overlap itself by a last digit elsewhere.
        repaired |= repair_invalid(placed, rows, faults, tolerance)
    notices = (*fit.notices, *notes, *tell_repaired(repaired, rows))
    return Shapes(geometry=placed, repaired=repaired, notices=notices)


def make_rows(columns: Mapping[str, pd.Series[Any]], geometry: Geometries, layer: Layer, crs: CRS) -> GeoDataFrame:
    """Rows as a store takes them: indexed by key, geometry in the storage CRS."""
    import geopandas as gpd

    frame = gpd.GeoDataFrame(dict(columns), geometry=geometry, crs=crs)
    frame.index = columns[layer.key].rename(None)
    return frame
