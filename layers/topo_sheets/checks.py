"""Checks of delivered sheets: the number must say the place where the footprint lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.topo_sheets.numbering import DECODABLE, footprint, numbering_crs
from layers.topo_sheets.rectangular import Offset
from twin.crs import is_metric, parse_crs, reproject
from twin.errors import Fault, TwinError

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: How far a footprint may lie from its number, times the scale: 0.1 mm on the map, the finest it can show.
TOLERANCE_MAP_M = 0.0001

_METRES_PER_DEGREE = 111_320.0

_MISPLACED = (
    "the footprint is not where the sheet number says; a number of another grid needs that grid in sheet_crs, "
    "a truncated one its offset"
)


def check_footprints(rows: GeoDataFrame) -> list[Fault]:
    """Every number that can be decoded is legal for its scale, and its sheet is where the footprint is.

    The footprint of a sheet mapped in whole is the sheet to 0.1 mm at map scale; that of a sheet mapped in part lies
    inside it. Rectangular numbers count in the row's `sheet_crs`, which is the storage CRS where it is empty;
    graticule numbers count in the longitudes and latitudes of that CRS.
    """
    faults: list[Fault] = []
    for (scheme, crs), positions in rows.groupby(["scheme", rows["sheet_crs"].fillna("")]).indices.items():
        if scheme in DECODABLE:
            faults += _check_group(rows.iloc[positions], positions, scheme, crs)
    return sorted(faults, key=lambda fault: fault.row or 0)


def _check_group(group: GeoDataFrame, positions: npt.NDArray[np.int64], scheme: str, sheet_crs: str) -> list[Fault]:
    """Check rows of one scheme and CRS, which stand at these positions of the layer."""
    try:
        native = numbering_crs(parse_crs(sheet_crs) if sheet_crs else group.crs, scheme)
        drawn = reproject(group.geometry.to_numpy(), group.crs, native)
    except TwinError as error:
        return [
            Fault(what=error.detail, row=row, field="sheet_crs", value=sheet_crs or None) for row in positions.tolist()
        ]
    decoded, faults = _decode(group, positions, scheme)
    tolerance = group["scale"].to_numpy(float) * TOLERANCE_MAP_M / (1 if is_metric(native) else _METRES_PER_DEGREE)
    fits = np.where(
        group["whole"].fillna(True).to_numpy(bool),
        # The distance between outlines, both ways, finds a shift as well as a corner cut off or a hole.
        shapely.hausdorff_distance(shapely.boundary(drawn), shapely.boundary(decoded)) <= tolerance,
        shapely.covers(shapely.buffer(decoded, tolerance, join_style="mitre"), drawn),
    )
    return faults + [
        Fault(
            what=_MISPLACED,
            row=int(positions[at]),
            field="sheet_no",
            value=str(group["sheet_no"].iloc[at]),
            limit=f"west south east north {' '.join(f'{v:.10g}' for v in decoded[at].bounds)}, to 0.1 mm at map scale",
        )
        for at in np.flatnonzero(shapely.is_geometry(decoded) & ~fits).tolist()
    ]


def _decode(
    group: GeoDataFrame, positions: npt.NDArray[np.int64], scheme: str
) -> tuple[npt.NDArray[np.object_], list[Fault]]:
    """Give the box that each number says, None together with a fault where it says none."""
    boxes = np.full(len(group), None, dtype=object)
    faults = []
    scales, north_km, east_km = (
        group[name].fillna(0).astype(int).tolist() for name in ("scale", "offset_north_km", "offset_east_km")
    )
    for at, sheet_no in enumerate(group["sheet_no"]):
        offset = Offset(north_km=north_km[at], east_km=east_km[at])
        try:
            boxes[at] = footprint(sheet_no, scale=scales[at], scheme=scheme, offset=offset).polygon()
        except TwinError as error:
            faults.append(Fault(what=error.detail, row=int(positions[at]), field="sheet_no", value=sheet_no))
    return boxes, faults
