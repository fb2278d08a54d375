"""Turn the words of a command line into the values of the core."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time
from pathlib import Path

import click

from twin.errors import InvalidParameter
from twin.intake import REPORT_FORMATS
from twin.moments import CHINA
from twin.query import AsOf


def parse_as_of(_: click.Context, parameter: click.Parameter, text: str | None) -> AsOf | None:
    """A revision number, a date (the end of that day in China) or an instant."""
    if text is None:
        return None
    if text.isdecimal() and len(text) < 8:
        return int(text)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is neither a revision number nor a date like 2022-12-31", param=parameter
        ) from error
    if len(text) <= 10:
        return datetime.combine(instant, time.max, CHINA)
    return instant if instant.tzinfo else instant.replace(tzinfo=CHINA)


def parse_effective(_: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """A date (its first moment in China) or an instant from which a change is so."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=CHINA)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is not a date like 2022-12-31", param=parameter) from error


def parse_pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    """Parameters given as ``name=value``, each once."""
    split = [pair.partition("=") for pair in pairs]
    for pair, (_, equals, _) in zip(pairs, split, strict=True):
        if not equals:
            raise InvalidParameter(f"a parameter is given as name=value, not as {pair!r}")
    for name, times in Counter(name for name, _, _ in split).items():
        if times > 1:
            raise InvalidParameter(f"{name} is given {times} values; a parameter takes one", parameter=name)
    return {name: value for name, _, value in split}


def parse_report(_: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """A file for a report, in a folder that is there: who waited for a delivery shall not wait for nothing."""
    if path is not None and path.suffix.lower() not in REPORT_FORMATS:
        raise click.BadParameter(f"a report ends in {', '.join(REPORT_FORMATS)}, not {path.name}", param=parameter)
    if path is not None and not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}", param=parameter)
    return path


#: What ``--datum`` offers.
DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")

as_of_option = click.option(
    "--as-of", callback=parse_as_of, metavar="WHEN", help="Revision number, date or instant; now by default."
)
