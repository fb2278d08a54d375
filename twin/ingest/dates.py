"""Dates and times as departments write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from twin.moments import CHINA
from twin.schema import DTYPES

if TYPE_CHECKING:
    import pandas as pd

    Column = pd.Series[Any]

Flags = npt.NDArray[np.bool_]


_BLANKS = {"", "-", "--", "—", "/", "无", "null", "<null>", "none", "nan", "nat", "n/a"}

_DAY = r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?|(\d{2})(\d{2}))"
_TIME = r"(?:[T\s]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.(\d{1,6})\d*)?秒?|分)?\s*(Z|[-+]\d{2}(?::?\d{2})?)?)?"
_MOMENT = re.compile(_DAY + _TIME, re.IGNORECASE)

#: Day 0 of a spreadsheet, and the days in which a bare number is taken as its count: 1950 to 2099.
_EXCEL_EPOCH = datetime(1899, 12, 30)
_EXCEL_DAYS = (18_264, 73_050)


def parse_dates(column: Column, format: str | None = None) -> tuple[Column, Flags]:  # noqa: A002
    """Dates of a column as ``datetime64[s]``, and which values are no date.

    Read are 2021-03-05, 2021/3/5, 2021.3.5, 2021年3月5日, 20210305, these with a time behind, and the day count of a
    spreadsheet. Day-first and month-first dates are refused: they look alike.

    Parameters
    ----------
    column
        n delivered values.
    format
        A format as of ``strptime`` that all values have.
    """
    return _parse(column, format, lambda moment: moment.astimezone(CHINA).date(), "datetime64[s]")


def parse_datetimes(column: Column, format: str | None = None) -> tuple[Column, Flags]:  # noqa: A002
    """Instants of a column in UTC, and which values are none; a time without a zone is China's. See `parse_dates`."""
    return _parse(column, format, lambda moment: moment.astimezone(UTC), DTYPES["datetime"])


def _parse(column: Column, format: str | None, form: Callable[[datetime], Any], dtype: str) -> tuple[Column, Flags]:  # noqa: A002
    """Parse each distinct value once."""
    import pandas as pd

    if column.dtype.kind == "M" and column.dt.tz is None and dtype == "datetime64[s]":
        return column.astype(dtype), np.zeros(len(column), dtype=bool)  # type: ignore[call-overload]
    codes, distinct = pd.factorize(column)
    found = np.empty(len(distinct) + 1, dtype=object)
    known = np.ones(len(distinct) + 1, dtype=bool)
    for index, value in enumerate(distinct):
        text = _text(value)
        try:
            found[index] = form(_moment(text, format))
        except (ValueError, OverflowError):
            known[index] = text.casefold() in _BLANKS
    values = pd.Series(found[codes], index=column.index, dtype=object)
    if dtype == "datetime64[s]":
        days = np.array([np.datetime64(day, "s") if day is not None else np.datetime64("NaT", "s") for day in found])
        return pd.Series(days[codes], index=column.index, dtype=dtype), ~known[codes]
    return pd.to_datetime(values, utc=True).astype(dtype), ~known[codes]  # type: ignore[call-overload]


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFKC", str(value)).strip()


def _moment(text: str, format: str | None) -> datetime:  # noqa: A002
    if format is not None:
        moment = datetime.strptime(text, format)
        return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    found = _MOMENT.fullmatch(text)
    if found is None:
        return _excel_day(text)
    groups = found.groups()
    year, (month, day) = groups[0], next(pair for pair in (groups[1:3], groups[3:5], groups[5:7]) if pair[0])
    hour, minute, second, fraction, zone = groups[7:]
    clock = time(int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0")))
    return datetime.combine(date(int(year), int(month), int(day)), clock, tzinfo=_zone(zone))


def _zone(text: str | None) -> timezone:
    if text is None:
        return CHINA
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _excel_day(text: str) -> datetime:
    count = float(text)
    if not _EXCEL_DAYS[0] <= count < _EXCEL_DAYS[1]:
        raise ValueError("neither a date nor a day count")
    return (_EXCEL_EPOCH + timedelta(days=count)).replace(tzinfo=CHINA)
