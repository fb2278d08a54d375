"""Turning delivered values into the types of the schema: whole columns at a time, every failure a fault."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from twin.ingest.dates import parse_dates, parse_datetimes
from twin.ingest.faults import Faults, Rows
from twin.ingest.match import FieldSource
from twin.ingest.names import normalise_name
from twin.schema import Field

if TYPE_CHECKING:
    import pandas as pd

    Column = pd.Series[Any]

Flags = npt.NDArray[np.bool_]

#: What people write into a cell to say that there is no value, beside nothing.
_BLANKS = {"", "-", "--", "—", "——", "/", "\\", "无", "null", "<null>", "none", "nan", "n/a", "na"}

_TRUE = {"1", "true", "t", "yes", "y", "是", "有", "√", "真"}
_FALSE = {"0", "false", "f", "no", "n", "否", "无", "×", "假"}

_THOUSANDS = re.compile(r"(?<=\d)[,，](?=\d{3}(\D|$))")

#: What is wrong with a value that a code list does not have in any spelling.
UNKNOWN_CODE = "the value is not of the code list"

#: Beyond this a real number no longer tells whole numbers apart.
_EXACT = 2.0**53


def convert_field(source: FieldSource, column: Column, rows: Rows, faults: Faults) -> tuple[Column, int]:
    """Convert a delivered column to its field's dtype; values that cannot be are faults, and missing in the result.

    Where nothing is delivered, the field's default stands.

    Parameters
    ----------
    source
        The field and the rules for it.
    column
        n delivered values.
    rows
        Where the n rows come from.
    faults
        Gets what is wrong.

    Returns
    -------
    tuple
        n values; how many of them are the default.
    """
    field = source.field
    if field.codes or source.rule.codes:
        values, bad = _to_codes(column, field, source.rule.codes)
    elif field.type == "date":
        values, bad = parse_dates(column, source.rule.format)
    elif field.type == "datetime":
        values, bad = parse_datetimes(column, source.rule.format)
    else:
        values, bad = _CONVERTERS[field.type](column)
        if source.factor != 1.0:
            values = values * source.factor
    what = UNKNOWN_CODE if field.codes else f"the value is not {_WORDS[field.type]}"
    faults.add_rows(what, bad, rows, field=field.name, values=column, limit=field.limit)
    lacking = values.isna() & ~bad
    filled = 0 if field.default is None else int(lacking.sum())
    if filled:
        values = values.mask(lacking, field.default)
    return _check_limits(field, values, ~bad, rows, faults), filled


def _check_limits(field: Field, values: Column, good: Flags, rows: Rows, faults: Faults) -> Column:
    """Range, length and presence, for the values that could be converted; numbers out of range are taken away."""
    within = values

    def add(what: str, bad: Flags, limit: str | None = None) -> None:
        if bad.any():
            faults.add_rows(what, bad & good, rows, field=field.name, values=values, limit=limit)

    if field.type in ("integer", "real") and not field.codes:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        low = -np.inf if field.minimum is None else field.minimum
        high = np.inf if field.maximum is None else field.maximum
        off = (numbers < low) | (numbers > high)
        add("the number is out of range", off, field.limit)
        within = values.mask(off) if off.any() else values
    if field.type == "text" and not field.codes:
        length = values.str.len().to_numpy(dtype=np.float64, na_value=0)
        add("the text is too long", length > field.max_length, f"{field.max_length} characters")
        # Databases and C programs end a text there.
        add(
            "the text holds a NUL character",
            values.str.contains("\0", regex=False).to_numpy(dtype=bool, na_value=False),
        )
    if field.required:
        faults.add_rows(
            "a value is required", values.isna().to_numpy() & good, rows, field=field.name, limit=field.limit
        )
    return within


def read_text(column: Column) -> Column:
    """Delivered values as trimmed text, missing where there is none; 371321.0 is the text 371321."""
    return _to_text(column)[0]


def _to_text(column: Column) -> tuple[Column, Flags]:
    kind = column.dtype.kind
    if kind == "f":
        whole = column.to_numpy(dtype=np.float64, na_value=np.nan)
        # 371321.0 is the code 371321 that a spreadsheet took for a number.
        integral = np.all(np.isnan(whole) | ((whole == np.floor(whole)) & (np.abs(whole) < _EXACT)))
        column = column.astype("Int64") if integral else column
    if column.dtype != "str":
        column = column.astype("object").where(column.notna(), None).map(_as_text, na_action="ignore").astype("str")
    # Text far beyond any limit must not be copied once more only to trim it.
    if len(column) and column.str.len().max() <= 100_000:
        column = column.str.strip()
    return column.mask(column == ""), np.zeros(len(column), dtype=bool)


def _as_text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _to_real(column: Column) -> tuple[Column, Flags]:
    numbers, bad = parse_numbers(column)
    return _series(numbers, column, "float64"), bad


def _to_integer(column: Column) -> tuple[Column, Flags]:
    if column.dtype.kind == "i":
        return column.astype("Int64"), np.zeros(len(column), dtype=bool)
    numbers, bad = parse_numbers(column)
    with np.errstate(invalid="ignore"):
        bad |= ~np.isnan(numbers) & ((numbers != np.floor(numbers)) | (np.abs(numbers) > _EXACT))
    return _series(np.where(bad, np.nan, numbers), column, "float64").astype("Int64"), bad


def _to_boolean(column: Column) -> tuple[Column, Flags]:
    if column.dtype in ("bool", "boolean"):
        return column.astype("boolean"), np.zeros(len(column), dtype=bool)
    table = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    return _look_up(column, table.get, "boolean")


def _to_codes(column: Column, field: Field, mapped: Mapping[str, Any]) -> tuple[Column, Flags]:
    """Values of a code list: by the mapping, then by value, title or alias, whatever their case and width."""
    table: dict[str, Any] = {}
    for code in field.codes:
        for name in (str(code.value), code.title, code.title_zh, *code.aliases):
            table.setdefault(normalise_name(name), code.value)
    table |= {normalise_name(delivered): value for delivered, value in mapped.items()}

    def find(value: str) -> Any:
        return table.get(normalise_name(value), None if field.codes else value)

    return _look_up(column, find, field.dtype)


def _look_up(column: Column, find: Callable[[str], Any], dtype: str) -> tuple[Column, Flags]:
    """Replace each distinct value by what it stands for; None means that it stands for nothing."""
    import pandas as pd

    codes, distinct = pd.factorize(column)
    found = np.empty(len(distinct) + 1, dtype=object)
    known = np.ones(len(distinct) + 1, dtype=bool)
    for index, value in enumerate(distinct):
        text = _plain_text(value)
        found[index] = find(text)
        known[index] = found[index] is not None or text in _BLANKS
    values = pd.Series(found[codes], index=column.index, dtype=object)
    return values.astype(dtype), ~known[codes]  # type: ignore[call-overload]


def _plain_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFKC", str(value)).strip().casefold()


def parse_numbers(column: Column) -> tuple[npt.NDArray[np.float64], Flags]:
    """Numbers of a column, NaN where there is none, and which values are neither number nor blank.

    Text may be full-width, have commas between thousands, or blanks around it. Infinity is not a number.
    """
    import pandas as pd

    if column.dtype.kind in "iufb":
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        text = column.astype("str")
        numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        unread = np.flatnonzero(np.isnan(numbers) & text.notna().to_numpy())
        plain = [_plain_text(value) for value in text.iloc[unread]]
        again = pd.to_numeric(pd.Series([_THOUSANDS.sub("", value) for value in plain], dtype=object), errors="coerce")
        numbers = numbers.copy()
        numbers[unread] = again.to_numpy(dtype=np.float64)
        bad = np.zeros(len(numbers), dtype=bool)
        bad[unread] = np.isnan(numbers[unread]) & np.array([value not in _BLANKS for value in plain], dtype=bool)
        return np.where(np.isinf(numbers), np.nan, numbers), bad | np.isinf(numbers)
    return np.where(np.isinf(numbers), np.nan, numbers), np.isinf(numbers)


def _series(values: npt.NDArray[Any], like: Column, dtype: str) -> Column:
    import pandas as pd

    return pd.Series(values, index=like.index, dtype=dtype)


_CONVERTERS: Mapping[str, Callable[[Any], tuple[Any, Flags]]] = {
    "text": _to_text,
    "real": _to_real,
    "integer": _to_integer,
    "boolean": _to_boolean,
}

_WORDS = {
    "text": "text",
    "real": "a number",
    "integer": "a whole number",
    "boolean": "yes or no",
    "date": "a date",
    "datetime": "a date and time",
}
