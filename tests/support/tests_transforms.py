"""Ways between CRS by PROJ alone, looked for once: to find one takes longer than most tests."""

from __future__ import annotations

from functools import cache
from typing import Any

from pyproj import Transformer


@cache
def find_transformer(source: Any, target: Any) -> Transformer:
    """PROJ's transformer between two CRS; x is east, or the longitude, in both."""
    return Transformer.from_crs(source, target, always_xy=True)
