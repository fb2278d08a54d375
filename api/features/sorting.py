"""Sorted features, page by page: a page goes on after the values and the key of the last feature before it.

References
----------
OGC API – Features – Part 8, Sorting (draft): parameter sortby.
"""

from __future__ import annotations

import json

from api.forms.geojson import to_json
from twin.columns import plain_values
from twin.errors import InvalidParameter
from twin.expressions import Expression, Operation, Property, Value
from twin.frame import Frame
from twin.layer import Layer
from twin.query import Order


def parse_fields(text: str, layer: Layer, *, parameter: str = "properties") -> tuple[str, ...]:
    """Read names of fields joined by commas."""
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name not in layer.schema:
            known = ", ".join(layer.schema.names)
            raise InvalidParameter(f"{parameter}: there is no field {name!r}; fields are {known}", parameter=parameter)
    if len(set(names)) < len(names):
        raise InvalidParameter(f"{parameter} names a field twice", parameter=parameter)
    return names


def parse_sortby(text: str, layer: Layer) -> tuple[Order, ...]:
    """Read names of fields joined by commas, each after ``+`` or ``-``, or neither, which is ``+``.

    A plus sign that nobody escaped arrives as a blank.
    """
    parts = [part.strip() for part in text.split(",")]
    names = parse_fields(
        ",".join(part.removeprefix("+").removeprefix("-") for part in parts), layer, parameter="sortby"
    )
    return tuple(Order(name, part.startswith("-")) for name, part in zip(names, parts, strict=True))


def name_place(frame: Frame, order: tuple[Order, ...]) -> str:
    """Name the place of the last feature of a frame, for the features after it."""
    key = str(frame.data.index[-1])
    if not order:
        return key
    last = frame.data.iloc[-1:]
    values = [plain_values(last[each.field], frame.layer.schema[each.field])[0] for each in order]
    return to_json([*values, key])


def after_place(place: str, order: tuple[Order, ...], layer: Layer) -> Expression:
    """The condition that features meet which come after a place."""
    try:
        *values, key = json.loads(place)
        known = isinstance(key, str) and all(isinstance(value, str | int | float | None) for value in values)
    except (ValueError, TypeError, RecursionError):
        values, known = [], False
    if not known or len(values) != len(order):
        raise InvalidParameter("after must be as it stands in the link next of the page before", parameter="after")
    after: Expression = Operation(">", (Property(layer.key), Value(key)))
    for each, value in reversed([*zip(order, values, strict=True)]):
        field, missing = Property(each.field), Operation("isnull", (Property(each.field),))
        if value is None:
            after = Operation("and", (missing, after))
            continue
        further = Operation("<" if each.descending else ">", (field, Value(value)))
        same = Operation("and", (Operation("=", (field, Value(value))), after))
        after = Operation("or", (further, missing, same))
    return after
