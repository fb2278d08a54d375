"""Coordinate reference systems: the only place that knows PROJ.

Inside the twin x is always east and y always north, whatever order the register gives the axes.

PROJ answers every datum change, if need be with a "ballpark" that does nothing. The twin decides first: CGCS2000 and
WGS 84 agree to decimetres; an old datum is left or entered only by published parameters valid where the data lie, or by
parameters that the CRS itself carries (``+towgs84``, BOUNDCRS). Everything else is refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.crs import Datum, ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup
from shapely.geometry.base import BaseGeometry

from twin.bbox import BBox
from twin.errors import CrsError

__all__ = ["CRS", "CRS84", "BBox", "Ragged"]

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_] | Sequence[BaseGeometry | None]

#: Longitude, latitude on WGS 84.
CRS84 = CRS("OGC:CRS84")
_CGCS2000 = CRS("EPSG:4490")
_CGCS2000_GEOD = Geod(a=6378137.0, rf=298.257222101)

#: Datums that agree with CGCS2000 to decimetres.
_MODERN = re.compile(r"China 2000|World Geodetic System 1984|International Terrestrial Reference Frame")
#: Datums whose parameters are kept by the surveying authorities.
_CHINESE_OLD = ("Xian 1980", "Beijing 1954", "New Beijing")
_SHORT_NAMES = {"CRS84": "OGC:CRS84", "CRS:84": "OGC:CRS84"}


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


def horizontal(crs: CRS) -> CRS:
    """Return the part of a CRS that x and y are in: two-dimensional, without a vertical system."""
    if crs.is_compound:
        return horizontal(crs.sub_crs_list[0])
    return crs.to_2d() if len(crs.axis_info) > 2 and not crs.is_geocentric else crs


def require_storage_crs(crs: CRS) -> CRS:
    """Return the CRS a twin may keep its coordinates in: the horizontal part of a geographic or projected CRS.

    Raises
    ------
    CrsError
        The CRS is geocentric, vertical, local, or not in degrees or a unit of length.
    """
    flat = horizontal(crs)
    if not (flat.is_geographic or flat.is_projected):
        raise CrsError(
            f"{crs_label(crs)} is a {crs.type_name}; a twin needs a geographic or projected CRS, such as EPSG:4490 "
            "or a transverse Mercator '+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=GRS80'"
        )
    return flat


def epsg_code(crs: CRS) -> int | None:
    """Return the EPSG code of a CRS, None for a user-defined one.

    CRS that differ in their area of use only (EPSG:4509, EPSG:4548) are told apart by name.
    """
    if not (crs.is_geographic or crs.is_projected):
        return crs.to_epsg()
    # PROJ's own confidence is no guide (MGI (Ferro) from a .prj scores 25 of 100): compare the numbers themselves.
    matches = [CRS.from_epsg(m.code) for m in crs.list_authority(auth_name="EPSG", min_confidence=20)]
    same = [match for match in matches if same_grid(match, crs)]
    best = next((match for match in same if match.name == crs.name), same[0] if same else None)
    return None if best is None else int(best.to_authority()[1])


def crs_label(crs: CRS) -> str:
    """Return what a CRS is called in messages: ``EPSG:4548``, or its name."""
    code = epsg_code(crs)
    if code is not None:
        return f"EPSG:{code}"
    authority = crs.to_authority()
    return ":".join(authority) if authority else crs.name if crs.name != "unknown" else crs.srs[:80]


def transverse_mercator(
    central_meridian_deg: float, name: str | None = None, *, false_easting_m: float = 500000.0
) -> CRS:
    """Return a user-defined CGCS2000 transverse Mercator CRS (scale 1 on the central meridian, false northing 0)."""
    return ProjectedCRS(
        conversion=TransverseMercatorConversion(
            longitude_natural_origin=central_meridian_deg, false_easting=false_easting_m
        ),
        geodetic_crs=_CGCS2000,
        name=name or f"CGCS2000 / Gauss-Kruger CM {central_meridian_deg:.10g}E",
    )


# --- what is the same grid -------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _datum_name(crs: CRS) -> str:
    """The datum of a CRS under one name, whatever spelling or wrapping it comes in."""
    flat = _unbound(horizontal(crs))
    if flat.datum is None or flat.ellipsoid is None:
        raise CrsError(f"{crs.name} has no geodetic datum")
    try:
        name = Datum.from_name(flat.datum.name).name
    except CRSError:
        name = "unknown"
    if name == "unknown" or name.startswith("Not specified"):
        size = (round(flat.ellipsoid.semi_major_metre, 3), round(flat.ellipsoid.inverse_flattening, 8))
        if size == (6378137.0, 298.2572221):
            return "China 2000"
        return "World Geodetic System 1984" if size == (6378137.0, 298.25722356) else f"unknown {size}"
    return name.removesuffix(" ensemble")


def _unbound(crs: CRS) -> CRS:
    return crs.source_crs if crs.is_bound and crs.source_crs is not None else crs


@lru_cache(maxsize=256)
def _grid(crs: CRS) -> tuple[Any, ...]:
    """What the numbers of a CRS depend on: datum, meridian, method, parameters, units; not names, not axis order."""
    flat = horizontal(crs)
    plain = _unbound(flat)
    conversion = plain.coordinate_operation
    meridian = plain.prime_meridian
    return (
        _datum_name(plain),
        tuple(round(v, 9) for v in flat.coordinate_operation.towgs84) if flat.is_bound else (),
        round(meridian.longitude * meridian.unit_conversion_factor, 12) if meridian else 0.0,
        conversion.method_name if conversion and plain.is_derived else None,
        tuple(sorted((p.name, round(p.value * p.unit_conversion_factor, 12)) for p in conversion.params))
        if conversion and plain.is_derived
        else (),
        tuple(sorted((a.direction, round(a.unit_conversion_factor, 14)) for a in plain.axis_info)),
    )


def same_grid(a: CRS, b: CRS) -> bool:
    """Tell whether equal numbers mean equal places in two CRS; names and axis order do not count."""
    return a is b or _grid(a) == _grid(b)


# --- datum policy ----------------------------------------------------------------------------------------------------


def _is_modern(crs: CRS) -> bool:
    return not horizontal(crs).is_bound and bool(_MODERN.match(_datum_name(crs)))


def datum_note(source: CRS, target: CRS) -> str | None:
    """Return the sentence a report must carry about the change of datum, None where the datum stays."""
    old, new = _datum_name(source), _datum_name(target)
    if old == new:
        return None
    if _is_modern(source) and _is_modern(target):
        return (
            f"{old} and {new} are taken as equal: the frames differ by decimetres (growing about 3 cm a year), which "
            "does not matter to maps of 1:1000 and smaller."
        )
    return f"Coordinates were changed from {old} to {new} with the parameters that PROJ or the CRS itself gives."


@lru_cache(maxsize=64)
def _published_shifts(geodetic: CRS) -> tuple[Transformer, ...]:
    """Every real (non-ballpark) operation from a geodetic CRS to WGS 84, the most accurate first."""
    with warnings.catch_warnings():  # PROJ warns that a better one would need a grid; what there is, is stated
        warnings.simplefilter("ignore", UserWarning)
        group = TransformerGroup(geodetic, CRS84, always_xy=True, allow_ballpark=False)
    known = [t for t in group.transformers if t.accuracy is not None and t.accuracy >= 0]
    return tuple(sorted(known, key=lambda t: t.accuracy))


def _refuse(crs: CRS) -> CrsError:
    name = _datum_name(crs)
    return CrsError(
        f"there are no public parameters between {name} ({crs_label(crs)}) and CGCS2000 or WGS 84 where these data "
        "lie; have the data transformed by the surveying bureau, or give a CRS that carries the bureau's parameters "
        "(a PROJ string with +towgs84=…, or a BOUNDCRS)"
    )


def _shift(crs: CRS, x: Floats, y: Floats, *, inverse: bool) -> tuple[Floats, Floats]:
    """Apply the best published shift between a geodetic CRS and CRS84 whose area of use holds every point."""
    if _datum_name(crs) not in _CHINESE_OLD:
        for operation in _published_shifts(crs):
            out = operation.transform(x, y, direction="INVERSE" if inverse else "FORWARD")
            lon, lat = (x, y) if inverse else out
            area = operation.area_of_use
            if area is None or (
                lon.min() >= area.west
                and lon.max() <= area.east
                and lat.min() >= area.south
                and lat.max() <= area.north
            ):
                return out
    raise _refuse(crs)


@lru_cache(maxsize=256)
def _transformer(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=64)
def _official(crs: CRS) -> CRS:
    """The registered twin of a geodetic CRS, which is the one published operations are known for."""
    code = epsg_code(crs)
    return CRS.from_epsg(code) if code is not None else crs


def _to_modern(x: Floats, y: Floats, crs: CRS, *, inverse: bool = False) -> tuple[Floats, Floats]:
    """From a CRS on any datum to CRS84, or back."""
    way = "INVERSE" if inverse else "FORWARD"
    if _is_modern(crs):
        return _transformer(crs, CRS84).transform(x, y, direction=way)
    if crs.is_bound:
        hub = crs.target_crs
        if inverse:
            x, y = _to_modern(x, y, hub, inverse=True)
            return _transformer(crs, hub).transform(x, y, direction=way)
        return _to_modern(*_transformer(crs, hub).transform(x, y), hub)
    geodetic = _official(crs.geodetic_crs)
    if inverse:
        x, y = _shift(geodetic, x, y, inverse=True)
        return _transformer(crs, geodetic).transform(x, y, direction=way)
    return _shift(geodetic, *_transformer(crs, geodetic).transform(x, y), inverse=False)


def transform(x: npt.ArrayLike, y: npt.ArrayLike, source: CRS, target: CRS) -> tuple[Floats, Floats]:
    """Return coordinates in another CRS.

    Parameters
    ----------
    x, y
        n eastings and northings (or longitudes and latitudes) in the source CRS.

    Raises
    ------
    CrsError
        The change of datum has no parameters, or a coordinate has no image in the target CRS.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    source, target = horizontal(source), horizontal(target)
    if x.size == 0 or same_grid(source, target):
        return x, y
    if (_is_modern(source) and _is_modern(target)) or _same_datum(source, target):
        out = _transformer(_unbound(source), _unbound(target)).transform(x, y)
    else:
        out = _to_modern(*_to_modern(x, y, source), target, inverse=True)
    lost = int((~(np.isfinite(out[0]) & np.isfinite(out[1]))).sum())
    if lost:
        raise CrsError(
            f"{lost} of {x.size} coordinates have no place in {crs_label(target)}; "
            f"check that they are in {crs_label(source)}",
            lost=lost,
        )
    return out


