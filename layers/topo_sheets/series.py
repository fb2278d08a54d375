"""In which grid the numbers of delivered sheets count.

A number does not say its grid, and deliveries hardly ever do: the numbers of a county count in its own grid or in a
national zone, whatever CRS the footprints come in. So the grids that can be meant are tried on the footprints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.topo_sheets.numbering import DECODABLE, footprint, has_scale, numbering_crs, zone_offset
from layers.topo_sheets.rectangular import NO_OFFSET, Offset
from twin.crs import CRS, BBox, horizontal, is_metric, parse_crs, reproject, to_geodetic
from twin.datums import is_modern
from twin.errors import CrsError, Fault, InvalidParameter
from twin.grids import cgcs2000_gk_epsg

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Geometries = npt.NDArray[np.object_]

#: How far a footprint may lie from its number, times the scale: 0.1 mm on the map, the finest it can show.
TOLERANCE_MAP_M = 0.0001

_METRES_PER_DEGREE = 111_320.0
_OFFSETS = ("offset_north_km", "offset_east_km")
#: So many sheets tell the grid of a series as well as all of them do.
_SAMPLE = 50


@dataclass(frozen=True, kw_only=True)
class Series:
    """How the sheets of a map series are cut and numbered: scheme, grid, and what the numbers leave out."""

    scheme: str
    crs: CRS
    offset: Offset = NO_OFFSET


def own_series(crs: CRS, scheme: str) -> Series:
    """Give the series of a scheme that counts in a CRS, by custom without the zone number of its eastings."""
    return Series(scheme=scheme, crs=crs, offset=NO_OFFSET if scheme == "graticule" else zone_offset(crs))


def choose_series(sheets: GeoDataFrame, scale: int, *, scheme: str | None, crs: CRS | None) -> Series:
    """Choose how new sheets of a scale are cut: as asked, else as most of the sheets there, else by the storage CRS.

    Parameters
    ----------
    sheets
        The sheets there are.
    scale
        Scale denominator of the new ones.
    scheme, crs
        What is asked for; None: as the sheets there, or graticule sheets where their CRS has no grid in metres.
    """
    there = find_series(sheets)
    if there and crs is None and scheme in (None, there.scheme) and has_scale(there.scheme, scale):
        return there
    crs = crs or (there.crs if there else sheets.crs)
    square = "rectangular_50x50"
    return own_series(crs, scheme or (square if is_metric(crs) and has_scale(square, scale) else "graticule"))


def find_series(sheets: GeoDataFrame) -> Series | None:
    """Find the series that most of n sheets belong to; None where their numbers do not tell."""
    told = sheets[sheets["scheme"].isin(DECODABLE).to_numpy(bool)]
    if not len(told):
        return None
    groups = told.groupby(
        [told["scheme"], told["sheet_crs"].fillna(""), *(told[name].fillna(0) for name in _OFFSETS)]
    ).indices
    (scheme, stated, north_km, east_km), members = max(groups.items(), key=lambda group: len(group[1]))
    some = told.iloc[members[:_SAMPLE]]
    boxes, _ = decode_numbers(some)
    try:
        crs = parse_crs(stated) if stated else None
    except CrsError:  # ingest takes no name that it does not know, but another program may have written one
        return None
    if crs is not None and not is_reachable(crs):
        return None
    for series in find_grids(some, scheme) if crs is None else [Series(scheme=scheme, crs=crs)]:
        if find_fitting(some, boxes, series)[0].mean() > 0.5:
            offset = Offset(
                north_km=int(north_km) + series.offset.north_km, east_km=int(east_km) + series.offset.east_km
            )
            return Series(scheme=scheme, crs=series.crs, offset=offset)
    return None


def find_grids(sheets: GeoDataFrame, scheme: str) -> Iterator[Series]:
    """Give the grids in which numbers can count that do not say theirs, the storage CRS first.

    Graticule numbers count in longitudes and latitudes. Rectangular ones count in the storage CRS or in a national
    zone of CGCS2000 that the sheets lie in or beside, with the zone number of the eastings or without it.
    """
    if scheme == "graticule":
        yield Series(scheme=scheme, crs=sheets.crs)
        return
    if is_metric(sheets.crs):
        yield Series(scheme=scheme, crs=sheets.crs)
        yield own_series(sheets.crs, scheme)
    box = BBox.around(sheets.geometry.to_numpy())
    lon = float(to_geodetic((box.west + box.east) / 2, (box.south + box.north) / 2, sheets.crs)[0])
    for zone in (int(lon // 3), int(lon // 3) + 1):
        if 25 <= zone <= 45:
            for prefixed in (False, True):
                yield Series(scheme=scheme, crs=parse_crs(f"EPSG:{cgcs2000_gk_epsg(zone, 3, prefixed=prefixed)}"))
    # Without its zone number a 6° zone is the 3° zone of the same meridian.
    zone = int(lon // 6) + 1
    if 13 <= zone <= 23:
        yield Series(scheme=scheme, crs=parse_crs(f"EPSG:{cgcs2000_gk_epsg(zone, 6, prefixed=True)}"))


def is_reachable(crs: CRS) -> bool:
    """Tell whether footprints can be brought into a CRS: not onto a datum whose parameters nobody gave."""
    return crs.is_bound or is_modern(horizontal(crs))


def decode_numbers(sheets: GeoDataFrame) -> tuple[Geometries, list[Fault]]:
    """Give the box that the number of each of n sheets says, None together with a fault where it says none.

    The boxes are in the CRS in which the numbers count. Faults count rows from 0.
    """
    boxes = np.full(len(sheets), None, dtype=object)
    faults = []
    scales, *offsets = (sheets[name].fillna(0).astype(int).tolist() for name in ("scale", *_OFFSETS))
    told = zip(sheets["sheet_no"], sheets["scheme"], scales, *offsets, strict=True)
    for row, (sheet_no, scheme, scale, north_km, east_km) in enumerate(told):
        offset = Offset(north_km=north_km, east_km=east_km)
        try:
            boxes[row] = footprint(sheet_no, scale=scale, scheme=scheme, offset=offset).polygon()
        except InvalidParameter as error:
            faults.append(Fault(what=error.detail, row=row, field="sheet_no", value=sheet_no))
    return boxes, faults


def find_fitting(
    sheets: GeoDataFrame, boxes: Geometries, series: Series
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which of n footprints lie where the number says when it counts in this series, and which meet that place.

    A footprint lies inside its sheet, to 0.1 mm at map scale; that of a sheet that is said to be mapped in whole is
    the sheet. Where `boxes` has None, nothing fits.
    """
    native = numbering_crs(series.crs, series.scheme)
    drawn = reproject(sheets.geometry.to_numpy(), sheets.crs, native)
    shift_m = np.array([series.offset.east_km, series.offset.north_km]) * 1000.0
    numbered = shapely.transform(boxes, lambda xy: xy + shift_m) if shift_m.any() else boxes
    tolerance = sheets["scale"].to_numpy(float) * TOLERANCE_MAP_M / (1 if is_metric(native) else _METRES_PER_DEGREE)
    fits: npt.NDArray[np.bool_] = shapely.covers(shapely.buffer(numbered, tolerance, join_style="mitre"), drawn)
    whole = fits & sheets["whole"].fillna(False).to_numpy(bool)
    # The distance between outlines, both ways, finds a corner cut off as well as a hole.
    outlines = (shapely.boundary(geometry[whole]) for geometry in (drawn, numbered))
    fits[whole] = shapely.hausdorff_distance(*outlines) <= tolerance[whole]
    return fits, shapely.intersects(numbered, drawn)
