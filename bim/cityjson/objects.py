"""City objects of a file as rows: what they are, what they are part of, and what they say of themselves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from bim.cityjson.opening import Part
from twin.errors import SourceError

#: Classes of building models for the objects that are part of buildings: those of IFC where it has the same thing.
CLASSES = {
    "Building": "IfcBuilding",
    "BuildingPart": "BuildingPart",
    "BuildingStorey": "IfcBuildingStorey",
    "BuildingRoom": "IfcSpace",
    "BuildingUnit": "BuildingUnit",
    "BuildingInstallation": "BuildingInstallation",
    "BuildingConstructiveElement": "BuildingConstructiveElement",
    "BuildingFurniture": "IfcFurniture",
}
_DEEPEST = 64
#: Where attributes stand that say nothing about a surface or an object.
ATTRIBUTES = "CityJSON"


class Objects:
    """The rows of a model, while its parts are read.

    Attributes
    ----------
    columns
        Of its elements.
    properties
        Columns of their properties.
    left_out
        How many objects of other types there were.
    """

    def __init__(self) -> None:
        names = ("element_id", "global_id", "step", "class", "name", "description", "object_type", "parent")
        self.columns: dict[str, list[Any]] = {name: [] for name in (*names, "storey", "building")}
        self.properties: dict[str, list[Any]] = {
            name: [] for name in ("row", "set", "kind", "name", "value", "number", "measure")
        }
        self.left_out: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self.columns["element_id"])

    def add(self, part: Part, name: str) -> dict[str, int]:
        """Add the objects of a part; return the rows of those that are of buildings, by identifier."""
        rows: dict[str, int] = {}
        for identifier, said in part.objects.items():
            if said["type"] in CLASSES:
                rows[identifier] = len(self) + len(rows)
            else:
                self.left_out[said["type"]] += 1
        wholes = _find_wholes(part, rows, name)
        for identifier, row in rows.items():
            self._add_one(identifier, part.objects[identifier], row)
            above = wholes.get(identifier)
            self.columns["parent"].append(-1 if above is None else rows[above])
            for column, wanted in (("storey", "BuildingStorey"), ("building", "Building")):
                self.columns[column].append(_climb(identifier, wanted, part, rows, wholes))
        return rows

    def describe(self, row: int, of: str, values: dict[str, Any], *, kind: str = "property") -> None:
        """Add properties of a row, those within others by names joined with dots."""
        for name, value in _flatten(values):
            number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
            measure = "" if value is None else type(value).__name__
            for column, entry in zip(
                self.properties.values(), (row, of, kind, name, _text(value), number, measure), strict=True
            ):
                column.append(entry)

    def _add_one(self, identifier: str, said: dict[str, Any], row: int) -> None:
        self._seen[identifier] += 1
        times = self._seen[identifier]
        if times > 1:
            self.notes["objects have an identifier that another one has: they were told apart by ~2"] += 1
        attributes = said.get("attributes")
        attributes = attributes if isinstance(attributes, dict) else {}
        one: dict[str, Any] = {
            "element_id": identifier if times == 1 else f"{identifier}~{times}",
            "global_id": identifier,
            "step": row,
            "class": CLASSES[said["type"]],
            "name": _text_or_none(attributes.get("name")),
            "description": _text_or_none(attributes.get("description")),
            "object_type": said["type"],
        }
        for column, value in one.items():
            self.columns[column].append(value)
        self.describe(row, ATTRIBUTES, attributes)
        if said.get("address"):
            self.describe(row, "address", {"address": said["address"]})


def _find_wholes(part: Part, rows: dict[str, int], name: str) -> dict[str, str]:
    """What each object is part of: what itself says, or what says so of it."""
    wholes: dict[str, str] = {}
    for identifier, said in part.objects.items():
        for above in _names(said.get("parents")):
            if identifier in rows and above in rows and above != identifier:
                wholes.setdefault(identifier, above)
            elif identifier in rows and above not in part.objects:
                place = f"{name} {part.where}".strip()
                raise SourceError(f"{place}: {identifier} names {above} in parents, which is not there: add it")
        for below in _names(said.get("children")):
            if below in rows and identifier in rows and below != identifier:
                wholes.setdefault(below, identifier)
    return wholes


def _climb(start: str, wanted: str, part: Part, rows: dict[str, int], wholes: dict[str, str]) -> int:
    """The row of the nearest object of a type above another one, or itself; -1 where there is none."""
    at: str | None = start
    for _ in range(_DEEPEST):
        if at is None:
            break
        if part.objects[at]["type"] == wanted:
            return rows[at]
        at = wholes.get(at)
    return -1


def _names(said: Any) -> Iterator[str]:
    yield from (each for each in (said if isinstance(said, list) else ()) if isinstance(each, str))


def _flatten(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
            yield from _flatten({str(number): each for number, each in enumerate(value)}, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return "; ".join(_text(each) or "" for each in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def tabulate(objects: Objects) -> tuple[Any, Any]:
    """Elements and properties as tables, with the columns that those of IFC have."""
    import pandas as pd

    count = len(objects)
    elements = pd.DataFrame(objects.columns)
    for column in ("element_id", "global_id", "class", "name", "description", "object_type"):
        elements[column] = elements[column].astype("str")
    for column in ("parent", "storey", "building"):
        elements[column] = elements[column].astype(np.int32)
    for column in ("predefined_type", "long_name", "tag"):
        elements[column] = pd.Series([None] * count, dtype="str")
    elements["relation"] = np.where(elements["parent"] >= 0, "aggregated", "")
    elements["site"] = elements["type"] = np.full(count, -1, np.int32)
    elements["elevation_m"] = np.full(count, np.nan)
    properties = pd.DataFrame(objects.properties).astype({"row": np.int32, "value": "str"})
    properties["of_type"] = False
    properties["unit"] = ""
    return elements, properties
