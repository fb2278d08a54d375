"""The least cover of GB 50289-2016 as data."""

from __future__ import annotations

import csv
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import numpy.typing as npt

from layers.pipelines.clearance.limits import KINDS


@cache
def load_covers(above: Literal["footway", "vehicle_lane"]) -> npt.NDArray[np.float64]:
    """Least ground above the outer top, metres, by the numbers of `KINDS`; NaN where nothing is asked for.

    Conduits of telecommunication have the values of steel, which ask for less than plastic: what a duct is made of is
    often unknown.

    References
    ----------
    GB 50289-2016, Table 4.1.1.
    """
    return np.array([float(line[above] or "nan") for line in _lines()])


@cache
def load_cover_confidences() -> npt.NDArray[np.object_]:
    """How sure the least covers are, letters as of `Limits` by the numbers of `KINDS`; empty where there is none."""
    return np.array([line["confidence"] for line in _lines()], dtype=object)


def _lines() -> list[dict[str, str]]:
    """The line of the table that is about each of `KINDS`."""
    none = {"footway": "", "vehicle_lane": "", "confidence": ""}
    table = list(csv.DictReader((files(__package__) / "cover.csv").read_text("utf-8").splitlines()))
    return [next((line for line in table if fnmatchcase(kind, line["kind"])), none) for kind in KINDS]
