"""Readers of single values in a query string: a box, a moment, a field's value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from twin.errors import InvalidParameter
from twin.expressions import Scalar
from twin.moments import CHINA, read_date, read_instant, shift_instant
from twin.schema import Field

_MOMENTS = (
    "an instant as 2024-06-30T08:00:00Z, a date as 2024-06-30, or an interval as ../2024-06-30 or 2024-06-30/P2D "
    "(the plus sign of an offset is written %2B in an address)"
)
_SUBSET = re.compile(r'datetime\(("[^"*]+"|\*)(?::("[^"*]+"|\*))?\)')
#: Python's own readers take more, such as 1_000 and the digits of other scripts; an integer has 64 bits in a store.
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Corners:
    """The lower and the upper corner of a box, each in the order of axes of its CRS."""

    lower: tuple[float, float]
    upper: tuple[float, float]


def parse_bbox(text: str) -> Corners:
    """Read the corners of a box; heights are left out."""
    try:
        numbers = [_read_real(part.strip()) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6):
        raise _refuse("bbox", text, "four or six numbers: west,south,east,north, or as its CRS orders them")
    middle = len(numbers) // 2
    return Corners((numbers[0], numbers[1]), (numbers[middle], numbers[middle + 1]))


def parse_datetime(text: str) -> datetime | None:
    """Read an instant or an interval as the instant whose state is meant; None is now.

    References
    ----------
    OGC 17-069r4, 7.15.4: parameter datetime. RFC 3339, 5.6: instants.
    """
    return parse_interval(text)[1]


def parse_interval(text: str) -> tuple[datetime | None, datetime | None]:
    """Read an instant or an interval as its two ends; None is an open end, and a date is a whole day in China.

    In the place of one end there may be a duration, as OGC's suite of tests asks for it.
    """
    first, interval, last = text.partition("/")
    if last.startswith("P"):
        since = _parse_moment(first, text, of_date=time.min)
        return since, _shift(since, last, text)
    if interval and first.startswith("P"):
        until = _parse_moment(last, text, of_date=time.max)
        return _shift(until, first, text, back=True), until
    start, end = (None if interval and part in ("", "..") else part for part in (first, last if interval else first))
    begins = None if start is None else _parse_moment(start, text, of_date=time.min)
    ends = None if end is None else _parse_moment(end, text, of_date=time.max)
    if begins and ends and begins > ends:
        raise _refuse("datetime", text, "an interval that does not end before it begins")
    return begins, ends


def parse_effective(text: str) -> datetime:
    """Read an instant; a date is its first moment in China."""
    return _parse_moment(text, text, of_date=time.min, name="effective")


def parse_subset(text: str) -> str:
    """Read a subset of the time axis as the value that `parse_datetime` takes.

    References
    ----------
    OGC 20-057, requirement /req/datetime/axis.
    """
    subset = _SUBSET.fullmatch(text)
    if subset is None:
        raise _refuse("subset", text, 'datetime("2024-06-30") or datetime("2024-01-01":"2024-06-30"), * if open')
    ends = [part.strip('"').replace("*", "..") for part in subset.groups() if part]
    return "/".join(ends)


def parse_value(field: Field, text: str) -> Scalar:
    """Read the value of a property filter as the field's type and code list demand."""
    value = read_value(field, text)
    if field.codes and value not in {code.value for code in field.codes}:
        raise _refuse(field.name, text, f"one of {field.limit}")
    return value


def read_value(field: Field, text: str) -> Scalar:
    """Read a value of a field's type, whether its code list has it or not."""
    try:
        return _READERS[field.type](text)
    except (ValueError, KeyError) as error:
        raise _refuse(field.name, text, f"a value of type {field.type}") from error


def _parse_moment(part: str, text: str, *, of_date: time, name: str = "datetime") -> datetime:
    """An instant; of a date, one in China."""
    try:
        if "T" not in part.upper() and " " not in part:
            return datetime.combine(read_date(part), of_date, CHINA)
        return read_instant(part)
    except ValueError as error:
        raise _refuse(name, text, _MOMENTS) from error


def _shift(instant: datetime, duration: str, text: str, *, back: bool = False) -> datetime:
    """An instant, and a duration from it."""
    try:
        return shift_instant(instant, duration, back=back)
    except ValueError as error:
        raise _refuse("datetime", text, _MOMENTS) from error


def _read_integer(text: str) -> int:
    return int(_require(_INTEGER, text))


def _read_real(text: str) -> float:
    value = float(_require(_REAL, text))
    if not math.isfinite(value):
        raise ValueError("too large")
    return value


def _require(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise ValueError("written in another form")
    return text


_READERS: Mapping[str, Callable[[str], Scalar]] = {
    "text": str,
    "integer": _read_integer,
    "real": _read_real,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": read_date,
    "datetime": read_instant,
}


def _refuse(name: str, text: str, wanted: str) -> InvalidParameter:
    return InvalidParameter(f"{name} must be {wanted}; not {text!r}", parameter=name)
