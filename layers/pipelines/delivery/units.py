"""Units that somebody took for others: depths and sections of a whole table that no pipeline has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import Fault
from twin.ingest.convert import parse_numbers

if TYPE_CHECKING:
    import pandas as pd

#: Between which the middle one of the depths of a table is: none lies deeper, and none in a skin of soil.
_DEPTHS_M = (0.02, 50.0)
#: The widest of pipes.
_WIDEST_MM = 20_000.0


def find_wrong_units(given: pd.DataFrame, factors: Mapping[str, float], name: str) -> Iterator[Fault]:
    """Find depths and sections of a table that can only be in another unit than the one they are read in.

    Parameters
    ----------
    given
        The table as delivered, by field.
    factors
        What makes metres of its depths, and mm of its sections, by field.
    name
        What to call the table.
    """
    for field in ("from_depth_m", "to_depth_m"):
        middle_m = _middle(given, field) * factors[field]
        limit = "{:g} to {:g} m".format(*_DEPTHS_M)
        if middle_m > _DEPTHS_M[1]:
            what = "the depths are far too deep for metres; if they are in millimetres, say --param depth_unit=mm"
            yield Fault(what=what, file=name, field=field, value=f"about {middle_m:g} m", limit=limit)
        if middle_m < _DEPTHS_M[0] and factors[field] < 1:
            what = "the depths are far too small for millimetres; if they are in metres, leave out depth_unit=mm"
            yield Fault(what=what, file=name, field=field, value=f"about {middle_m:g} m", limit=limit)
    middle_mm = _middle(given, "diameter_mm") * factors["diameter_mm"]
    if middle_mm > _WIDEST_MM and factors["diameter_mm"] > 1:
        what = "the sections are far too wide for metres; if they are in millimetres, leave out size_unit=m"
        value, limit = f"about {middle_mm:g} mm", f"up to {_WIDEST_MM:g} mm"
        yield Fault(what=what, file=name, field="diameter_mm", value=value, limit=limit)


def _middle(given: pd.DataFrame, field: str) -> float:
    """The middle one of the numbers of a column, as to their size; NaN where it has none but 0."""
    if field not in given:
        return np.nan
    numbers = np.abs(parse_numbers(given[field])[0])
    numbers = numbers[numbers > 0]
    return float(np.median(numbers)) if len(numbers) else np.nan
