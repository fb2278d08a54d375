"""Gauss-Krüger zones, and what a box of coordinates says about the grid it is in.

Deliveries come without a .prj, with the wrong one, or with X and Y the way surveyors write them (X = north). The
ranges of Chinese coordinates hardly overlap, so most of this can be read from the numbers; what cannot is ambiguous.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin.bbox import BBox
from twin.crs import CRS, crs_label, from_geodetic, horizontal, to_geodetic, usable_area
from twin.datums import central_meridian_deg, datum_name, unbound
from twin.errors import CrsError

Width = Literal[3, 6]

#: China's coordinates: degrees, false eastings about 500 km, northings (standards of the national grids).
_LON, _LAT = (73.0, 136.0), (3.0, 54.0)
_EASTING_M, _NORTHING_M = (100_000.0, 900_000.0), (1_900_000.0, 5_900_000.0)
_WEB_MERCATOR_X_M, _WEB_MERCATOR_Y_M = (8_100_000.0, 15_140_000.0), (330_000.0, 7_170_000.0)
_ZONES: dict[Width, range] = {3: range(25, 46), 6: range(13, 24)}
_DATUMS = ("CGCS2000", "Xi'an 1980", "Beijing 1954")
_REGISTERED = ("China 2000", "Xian 1980", "Beijing 1954")
#: EPSG codes of the first zone of `_ZONES` with the zone number in the easting, one per datum of `_DATUMS`.
_PREFIXED: dict[Width, tuple[int, int, int]] = {3: (4513, 2349, 2401), 6: (4491, 2327, 21413)}
#: The same without the zone number; the codes count central meridians 75°, 78° … or 75°, 81° ….
_PLAIN: dict[Width, tuple[int, int, int]] = {3: (4534, 2370, 2422), 6: (4502, 2338, 21453)}
#: A coordinate is in a CRS when going to degrees and back returns it as exactly as this.
_ROUND_TRIP_M = 1e-3


def gauss_kruger_zone(lon_deg: float, width_deg: Width) -> int:
    """Return the zone of a longitude; one on the border belongs to the eastern zone.

    Zones of 3°: ⌊(λ + 1.5) / 3⌋; zones of 6°: ⌊λ / 6⌋ + 1.

    Raises
    ------
    CrsError
        The longitude is not in China's zones.
    """
    zone = int(np.floor((lon_deg + 1.5) / 3)) if width_deg == 3 else int(np.floor(lon_deg / 6)) + 1
    return _require_zone(zone, width_deg)


def central_meridian(zone: int, width_deg: Width) -> int:
    """Return the central meridian of a zone in degrees."""
    _require_zone(zone, width_deg)
    return 3 * zone if width_deg == 3 else 6 * zone - 3


def cgcs2000_gk_epsg(zone: int, width_deg: Width, *, prefixed: bool) -> int:
    """Return the EPSG code of a CGCS2000 Gauss-Krüger zone, with or without the zone number in the easting."""
    return _gk_codes(zone, width_deg, prefixed=prefixed)[0]


def _gk_codes(zone: int, width_deg: Width, *, prefixed: bool) -> tuple[int, ...]:
    step = _require_zone(zone, width_deg) - _ZONES[width_deg].start
    return tuple(first + step for first in (_PREFIXED if prefixed else _PLAIN)[width_deg])


def _require_zone(zone: int, width_deg: Width) -> int:
    if zone not in _ZONES.get(width_deg, ()):
        raise CrsError(
            f"there is no {width_deg}° Gauss-Krüger zone {zone} in China; 3° zones are 25 to 45, 6° zones 13 to 23"
        )
    return zone


@dataclass(frozen=True, kw_only=True)
class GridReading:
    """What a box of coordinates can be, from its numbers alone.

    Parameters
    ----------
    kind
        ``degrees``; ``metres`` (plane coordinates whose central meridian nobody wrote down); ``zone_metres`` (with the
        zone number before the easting); ``several_zones`` (eastings with more than one zone number); ``web_mercator``;
        ``ambiguous`` (several of these); ``none`` of them.
    swapped
        Whether x holds the north coordinate, as survey tables have it.
    zone, width_deg
        The zone that the eastings name.
    epsg
        Codes the numbers fit: CGCS2000 first, then the older datums, which look the same.
    note
        The same as a sentence: what it is, what must still be declared.
    """

    kind: Literal["degrees", "metres", "zone_metres", "several_zones", "web_mercator", "ambiguous", "none"]
    swapped: bool = False
    zone: int | None = None
    width_deg: Width | None = None
    epsg: tuple[int, ...] = ()
    note: str


def recognise_grid(bounds: BBox) -> GridReading:
    """Return what a box of coordinates in China can be; never a guess."""
    west, south, east, north = bounds
    reading = _read((west, east), (south, north))
    if reading is None:
        reading = _read((south, north), (west, east))
        if reading is not None:
            note = f"x and y are swapped (x holds the north coordinate): swap the columns; then {reading.note}"
            return replace(reading, swapped=True, note=note)
    if reading is not None:
        return reading
    if _within((west, east), (-180.0, 180.0)) and _within((south, north), (-90.0, 90.0)):
        note = "these may be degrees outside China, in either order, or metres of a local system: declare the CRS"
        return GridReading(kind="ambiguous", note=note)
    x, y = (west / 1000, east / 1000), (south / 1000, north / 1000)
    metres = _read(x, y) or _read(y, x)
    if metres is not None and metres.kind in ("metres", "zone_metres"):
        return GridReading(kind="none", note="these look like millimetres: deliver metres, a thousandth of each number")
    return GridReading(kind="none", note="these numbers fit no grid in use in China: declare the CRS or check the file")


def _within(values: tuple[float, float], limits: tuple[float, float]) -> bool:
    return limits[0] <= values[0] and values[1] <= limits[1]


def _read(x: tuple[float, float], y: tuple[float, float]) -> GridReading | None:
    """Read a box as x east and y north; None where that makes no sense."""
    if _within(x, _LON) and _within(y, _LAT):
        note = "these are degrees; WGS 84, CGCS2000, older datums and offset maps (GCJ-02) look alike: declare which"
        return GridReading(kind="degrees", epsg=(4490, 4326, 4610, 4214), note=note)
    if _within(x, _EASTING_M) and _within(y, _NORTHING_M):
        return GridReading(
            kind="metres",
            note="these are plane metres without a zone number: declare the CRS with their central meridian",
        )
    zoned, mercator = _read_zone(x, y), _within(x, _WEB_MERCATOR_X_M) and _within(y, _WEB_MERCATOR_Y_M)
    if not mercator:
        return zoned
    if zoned is None:
        return GridReading(kind="web_mercator", epsg=(3857,), note="these are Web Mercator metres (EPSG:3857)")
    note = f"these are Web Mercator metres (EPSG:3857), or {zoned.note.removeprefix('these are ')}"
    return GridReading(kind="ambiguous", epsg=(3857, *zoned.epsg), note=note)


def _read_zone(x: tuple[float, float], y: tuple[float, float]) -> GridReading | None:
    zone, last = int(x[0] // 1e6), int(x[1] // 1e6)
    eastings = sorted(value % 1e6 for value in x)
    inside = _within((eastings[0], eastings[1]), _EASTING_M) and _within(y, _NORTHING_M)
    widths = [width for width, zones in _ZONES.items() if zone in zones and last in zones]
    if not (inside and widths):
        return None
    if zone != last:
        note = f"the eastings carry zone numbers {zone} to {last}: deliver each zone as its own file"
        return GridReading(kind="several_zones", note=note)
    width = widths[0]
    codes = _gk_codes(zone, width, prefixed=True)
    names = ", ".join(f"EPSG:{code} ({datum})" for code, datum in zip(codes, _DATUMS, strict=True))
    note = f"these are metres in {width}° zone {zone}: {names}; declare which datum"
    return GridReading(kind="zone_metres", zone=zone, width_deg=width, epsg=codes, note=note)


def check_crs_fits(bounds: BBox, crs: CRS) -> None:
    """Refuse a declared CRS that the numbers contradict.

    Parameters
    ----------
    bounds
        Box around the coordinates as delivered, x and y in file order.
    crs
        The CRS that the file or the operator declares.

    Raises
    ------
    CrsError
        The box is out of the usable area of the CRS, or can only be something else; says what it can be.
    """
    reading = recognise_grid(bounds)
    fits = bool(in_domain(np.array([[*bounds]]), crs)[0]) and reading.kind != "several_zones"
    if horizontal(crs).is_geographic:
        fits = fits and not reading.swapped
    elif reading.zone is not None and reading.width_deg is not None and reading.kind == "zone_metres":
        fits = fits and central_meridian_deg(crs) == central_meridian(reading.zone, reading.width_deg)
    elif fits and reading.kind == "degrees":
        # Degrees read as metres lie at the origin of the grid, on the equator unless the CRS is made for small numbers.
        _, lat = to_geodetic(bounds.west, bounds.south, crs)
        fits = _LAT[0] <= float(lat) <= _LAT[1]
    if not fits:
        box = ", ".join(f"{v:.10g}" for v in bounds)
        raise CrsError(
            f"the coordinates (x and y from, to: {box}) are not in {crs_label(crs)}; {_advice(reading, crs)}",
            reading=reading.kind,
        )


def _advice(reading: GridReading, crs: CRS) -> str:
    """Say what to declare instead, as exactly as the declared CRS allows."""
    datum = datum_name(unbound(horizontal(crs)))
    if datum in _REGISTERED:
        which = _REGISTERED.index(datum)
        if reading.kind == "zone_metres":
            return f"{reading.note}; on the declared datum that is EPSG:{reading.epsg[which]}"
        middle = central_meridian_deg(crs)
        if reading.kind == "metres" and middle is not None and middle % 3 == 0 and int(middle) // 3 in _ZONES[3]:
            code = _gk_codes(int(middle) // 3, 3, prefixed=False)[which]
            return f"{reading.note}; with the declared central meridian {middle:g}° that is EPSG:{code}"
    return reading.note


def in_domain(bounds: npt.NDArray[np.float64], crs: CRS) -> npt.NDArray[np.bool_]:
    """Tell which boxes lie where a CRS is fit for use.

    A box does when its corners are finite, lie in `twin.crs.usable_area`, and come back from degrees within 1 mm.

    Parameters
    ----------
    bounds
        n boxes west, south, east, north, as `shapely.bounds` gives them; the NaN of an empty geometry is not in.
    crs
        The CRS of the boxes.
    """
    bounds = np.asarray(bounds, dtype=np.float64)
    inside = np.asarray(np.isfinite(bounds).all(axis=1))
    rows = np.flatnonzero(inside)
    if rows.size:
        hull = np.concatenate((bounds[rows, :2].min(axis=0), bounds[rows, 2:].max(axis=0)))
        # The usable area of a transverse Mercator is convex, so the box around all answers for each.
        if not _corners_in(hull[np.newaxis], crs)[0]:
            inside[rows] = _corners_in(bounds[rows], crs)
    return inside


def _corners_in(bounds: npt.NDArray[np.float64], crs: CRS) -> npt.NDArray[np.bool_]:
    x, y = bounds[:, [0, 0, 2, 2]], bounds[:, [1, 3, 1, 3]]
    lon, lat = to_geodetic(x, y, crs)
    west, south, east, north = usable_area(crs)
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    if horizontal(crs).is_projected:
        back_x, back_y = from_geodetic(np.where(inside, lon, 0.0), np.where(inside, lat, 0.0), crs)
        inside &= np.hypot(back_x - x, back_y - y) < _ROUND_TRIP_M
    return np.asarray(inside.all(axis=1))