def _same_datum(a: CRS, b: CRS) -> bool:
    """Same datum, and not two differing sets of parameters for it."""
    return _datum_name(a) == _datum_name(b) and (not (a.is_bound and b.is_bound) or _grid(a)[1] == _grid(b)[1])


# --- geometries ------------------------------------------------------------------------------------------------------


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
    out = array.copy()

    def move(coords: Floats) -> Floats:
        x, y = transform(coords[:, 0], coords[:, 1], source, target)
        return np.column_stack((x, y, coords[:, 2:]))

    solid = shapely.has_z(array)
    for rows, include_z in ((solid, True), (~solid, False)):
        if rows.any():
            out[rows] = shapely.transform(array[rows], move, include_z=include_z)
    return out


@dataclass(frozen=True, eq=False)
class Ragged:
    """Geometries of one kind as arrays, in GeoArrow layout.

    Parameters
    ----------
    kind
        Type of every geometry.
    coords
        n vertices, x and y.
    offsets
        Where each part begins in the level below, from the innermost outwards, as `shapely.to_ragged_array` gives them.
    """

    kind: shapely.GeometryType
    coords: Floats
    offsets: tuple[npt.NDArray[np.int64], ...]


def reproject_ragged(geometries: Geometries, source: CRS, target: CRS | None) -> Ragged:
    """Return geometries of one kind as arrays in a CRS (None: as they are)."""
    array = np.asarray(geometries, dtype=object)
    kind, coords, offsets = shapely.to_ragged_array(array, include_z=False)
    if target is not None:
        coords = np.column_stack(transform(coords[:, 0], coords[:, 1], source, target))
    return Ragged(kind, coords, tuple(offsets))


