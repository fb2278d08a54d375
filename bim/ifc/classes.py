"""What classes of IFC are kinds of."""

from __future__ import annotations

from functools import cache

import ifcopenshell

#: Where classes are looked up, the newest first: the last one knows those that were given up.
_SCHEMAS = ("IFC4X3_ADD2", "IFC4", "IFC2X3")


@cache
def serves(name: str) -> bool:
    """Whether things of a class are services of a building: pipes, ducts, lights, sensors (IfcDistributionElement)."""
    for schema in _SCHEMAS:
        try:
            kind = ifcopenshell.ifcopenshell_wrapper.schema_by_name(schema).declaration_by_name(name).as_entity()
        except RuntimeError:
            continue
        while kind is not None:
            if kind.name() == "IfcDistributionElement":
                return True
            kind = kind.supertype()
        return False
    return False
