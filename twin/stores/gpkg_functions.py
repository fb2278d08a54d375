"""The SQL functions that conditions call and SQLite lacks; every connection gets them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from twin.shapes import MIRRORED, SPATIAL
from twin.stores.gpkg_blob import read_box, read_dimension, read_geometry
from twin.stores.text_folding import fold_accents

#: The number of arguments of a function, and what it does.
_Function = tuple[int, Callable[..., Any]]
_Test = Callable[[BaseGeometry, BaseGeometry], bool]

#: What holds of everything whose box lies inside of another one.
_BY_BOXES = frozenset({"s_intersects", "s_within"})


def sql_functions() -> dict[str, _Function]:
    """The functions by name; each connection has its own, because spatial ones remember the last constants.

    Names that SQLite or SQLAlchemy have as well would mean another function on one machine than on the next.
    """
    return {
        **{sql_name(op): (2, _spatial_test(op)) for op in SPATIAL if op != "s_disjoint"},
        "twin_casei": (1, _of_text(str.casefold)),
        "twin_accenti": (1, _of_text(fold_accents)),
        "twin_floor": (1, _of_number(math.floor)),
        "twin_ceil": (1, _of_number(math.ceil)),
        "twin_trunc": (1, _of_number(math.trunc)),
        "twin_power": (2, _power),
        "twin_dimension": (1, _dimension),
    }


def sql_name(op: str) -> str:
    """What a spatial predicate is called in SQL."""
    return f"ST_{op.removeprefix('s_').capitalize()}"


def _spatial_test(op: str) -> Callable[[bytes | None, bytes | None], bool | None]:
    """Make the SQL function of a predicate for a column and a column or constant; it keeps the last constants prepared.

    The envelope in the header settles nearly every feature without decoding it: R-tree boxes are 32-bit, so
    every box read must end with this exact test.
    """
    test: _Test = SPATIAL[MIRRORED.get(op, op)]  # a constant is prepared if it comes first

    @lru_cache(maxsize=8)  # a statement may test against several, row by row in turn
    def prepared(constant: bytes) -> tuple[BaseGeometry, tuple[float, float, float, float], bool]:
        wanted = shapely.from_wkb(constant)
        shapely.prepare(wanted)
        is_box = op in _BY_BOXES and bool(shapely.equals(wanted, shapely.box(*wanted.bounds)))
        return wanted, wanted.bounds, is_box

    def relate(blob: bytes | None, other: bytes | None) -> bool | None:
        if blob is None or other is None:
            return None
        if other.startswith(b"GP"):
            return bool(test(read_geometry(other), read_geometry(blob)))
        wanted, (west, south, east, north), is_box = prepared(other)
        box = read_box(blob)
        if box is not None:
            minx, maxx, miny, maxy = box
            if minx > east or maxx < west or miny > north or maxy < south:
                return False
            if is_box and minx > west and maxx < east and miny > south and maxy < north:
                return True
        return bool(test(wanted, read_geometry(blob)))

    return relate


def _of_text(function: Callable[[str], str]) -> Callable[[object], str | None]:
    return lambda value: function(value) if isinstance(value, str) else None


def _of_number(function: Callable[[float], int]) -> Callable[[float | None], float | None]:
    return lambda value: value if value is None or math.isinf(value) else float(function(value))


def _dimension(geometry: bytes | None) -> int | None:
    """Of a column, or of a constant, which is WKB."""
    return None if geometry is None else read_dimension(geometry)


def _power(base: float | None, exponent: float | None) -> float | None:
    """None where there is no real number; infinity where it is too large."""
    if base is None or exponent is None or (base == 0 and exponent < 0):
        return None
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return None
