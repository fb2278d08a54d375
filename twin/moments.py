"""Dates and instants as they are written (RFC 3339): read, and written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

#: Where a day begins, and the clock that is meant where none is named.
CHINA = timezone(timedelta(hours=8))
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    rf"{_DATE.pattern}[Tt ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})?"
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


def write_instant(instant: datetime, *, timespec: str = "auto") -> str:
    """Write an instant in UTC, with a ``Z`` behind it; ``timespec`` says how finely, as of `datetime.isoformat`."""
    return instant.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def _require(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise ValueError("written in another form")
    return text
