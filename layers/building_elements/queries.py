"""What building models are asked: elements by what they are and where, and how much of them there is.

Functions of rows of `building_elements`, at whatever date these were read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layers.building_elements.conditions import Condition, parse_properties, read_values
from twin.frame import Frame

if TYPE_CHECKING:
    import pandas as pd

Rows = npt.NDArray[np.int64]

#: IFC2X3 and IFC4 have walls and beams of a standard case: these are walls and beams.
_CASES = ("", "StandardCase", "ElementedCase")
#: Sizes that elements have as fields.
SIZES = ("length_m", "area_m2", "volume_m3")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which elements are asked for; what is None is not asked.

    Parameters
    ----------
    building, model
        Keys of the building or the model that they belong to.
    global_id
        Their GlobalId; a few elements have the same one in several models.
    storey
        Name or key of the storey that they stand on.
    kind
        `storey`, `space`, `element` …
    ifc_class
        As IFC names it; its standard cases are meant too.
    conditions
        What their properties must be: all of it.
    """

    building: str | None = None
    model: str | None = None
    global_id: str | None = None
    storey: str | None = None
    kind: str | None = None
    ifc_class: str | None = None
    conditions: Sequence[Condition] = ()


def select_elements(elements: Frame, wanted: Wanted) -> Rows:
    """Return the positions of the elements that are wanted, in key order."""
    data = elements.data
    chosen = np.ones(len(data), bool)
    equal = {
        "building_id": wanted.building,
        "model_id": wanted.model,
        "global_id": wanted.global_id,
        "kind": wanted.kind,
    }
    for field, value in equal.items():
        if value is not None:
            chosen &= _is(data[field], value)
    if wanted.storey is not None:
        chosen &= _is(data["storey_id"], wanted.storey) | _is(data["storey"], wanted.storey)
    if wanted.ifc_class is not None:
        chosen &= data["class"].isin(name_cases(wanted.ifc_class)).to_numpy(dtype=bool)
    rows = np.flatnonzero(chosen)
    for condition in wanted.conditions:
        texts = data["properties"].iloc[rows]
        rows = rows[texts.str.contains(condition.trace, regex=False).fillna(False).to_numpy(dtype=bool)]
        held = [condition.holds(parse_properties(text)) for text in data["properties"].iloc[rows]]
        rows = rows[np.array(held, dtype=bool)]
    return rows


def name_cases(ifc_class: str) -> tuple[str, ...]:
    """A class and its standard cases."""
    return tuple(ifc_class + case for case in _CASES)


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How much there is of elements of one class on one storey.

    Parameters
    ----------
    model_id, storey_id, storey, elevation_m
        The storey; None of what stands on none, and of elevations that nobody declared.
    ifc_class, elements
        The class, and how many there are.
    quantity, unit
        What was summed up.
    total, stated_by
        The sum, and of how many elements their model says it: the others have none, which is not 0.
    """

    model_id: str
    storey_id: str | None
    storey: str | None
    elevation_m: float | None
    ifc_class: str
    elements: int
    totals: dict[str, float]
    stated_by: dict[str, int]


def sum_quantities(elements: Frame, rows: Rows, *, named: Sequence[str] = ()) -> list[Amount]:
    """Sum up quantities by model, storey (from below, without a storey at last) and class.

    Sums are of what models state, not of their triangles. Assemblies and their parts are both there where both state
    it, each in its class.

    Parameters
    ----------
    elements
        Rows of `building_elements`.
    rows
        Positions of those that count.
    named
        Numbers among their properties that are summed up besides length, area and volume, in SI.
    """
    import pandas as pd

    data = elements.data.iloc[rows]
    keys = ["model_id", "storey_id", "storey", "class"]
    table = pd.DataFrame({name: data[name].to_numpy(dtype=object) for name in keys})
    sizes = {name: data[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in SIZES}
    sizes |= {name: _read_numbers(data["properties"], name) for name in named}
    storeys = _order_storeys(elements)
    amounts = []
    for (model, storey, name, kind), group in table.groupby(keys, dropna=False):
        own = {name: values[group.index.to_numpy()] for name, values in sizes.items()}
        standing = storey if isinstance(storey, str) else None
        amounts.append(
            Amount(
                model_id=str(model),
                storey_id=standing,
                storey=name if isinstance(name, str) else None,
                elevation_m=storeys[standing][1] if standing in storeys else None,
                ifc_class=str(kind),
                elements=len(group),
                totals={name: float(np.nansum(values)) for name, values in own.items() if np.isfinite(values).any()},
                stated_by={name: int(np.isfinite(values).sum()) for name, values in own.items()},
            )
        )
    last = len(storeys)
    return sorted(amounts, key=lambda each: (each.model_id, storeys.get(each.storey_id, (last,))[0], each.ifc_class))


def list_properties(elements: Frame, rows: Rows) -> dict[str, int]:
    """Count by name, with that of the set, how many elements have each property, the most frequent first."""
    counts: dict[str, int] = {}
    for text in elements.data["properties"].iloc[rows]:
        for group, values in parse_properties(text).items():
            for name in values:
                counts[f"{group}.{name}"] = counts.get(f"{group}.{name}", 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _is(column: pd.Series, value: str) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = (column == value).fillna(False).to_numpy(dtype=bool)
    return same


def _read_numbers(texts: pd.Series, name: str) -> npt.NDArray[np.float64]:
    """The property of a name as a number; NaN where there is none."""
    return np.array([next(_numbers(text, name), np.nan) for text in texts], dtype=np.float64)


def _numbers(text: str | None, name: str) -> Iterator[float]:
    for value in read_values(parse_properties(text), name):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield float(value)


def _order_storeys(elements: Frame) -> dict[str | None, tuple[int, float | None]]:
    """Each storey by its key: how many are below it, and its elevation; what has none is on top."""
    data = elements.data
    storeys = data[_is(data["kind"], "storey")].sort_values(["elevation_m", "element_id"])
    heights = storeys["elevation_m"].to_numpy(dtype=np.float64, na_value=np.nan)
    told = zip(storeys.index, heights, strict=True)
    return {key: (rank, None if np.isnan(height) else float(height)) for rank, (key, height) in enumerate(told)}
