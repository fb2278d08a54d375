"""Columns of a Frame as plain values, the same for a database driver, for JSON and for a digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from twin.schema import Field

if TYPE_CHECKING:
    import pandas as pd

#: To what dates and instants are written, and what ends them: ISO 8601 as GeoPackage asks, so text order is time order.
_ISO: Mapping[str, tuple[Literal["D", "ms"], str]] = {"date": ("D", ""), "datetime": ("ms", "Z")}


def plain_values(series: pd.Series[Any], field: Field) -> list[Any]:
    """The n values of a column as str, int, float or bool; None where missing; dates as ISO text."""
    import pandas as pd

    if field.type in _ISO:
        unit, end = _ISO[field.type]
        times = pd.to_datetime(series, utc=field.type == "datetime").to_numpy(dtype=f"datetime64[{unit}]")
        texts: list[str] = np.datetime_as_string(times).tolist()
        return [None if text == "NaT" else text + end for text in texts]
    if str(series.dtype) != field.dtype:
        series = series.astype(field.dtype)  # type: ignore[call-overload]
    values: list[Any] = series.to_numpy(dtype=object, na_value=None).tolist()  # type: ignore[call-overload]
    return values


def typed_series(values: Sequence[Any], field: Field) -> pd.Series[Any]:
    """A column in the field's dtype from n plain values."""
    import pandas as pd

    if field.type in _ISO:
        text = pd.Series(values, dtype="str")
        parsed = pd.to_datetime(text, format="ISO8601", utc=field.type == "datetime")
        return parsed.astype(field.dtype)  # type: ignore[call-overload, no-any-return]
    if field.type == "boolean":
        values = [None if value is None else bool(value) for value in values]
    return pd.Series(values, dtype=field.dtype)
