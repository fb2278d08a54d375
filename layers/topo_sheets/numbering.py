"""Sheet numbers of every scheme that can be decoded, in any CRS."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.topo_sheets import graticule, rectangular
from layers.topo_sheets.rectangular import NO_OFFSET, Offset
from twin.crs import CRS, BBox, crs_label, from_geodetic, is_metric, reproject
from twin.datums import central_meridian_deg
from twin.errors import InvalidParameter
from twin.overlay import cut

#: Schemes whose numbers say where the sheet lies; running numbers and row-column numbers need their survey's catalogue.
DECODABLE = ("graticule", *rectangular.SIZES_M)

#: More sheets than this are a wrong scale or a wrong area, not a map series of a county.
MAX_SHEETS = 500_000

#: A smaller part of a sheet than this is noise of reprojected borders, not ground to map.
_NOISE = 1e-6


def has_scale(scheme: str, scale: int) -> bool:
    """Tell whether a scheme has sheets of a scale."""
    return scale in (graticule.DIVISIONS if scheme == "graticule" else rectangular.SIZES_M[scheme])


def number_at(x: float, y: float, *, scale: int, scheme: str, offset: Offset = NO_OFFSET) -> str:
    """Give the number of the sheet that holds a point in `numbering_crs`.

    Raises
    ------
    InvalidParameter
        The scheme cannot be computed, has no such scale, or has no sheet there.
    """
    _require_decodable(scheme)
    if scheme == "graticule":
        return graticule.number_at(x, y, scale=scale)
    return rectangular.number_at(x, y, scale=scale, scheme=scheme, offset=offset)


def footprint(sheet_no: str, *, scale: int, scheme: str, offset: Offset = NO_OFFSET) -> BBox:
    """Give the box of a sheet in `numbering_crs`.

    Raises
    ------
    InvalidParameter
        The number is malformed, off the grid of its scale, or of a scheme that cannot be decoded.
    """
    _require_decodable(scheme)
    if scheme != "graticule":
        return rectangular.footprint(sheet_no, scale=scale, scheme=scheme, offset=offset)
    if graticule.scale_of(sheet_no) != scale:
        raise InvalidParameter(
            f"{sheet_no!r} is a number of scale 1:{graticule.scale_of(sheet_no)}, not 1:{scale}", parameter="scale"
        )
    return graticule.footprint(sheet_no)


def numbering_crs(crs: CRS, scheme: str) -> CRS:
    """Give the CRS in which a scheme counts: the grid itself, or its longitudes and latitudes for the graticule.

    Raises
    ------
    InvalidParameter
        Rectangular sheets are asked for in a CRS that has no grid in metres.
    """
    if scheme == "graticule" and crs.geodetic_crs is not None:
        return crs.geodetic_crs
    if not is_metric(crs):
        raise InvalidParameter(
            f"{scheme} sheets count in metres, {crs_label(crs)} does not: use graticule sheets or another CRS",
            parameter="scheme",
        )
    return crs


def zone_offset(crs: CRS) -> Offset:
    """Give what rectangular numbers leave out of a grid by custom: the zone number that its eastings begin with."""
    middle = central_meridian_deg(crs)
    if middle is None:
        return NO_OFFSET
    false_easting_m = float(from_geodetic(middle, 0.0, crs)[0])
    return Offset(east_km=max(0, int(false_easting_m // 1_000_000)) * 1_000)


def grid(
    area: BaseGeometry,
    crs: CRS,
    *,
    scale: int,
    scheme: str,
    offset: Offset = NO_OFFSET,
    numbers_crs: CRS | None = None,
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.object_]]:
    """Give every sheet that shares area with a polygon, from the north-west row by row.

    Parameters
    ----------
    area
        Polygon or multipolygon in `crs`.
    crs
        CRS of the area.
    scale, scheme, offset
        As in `number_at`.
    numbers_crs
        The CRS in which rectangular numbers count, and from whose longitudes and latitudes graticule sheets are cut;
        `crs` by default.

    Returns
    -------
    n sheet numbers, and their n footprints in `crs`.
    """
    _require_decodable(scheme)
    native = numbering_crs(numbers_crs or crs, scheme)
    box = BBox.around(reproject(np.array([area]), crs, native))
    _require_few(box, scale, scheme)
    if scheme == "graticule":
        numbers, boxes = graticule.cells(box, scale=scale)
    else:
        numbers, boxes = rectangular.cells(box, scale=scale, scheme=scheme, offset=offset)
    footprints = reproject(boxes, native, crs)
    inside = shapely.area(cut(footprints, area)) > _NOISE * shapely.area(footprints)
    return np.array(numbers, dtype=np.str_)[inside], footprints[inside]


def _require_decodable(scheme: str) -> None:
    if scheme not in DECODABLE:
        raise InvalidParameter(
            f"{scheme} numbers cannot be computed, only looked up in their survey's catalogue; "
            f"there are {', '.join(DECODABLE)}",
            parameter="scheme",
        )


def _require_few(box: BBox, scale: int, scheme: str) -> None:
    width, height = (
        graticule.sheet_size_deg(scale) if scheme == "graticule" else rectangular.sheet_size_m(scale, scheme)
    )
    count = ((box.east - box.west) / width + 1) * ((box.north - box.south) / height + 1)
    if not count <= MAX_SHEETS:
        raise InvalidParameter(f"more than {MAX_SHEETS} sheets of 1:{scale} lie around this area", parameter="scale")
