"""Faults of the sample's models, put in on purpose and listed, so that checks have something to find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sample_gis.models.author import Entity
from sample_gis.models.building import Written
from sample_gis.models.parts import LOOKS, Storey, add, describe_common
from sample_gis.models.pipes import DRAIN_DEEP_MM, TOO_DEEP_MM, Systems, drain_strips, lay_drain
from sample_gis.models.plan import COLUMN_MM
from sample_gis.models.structure import BEAM_MM, FOOTING_MM, SLAB_MM

_THROUGH = "a drain runs through a footing"
_NAMELESS = "the site is in national coordinates and no CRS is named"

Kind = Literal["clash", "duplicate", "requirement", "schema", "georeference"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong on purpose.

    Parameters
    ----------
    kind
        How it can be found: two elements in one place, a requirement of `requirements.ids`, the rules of the schema,
        or the report on the place.
    what
        In words.
    elements
        GlobalIds: of a clash first the element that is in the wrong place.
    """

    kind: Kind
    what: str
    elements: tuple[str, ...]


def spoil_school(written: Written) -> list[Fault]:
    """A pipe through a column, a wall twice, a fire door without its rating, a room without a name."""
    author, storey = written.author, written.storeys[2]
    column = _first(written, "IfcColumn", storey)
    box = written.floors[1].columns[0]
    place = author.place((box.west + COLUMN_MM // 2, box.south + COLUMN_MM // 2, 200), within=storey.entity)
    pipe = add(author, storey, "IfcPipeSegment", "fault/pipe", "消防立管 DN100", place, kind="RIGIDSEGMENT")
    author.show(pipe, (author.tube(50, 2_500), LOOKS["给水管"]))
    author.relate("material", author.material("镀锌钢管"), pipe)

    wall = next(each for each in written.floors[2].walls if not each.openings and not each.along_y)
    storey = written.storeys[3]
    place = author.place((wall.solid.west, wall.solid.south, 0), within=storey.entity)
    twin = add(author, storey, "IfcWall", "fault/wall", "重复的墙", place, kind="STANDARD")
    height = written.design.storey_mm - SLAB_MM - BEAM_MM
    author.show(twin, (author.block(wall.length_mm, wall.thickness_mm, height), LOOKS["内墙涂料"]))
    author.relate("material", author.layers("内墙 200"), twin)
    describe_common(
        author, twin, "Wall", Reference="内墙 200", LoadBearing=False, IsExternal=wall.is_outer, FireRating="2.00h"
    )
    number = written.floors[2].walls.index(wall)
    original = _all(written, "IfcWall", storey)[number]

    door = _of_stair(written)
    author.omit("Pset_DoorCommon", "FireRating", door)
    room = _first(written, "IfcSpace", written.storeys[3])
    room.LongName = None
    return [
        Fault(kind="clash", what="a pipe runs inside a column", elements=(pipe.GlobalId, column.GlobalId)),
        Fault(kind="duplicate", what="a wall stands in another one", elements=(twin.GlobalId, original.GlobalId)),
        Fault(kind="requirement", what="the door of a stair has no FireRating", elements=(door.GlobalId,)),
        Fault(kind="requirement", what="a room has no LongName", elements=(room.GlobalId,)),
    ]


def spoil_hospital(written: Written, systems: Systems) -> list[Fault]:
    """Lay the drains, the first one so deep that it runs through footings; a window without its transmittance."""
    author, lot, storey = written.author, written.design.lot, written.storeys[0]
    floor = written.floors[0]
    rooms = enumerate(zip(floor.rooms, floor.clear, strict=True), start=1)
    (first, clear), *others = ((number, box) for number, (room, box) in rooms if room.use == "toilet")
    for number, each in others:
        lay_drain(author, storey, each, number, lot, systems, DRAIN_DEEP_MM)
    pipes = lay_drain(author, storey, clear, first, lot, systems, TOO_DEEP_MM)
    footings = _all(written, "IfcFooting", written.storeys[0])
    hit = [
        (pipe.GlobalId, footing.GlobalId)
        for pipe, strip in zip(pipes, drain_strips(clear, lot), strict=True)
        for column, footing in zip(floor.columns, footings, strict=False)
        if column.grown((FOOTING_MM - COLUMN_MM) // 2).meets(strip)
    ]
    window = _first(written, "IfcWindow", written.storeys[2])
    author.omit("Pset_WindowCommon", "ThermalTransmittance", window)
    return [
        *(Fault(kind="clash", what=_THROUGH, elements=pair) for pair in hit),
        Fault(kind="requirement", what="a window has no ThermalTransmittance", elements=(window.GlobalId,)),
    ]


def spoil_centre(written: Written) -> list[Fault]:
    """Two windows with one GlobalId, a column that is in no storey, a wall of nothing; and the site has no CRS."""
    author = written.author
    one, other = _all(written, "IfcWindow", written.storeys[2])[:2]
    other.GlobalId = one.GlobalId
    column = _all(written, "IfcColumn", written.storeys[3])[-1]
    author.release("contains", column)
    wall = _first(written, "IfcWall", written.storeys[3])
    author.release("material", wall)
    return [
        Fault(
            kind="georeference",
            what=_NAMELESS,
            elements=(written.site.GlobalId,),
        ),
        Fault(kind="schema", what="two windows have one GlobalId", elements=(one.GlobalId, other.GlobalId)),
        Fault(kind="requirement", what="a column is in no storey", elements=(column.GlobalId,)),
        Fault(kind="requirement", what="a wall has no material", elements=(wall.GlobalId,)),
    ]


def _all(written: Written, ifc_class: str, storey: Storey) -> list[Entity]:
    """The elements of a class in a storey, in the order in which they were written."""
    author = written.author
    return [each for each in author.parts_of(storey.entity) if each.is_a(ifc_class)]


def _first(written: Written, ifc_class: str, storey: Storey) -> Entity:
    return _all(written, ifc_class, storey)[0]


def _of_stair(written: Written) -> Entity:
    """A door of a stair, which has to resist fire."""
    return next(
        each
        for each in _all(written, "IfcDoor", written.storeys[1])
        if written.author.value_of("Pset_DoorCommon", "FireRating", each) != "无要求"
    )
