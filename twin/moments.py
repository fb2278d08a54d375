"""Dates and instants as they are written (RFC 3339): read, and written."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone

#: Where a day begins, and the clock that is meant where none is named.
CHINA = timezone(timedelta(hours=8))
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    rf"{_DATE.pattern}[Tt ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})?"
)
_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<years>[0-9]{1,4})Y)?(?:(?P<months>[0-9]{1,5})M)?(?:(?P<weeks>[0-9]{1,6})W)?"
    r"(?:(?P<days>[0-9]{1,7})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,8})H)?(?:(?P<minutes>[0-9]{1,9})M)?(?:(?P<seconds>[0-9]{1,10}(?:\.[0-9]+)?)S)?)?"
)


def read_moment(text: str) -> date | datetime | None:
    """Read a date or a timestamp (RFC 3339); None for anything else. GDAL writes a date with a ``T`` behind it."""
    text = text.removesuffix("T")
    try:
        return read_date(text) if "T" not in text.upper() else read_instant(text)
    except ValueError:
        return None


def read_date(text: str) -> date:
    """Read a date; ValueError for anything else."""
    return date.fromisoformat(_require(_DATE, text))


def read_instant(text: str) -> datetime:
    """Read an instant that the calendar has in UTC too; one without an offset is Chinese time."""
    instant = datetime.fromisoformat(_require(_INSTANT, text).upper())
    instant = instant if instant.tzinfo else instant.replace(tzinfo=CHINA)
    try:
        instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside of the calendar") from error
    return instant


def shift_instant(instant: datetime, duration: str, *, back: bool = False) -> datetime:
    """Return the instant that a duration such as ``P1M6DT12H`` leads to, months first; the 31st becomes the last day.

    Raises
    ------
    ValueError
        It is no duration, or leads out of the calendar.

    References
    ----------
    ISO 8601-1:2019, 5.5.2: durations.
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError("no duration")
    parts = {name: float(number or 0) for name, number in found.groupdict().items()}
    sign = -1 if back else 1
    months = int(12 * parts.pop("years") + parts.pop("months"))
    year, month = divmod(12 * instant.year + instant.month - 1 + sign * months, 12)
    try:
        day = min(instant.day, monthrange(year, month + 1)[1])
        return instant.replace(year=year, month=month + 1, day=day) + sign * timedelta(**parts)
    except OverflowError as error:
        raise ValueError("outside of the calendar") from error


def write_instant(instant: datetime, *, timespec: str = "auto") -> str:
    """Write an instant in UTC, with a ``Z`` behind it; ``timespec`` says how finely, as of `datetime.isoformat`."""
    return instant.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def _require(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise ValueError("written in another form")
    return text
