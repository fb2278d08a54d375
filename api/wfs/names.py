"""Names of layers and features as WFS has them, read."""

from __future__ import annotations

from collections.abc import Mapping

from api.forms.xmlnames import from_xml_name
from twin.errors import InvalidParameter
from twin.parts import Part


def find_type(name: str, collections: Mapping[str, Part]) -> Part:
    """Find the layer, or the part of one, that a type name means, with its prefix or without.

    Raises
    ------
    InvalidParameter
        There is none.
    """
    layer_id = from_xml_name(name.strip().rpartition(":")[2])
    try:
        return collections[layer_id]
    except KeyError:
        known = ", ".join(collections)
        raise InvalidParameter(f"there is no feature type {name}; there are: {known}", parameter="typeNames") from None


def read_resource_id(rid: str) -> tuple[str, str]:
    """The layer and the key of a feature that an id names; one of another form names none."""
    layer_id, _, key = rid.strip().partition(".")
    return from_xml_name(layer_id), from_xml_name(key)
