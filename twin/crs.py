"""Coordinate reference systems: the only place that knows PROJ.

Inside the twin x is always east and y always north, whatever order the register gives the axes.

PROJ answers every change of datum, if need be with a "ballpark" that does nothing. The twin decides first: CGCS2000
and WGS 84 agree to decimetres; another datum is left or entered only by published parameters that are valid where the
data lie, or by parameters that the CRS itself carries (``+towgs84``, BOUNDCRS). Everything else is refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup
from shapely.geometry.base import BaseGeometry

from twin.bbox import BBox
from twin.datums import (
    datum_name,
    datum_note,
    false_origin,
    horizontal,
    is_metric,
    is_modern,
    is_north_first,
    is_same_datum,
    meridian_deg,
    same_grid,
    unbound,
    usable_area,
)
from twin.errors import CrsError
from twin.once import computed_once

# What callers find here though it is defined beside.
__all__ = [
    "CRS",
    "BBox",
    "datum_note",
    "false_origin",
    "horizontal",
    "is_metric",
    "is_north_first",
    "same_grid",
    "usable_area",
]

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_] | Sequence[BaseGeometry | None]
#: Takes n eastings and n northings from one CRS to another.
Way = Callable[[Floats, Floats], tuple[Floats, Floats]]

#: Longitude, latitude on WGS 84.
CRS84 = CRS("OGC:CRS84")
_CGCS2000_ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)
#: Datums whose parameters only the surveying authorities hold; what PROJ knows of them is for other places.
_WITHHELD = ("Xian 1980", "Beijing 1954", "New Beijing")
_NO_PARAMETERS = (
    "there are no public parameters between {} ({}) and CGCS2000 or WGS 84 where these data lie; have the data "
    "transformed by the surveying bureau, or give a CRS that carries the bureau's parameters (a PROJ string with "
    "+towgs84=…, or a BOUNDCRS)"
)
#: What a PROJ string need not say.
_PROJ_DEFAULTS = r" \+(lat_0=0|k=1|x_0=0|y_0=0|units=m|no_defs|type=crs)(?= |$)"
_SHORT_NAMES = {"CRS84": "OGC:CRS84", "CRS:84": "OGC:CRS84"}


# --- names -----------------------------------------------------------------------------------------------------------


def parse_crs(value: Any) -> CRS:
    """Return the CRS that a code, URI, URN, WKT, PROJ string, PROJJSON or CRS object names.

    Raises
    ------
    CrsError
        Nothing known goes by that name.
    """
    try:
        if isinstance(value, str):
            text = value.strip().lstrip("\ufeff")
            value = _SHORT_NAMES.get(text.upper(), text)
        return CRS.from_user_input(value)
    except CRSError as error:
        raise CrsError(
            f"{str(value)[:80]!r} is not a known coordinate reference system; "
            "try EPSG:4490, EPSG:4548, a PROJ string such as '+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=GRS80', "
            "or the WKT of a .prj file",
            cause=error,
        ) from None


def require_storage_crs(crs: CRS) -> CRS:
    """Return the CRS a twin may keep its coordinates in: the horizontal part of a geographic or projected CRS.

    Raises
    ------
    CrsError
        The CRS is geocentric, vertical or local, its axes do not point east and north, or no public parameters
        lead from its datum to WGS 84, so that nothing in it could ever be served.
    """
    flat = horizontal(crs)
    if {axis.direction for axis in flat.axis_info} != {"east", "north"}:
        raise CrsError(
            f"the axes of {crs_label(crs)} do not point east and north; a twin needs a CRS such as EPSG:4490 or "
            "'+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=GRS80'"
        )
    if not flat.is_bound and datum_name(flat) in _WITHHELD:
        raise CrsError(_NO_PARAMETERS.format(datum_name(flat), crs_label(flat)))
    return flat


@lru_cache(maxsize=256)
def epsg_code(crs: CRS) -> int | None:
    """Return the EPSG code of a CRS, None for a user-defined one.

    Of CRS that differ in their area of use only (EPSG:4509, EPSG:4548) the one of the same name is taken.
    """
    crs = horizontal(crs) if crs.is_bound else crs
    if crs.is_bound:  # the register knows the CRS, but not with these parameters
        return None
    if not (crs.is_geographic or crs.is_projected):
        return crs.to_epsg()
    # PROJ's own confidence is no guide (MGI (Ferro) from a .prj scores 25 of 100): compare what the numbers mean.
    likely = [f"EPSG:{match.code}" for match in crs.list_authority(auth_name="EPSG", min_confidence=20)]
    for candidate in (crs.name, *likely) if likely else ():
        try:
            known = CRS(candidate)
        except CRSError:  # no CRS of that name
            continue
        if len(known.axis_info) == len(crs.axis_info) and same_grid(known, crs):
            return known.to_epsg()
    return None


def crs_label(crs: CRS) -> str:
    """Return what a CRS is called in messages: ``EPSG:4548``, the name of a user-defined one, or its PROJ string.

    Datum parameters are no part of it: those of Chinese datums are state secrets, and messages go everywhere.
    """
    code = epsg_code(crs)
    if code is not None:
        return f"EPSG:{code}"
    if crs.name.lower() not in {"unknown", "unnamed"}:
        return crs.name
    with warnings.catch_warnings():  # pyproj warns that a PROJ string may lose what WKT says
        warnings.simplefilter("ignore", UserWarning)
        text = crs.to_proj4()
    text = re.sub(r"\+(towgs84|nadgrids)=\S*", r"+\1=…", text)
    return re.sub(_PROJ_DEFAULTS, "", text) or crs.name


def transverse_mercator(
    central_meridian_deg: float, name: str | None = None, *, false_easting_m: float = 500000.0
) -> CRS:
    """Return a user-defined CGCS2000 transverse Mercator CRS: scale 1 on the central meridian, false northing 0."""
    name = name or f"CGCS2000 / Gauss-Kruger CM {central_meridian_deg:.10g}E"
    return _transverse_mercator(central_meridian_deg, CRS.from_epsg(4490), name, false_easting_m)


def _transverse_mercator(longitude_deg: float, geodetic: CRS, name: str, false_easting_m: float) -> CRS:
    conversion = TransverseMercatorConversion(longitude_natural_origin=longitude_deg, false_easting=false_easting_m)
    return CRS(ProjectedCRS(conversion=conversion, geodetic_crs=geodetic, name=name).to_wkt())


def crs_to_gpkg(crs: CRS) -> tuple[str, int | None, str, str, str]:
    """Return a CRS as a row of ``gpkg_spatial_ref_sys``.

    Returns
    -------
    tuple
        Organization (``NONE`` for a user-defined CRS), its code (None: the store numbers it), name, WKT1 (``undefined``
        where WKT1 cannot say it), WKT2.

    References
    ----------
    OGC 12-128r18, 1.1.2 and F.10.
    """
    flat = require_storage_crs(crs)
    code = epsg_code(flat)
    if code is not None:
        flat = CRS.from_epsg(code)
    try:
        wkt1 = flat.to_wkt("WKT1_GDAL", output_axis_rule=True)
    except CRSError:
        wkt1 = "undefined"
    return (
        "NONE" if code is None else "EPSG",
        code,
        flat.name if code else crs_label(flat),
        wkt1,
        flat.to_wkt("WKT2_2015"),
    )


# --- from one to the other -------------------------------------------------------------------------------------------


@computed_once
def _transformer(source: CRS, target: CRS) -> Transformer:
    """Return PROJ's transformer between CRS of one datum, of datums taken as equal, or from a BOUNDCRS to its hub."""
    # No registered operation is wanted, and to search for them takes 0.2 s; what a BOUNDCRS carries is not registered.
    found = Transformer.from_crs(source, target, always_xy=True, authority="none")
    # PROJ searches again in every thread (servers have dozens), but an operation once found it just takes.
    return Transformer.from_pipeline(found.definition) if found.definition.startswith("proj=") else found


