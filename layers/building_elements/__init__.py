"""Building elements: what building models consist of, and what is asked of it."""

from __future__ import annotations

from layers.building_elements.analyses import element_quantities, find_elements
from layers.building_elements.layer import BUILDING_ELEMENTS

__all__ = ["BUILDING_ELEMENTS", "element_quantities", "find_elements"]
