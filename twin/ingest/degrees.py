"""Degrees, minutes and seconds as people write them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

#: The signs that people take for those of degrees, minutes and seconds.
_SIGNS = str.maketrans(dict.fromkeys("º˚度", "°") | dict.fromkeys("′＇’‘分", "'") | dict.fromkeys("″＂”“秒", '"'))

#: With signs, the last part with decimals; or all three parts without signs.
_DMS = re.compile(
    r"(\d{1,3})° *(\d{1,2})' *(\d{1,2}(?:\.\d+)?)\"?|(\d{1,3})° *(\d{1,2}(?:\.\d+)?)'|(\d{1,3}(?:\.\d+)?)°"
    r"|(\d{1,3})[: ]+(\d{1,2})[: ]+(\d{1,2}(?:\.\d+)?)"
)


def parse_degrees(
    column: pd.Series[Any], values: npt.NDArray[np.float64], bad: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Read what is no plain number as degrees, minutes and seconds: 118°27′55.8″, 东经118度27.93分, 118:27:55.8.

    Parameters
    ----------
    column
        n delivered values.
    values, bad
        Their numbers, and which are none.

    Returns
    -------
    tuple
        The same, with what could be read; minutes and seconds of 60 and more cannot.
    """
    values, bad = values.copy(), bad.copy()
    for row in np.flatnonzero(bad):
        text = unicodedata.normalize("NFKC", str(column.iloc[row]).translate(_SIGNS)).replace("''", '"')
        found = _DMS.fullmatch(text.strip("EeNn东经北纬: "))
        parts = [float(part) for part in found.groups() if part is not None] if found else []
        if parts and all(part < 60 for part in parts[1:]):
            values[row] = sum(part / 60**power for power, part in enumerate(parts))
            bad[row] = False
    return values, bad
