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
    least_m = np.full(len(KINDS), np.nan)
    for line in csv.DictReader((files(__package__) / "cover.csv").read_text("utf-8").splitlines()):
        least_m[[fnmatchcase(kind, line["kind"]) for kind in KINDS]] = float(line[above] or "nan")
    return least_m
