"""A delivered table of rows, opened: what it says about itself, and its rows on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from twin.crs import CRS
from twin.ingest.report import Decision

if TYPE_CHECKING:
    import pandas as pd

Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Rows as delivered.

    Parameters
    ----------
    columns
        n rows of the columns asked for, under their delivered names.
    geometry
        n geometries in the source's CRS; None where the source has none of its own.
    number
        n row numbers, counted from 1 as the deliverer would.
    unreadable
        n flags: the geometry could not be made of its bytes, since a ring does not close or its type is unknown.
    notices
        What the reading brought to light.
    """

    columns: pd.DataFrame
    geometry: Geometries | None
    number: npt.NDArray[np.int64]
    unreadable: npt.NDArray[np.bool_]
    notices: tuple[str, ...] = ()

    def take(self, rows: npt.NDArray[np.bool_]) -> Table:
        """The same table with only these rows."""
        return replace(
            self,
            columns=self.columns[rows].reset_index(drop=True),
            geometry=None if self.geometry is None else self.geometry[rows],
            number=self.number[rows],
            unreadable=self.unreadable[rows],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A delivered table of rows, opened but not read.

    Parameters
    ----------
    name
        File name as delivered.
    format
        What kind of file it is.
    layer
        The layer or sheet of the file, where it has such.
    columns
        Column names in order; nested columns (lists, JSON, binary) are left out.
    nested
        The columns left out.
    crs
        What the file says about its CRS, None where it says nothing.
    crs_said
        How it says so.
    has_geometry
        Whether rows carry geometry; otherwise columns hold the coordinates.
    encoding
        What was decided about its text, where that was in question.
    read
        Reads the rows with some of the columns.
    notices
        What the reader of the report should know.
    """

    name: str
    format: str
    layer: str | None = None
    columns: tuple[str, ...]
    nested: tuple[str, ...] = ()
    crs: CRS | None = None
    crs_said: str = ""
    has_geometry: bool
    encoding: Decision | None = None
    read: Callable[[Sequence[str]], Table]
    notices: tuple[str, ...] = ()
