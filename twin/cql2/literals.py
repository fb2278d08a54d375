"""Literals that are more than a word: dates, timestamps, and geometries in the CRS and order of axes of who writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from twin.moments import read_date, read_instant


def read_date_value(*args: object) -> date:
    """Read a date; ValueError says what one looks like."""
    try:
        (text,) = args
        return read_date(str(text))
    except ValueError as error:
        raise ValueError("a date is written as 2024-06-30") from error


def read_timestamp(*args: object) -> datetime:
    """Read a timestamp; ValueError says what one looks like."""
    try:
        (text,) = args
        return read_instant(str(text))
    except ValueError as error:
        raise ValueError("a timestamp is written as 2024-06-30T08:00:00Z") from error


def read_wkt(text: str) -> BaseGeometry:
    """Read WKT; ValueError says what is wrong with it."""
    try:
        with np.errstate(over="ignore"):  # a number that is too large is told as what it is
            return _checked(shapely.from_wkt(text))
    except GEOSException as error:
        raise ValueError(f"this is no geometry: {error}") from error


def read_geojson(value: Mapping[str, Any]) -> BaseGeometry:
    """Read a GeoJSON geometry; ValueError says what is wrong with it."""
    try:
        return _checked(shapely.from_geojson(json.dumps(value)))
    except GEOSException as error:
        raise ValueError(f"this is no geometry: {error}") from error


def read_box(numbers: Sequence[Any]) -> BaseGeometry:
    """Read a box of four numbers, or of six with heights, which are not looked at.

    One that crosses the antimeridian ends at a lower degree than it begins: it is two.
    """
    plain = [each for each in numbers if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(plain) not in {4, 6} or len(plain) != len(numbers):
        raise ValueError("a bbox has four numbers, the lower corner first; or six, with heights")
    low, high = (plain[:2], plain[2:]) if len(plain) == 4 else (plain[:2], plain[3:5])
    ranges = [_range(*ends) for ends in zip(low, high, strict=True)]
    boxes = [shapely.box(west, south, east, north) for west, east in ranges[0] for south, north in ranges[1]]
    flat = shapely.MultiPoint([low, high]).convex_hull
    return _checked(flat if not any(box.area for box in boxes) else shapely.union_all(boxes))


def _range(low: float, high: float) -> list[tuple[float, float]]:
    if low <= high:
        return [(low, high)]
    if not -180 <= high <= low <= 180:
        raise ValueError("a bbox has its lower corner first")
    return [(low, 180.0), (-180.0, high)]


def _checked(geometry: BaseGeometry) -> BaseGeometry:
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise ValueError("a coordinate is no number")
    if not geometry.is_valid:
        raise ValueError(f"the geometry is not valid: {shapely.is_valid_reason(geometry)}")
    return geometry
