"""Read CQL2 JSON.

References
----------
OGC 21-065r2, 8.3 (CQL2 JSON) and annex A (schema).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from twin.cql2.literals import read_box, read_date_value, read_geojson, read_timestamp
from twin.errors import InvalidParameter
from twin.expressions import MOST_LEVELS, Expression, Operation, Property, Shape, Value

#: Levels of JSON that a condition of so many levels may have: each is an object and a list.
_DEEPEST = 2 * MOST_LEVELS + 2


def parse_json(text: str) -> Expression:
    """Read a condition; every part of it knows its JSON pointer.

    Raises
    ------
    InvalidParameter
        Says what was not understood, and where.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidParameter(f"filter is no JSON{where}", parameter="filter") from error
    return read_condition(document)


def read_condition(document: Any) -> Expression:
    """Read a condition from what a JSON document holds."""
    return _read(document, "")


def _read(node: Any, pointer: str) -> Expression:
    if pointer.count("/") > _DEEPEST:
        raise InvalidParameter(f"filter is nested deeper than {MOST_LEVELS} operations", parameter="filter")
    at = pointer or "/"
    match node:
        case bool() | int() | float() | str():
            return Value(node, at=at)
        case list():
            return Operation("array", _read_all(node, pointer), at=at)
        case dict():
            try:
                return _read_object(node, pointer, at)
            except ValueError as error:
                raise InvalidParameter(f"{error} (at {at})", parameter="filter") from error
        case _:
            raise InvalidParameter(f"null is no value; there is isNull (at {at})", parameter="filter")


def _read_object(node: Mapping[str, Any], pointer: str, at: str) -> Expression:
    match node:
        case {"op": str(op), "args": list(args)}:
            return Operation(op.lower(), _read_all(args, f"{pointer}/args"), at=at)
        case {"property": str(name)}:
            return Property(name, at=at)
        case {"date": text} | {"timestamp": text}:
            return Value(read_date_value(text) if "date" in node else read_timestamp(text), at=at)
        case {"interval": list(ends)}:
            return Operation("interval", _read_all(ends, f"{pointer}/interval"), at=at)
        case {"bbox": list()} | {"type": str()}:
            return Shape(read_box(node["bbox"]) if "type" not in node else read_geojson(node), at=at)
        case _:
            known = "op and args, property, date, timestamp, interval, bbox, or type and coordinates"
            raise ValueError(f"an object has {known}; not {', '.join(node) or 'nothing'}")


def _read_all(nodes: list[Any], pointer: str) -> tuple[Expression, ...]:
    return tuple(_read(node, f"{pointer}/{index}") for index, node in enumerate(nodes))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")
