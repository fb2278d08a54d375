"""Plans of storeys: what a level section through a building meets, and what is seen below it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bim.placed import Placed
from bim.section import cut_level, look_down
from twin.crs import CRS

if TYPE_CHECKING:
    import pandas as pd

#: How far above its floor a storey is cut, as drawings of buildings are: through doors and windows (GB/T 50104-2010).
CUT_ABOVE_M = 1.2

#: How things are drawn, by class; what is not here is drawn as `other`, what is None not at all.
_LOOKS: dict[str, str | None] = {
    "IfcWall": "wall",
    "IfcWallStandardCase": "wall",
    "IfcWallElementedCase": "wall",
    "IfcCurtainWall": "window",
    "IfcPlate": "window",
    "IfcColumn": "column",
    "IfcColumnStandardCase": "column",
    "IfcPile": "column",
    "IfcDoor": "door",
    "IfcDoorStandardCase": "door",
    "IfcWindow": "window",
    "IfcWindowStandardCase": "window",
    "IfcSpace": "space",
    "IfcStair": "stair",
    "IfcStairFlight": "stair",
    "IfcRamp": "stair",
    "IfcRampFlight": "stair",
    "IfcOpeningElement": None,
    "IfcOpeningStandardCase": None,
    "IfcSite": None,
    "IfcBuilding": None,
    "IfcBuildingStorey": None,
    "IfcAnnotation": None,
    "IfcGrid": None,
    "IfcVirtualElement": None,
}
#: What is seen below the section, but for what people walk on.
_FLOORS = (
    "IfcSlab",
    "IfcCovering",
    "IfcSpace",
    "IfcFooting",
    "IfcBeam",
    "IfcColumn",
    "IfcWall",
    "IfcWindow",
    "IfcDoor",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """What a plan shows of one element.

    Parameters
    ----------
    element_id, name
        Which it is.
    look
        How it is drawn: `wall`, `column`, `door`, `window`, `space`, `stair` or `other`.
    shape
        Where it is cut; of what lies below the section, its edges as lines.
    area_m2
        Of a space, as the model says; None where it does not.
    """

    element_id: str
    name: str
    look: str
    shape: shapely.Geometry
    area_m2: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """The plan of a storey, turned so that the building lies along the paper.

    Parameters
    ----------
    parts
        What it shows, in metres of the paper.
    cut_m
        Height of the section, above the vertical datum.
    origin
        Where the zero of the plan is: x and y in the storage CRS.
    turn_deg
        Which way the paper's x axis points: degrees anti-clockwise from true east.
    """

    parts: tuple[Part, ...]
    cut_m: float
    origin: tuple[float, float]
    turn_deg: float

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all that it shows, on paper; of an empty plan zeros."""
        shapes = [part.shape for part in self.parts]
        return tuple(map(float, shapely.total_bounds(shapes))) if shapes else (0.0, 0.0, 0.0, 0.0)  # type: ignore[return-value]


def plan_storey(
    models: Sequence[Placed], elements: pd.DataFrame, floor_m: float, storey_ids: Iterable[str], storage: CRS
) -> Plan:
    """Cut a building above the floor of a storey.

    Everything of the building that the section meets is shown, whichever storey it belongs to; of what lies below the
    section only what belongs to the storey.

    Parameters
    ----------
    models
        The shapes of the models of the building.
    elements
        Rows of the layer `building_elements`, of the building.
    floor_m
        Height of the floor above the vertical datum.
    storey_ids
        Keys of the storey, in each of the models.
    storage
        The CRS of the county.
    """
    wanted = [name for name in ("class", "name", "storey_id", "area_m2") if name in elements]
    keys = elements["element_id"].tolist()
    rows: dict[str, dict[Hashable, Any]] = dict(zip(keys, elements[wanted].to_dict("records"), strict=True))
    here, cut_m = set(storey_ids), floor_m + CUT_ABOVE_M
    parts = [
        replace(part, shape=shapely.transform(part.shape, partial(np.add, models[0].offset_of(placed, storage))))
        for placed in models
        for part in _parts(placed, rows, here, cut_m)
    ]
    turn_deg = _main_axis([part.shape for part in parts])
    return Plan(
        parts=tuple(replace(part, shape=_turn(part.shape, -turn_deg)) for part in parts),
        cut_m=cut_m,
        origin=models[0].origin[:2] if models else (0.0, 0.0),
        turn_deg=turn_deg,
    )


def _parts(placed: Placed, rows: dict[str, dict[Hashable, Any]], here: set[str], cut_m: float) -> Iterator[Part]:
    """What is cut of a model, and what is seen of the storey below."""
    keys = [placed.element_ids[number] for number in placed.shapes.elements]
    looks = [_LOOKS.get(rows[key]["class"], "other") if key in rows else None for key in keys]
    drawn = np.array([number for number, look in enumerate(looks) if look is not None], dtype=np.int64)
    sections = cut_level(placed, cut_m, drawn)
    for number, section in zip(drawn.tolist(), sections, strict=True):
        key, look = keys[number], looks[number] or ""
        row = rows[key]
        seen = None
        if row["storey_id"] in here and row["class"] not in _FLOORS:
            seen = look_down(placed, number, cut_m)
        for shape in (seen, section):
            if shape is not None:
                yield Part(element_id=key, name=_text(row["name"]), look=look, shape=shape, area_m2=_number(row, look))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(row: dict[Hashable, Any], look: str) -> float | None:
    area = row.get("area_m2") if look == "space" else None
    return None if area is None or not np.isfinite(area) else float(area)


def _main_axis(shapes: Sequence[shapely.Geometry]) -> float:
    """Which way the longer side of what is drawn runs, degrees anti-clockwise from east, from -45 to 45."""
    if not shapes:
        return 0.0
    ring = shapely.get_coordinates(
        shapely.minimum_rotated_rectangle(shapely.multipoints(shapely.get_coordinates(shapes)))
    )
    along = ring[1] - ring[0]
    angle = float(np.degrees(np.arctan2(along[1], along[0])))
    return (angle + 45) % 90 - 45


def _turn(shape: shapely.Geometry, by_deg: float) -> shapely.Geometry:
    cos, sin = np.cos(np.radians(by_deg)), np.sin(np.radians(by_deg))
    turned: shapely.Geometry = shapely.transform(shape, lambda xy: xy @ np.array([[cos, sin], [-sin, cos]]))
    return turned