def reproject_bbox(bbox: BBox, source: CRS, target: CRS) -> BBox:
    """Return the box in another CRS that holds the whole box."""
    if same_grid(source, target):
        return bbox
    t = np.linspace(0.0, 1.0, 65)
    w, s, e, n = bbox
    x = np.concatenate((w + t * (e - w), np.full(65, e), e + t * (w - e), np.full(65, w)))
    y = np.concatenate((np.full(65, s), s + t * (n - s), np.full(65, n), n + t * (s - n)))
    x, y = transform(x, y, source, target)
    return BBox(x.min(), y.min(), x.max(), y.max())


# --- measuring -------------------------------------------------------------------------------------------------------


def is_metric(crs: CRS) -> bool:
    """Tell whether lengths in the plane of a CRS are metres on the ground: metre axes, and not a world map."""
    flat = _unbound(horizontal(crs))
    if not flat.is_projected or any(a.unit_conversion_factor != 1.0 for a in flat.axis_info):
        return False
    method = flat.coordinate_operation.method_name
    return "Transverse" in method or "Oblique" in method or not ("Mercator" in method or "Cylindrical" in method)


def metric_plane(crs: CRS, bbox: BBox) -> CRS:
    """Return the CRS to measure lengths in around a box: the CRS itself, or a local transverse Mercator."""
    if is_metric(crs):
        return crs
    lon, _ = to_geodetic((bbox.west + bbox.east) / 2, (bbox.south + bbox.north) / 2, crs)
    return transverse_mercator(round(float(lon), 2))


