"""Pipes, ducts, lights and what stands at their ends, in a hospital of IFC2X3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sample_gis.models.author import EAST, NORTH, SOUTH, UP, Author, Entity
from sample_gis.models.lot import Lot
from sample_gis.models.parts import LOOKS, Storey, add, add_type
from sample_gis.models.plan import Floor, Rect, Room

#: Axes of the two risers of a wet room, from the corner at its back, and the hole in the slab that they share.
_WATER_MM, _DRAIN_MM, _BACK_MM = 650, 350, 200
_HOLE_MM = (850, 400)
_WATER_RADIUS_MM, _DRAIN_RADIUS_MM, _BRANCH_RADIUS_MM = 50, 75, 25

#: How deep drains leave the building, and how far from it they end.
DRAIN_DEEP_MM, _BEYOND_MM = 1_200, 2_000
#: A drain so deep runs where footings are.
TOO_DEEP_MM = 1_800

_DUCT_MM = (800, 300)
_DUCT_UNDER_MM = 1_000
_CEILING_MM = 600


@dataclass(frozen=True, kw_only=True, eq=False)
class Systems:
    """What pipes and ducts belong to."""

    water: Entity
    drains: Entity
    air: Entity
    light: Entity


def riser_hole(clear: Rect, lot: Lot) -> Rect:
    """Where the risers of a wet room go through the slab: at its back, which is towards the middle of the building."""
    width, depth = _HOLE_MM
    south = clear.north - depth if _is_south(clear, lot) else clear.south
    return Rect(west=clear.west, south=south, east=clear.west + width, north=south + depth)


def start_systems(author: Author, building: Entity) -> Systems:
    """Make the systems of a building."""
    water, drains, air, light = (
        author.root("IfcSystem", f"system/{name}", name) for name in ("给水系统", "排水系统", "通风系统", "照明系统")
    )
    for system in (water, drains, air, light):
        author.relate("serves", system, building)
    return Systems(water=water, drains=drains, air=air, light=light)


def lay_pipes(author: Author, storey: Storey, floor: Floor, lot: Lot, height_mm: int, systems: Systems) -> None:
    """Pipes and fixtures of the wet rooms of a storey, ducts in its corridors, a light in each room."""
    for number, (room, clear) in enumerate(zip(floor.rooms, floor.clear, strict=True), start=1):
        if room.use == "toilet":
            _plumb(author, storey, room, clear, number, lot, height_mm, systems)
        elif room.use == "corridor":
            _ventilate(author, storey, clear, number, height_mm, systems)
        elif room.use not in ("stair", "lift"):
            middle = ((clear.west + clear.east) / 2 - 600, (clear.south + clear.north) / 2 - 150)
            at = (*middle, height_mm - _CEILING_MM - 80)
            _set(author, storey, f"light/{number}", "荧光灯", at, systems.light)


def lay_drain(
    author: Author, storey: Storey, clear: Rect, number: int, lot: Lot, systems: Systems, deep_mm: int
) -> tuple[Entity, Entity]:
    """The drain of a wet room: returns the part that goes down into the ground and the one that leaves the building."""
    x, y = _riser(clear, lot, _DRAIN_MM)
    bottom = -storey.elevation_mm - deep_mm
    down = _pipe(author, storey, f"drop/{number}", "排水立管", (x, y, bottom), UP, deep_mm, _DRAIN_RADIUS_MM)
    author.relate("group", systems.drains, down)
    ahead, length = (SOUTH, y + _BEYOND_MM) if _is_south(clear, lot) else (NORTH, lot.size_mm[1] - y + _BEYOND_MM)
    out = _pipe(author, storey, f"drain/{number}", "排水出户管", (x, y, bottom), ahead, length, _DRAIN_RADIUS_MM)
    author.relate("group", systems.drains, out)
    return down, out


def drain_strips(clear: Rect, lot: Lot) -> tuple[Rect, Rect]:
    """What the parts of a drain take, seen from above: the one that goes down, the one that leaves."""
    x, y = _riser(clear, lot, _DRAIN_MM)
    low, high = (-_BEYOND_MM, y) if _is_south(clear, lot) else (y, lot.size_mm[1] + _BEYOND_MM)
    out = Rect(west=x - _DRAIN_RADIUS_MM, south=low, east=x + _DRAIN_RADIUS_MM, north=high)
    return Rect(west=x, south=y, east=x, north=y).grown(_DRAIN_RADIUS_MM), out


def _is_south(clear: Rect, lot: Lot) -> bool:
    return clear.south + clear.north < lot.size_mm[1]


def _riser(clear: Rect, lot: Lot, from_west_mm: int) -> tuple[int, int]:
    back = clear.north - _BACK_MM if _is_south(clear, lot) else clear.south + _BACK_MM
    return clear.west + from_west_mm, back


def _plumb(
    author: Author, storey: Storey, room: Room, clear: Rect, number: int, lot: Lot, height_mm: int, systems: Systems
) -> None:
    x, y = _riser(clear, lot, _WATER_MM)
    water = [
        _pipe(author, storey, f"water/{number}", "给水立管", (x, y, 0), UP, height_mm, _WATER_RADIUS_MM),
        _pipe(
            author, storey, f"branch/{number}", "给水支管", (x + 100, y, height_mm - 1_200), EAST,
            clear.size_mm[0] - 850, _BRANCH_RADIUS_MM,
        ),
    ]  # fmt: skip
    author.relate("group", systems.water, *water)
    x, y = _riser(clear, lot, _DRAIN_MM)
    drain = _pipe(author, storey, f"waste/{number}", "排水立管", (x, y, 0), UP, height_mm, _DRAIN_RADIUS_MM)
    author.relate("group", systems.drains, drain)
    start = clear.south + (800 if _is_south(clear, lot) else 1_500)
    for count in range((clear.size_mm[1] - 2_400) // 1_000):
        at = (clear.east - 700, start + 1_000 * count, 0)
        key = f"{number}/{count + 1}"
        _set(author, storey, f"wc/{key}", "坐便器", at, systems.drains)
        basin = (clear.west + 50, start + 900 + 1_000 * count, 800)
        if count < 2:
            _set(
                author,
                storey,
                f"basin/{key}",
                "洗手盆",
                basin,
                systems.water,
            )
    author.describe("设计参数", {"房间": room.name, "水压 MPa": 0.25}, *water)


def _ventilate(author: Author, storey: Storey, clear: Rect, number: int, height_mm: int, systems: Systems) -> None:
    wide, high = _DUCT_MM
    bottom = height_mm - _DUCT_UNDER_MM
    long = clear.size_mm[0] - 3_000
    corner = (clear.west + 1_500, (clear.south + clear.north - wide) / 2, bottom)
    place = author.place(corner, within=storey.entity)
    duct = add(author, storey, "IfcFlowSegment", f"duct/{number}", f"送风管 {wide}×{high}", place)
    author.show(duct, (author.block(long, wide, high), LOOKS["钢"]))
    author.relate("types", add_type(author, "IfcDuctSegmentType", "镀锌钢板风管", PredefinedType="RIGIDSEGMENT"), duct)
    author.relate("material", author.material("镀锌钢板"), duct)
    author.relate("group", systems.air, duct)
    author.describe("Qto_DuctSegmentBaseQuantities", {"Length": long}, duct)
    for count in range(long // 4_000):
        at = (corner[0] + 2_000 + 4_000 * count, (clear.south + clear.north) / 2 - 300, bottom - 50)
        _set(author, storey, f"diffuser/{number}/{count}", "散流器", at, systems.air)


def _pipe(
    author: Author, storey: Storey, key: str, name: str, start: Sequence[float], along: Sequence[float],
    length_mm: int, radius_mm: int,
) -> Entity:  # fmt: skip
    is_water = name.startswith("给水")
    x_axis = EAST if along != EAST else NORTH
    place = author.place(start, within=storey.entity, x_axis=x_axis, z_axis=along)
    pipe = add(author, storey, "IfcFlowSegment", key, f"{name} DN{2 * radius_mm}", place)
    author.show(pipe, (author.tube(radius_mm, length_mm), LOOKS["给水管" if is_water else "排水管"]))
    kind = "PPR 给水管" if is_water else "UPVC 排水管"
    author.relate("types", add_type(author, "IfcPipeSegmentType", kind, PredefinedType="RIGIDSEGMENT"), pipe)
    author.relate("material", author.material("PPR" if is_water else "UPVC"), pipe)
    author.describe("Qto_PipeSegmentBaseQuantities", {"Length": length_mm}, pipe)
    return pipe


@dataclass(frozen=True, kw_only=True)
class Fixture:
    """What stands at the ends of pipes and ducts: class and kind of its type, blocks (size and corner, millimetres)."""

    type_class: str
    kind: str
    blocks: tuple[tuple[tuple[int, int, int], tuple[int, int, int]], ...]


_FIXTURES = {
    "坐便器": Fixture(
        type_class="IfcSanitaryTerminalType", kind="TOILETPAN",
        blocks=(((500, 380, 400), (0, 0, 0)), ((180, 380, 780), (500, 0, 0))),
    ),
    "洗手盆": Fixture(
        type_class="IfcSanitaryTerminalType", kind="WASHHANDBASIN", blocks=(((450, 600, 150), (0, 0, 0)),)
    ),
    "散流器": Fixture(type_class="IfcAirTerminalType", kind="DIFFUSER", blocks=(((600, 600, 50), (0, 0, 0)),)),
    "荧光灯": Fixture(
        type_class="IfcLightFixtureType", kind="DIRECTIONSOURCE", blocks=(((1_200, 300, 80), (0, 0, 0)),)
    ),
}  # fmt: skip


def _set(author: Author, storey: Storey, key: str, name: str, at_mm: Sequence[float], system: Entity) -> None:
    """Put a fixture somewhere."""
    fixture = _FIXTURES[name]
    look = LOOKS["陶瓷" if fixture.type_class == "IfcSanitaryTerminalType" else "钢"]
    shape = author.map(name, lambda: [(author.block(*size, at_mm=corner), look) for size, corner in fixture.blocks])
    place = author.place(at_mm, within=storey.entity)
    element = add(author, storey, "IfcFlowTerminal", key, name, place)
    author.show_mapped(element, shape)
    author.relate("types", add_type(author, fixture.type_class, name, shape, PredefinedType=fixture.kind), element)
    author.relate("group", system, element)
