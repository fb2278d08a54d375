"""What rules of pipelines find: rows of a survey, with what was measured and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin.errors import Fault

#: Points and segments that are judged, or points of other areas around them.
Table = Literal["nodes", "segments", "beyond"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Hits:
    """What a rule found in one table.

    Parameters
    ----------
    table
        Which.
    rows
        k positions in it.
    what
        What is wrong, of all or of each.
    field
        The field it is about.
    measured
        k numbers or texts that were found.
    limit
        What is allowed, of all or of each.
    unit
        Of both, where they have one.
    others
        k keys of another feature that belongs to it, or texts that name one.
    places
        (k, 2) where they are, in the storage CRS, if not in the middle of the feature: two meet where they are nearest.
    by
        The limit that they break, of all or of each, by its name; of a rule with one limit it is that.
    confidence
        k letters, how sure the limit of each is, where limits come from a table that says so.
    """

    table: Table
    rows: npt.NDArray[np.intp]
    what: str | npt.NDArray[np.object_]
    field: str | None = None
    measured: npt.ArrayLike | None = None
    limit: float | str | npt.NDArray[np.object_] | None = None
    unit: str | None = None
    others: npt.ArrayLike | None = None
    places: npt.NDArray[np.float64] | None = None
    by: str | npt.NDArray[np.object_] | None = None
    confidence: npt.ArrayLike | None = None


#: Rows of a table, or a value that could not be read, which knows its row itself.
Found = Hits | Fault
