"""Columns of a Frame as plain values, the same for a database driver, for JSON and for a digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twin.schema import Field

if TYPE_CHECKING:
    import pandas as pd

#: How dates and instants are written: ISO 8601 as GeoPackage asks, so text order is time order.
_FORMATS = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%dT%H:%M:%S.%f"}


def plain_values(series: pd.Series[Any], field: Field) -> list[Any]:
    """The n values of a column as str, int, float or bool; None where missing; dates as ISO text."""
    import pandas as pd

    if field.type in _FORMATS:
        series = pd.to_datetime(series, utc=field.type == "datetime").dt.strftime(_FORMATS[field.type])
        if field.type == "datetime":
            series = series.str[:-3] + "Z"
    elif str(series.dtype) != field.dtype:
        series = series.astype(field.dtype)  # type: ignore[call-overload]
    values: list[Any] = series.to_numpy(dtype=object, na_value=None).tolist()  # type: ignore[call-overload]
    return values


def typed_series(values: Sequence[Any], field: Field) -> pd.Series[Any]:
    """A column in the field's dtype from n plain values."""
    import pandas as pd

    if field.type in _FORMATS:
        text = pd.Series(values, dtype="str")
        parsed = pd.to_datetime(text, format="ISO8601", utc=field.type == "datetime")
        return parsed.astype(field.dtype)  # type: ignore[call-overload, no-any-return]
    if field.type == "boolean":
        values = [None if value is None else bool(value) for value in values]
    return pd.Series(values, dtype=field.dtype)
