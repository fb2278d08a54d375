"""Rules about buildings, storeys and spaces, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bim.checking.delivered import Delivered, found
from bim.finding import Finding
from twin.errors import InvalidParameter
from twin.rules.rule import rule

_SOURCE = "GB/T 51301-2018 structure of models; custom"
_AREAS = re.compile("area", re.IGNORECASE)


@rule(
    "BIM-BUILDING",
    title="No building or no storeys",
    title_zh="缺少建筑或楼层",
    severity="warning",
    source=_SOURCE,
    confidence="low",
)
def building(delivered: Delivered) -> Iterator[Finding]:
    """A model without IfcBuilding, and a building without storeys."""
    advice = "give the model its structure: site, building, storeys"
    buildings = _rows(delivered, "IfcBuilding")
    if not len(buildings):
        yield found("the model", "there is no IfcBuilding", advice)
    of = delivered.model.elements["building"].to_numpy()[_rows(delivered, "IfcBuildingStorey")]
    for row in buildings[~np.isin(buildings, of)]:
        yield delivered.find(row, "it has no storeys", advice)


@rule(
    "BIM-STOREY-NAME",
    title="Storeys not named, or alike",
    title_zh="楼层未命名或重名",
    severity="warning",
    source="GB/T 51301-2018 naming; custom",
    confidence="low",
    limits={"pattern": "Regular expression for the whole name; any name by default."},
)
def storey_name(delivered: Delivered, *, pattern: str = "") -> Iterator[Finding]:
    """Storeys of a building without a name, with that of another one, or one that is not as asked for."""
    try:
        wanted = re.compile(pattern or ".*", re.DOTALL)
    except re.error as error:
        raise InvalidParameter(f"BIM-STOREY-NAME: pattern {pattern!r} is none: {error}", cause=error) from error
    advice = "name storeys by their number, as F1 or B1"
    seen: set[tuple[int, str]] = set()
    rows = _rows(delivered, "IfcBuildingStorey")
    for row, name, of in zip(
        rows, _texts(delivered, "name")[rows], delivered.model.elements["building"].to_numpy()[rows], strict=True
    ):
        if not name.strip():
            yield delivered.find(row, "it has no name", advice)
        elif (of, name) in seen:
            yield delivered.find(row, "another storey of the building has this name", advice, measured=name)
        elif not wanted.fullmatch(name):
            yield delivered.find(row, "its name is not as asked for", advice, measured=name, limit=pattern)
        seen.add((of, name))


@rule(
    "BIM-STOREY-GAP",
    title="Storeys too near to one another",
    title_zh="楼层标高过近",
    severity="warning",
    source="custom",
    confidence="low",
    limits={"gap_m": "The least difference of elevations, metres."},
)
def storey_gap(delivered: Delivered, *, gap_m: float = 0.5) -> Iterator[Finding]:
    """Storeys of a building at, or nearly at, the same elevation: reference planes taken for storeys."""
    of = delivered.model.elements["building"].to_numpy()
    for low, high, gap in _gaps(delivered):
        if of[low] == of[high] and gap < gap_m:
            what = f"it is so far above {delivered.name(low)}"
            yield delivered.find(
                high, what, "leave out what is no storey", measured=round(gap, 4), limit=gap_m, unit="m"
            )


@rule(
    "BIM-STOREY-Z",
    title="Elevation of a storey is not where it stands",
    title_zh="楼层标高与定位不一致",
    severity="warning",
    source="ISO 16739-1, IfcBuildingStorey.Elevation",
    confidence="high",
    limits={"tolerance_m": "How far they may differ, metres."},
)
def storey_height(delivered: Delivered, *, tolerance_m: float = 0.01) -> Iterator[Finding]:
    """Storeys whose declared elevation, above that of their building, is another than their placement."""
    elements = delivered.model.elements
    declared, placed = (elements[name].to_numpy() for name in ("elevation_m", "origin_z_m"))
    of = elements["building"].to_numpy()
    for row in _rows(delivered, "IfcBuildingStorey"):
        ground = placed[of[row]] if of[row] >= 0 else 0.0
        apart = abs(declared[row] - (placed[row] - np.nan_to_num(ground)))
        if apart > tolerance_m and abs(declared[row] - placed[row]) > tolerance_m:
            what = f"it is declared at {declared[row]:.3f} m and placed at {placed[row]:.3f} m"
            yield delivered.find(
                row, what, "move the storey, or mend its elevation", measured=float(apart), limit=tolerance_m, unit="m"
            )


@rule(
    "BIM-SPACE-NAME",
    title="Space without a name",
    title_zh="空间未命名",
    severity="warning",
    source=_SOURCE,
    confidence="low",
)
def space_name(delivered: Delivered) -> Iterator[Finding]:
    """Spaces that have neither a name nor a long name."""
    short, long = _texts(delivered, "name"), _texts(delivered, "long_name")
    for row in _rows(delivered, "IfcSpace"):
        if not (short[row] + long[row]).strip():
            yield delivered.find(row, "it has no name", "name the space by number and use")


@rule(
    "BIM-SPACE-AREA",
    title="Space without an area",
    title_zh="空间缺少面积",
    severity="warning",
    source="GB/T 50353-2013 areas of buildings; custom",
    confidence="low",
)
def space_area(delivered: Delivered) -> Iterator[Finding]:
    """Spaces without any quantity or property of area above 0."""
    said = delivered.model.properties
    is_area = said["name"].str.contains(_AREAS) & (said["number"] > 0)
    known = said[is_area & ~said["of_type"]]["row"].unique()
    rows = _rows(delivered, "IfcSpace")
    for row in rows[~np.isin(rows, known)]:
        yield delivered.find(row, "it has no area", "export base quantities (Qto_SpaceBaseQuantities.NetFloorArea)")


@rule(
    "BIM-OUTSIDE",
    title="Element outside of its storey",
    title_zh="构件不在所属楼层内",
    severity="warning",
    source="custom",
    confidence="low",
    limits={"tolerance_m": "How far beyond the storey it may lie, metres."},
)
def outside(delivered: Delivered, *, tolerance_m: float = 1.0) -> Iterator[Finding]:
    """Elements that lie as a whole above the next storey of the building, or below their own where there is one below.

    What lies below the lowest storey, drains and footings, belongs there.
    """
    elements = delivered.model.elements
    floors = _floors(delivered)
    lowest, ceilings = np.full(len(elements), -np.inf), np.full(len(elements), np.inf)
    of = elements["building"].to_numpy()
    for low, high, _ in _gaps(delivered):
        if of[low] == of[high]:
            lowest[high], ceilings[low] = floors[high], floors[high]
    storey, boxes = elements["storey"].to_numpy(), delivered.boxes_m
    for row in np.flatnonzero((storey >= 0) & np.isfinite(boxes[:, 0, 2]) & (storey != np.arange(len(elements)))):
        below = lowest[storey[row]] - boxes[row, 1, 2]
        above = boxes[row, 0, 2] - ceilings[storey[row]]
        beyond = max(below, above)
        if beyond > tolerance_m:
            way = "below" if below > above else "above"
            what = f"it lies wholly {way} its storey {delivered.name(storey[row])}"
            yield delivered.find(
                row,
                what,
                "put it into the storey where it stands",
                measured=round(float(beyond), 4),
                limit=tolerance_m,
                unit="m",
            )


def _gaps(delivered: Delivered) -> Iterator[tuple[int, int, float]]:
    """Storeys one above the other: rows of the lower and the upper one, and how far apart their floors are."""
    rows, floors = _rows(delivered, "IfcBuildingStorey"), _floors(delivered)
    rows = rows[np.isfinite(floors[rows])]
    of = delivered.model.elements["building"].to_numpy()[rows]
    order = rows[np.lexsort((floors[rows], of))]
    for low, high in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        yield low, high, float(floors[high] - floors[low])


def _floors(delivered: Delivered) -> npt.NDArray[np.float64]:
    """Heights of storeys in the model: where they are placed, as declared where they are not."""
    placed, declared = (delivered.model.elements[name].to_numpy() for name in ("origin_z_m", "elevation_m"))
    return np.asarray(np.where(np.isfinite(placed), placed, declared), dtype=np.float64)


def _rows(delivered: Delivered, name: str) -> npt.NDArray[np.intp]:
    return np.flatnonzero((delivered.model.elements["class"] == name).to_numpy(bool))


def _texts(delivered: Delivered, name: str) -> npt.NDArray[np.object_]:
    return np.asarray(delivered.model.elements[name].fillna("").to_numpy(), dtype=object)
