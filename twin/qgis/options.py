"""Values as QGIS keeps them in XML: trees of ``Option``, each with the name of its type in Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

_TYPES = {bool: "bool", int: "int", float: "double", str: "QString"}
#: A property that follows from an expression, among the kinds that QGIS has (`QgsProperty::Type`).
_EXPRESSION = 3


def write_option(parent: Element, value: Any, *, name: str | None = None) -> None:
    """Write a text, a number, a truth value, or a mapping or list of them, into an element."""
    option = SubElement(parent, "Option", {} if name is None else {"name": name})
    if isinstance(value, Mapping):
        option.set("type", "Map")
        for key, held in value.items():
            write_option(option, held, name=key)
    elif isinstance(value, list):
        option.set("type", "List")
        for held in value:
            write_option(option, held)
    else:
        option.set("type", _TYPES[type(value)])
        option.set("value", str(value).lower() if isinstance(value, bool) else str(value))


def write_expressions(parent: Element, tag: str, expressions: Mapping[str, str]) -> None:
    """Write which properties follow from expressions, by what QGIS calls them."""
    properties = {
        name: {"active": True, "expression": expression, "type": _EXPRESSION}
        for name, expression in expressions.items()
    }
    write_option(SubElement(parent, tag), {"name": "", "properties": properties, "type": "collection"})
