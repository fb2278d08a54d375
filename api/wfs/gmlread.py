"""Geometries that clients write as GML 3.2: boxes, points, lines, areas, and several of them.

References
----------
OGC 07-036 (ISO 19136), 10 and 11; of curves and surfaces, those of straight segments and plane patches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from api.wfs.xmlread import local_name, text_of
from twin.errors import InvalidParameter

Floats = npt.NDArray[np.float64]


def read_gml(element: Element) -> tuple[BaseGeometry, str | None]:
    """Read a geometry with its numbers as they stand, and the CRS that it names.

    Raises
    ------
    InvalidParameter
        It is of a kind that is not read, or its numbers make none.
    """
    named = next((each.get("srsName") for each in element.iter() if each.get("srsName")), None)
    try:
        return _read(element, int(element.get("srsDimension") or 2)), named
    except (ValueError, shapely.errors.GEOSException) as error:
        raise InvalidParameter(f"{local_name(element)} cannot be read: {error}", parameter="filter") from error


def is_geometry(element: Element) -> bool:
    """Whether an element is a geometry."""
    return local_name(element) in _READERS


def _read(element: Element, size: int) -> BaseGeometry:
    name = local_name(element)
    if name not in _READERS:
        raise InvalidParameter(f"{name} is not read here; there are: {', '.join(_READERS)}", parameter="filter")
    return _READERS[name](element, int(element.get("srsDimension") or size))


def _read_box(element: Element, size: int) -> BaseGeometry:
    low, high = (_positions(element, corner, size)[0] for corner in ("lowerCorner", "upperCorner"))
    if np.any(low > high):
        raise ValueError("its lower corner lies above its upper one")
    return shapely.MultiPoint([low[:2], high[:2]]).envelope


def _read_point(element: Element, size: int) -> BaseGeometry:
    return shapely.Point(_positions(element, "pos", size)[0])


def _read_line(element: Element, size: int) -> BaseGeometry:
    return shapely.LineString(_line(element, size))


def _read_area(element: Element, size: int) -> BaseGeometry:
    rings = {
        side: [_line(ring, size) for ring in element.iter() if local_name(ring) == side]
        for side in ("exterior", "interior")
    }
    (outer,) = rings["exterior"]
    return shapely.Polygon(outer, rings["interior"])


def _read_surface(element: Element, size: int) -> BaseGeometry:
    patches = [each for each in element.iter() if local_name(each) in ("PolygonPatch", "Rectangle")]
    return shapely.union_all([_read_area(patch, size) for patch in patches])


def _read_several(element: Element, size: int) -> BaseGeometry:
    """Read members, each in a property of its own or together in one."""
    parts = [_read(part, size) for member in element for part in member]
    if not parts:
        raise ValueError("it has no members")
    return shapely.GeometryCollection(parts) if len(parts) > 1 else parts[0]


def _line(element: Element, size: int) -> Floats:
    """The vertices below an element, whether in one list, or one by one."""
    lists = [_numbers(each, size) for each in element.iter() if local_name(each) in ("posList", "pos", "coordinates")]
    # Segments of a curve repeat the vertex in which they meet.
    line = np.concatenate(lists)
    keep = np.concatenate(([True], np.any(line[1:] != line[:-1], axis=1)))
    return line[keep]


def _positions(element: Element, name: str, size: int) -> Floats:
    for each in element.iter():
        if local_name(each) in (name, "coordinates"):
            return _numbers(each, size)
    raise ValueError(f"it has no {name}")


def _numbers(element: Element, size: int) -> Floats:
    size = int(element.get("srsDimension") or element.get("dimension") or size)
    if size not in (2, 3):
        raise ValueError(f"{size} is no number of dimensions")
    if local_name(element) in ("pos", "lowerCorner", "upperCorner"):
        size = len(text_of(element).split())
    numbers = np.array(text_of(element).replace(",", " ").split(), dtype=np.float64).reshape(-1, size)
    if not np.isfinite(numbers).all():
        raise ValueError("a coordinate is no finite number")
    return numbers


_READERS: Mapping[str, Callable[[Element, int], BaseGeometry]] = {
    "Envelope": _read_box,
    "Point": _read_point,
    "LineString": _read_line,
    "Curve": _read_line,
    "LinearRing": _read_line,
    "Polygon": _read_area,
    "Surface": _read_surface,
    "MultiPoint": _read_several,
    "MultiCurve": _read_several,
    "MultiLineString": _read_several,
    "MultiSurface": _read_several,
    "MultiPolygon": _read_several,
    "MultiGeometry": _read_several,
}
