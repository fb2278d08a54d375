"""Checks of delivered sheets: the number must say the place where the footprint lies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.topo_sheets.numbering import DECODABLE
from layers.topo_sheets.series import Series, decode_numbers, find_fitting, find_grids, is_reachable
from twin.crs import parse_crs
from twin.errors import Fault, TwinError

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_MISPLACED = (
    "the footprint is not where the sheet number says; a number of another grid needs that grid in sheet_crs, "
    "a truncated one its offset"
)


def check_footprints(rows: GeoDataFrame) -> list[Fault]:
    """Every number that can be decoded is legal for its scale, and the footprint lies in its sheet.

    A footprint lies in its sheet to 0.1 mm at map scale; where `whole` says so, it is the whole of it. Rectangular
    numbers count in the row's `sheet_crs`; where that is empty, in the storage CRS or a national zone of CGCS2000, and
    where no sheet comes near its number in any of these, in a grid that nobody named: then their form is all that can
    be checked. Graticule numbers count in the longitudes and latitudes of `sheet_crs`, or of the storage CRS.
    """
    faults: list[Fault] = []
    for (scheme, crs), positions in rows.groupby(["scheme", rows["sheet_crs"].fillna("")]).indices.items():
        if scheme in DECODABLE:
            faults += _check_group(rows.iloc[positions], positions, scheme, crs)
    return sorted(faults, key=lambda fault: fault.row or 0)


def _check_group(group: GeoDataFrame, positions: npt.NDArray[np.int64], scheme: str, stated: str) -> list[Fault]:
    """Check rows of one scheme and CRS, which stand at these positions of the layer."""
    boxes, faults = decode_numbers(group)
    fits = meets = np.zeros(len(group), dtype=bool)
    try:
        if stated and not is_reachable(parse_crs(stated)):
            return _place(faults, positions)  # numbers on an older datum: their form is all that can be checked
        for series in [Series(scheme=scheme, crs=parse_crs(stated))] if stated else find_grids(group, scheme):
            fitting, meeting = find_fitting(group, boxes, series)
            fits, meets = fits | fitting, meets | meeting
            if fits.all():
                break
    except TwinError as error:
        faults = [Fault(what=error.detail, row=row, field="sheet_crs", value=stated) for row in range(len(group))]
        return _place(faults, positions)
    if meets.any() or stated or scheme == "graticule":
        faults += [
            Fault(
                what=_MISPLACED,
                row=row,
                field="sheet_no",
                value=str(group["sheet_no"].iloc[row]),
                limit=f"west south east north {' '.join(f'{v:.10g}' for v in boxes[row].bounds)}, to 0.1 mm on the map",
            )
            for row in np.flatnonzero(shapely.is_geometry(boxes) & ~fits).tolist()
        ]
    return _place(faults, positions)


def _place(faults: list[Fault], positions: npt.NDArray[np.int64]) -> list[Fault]:
    """Count the rows of faults in the layer instead of in their group."""
    return [replace(fault, row=int(positions[fault.row or 0])) for fault in faults]