@lru_cache(maxsize=64)
def _published_shifts(geodetic: CRS) -> tuple[Transformer, ...]:
    """Return every real (not ballpark) operation from a geodetic CRS to WGS 84, the most accurate first."""
    if datum_name(geodetic) in _WITHHELD:
        return ()
    code = epsg_code(geodetic)  # operations are known for the registered CRS, not for a copy out of a .prj
    with warnings.catch_warnings():  # PROJ warns of better ones that need a grid file it does not have
        warnings.simplefilter("ignore", UserWarning)
        group = TransformerGroup(code or geodetic, CRS84, always_xy=True, allow_ballpark=False)
    known = [step for step in group.transformers if step.accuracy is not None and step.accuracy >= 0]
    return tuple(sorted(known, key=lambda step: step.accuracy or 0.0))


def _shift(geodetic: CRS, x: Floats, y: Floats, way: TransformDirection) -> tuple[Floats, Floats]:
    """Apply the most accurate published shift to or from CRS84 whose area of use holds every point."""
    for step in _published_shifts(geodetic):
        out = step.transform(x, y, direction=way)
        lon, lat = out if way is TransformDirection.FORWARD else (x, y)
        area = step.area_of_use
        if area and np.all((lon >= area.west) & (lon <= area.east) & (lat >= area.south) & (lat <= area.north)):
            return out
    raise CrsError(_NO_PARAMETERS.format(datum_name(geodetic), crs_label(geodetic)))