@lru_cache(maxsize=64)
def _own_degrees(crs: CRS) -> CRS:
    ellipsoid = crs.ellipsoid
    if ellipsoid is None:
        raise CrsError(f"{crs_label(crs)} has no ellipsoid")
    return CRS(f"+proj=longlat +a={ellipsoid.semi_major_metre!r} +rf={ellipsoid.inverse_flattening!r} +type=crs")


def to_geodetic(x: npt.ArrayLike, y: npt.ArrayLike, crs: CRS) -> tuple[Floats, Floats]:
    """Return longitude from Greenwich and latitude, in degrees, on the datum of the CRS itself."""
    plain = _unbound(horizontal(crs))
    lon, lat = _transformer(plain, _own_degrees(plain)).transform(
        np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    )
    return lon, lat


def from_geodetic(lon: npt.ArrayLike, lat: npt.ArrayLike, crs: CRS) -> tuple[Floats, Floats]:
    """Return coordinates in the CRS; the inverse of `to_geodetic`."""
    plain = _unbound(horizontal(crs))
    x, y = _transformer(_own_degrees(plain), plain).transform(
        np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    )
    return x, y


def geodesic_distance_m(x1: npt.ArrayLike, y1: npt.ArrayLike, x2: npt.ArrayLike, y2: npt.ArrayLike, crs: CRS) -> Floats:
    """Return the length in metres of the geodesics between points on the CGCS2000 ellipsoid."""
    lon1, lat1, lon2, lat2 = np.broadcast_arrays(*to_geodetic(x1, y1, crs), *to_geodetic(x2, y2, crs))
    _, _, distance = _CGCS2000_GEOD.inv(lon1, lat1, lon2, lat2)
    return np.asarray(distance)


# --- GeoPackage ------------------------------------------------------------------------------------------------------


def crs_to_gpkg(crs: CRS) -> tuple[str, int | None, str, str, str]:
    """Return a CRS as a row of ``gpkg_spatial_ref_sys``.

    Returns
    -------
    tuple
        Organization (``NONE`` for a user-defined CRS), its code (None: the store numbers it), name, WKT1 or
        ``undefined``, WKT2.

    References
    ----------
    OGC 12-128r19 §1.1.2, F.10 (WKT for CRS extension).
    """
    flat = horizontal(crs)
    code = epsg_code(flat)
    if code is not None:
        flat = CRS.from_epsg(code)
    try:
        wkt1 = flat.to_wkt("WKT1_GDAL", output_axis_rule=True) or "undefined"
    except CRSError:
        wkt1 = "undefined"
    return "EPSG" if code is not None else "NONE", code, flat.name, wkt1, flat.to_wkt("WKT2_2015")
