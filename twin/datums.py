"""What the numbers of a CRS mean: which part x and y are in, on which datum, and whether two CRS are one grid."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.bbox import BBox
from twin.errors import CrsError

if TYPE_CHECKING:
    from twin.crs import CRS

#: Datums that agree with CGCS2000 to decimetres.
_MODERN = re.compile(r"China 2000|World Geodetic System 1984|International Terrestrial Reference Frame")
#: Where PROJ repeats the parameters of a datum: in its name.
_TOLD = re.compile(r" using (?:towgs84|nadgrids)=[^\"]*")
#: How far from its central meridian a transverse Mercator is used.
_TM_REACH_DEG = 6.0


@lru_cache(maxsize=256)
def horizontal(crs: CRS) -> CRS:
    """Return the part of a CRS that x and y are in, without heights and without parameters that do nothing.

    Raises
    ------
    CrsError
        The CRS is geocentric, vertical or local.
    """
    if crs.is_compound:
        return horizontal(crs.sub_crs_list[0])
    if not (crs.is_geographic or crs.is_projected):
        raise CrsError(
            f"{crs.name} is a {crs.type_name}; x and y need a geographic or projected one, such as EPSG:4490 or "
            "'+proj=tmerc +lon_0=118.5 +x_0=500000 +ellps=GRS80'"
        )
    if len(crs.axis_info) > 2:
        crs = crs.to_2d()
    parameters = _towgs84(crs)
    return unbound(crs) if parameters and not any(parameters) and _MODERN.match(datum_name(crs)) else crs


def unbound(crs: CRS) -> CRS:
    """Return a CRS without the datum parameters it may carry."""
    return crs.source_crs if crs.is_bound and crs.source_crs is not None else crs


@lru_cache(maxsize=256)
def publishable(crs: CRS) -> CRS:
    """Return what anybody may know of a CRS: the part that x and y are in, without parameters of its datum.

    Those of Chinese datums are state secrets.
    """
    plain = unbound(horizontal(crs))
    text = plain.to_json()
    public = _TOLD.sub("", text)
    return plain if public == text else type(plain).from_json(public)


def _towgs84(crs: CRS) -> tuple[float, ...]:
    return tuple(crs.coordinate_operation.towgs84) if crs.is_bound and crs.coordinate_operation else ()


@lru_cache(maxsize=256)
def datum_name(crs: CRS) -> str:
    """Return the registered name of a datum, whatever spelling it comes in.

    An unnamed datum, or a name no register knows, on the CGCS2000 or WGS 84 ellipsoid is taken as that datum.
    """
    datum, ellipsoid = crs.datum, crs.ellipsoid
    if datum is None or ellipsoid is None:
        raise CrsError(f"{crs.name} has no geodetic datum")
    size = _size(ellipsoid)
    for name in (datum.name, datum.name.replace("_", " "), f"D_{datum.name}"):
        try:
            known = datum.from_name(name)
        except RuntimeError:  # PROJ does not know the name
            continue
        # A local system may borrow the name and raise the ellipsoid to the height of its town.
        if known.ellipsoid and _size(known.ellipsoid) == size and not known.name.startswith("Not specified"):
            return known.name.removesuffix(" ensemble")
    same = {"6378137.000/298.2572221": "China 2000", "6378137.000/298.2572236": "World Geodetic System 1984"}
    return same.get(size, f"unnamed datum on the ellipsoid {size}")


@lru_cache(maxsize=256)
def registered_datum_kind(code: int, like: CRS) -> str:
    """Return the kind of datum that has this code in the EPSG register, "" where there is none; `like` is any CRS."""
    try:
        return str(type(like.datum).from_epsg(code).type_name)  # type: ignore[union-attr]
    except RuntimeError:  # PROJ knows no such datum
        return ""


def _size(ellipsoid: Any) -> str:
    return f"{ellipsoid.semi_major_metre:.3f}/{ellipsoid.inverse_flattening:.7f}"


def meridian_deg(crs: CRS) -> float:
    """Return the longitude of the prime meridian, degrees from Greenwich."""
    meridian = crs.prime_meridian
    return 0.0 if meridian is None else float(np.degrees(meridian.longitude * float(meridian.unit_conversion_factor)))


@lru_cache(maxsize=256)
def _grid(crs: CRS) -> tuple[object, ...]:
    """Return what the numbers depend on: datum, meridian, method, parameters, units; not names, not axis order."""
    plain = unbound(crs)
    method = plain.coordinate_operation
    return (
        datum_name(plain),
        round(meridian_deg(plain), 10),
        method and method.method_name,
        frozenset((p.name, round(float(p.value) * p.unit_conversion_factor, 12)) for p in method.params)
        if method
        else None,
        tuple(sorted((axis.direction, round(axis.unit_conversion_factor, 14)) for axis in plain.axis_info)),
    )


def is_same_datum(a: CRS, b: CRS) -> bool:
    """Tell whether two CRS share a datum; two that carry differing parameters do not."""
    return datum_name(a) == datum_name(b) and not (
        a.is_bound and b.is_bound and a.coordinate_operation != b.coordinate_operation
    )


def same_grid(a: CRS, b: CRS) -> bool:
    """Tell whether equal x and y mean the same place in two CRS; names and axis order do not count."""
    return a is b or _is_same_grid(a, b)  # pyproj writes a CRS as text to hash it: as seldom as may be


@lru_cache(maxsize=256)
def _is_same_grid(a: CRS, b: CRS) -> bool:
    a, b = horizontal(a), horizontal(b)
    return a is b or (_grid(a) == _grid(b) and is_same_datum(a, b))


def is_modern(crs: CRS) -> bool:
    """Tell whether the datum of a CRS is CGCS2000, or agrees with it to decimetres."""
    return not crs.is_bound and _MODERN.match(datum_name(crs)) is not None


def datum_note(source: CRS, target: CRS) -> str | None:
    """Return the sentence a report owes its reader about a change of datum, None where the datum stays."""
    source, target = horizontal(source), horizontal(target)
    old, new = datum_name(source), datum_name(target)
    if is_same_datum(source, target):
        return None
    if is_modern(source) and is_modern(target):
        return f"{old} taken as {new}: the frames differ by decimetres (growing by about 3 cm a year)"
    return f"{old} changed to {new} by " + (
        "the parameters that the CRS carries" if source.is_bound or target.is_bound else "published parameters"
    )


def central_meridian_deg(crs: CRS) -> float | None:
    """Return the central meridian of a transverse Mercator, degrees from Greenwich; None for anything else."""
    plain = unbound(horizontal(crs))
    method = plain.coordinate_operation
    if method is not None and plain.is_projected and "Transverse" in method.method_name:
        for origin in (p for p in method.params if p.name == "Longitude of natural origin"):
            degrees = np.degrees(float(origin.value) * origin.unit_conversion_factor)
            return round(meridian_deg(plain) + float(degrees), 10)
    return None


def is_metric(crs: CRS) -> bool:
    """Tell whether lengths in the plane of a CRS are metres on the ground: metre axes, and not a world map."""
    flat = unbound(horizontal(crs))
    if not flat.is_projected or any(a.unit_conversion_factor != 1.0 for a in flat.axis_info):
        return False
    method = flat.coordinate_operation.method_name if flat.coordinate_operation else ""
    return "Transverse" in method or "Oblique" in method or not ("Mercator" in method or "Cylindrical" in method)


def is_north_first(crs: CRS) -> bool:
    """Tell whether the authority of a CRS gives the northing, or the latitude, before the easting."""
    return unbound(horizontal(crs)).axis_info[0].direction.lower() == "north"


def false_origin(crs: CRS) -> tuple[float, float] | None:
    """Find the easting and northing that a projection in metres gives its natural origin; None for other CRS."""
    flat = unbound(horizontal(crs))
    if not is_metric(flat) or flat.coordinate_operation is None:
        return None
    values = {parameter.name: float(parameter.value) for parameter in flat.coordinate_operation.params}
    easting, northing = (
        next((value for name, value in values.items() if name.startswith(wanted)), 0.0)
        for wanted in (("False easting", "Easting at"), ("False northing", "Northing at"))
    )
    return easting, northing


@lru_cache(maxsize=256)
def usable_area(crs: CRS) -> BBox:
    """Return where a CRS is fit for use, in degrees from Greenwich on its own datum.

    A transverse Mercator is used within 6 degrees of its central meridian (two zones of 6 degrees; the scale stays
    within 0.6 %) or as far as its register says; any other projection up to 89 degrees of latitude, Web Mercator to
    the edge of its square.
    """
    plain = unbound(horizontal(crs))
    if not plain.is_projected:
        return BBox(-180.0, -90.0, 180.0, 90.0)
    middle, register = central_meridian_deg(plain), plain.area_of_use
    if middle is not None:
        west, east = middle - _TM_REACH_DEG, middle + _TM_REACH_DEG
        if register and register.west < register.east:
            west, east = min(west, register.west), max(east, register.east)
        return BBox(west, -89.0, east, 89.0)
    method = plain.coordinate_operation
    north = 85.06 if method and "Pseudo Mercator" in method.method_name else 89.0
    return BBox(-180.0, -north, 180.0, north)