def _by_crs84(crs: CRS, x: Floats, y: Floats, way: TransformDirection) -> tuple[Floats, Floats]:
    """Go from a CRS of any datum to CRS84, or back: by the parameters it carries, else by published ones."""
    if is_modern(crs):
        return _transformer(crs, CRS84).transform(x, y, direction=way)
    hub, onwards = (crs.target_crs, _by_crs84) if crs.target_crs else (crs.geodetic_crs or crs, _shift)
    step = _transformer(crs, hub)
    if way is TransformDirection.FORWARD:
        return onwards(hub, *step.transform(x, y), way)
    return step.transform(*onwards(hub, x, y, way), direction=way)


def _require_finite(out: tuple[Floats, Floats], source: CRS, target: CRS) -> tuple[Floats, Floats]:
    lost = int(np.size(out[0]) - np.count_nonzero(np.isfinite(out[0]) & np.isfinite(out[1])))
    if lost:
        raise CrsError(
            f"{lost} of {np.size(out[0])} coordinates have no place in {crs_label(target)}; "
            f"check that they are finite and in {crs_label(source)}",
            lost=lost,
        )
    return np.asarray(out[0]), np.asarray(out[1])


def transform(x: npt.ArrayLike, y: npt.ArrayLike, source: CRS, target: CRS) -> tuple[Floats, Floats]:
    """Return coordinates in another CRS; in the same grid they stay bit for bit.

    Parameters
    ----------
    x, y
        Eastings and northings, or longitudes and latitudes, in the source CRS.
    source, target
        Any CRS with a horizontal part.

    Raises
    ------
    CrsError
        The change of datum has no parameters, or a coordinate has no image in the target CRS.
    """
    x, y = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    return (x, y) if x.size == 0 else find_way(source, target)(x, y)


