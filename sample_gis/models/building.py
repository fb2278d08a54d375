"""A building as a file: project, site, building, storeys, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sample_gis.models.author import Author, Entity, Schema, Value
from sample_gis.models.fittings import furnish
from sample_gis.models.lot import Lot
from sample_gis.models.parts import Storey
from sample_gis.models.pipes import riser_hole
from sample_gis.models.plan import Floor, Rect, Room, plan_floor
from sample_gis.models.structure import FOOTING_TOP_MM, climb, cover, found, frame, lay_slab, stair_hole


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """What a building is to be.

    Parameters
    ----------
    name, title
        Of its file, and of the building.
    schema, per_m
        Schema of the file, and units of it in a metre.
    lot
        Where it stands.
    storey_mm
        From floor to floor.
    arrange
        The rooms of a storey, counted from 1.
    near
        On which side the landing of a stair is, by its name.
    """

    name: str
    title: str
    schema: Schema
    per_m: int
    lot: Lot
    storey_mm: int
    arrange: Callable[[int], Sequence[Room]]
    near: dict[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Written:
    """A building in a file that can still be changed; its storeys go from the foundations to the roof."""

    author: Author
    design: Design
    site: Entity
    building: Entity
    storeys: tuple[Storey, ...]
    floors: tuple[Floor, ...]


def write_building(
    design: Design, site_mm: Sequence[float] = (0.0, 0.0, 0.0), axis: Sequence[float] = (1.0, 0.0)
) -> Written:
    """Write a building.

    Parameters
    ----------
    design
        What it is.
    site_mm
        Where the site is put in the coordinates of the file, millimetres.
    axis
        Where the x axis of the site points.
    """
    author = Author(design.schema, design.name, per_m=design.per_m)
    author.project.LongName = design.title
    x_axis = (float(axis[0]), float(axis[1]), 0.0)
    site = author.root(
        "IfcSite",
        "site",
        design.lot.place,
        CompositionType="ELEMENT",
        ObjectPlacement=author.place(site_mm, x_axis=x_axis),
    )
    building = author.root(
        "IfcBuilding", "building", design.title, CompositionType="ELEMENT",
        ObjectPlacement=author.place((0, 0, 0), within=site),
    )  # fmt: skip
    author.relate("aggregates", author.project, site)
    author.relate("aggregates", site, building)
    lot, high = design.lot, design.storey_mm
    common: dict[str, Value] = {
        "Reference": lot.building_id,
        "NumberOfStoreys": lot.floors,
        "OccupancyType": design.title,
    }
    author.describe("Pset_BuildingCommon", common, building)

    floors = tuple(plan_floor(design.arrange(number), is_ground=number == 1) for number in range(1, lot.floors + 1))
    levels = [
        ("B1", "基础", -FOOTING_TOP_MM),
        *((f"F{number + 1}", f"{number + 1}F", number * high) for number in range(lot.floors)),
        ("RF", "屋面", lot.floors * high),
    ]
    storeys = [_add_storey(author, building, *level) for level in levels]

    found(author, storeys[0], floors[0])
    for number, (storey, floor) in enumerate(zip(storeys[1:], floors, strict=False), start=1):
        holes = [
            hole
            for room, clear in zip(floor.rooms, floor.clear, strict=True)
            if (hole := _hole(room, clear, design, is_ground=number == 1)) is not None
        ]
        lay_slab(author, storey, lot.outline_mm, holes, on_ground=number == 1)
        frame(author, storey, floor, high)
        furnish(author, storey, floor, high)
        for room, clear in zip(floor.rooms, floor.clear, strict=True):
            if room.use == "stair" and number < lot.floors:
                climb(author, storey, room, clear, floor.columns, high, design.near[room.name])
    parapet = round(lot.height_m * 1000) - lot.floors * high
    cover(author, storeys[-1], lot.outline_mm, parapet)
    return Written(author=author, design=design, site=site, building=building, storeys=tuple(storeys), floors=floors)


def _add_storey(author: Author, building: Entity, key: str, name: str, elevation_mm: int) -> Storey:
    storey = author.root(
        "IfcBuildingStorey", key, name, CompositionType="ELEMENT", Elevation=author.length(elevation_mm),
        ObjectPlacement=author.place((0, 0, elevation_mm), within=building),
    )  # fmt: skip
    author.relate("aggregates", building, storey)
    return Storey(entity=storey, key=key, elevation_mm=elevation_mm)


def _hole(room: Room, clear: Rect, design: Design, *, is_ground: bool) -> Rect | None:
    """What of a room is open to the storey below, or to the ground."""
    if room.use == "toilet":
        return riser_hole(clear, design.lot)
    if is_ground:
        return None
    if room.use == "stair":
        return stair_hole(clear, design.storey_mm, design.near[room.name])
    return clear if room.use == "lift" else None
