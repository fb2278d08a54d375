"""The clearances of GB 50289-2016 as data, and the kind of pipe that each segment is in its tables."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from layers.pipelines.codes.attributes import ABOVE_GROUND, TRENCHES

if TYPE_CHECKING:
    import pandas as pd

Direction = Literal["horizontal", "vertical"]

#: Metres by kinds that somebody sets otherwise: one kind for a cover, two with a space between for a clearance.
Entries = Mapping[str, float]

_GAS = tuple(
    f"gas_{pressure}_{size}"
    for pressure in ("low", "medium_b", "medium_a", "sub_high_b", "sub_high_a")
    for size in ("small", "large")
)
_POWER = tuple(f"power_{laid}_{voltage}" for laid in ("buried", "conduit") for voltage in ("low", "high"))

#: What the tables tell apart. Water is large above DN200, gas above DN300, voltage high from 35 kV.
KINDS = (
    "water_small",
    "water_large",
    "sewer",
    "reclaimed",
    *_GAS,
    "heat",
    *_POWER,
    "telecom_buried",
    "telecom_conduit",
    "trench",
    "building",
)
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}

#: Walls that touch by less than a tenth of a millimetre do not clash.
TOUCH_M = 1e-4

#: Of segments that the tables do not know: industrial pipes, gas above 1.6 MPa, what stands above the ground.
NO_KIND = -1

_TABLES: dict[Direction, str] = {"horizontal": "Table 4.1.9", "vertical": "Table 4.1.14"}

_CONDUITS = ("GM", "GK", "DG")
#: Above the ground, or inside a well.
_NOT_IN_THE_GROUND = (*ABOVE_GROUND, "JN")


@dataclass(frozen=True, kw_only=True, eq=False)
class Limits:
    """Least clearances between two kinds of pipes.

    Parameters
    ----------
    least_m
        (k, k) metres by the numbers of `KINDS`, the same both ways; NaN where nothing is asked for.
    confidence
        (k, k) letters: H checked against the standard, M agreeing with older editions, L from one source only.
    source
        Standard and table.
    """

    least_m: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.str_]
    source: str

    def with_entries(self, entries: Entries) -> tuple[Limits, npt.NDArray[np.bool_]]:
        """These limits with some set otherwise, which are as sure as who sets them; and (k, k) which these are."""
        least_m, confidence = self.least_m.copy(), self.confidence.copy()
        own = np.zeros(least_m.shape, dtype=bool)
        for pattern, metres in entries.items():
            first, second = (kinds_like(word) for word in pattern.split())
            for way in (np.ix_(first, second), np.ix_(second, first)):
                least_m[way], confidence[way], own[way] = metres, "H", True
        return replace(self, least_m=least_m, confidence=confidence), own


@cache
def load_limits(direction: Direction) -> Limits:
    """Read a table of the standard.

    Raises
    ------
    ValueError
        If two lines of the table speak of the same pair, or a line of none.
    """
    least = np.full((len(KINDS), len(KINDS)), np.nan)
    confidence = np.full(least.shape, "", dtype="U1")
    for line in csv.DictReader((files(__package__) / f"{direction}.csv").read_text("utf-8").splitlines()):
        first, second = kinds_like(line["first"]), kinds_like(line["second"])
        pairs = {(a, b) for a in first for b in second} | {(b, a) for a in first for b in second}
        if not pairs or any(confidence[pair] for pair in pairs):
            raise ValueError(f"{direction}.csv: {line['first']} and {line['second']} are given twice or are nothing")
        for pair in pairs:
            least[pair], confidence[pair] = float(line["clearance_m"]), line["confidence"]
    return Limits(least_m=least, confidence=confidence, source=f"GB 50289-2016, {_TABLES[direction]}")


def kinds_like(pattern: str) -> list[int]:
    """Numbers of the kinds that a pattern means, in which a star stands for any letters."""
    return [number for kind, number in _NUMBERS.items() if fnmatchcase(kind, pattern)]


def kinds_of(segments: pd.DataFrame) -> npt.NDArray[np.int64]:
    """The kind of each segment.

    What is not known of a segment (diameter, pressure, voltage, embedding) counts as what asks for the least, so that
    whatever is found too close is too close whatever it turns out to be.

    Parameters
    ----------
    segments
        n rows of ``pipe_segments``.

    Returns
    -------
    ndarray
        n numbers of `KINDS`, `NO_KIND` where the tables do not know the segment.
    """
    text = {
        name: segments[name].fillna("").to_numpy(dtype=object)
        for name in ("class", "subclass", "embedding", "pressure_class")
    }
    number = {name: segments[name].to_numpy(dtype=float, na_value=np.nan) for name in ("diameter_mm", "voltage_kv")}
    names = np.full(len(segments), "", dtype=object)
    in_conduit = np.where(np.isin(text["embedding"], _CONDUITS), "conduit", "buried")

    of = text["class"]
    names[of == "JS"] = np.where(number["diameter_mm"] > 200, "water_large", "water_small")[of == "JS"]
    names[text["subclass"] == "ZS"] = "reclaimed"
    names[of == "PS"] = "sewer"
    names[of == "RL"] = "heat"
    pressure = np.where(text["pressure_class"] == "", "low", text["pressure_class"])
    size = np.where(number["diameter_mm"] > 300, "large", "small")
    names[of == "RQ"] = ("gas_" + pressure + "_" + size)[of == "RQ"]
    voltage = np.where(number["voltage_kv"] >= 35, "high", "low")
    names[of == "DL"] = ("power_" + in_conduit.astype(object) + "_" + voltage)[of == "DL"]
    names[of == "TX"] = ("telecom_" + in_conduit.astype(object))[of == "TX"]
    names[np.isin(text["embedding"], TRENCHES) | (text["subclass"] == "ZH")] = "trench"
    names[np.isin(text["embedding"], _NOT_IN_THE_GROUND)] = ""
    return np.array([_NUMBERS.get(name, NO_KIND) for name in names], dtype=np.int64)