@lru_cache(maxsize=256)
def find_way(source: CRS, target: CRS) -> Way:
    """Find the way from a CRS to another, once for many `transform`; to find it takes longer than to go it."""
    source, target = horizontal(source), horizontal(target)
    if same_grid(source, target):
        return lambda x, y: (x, y)
    if is_same_datum(source, target) or (is_modern(source) and is_modern(target)):
        step = _transformer(unbound(source), unbound(target))
        return lambda x, y: _require_finite(step.transform(x, y), source, target)

    def change_datum(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        lonlat = _by_crs84(source, *_require_finite((x, y), source, target), TransformDirection.FORWARD)
        out = _by_crs84(target, *_require_finite(lonlat, source, CRS84), TransformDirection.INVERSE)
        return _require_finite(out, source, target)

    return change_datum


def reproject(geometries: Geometries, source: CRS, target: CRS) -> npt.NDArray[np.object_]:
    """Return geometries in another CRS; heights stay, None stays None, the same grid stays bit for bit.

    Raises
    ------
    CrsError
        As `transform`.
    """
    array = np.asarray(geometries, dtype=object)
    if array.size == 0 or same_grid(source, target):
        return array

    def move(coords: Floats) -> Floats:
        x, y = transform(coords[:, 0], coords[:, 1], source, target)
        return np.column_stack((x, y, coords[:, 2:]))

    out = array.copy()
    solid = shapely.has_z(array)
    for rows, include_z in ((solid, True), (~solid, False)):
        if rows.any():
            out[rows] = shapely.transform(array[rows], move, include_z=include_z)
    return out


def reproject_bbox(bbox: BBox, source: CRS, target: CRS) -> BBox:
    """Return a box in another CRS that holds the whole box, as far as the target CRS is usable.

    What lies outside the usable area of the target is moved to its edge, so that the whole world has a box in every
    CRS. The sides are followed at 64 steps each; what they may bulge between two steps is added.

    Raises
    ------
    CrsError
        As `transform`.
    """
    if same_grid(source, target):
        return bbox
    t = np.linspace(0.0, 1.0, 65)
    w, s, e, n = bbox
    x = np.array([w + t * (e - w), w + t * (e - w), np.full(65, w), np.full(65, e)])
    y = np.array([np.full(65, s), np.full(65, n), s + t * (n - s), s + t * (n - s)])
    keep = is_same_datum(horizontal(source), horizontal(target))
    lon, lat = to_geodetic(x, y, source) if keep else transform(x, y, source, CRS84)
    lon, lat = _require_finite((lon, lat), source, CRS84)
    area = usable_area(target)
    lon, lat = lon.clip(area.west, area.east), lat.clip(area.south, area.north)
    x, y = from_geodetic(lon, lat, target) if keep else transform(lon, lat, CRS84, target)
    x, y = _require_finite((x, y), source, target)
    pad_x, pad_y = (float(np.abs(np.diff(v, n=2, axis=1)).max()) / 8 for v in (x, y))
    return BBox(float(x.min()) - pad_x, float(y.min()) - pad_y, float(x.max()) + pad_x, float(y.max()) + pad_y)


# --- measuring -------------------------------------------------------------------------------------------------------


def metric_plane(crs: CRS, bbox: BBox) -> CRS:
    """Return the CRS to measure lengths in around a box: the CRS itself, or a transverse Mercator on its datum."""
    if is_metric(crs):
        return crs
    plain = unbound(horizontal(crs))
    lon, _ = to_geodetic((bbox.west + bbox.east) / 2, (bbox.south + bbox.north) / 2, plain)
    middle = round(float(lon), 2)
    geodetic = plain.geodetic_crs or plain
    return _transverse_mercator(middle - meridian_deg(plain), geodetic, f"Local plane CM {middle:g}E", 500000.0)


@lru_cache(maxsize=64)
def _own_degrees(crs: CRS) -> CRS:
    ellipsoid = crs.ellipsoid
    if ellipsoid is None:
        raise CrsError(f"{crs_label(crs)} has no ellipsoid")
    return CRS(f"+proj=longlat +a={ellipsoid.semi_major_metre!r} +b={ellipsoid.semi_minor_metre!r} +type=crs")


def to_geodetic(x: npt.ArrayLike, y: npt.ArrayLike, crs: CRS) -> tuple[Floats, Floats]:
    """Return longitude from Greenwich and latitude, in degrees, on the datum of the CRS itself.

    A place that the CRS cannot name is infinite.
    """
    plain = unbound(horizontal(crs))
    x, y = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    lon, lat = _transformer(plain, _own_degrees(plain)).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def from_geodetic(lon: npt.ArrayLike, lat: npt.ArrayLike, crs: CRS) -> tuple[Floats, Floats]:
    """Return coordinates in the CRS; the inverse of `to_geodetic`."""
    plain = unbound(horizontal(crs))
    lon, lat = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    x, y = _transformer(_own_degrees(plain), plain).transform(lon, lat)
    return np.asarray(x), np.asarray(y)


def geodesic_distance_m(x1: npt.ArrayLike, y1: npt.ArrayLike, x2: npt.ArrayLike, y2: npt.ArrayLike, crs: CRS) -> Floats:
    """Return the length in metres of the shortest lines between points on the CGCS2000 ellipsoid."""
    lon1, lat1, lon2, lat2 = np.broadcast_arrays(*to_geodetic(x1, y1, crs), *to_geodetic(x2, y2, crs))
    _, _, distance = _CGCS2000_ELLIPSOID.inv(lon1, lat1, lon2, lat2)
    return np.asarray(distance)
