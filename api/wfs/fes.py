"""Filters of FES 2.0 as the conditions of the twin.

References
----------
OGC 09-026r2 (ISO 19143), 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from xml.etree.ElementTree import Element

import numpy as np
from shapely.geometry.base import BaseGeometry

from api.features.area import Reach
from api.forms.xmlnames import from_xml_name
from api.http.limits import require_simple
from api.values import parse_interval, read_value
from api.wfs.crs import Srs, find_srs
from api.wfs.distances import read_metres, widen
from api.wfs.gmlread import is_geometry, read_gml
from api.wfs.names import read_resource_id
from api.wfs.xmlread import local_name, text_of
from twin.errors import InvalidParameter
from twin.expressions import FALSE, Expression, Operation, Property, Scalar, Shape, Value, among, intersects
from twin.kinds import FUNCTIONS
from twin.layer import Layer
from twin.schema import GEOMETRY, Field
from twin.store import Store

COMPARISONS: Mapping[str, str] = {
    "PropertyIsEqualTo": "=",
    "PropertyIsNotEqualTo": "<>",
    "PropertyIsLessThan": "<",
    "PropertyIsGreaterThan": ">",
    "PropertyIsLessThanOrEqualTo": "<=",
    "PropertyIsGreaterThanOrEqualTo": ">=",
}
SPATIAL: Mapping[str, str] = {
    "Equals": "s_equals",
    "Disjoint": "s_disjoint",
    "Touches": "s_touches",
    "Within": "s_within",
    "Overlaps": "s_overlaps",
    "Crosses": "s_crosses",
    "Intersects": "s_intersects",
    "Contains": "s_contains",
}
TEMPORAL: Mapping[str, str] = {
    "After": "t_after",
    "Before": "t_before",
    "Begins": "t_starts",
    "BegunBy": "t_startedBy",
    "TContains": "t_contains",
    "During": "t_during",
    "TEquals": "t_equals",
    "TOverlaps": "t_overlaps",
    "Meets": "t_meets",
    "OverlappedBy": "t_overlappedBy",
    "MetBy": "t_metBy",
    "Ends": "t_finishes",
    "EndedBy": "t_finishedBy",
    "AnyInteracts": "t_intersects",
}
_MIDNIGHT = re.compile(r"([0-9-]{10})T00:00:00(?:\.0+)?(?:Z|[+-][0-9:]{5})?")


def read_filter(
    element: Element, layer: Layer, store: Store, offered: Sequence[Srs], *, most_vertices: int
) -> Expression:
    """Read a filter on a layer, of whose geometries none has too many vertices.

    Raises
    ------
    InvalidParameter
        It holds an operator that is not offered, or names what is not there.
    """
    reader = _Reader(layer, store, offered, most_vertices)
    parts = list(element)
    if not parts:
        raise InvalidParameter("the filter is empty", parameter="filter")
    if all(local_name(part) == "ResourceId" for part in parts):
        return reader.read_ids(parts)
    if len(parts) > 1:
        raise InvalidParameter("a filter holds one condition; join several by And or Or", parameter="filter")
    return reader.read_condition(parts[0])


def box_condition(
    box: BaseGeometry, srs_name: str | None, layer: Layer, store: Store, offered: Sequence[Srs]
) -> Expression:
    """Features that share a point with a box, whose numbers stand in the order of the axes of its CRS."""
    placed = _place(box, srs_name, layer, store, offered)
    return FALSE if placed is None else intersects(placed)


def _place(
    geometry: BaseGeometry, srs_name: str | None, layer: Layer, store: Store, offered: Sequence[Srs]
) -> BaseGeometry | None:
    """Bring a geometry into the storage CRS, see `api.features.area.Reach.place`; None if there are no features."""
    named, extent = find_srs(srs_name, offered).crs, store.extent(layer)
    (ordered,) = named.ordered(np.array([geometry], dtype=object))
    return None if extent is None else Reach.of(extent, store.crs, named.crs).place(ordered)


class _Reader:
    """Reads the parts of a filter on a layer."""

    def __init__(self, layer: Layer, store: Store, offered: Sequence[Srs], most_vertices: int) -> None:
        self._layer, self._store, self._offered, self._most_vertices = layer, store, offered, most_vertices
        self._readers: Mapping[str, Callable[[Element], Expression]] = {
            **{name: partial(self._read_logical, op) for name, op in (("And", "and"), ("Or", "or"), ("Not", "not"))},
            **{name: partial(self._read_comparison, op) for name, op in COMPARISONS.items()},
            **{name: partial(self._read_spatial, op) for name, op in SPATIAL.items()},
            **{name: partial(self._read_temporal, op) for name, op in TEMPORAL.items()},
            "BBOX": self._read_box,
            "DWithin": self._read_within,
            "Beyond": lambda element: Operation("not", (self._read_within(element),)),
            "PropertyIsBetween": self._read_between,
            "PropertyIsLike": self._read_like,
            "PropertyIsNull": self._read_null,
            "PropertyIsNil": self._read_null,
            "ResourceId": lambda element: self.read_ids([element]),
        }

    def read_condition(self, element: Element) -> Expression:
        """Read a condition of whatever kind."""
        name = local_name(element)
        if name not in self._readers:
            known = ", ".join(self._readers)
            raise InvalidParameter(f"there is no operator {name} here; there are: {known}", parameter="filter")
        return self._readers[name](element)

    def read_ids(self, elements: Sequence[Element]) -> Expression:
        """Features by their ids; those of other layers are none of this one."""
        named = [read_resource_id(element.get("rid") or "") for element in elements]
        keys = tuple(key for layer_id, key in named if layer_id == self._layer.id)
        return among(self._layer.key, keys) if keys else FALSE

    def _read_logical(self, op: str, element: Element) -> Expression:
        return Operation(op, tuple(self.read_condition(part) for part in _parts(element, 1, len(element))))

    def _read_comparison(self, op: str, element: Element) -> Expression:
        args = self._read_operands(list(element))
        if element.get("matchCase") == "false":
            args = [self._without_case(arg) for arg in args]
        return Operation(op, tuple(args))

    def _read_between(self, element: Element) -> Expression:
        value, *limits = _parts(element, 3)
        return Operation("between", tuple(self._read_operands([value, *(_parts(limit, 1)[0] for limit in limits)])))

    def _read_like(self, element: Element) -> Expression:
        value, pattern = self._read_operands(_parts(element, 2))
        if not isinstance(pattern, Value):
            raise InvalidParameter("PropertyIsLike takes a literal as its pattern", parameter="filter")
        marks = {element.get("wildCard", "*"): "%", element.get("singleChar", "?"): "_"}
        text = _rewrite_pattern(str(pattern.value), marks, element.get("escapeChar", "\\"))
        args = (value, Value(text))
        return Operation("like", tuple(map(self._without_case, args)) if element.get("matchCase") == "false" else args)

    def _read_null(self, element: Element) -> Expression:
        return Operation("isnull", tuple(self._read_operands(list(element))))

    def _read_spatial(self, op: str, element: Element) -> Expression:
        return Operation(op, tuple(self._read_place(part) for part in element))

    def _read_box(self, element: Element) -> Expression:
        *named, box = _parts(element, 1, 2)
        if any(self._read_property(each) != Property(GEOMETRY) for each in named):
            raise InvalidParameter("BBOX takes the geometry of a feature", parameter="filter")
        return box_condition(*read_gml(box), self._layer, self._store, self._offered)

    def _read_within(self, element: Element) -> Expression:
        named, place, distance = _parts(element, 3)
        if self._read_property(named) != Property(GEOMETRY) or not is_geometry(place):
            raise InvalidParameter(f"{local_name(element)} takes the geometry of a feature and a place of its own")
        geometry, srs_name = self._read_geometry(place)
        crs = find_srs(srs_name, self._offered).crs
        (ordered,) = crs.ordered(np.array([geometry], dtype=object))
        extent = self._store.extent(self._layer)
        near = None if extent is None else widen(ordered, read_metres(distance), crs.crs, extent, self._store.crs)
        return FALSE if near is None else intersects(near)

    def _read_place(self, element: Element) -> Expression:
        if not is_geometry(element):
            return self._read_property(element)
        geometry, named = self._read_geometry(element)
        placed = _place(geometry, named, self._layer, self._store, self._offered)
        return Shape(geometry if placed is None else placed)  # which is compared with nothing

    def _read_geometry(self, element: Element) -> tuple[BaseGeometry, str | None]:
        geometry, named = read_gml(element)
        require_simple(geometry, self._most_vertices, whose="the filter")
        return geometry, named

    def _read_temporal(self, op: str, element: Element) -> Expression:
        return Operation(op, tuple(self._read_time(part) for part in element))

    def _read_time(self, element: Element) -> Expression:
        if local_name(element) in ("ValueReference", "Function"):
            return self._read_operand(element, None)
        texts = [text for each in element.iter() if (text := (each.text or "").strip())]
        moments: list[datetime | None] = [parse_interval(text)[number > 0] for number, text in enumerate(texts)]
        ends = tuple(Value(".." if moment is None else moment) for moment in moments)
        return ends[0] if len(ends) == 1 else Operation("interval", ends)

    def _read_operands(self, elements: Sequence[Element]) -> list[Expression]:
        """Read operands, of which literals are of the type of the field beside them."""
        names = [self._read_property(each) for each in elements if local_name(each) == "ValueReference"]
        field = names[0].name if names and names[0].name in self._layer.schema else None
        return [self._read_operand(each, field) for each in elements]

    def _read_operand(self, element: Element, field: str | None) -> Expression:
        match local_name(element):
            case "ValueReference":
                return self._read_property(element)
            case "Literal":
                text = text_of(element)
                return Value(_read_literal(self._layer.schema[field], text) if field else _plain_value(text))
            case "Function" if element.get("name") in FUNCTIONS:
                return Operation(element.get("name", ""), tuple(self._read_operands(list(element))))
            case "Function":
                known = ", ".join(FUNCTIONS)
                raise InvalidParameter(f"there is no function {element.get('name')}; there are: {known}")
        raise InvalidParameter(f"{local_name(element)} is no value", parameter="filter")

    def _read_property(self, element: Element) -> Property:
        return Property(property_name(text_of(element), self._layer))

    def _without_case(self, part: Expression) -> Expression:
        """The same without regard to case where it is text; of other things there is none."""
        match part:
            case Property(name) if name in self._layer.schema and self._layer.schema[name].type != "text":
                return part
            case Value(value) if not isinstance(value, str):
                return part
        return Operation("casei", (part,))


def property_name(reference: str, layer: Layer) -> str:
    """Find the field, or the geometry, that a reference means: its last step, whatever prefix it has.

    Raises
    ------
    InvalidParameter
        There is none.
    """
    last = reference.strip().rpartition("/")[2]
    name = from_xml_name(last.rpartition(":")[2])
    if name in (GEOMETRY, "boundedBy"):
        return GEOMETRY
    if last in ("@gml:id", "@id"):
        return layer.key
    if name not in layer.schema:
        known = ", ".join((*layer.schema.names, GEOMETRY))
        raise InvalidParameter(
            f"{layer.id} has no property {reference}; there are: {known}", parameter="valueReference"
        )
    return name


def _parts(element: Element, least: int, most: int | None = None) -> list[Element]:
    """The elements in an element, which must be so many."""
    if not least <= len(element) <= (most or least):
        raise InvalidParameter(f"{local_name(element)} does not hold {len(element)} parts", parameter="filter")
    return list(element)


def _rewrite_pattern(pattern: str, marks: Mapping[str, str], escape: str) -> str:
    """Write a pattern with its own marks in those of the twin: ``%``, ``_`` and a backslash."""
    out, literal = [], False
    for sign in pattern:
        if literal or (sign not in marks and sign != escape):
            out.append(f"\\{sign}" if sign in "%_\\" else sign)
            literal = False
        elif sign in marks:
            out.append(marks[sign])
        else:
            literal = True
    return "".join(out)


def _read_literal(field: Field, text: str) -> Scalar:
    """A literal beside a field; clients write midnight behind a date."""
    midnight = _MIDNIGHT.fullmatch(text) if field.type == "date" else None
    return read_value(field, midnight[1] if midnight else text)


def _plain_value(text: str) -> str | float:
    """A literal beside no field: a number where it is written as one."""
    try:
        return float(text)
    except ValueError:
        return text
