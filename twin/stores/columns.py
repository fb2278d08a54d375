"""What a database gives for a column, as the column of a Frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.columns import typed_series
from twin.errors import StoreUnavailable
from twin.layer import Layer
from twin.schema import Field

if TYPE_CHECKING:
    import pandas as pd

#: What a value that is not of its field's type makes of the conversion.
_MISFIT = (ValueError, TypeError, OverflowError)


def read_column(layer: Layer, field: Field, keys: Sequence[Any], values: Sequence[Any]) -> pd.Series[Any]:
    """Convert the n values of a field, whose features have these keys.

    Raises
    ------
    StoreUnavailable
        A value is not of the field's type: SQLite keeps whatever another program writes.
    """
    try:
        return _convert(values, field)
    except _MISFIT as error:
        first = _find_misfit(values, field)
        raise StoreUnavailable(
            f"{layer.id} {keys[first]} has {values[first]!r:.60} as {field.name}, which is no {field.type}: another"
            f" program wrote it; undo that revision (twin history {layer.id}) or mend it there",
            cause=error,
        ) from error


def _convert(values: Sequence[Any], field: Field) -> pd.Series[Any]:
    column = typed_series(values, field)
    if field.type == "real" and np.isinf(column.to_numpy(dtype=float, na_value=np.nan)).any():
        raise ValueError("infinity is no measure")
    return column


def _find_misfit(values: Sequence[Any], field: Field) -> int:
    """Find the position of the first value that cannot be converted."""
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            _convert(values[low:middle], field)
        except _MISFIT:
            high = middle
        else:
            low = middle
    return low
