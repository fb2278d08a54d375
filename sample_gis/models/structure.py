"""What carries a building: footings, columns, beams, slabs, stairs, the roof."""

from __future__ import annotations

from collections.abc import Sequence

import shapely

from sample_gis.models.author import EAST, NORTH, Author, Entity, Look, Value
from sample_gis.models.parts import LOOKS, Storey, add, add_type, describe_common
from sample_gis.models.plan import COLUMN_MM, Floor, Rect, Room

SLAB_MM, BEAM_MM = 120, 500
#: Footings: side, height, and how deep their top is; beams in the ground go from their columns to the next.
FOOTING_MM, FOOTING_HIGH_MM, FOOTING_TOP_MM = 1_800, 600, 1_500
#: Stairs: most that a riser is, length of a tread, thickness of a flight.
_RISER_MM, _TREAD_MM, _FLIGHT_MM = 155, 280, 150

CONCRETE, CONCRETE_BELOW = "C30 钢筋混凝土", "C35 钢筋混凝土 P6"

Outline = Sequence[tuple[int, int]]


def found(author: Author, storey: Storey, floor: Floor) -> None:
    """Footings, the columns on them, and beams in the ground under all walls; the storey is at the top of footings."""
    for number, column in enumerate(floor.columns, start=1):
        _add_column(author, storey, f"基础柱 {number}", f"stub/{number}", column, FOOTING_TOP_MM - SLAB_MM)
        corner = column.grown((FOOTING_MM - COLUMN_MM) // 2)
        place = author.place((corner.west, corner.south, -FOOTING_HIGH_MM), within=storey.entity)
        name = f"独立基础 DJ{number:02d}"
        footing = add(author, storey, "IfcFooting", f"footing/{number}", name, place, kind="PAD_FOOTING")
        author.show_mapped(footing, author.map("footing", lambda: _footing(author)))
        author.relate("material", author.material(CONCRETE_BELOW), footing)
        describe_common(author, footing, "Footing", Reference="DJ", LoadBearing=True)
        volume = (FOOTING_MM**2 * FOOTING_HIGH_MM) / 1e9
        sizes = {"Length": FOOTING_MM, "Width": FOOTING_MM, "Height": FOOTING_HIGH_MM, "GrossVolume": volume}
        author.describe("Qto_FootingBaseQuantities", sizes, footing)
    for number, wall in enumerate(floor.walls, start=1):
        place = author.place(
            (wall.solid.west, wall.solid.south, FOOTING_TOP_MM - SLAB_MM - BEAM_MM), within=storey.entity
        )
        name = f"地梁 JL{number:03d}"
        beam = add(author, storey, "IfcFooting", f"groundbeam/{number}", name, place, kind="FOOTING_BEAM")
        author.show(beam, (author.block(*wall.solid.size_mm, BEAM_MM), LOOKS["混凝土"]))
        author.relate("material", author.material(CONCRETE_BELOW), beam)
        describe_common(author, beam, "Footing", Reference="JL", LoadBearing=True)


def _footing(author: Author) -> list[tuple[Entity, tuple[str, Look]]]:
    """A step above a wider one."""
    low, side, inset = FOOTING_HIGH_MM // 2, FOOTING_MM - 600, 300
    return [
        (author.block(FOOTING_MM, FOOTING_MM, low), LOOKS["混凝土"]),
        (author.block(side, side, low, at_mm=(inset, inset, low)), LOOKS["混凝土"]),
    ]


def frame(author: Author, storey: Storey, floor: Floor, height_mm: int) -> None:
    """Columns of a storey, and a beam over each of its walls."""
    for number, column in enumerate(floor.columns, start=1):
        _add_column(author, storey, f"框架柱 KZ{number:02d}", f"column/{number}", column, height_mm - SLAB_MM)
    bottom = height_mm - SLAB_MM - BEAM_MM
    for number, wall in enumerate(floor.walls, start=1):
        # Along its x axis, as beams are drawn; the solid is that of the wall below.
        turn = {"x_axis": NORTH} if wall.along_y else {"x_axis": EAST}
        start = (wall.solid.east if wall.along_y else wall.solid.west, wall.solid.south, bottom)
        place = author.place(start, within=storey.entity, **turn)
        beam = add(author, storey, "IfcBeam", f"beam/{number}", f"框架梁 KL{number:03d}", place, kind="BEAM")
        author.show(beam, (author.block(wall.length_mm, wall.thickness_mm, BEAM_MM), LOOKS["混凝土"]))
        author.relate("material", author.material(CONCRETE), beam)
        describe_common(author, beam, "Beam", Reference="KL", IsExternal=wall.is_outer, LoadBearing=True)
        section = wall.thickness_mm * BEAM_MM / 1e6
        sizes = {"Length": wall.length_mm, "CrossSectionArea": section, "GrossVolume": section * wall.length_mm / 1e3}
        author.describe("Qto_BeamBaseQuantities", sizes, beam)


def _add_column(author: Author, storey: Storey, name: str, key: str, box: Rect, height_mm: int) -> None:
    shape = author.map(("column", height_mm), lambda: [(author.block(*box.size_mm, height_mm), LOOKS["混凝土"])])
    place = author.place((box.west, box.south, 0), within=storey.entity)
    column = add(author, storey, "IfcColumn", key, name, place, kind="COLUMN")
    author.show_mapped(column, shape)
    kind = add_type(author, "IfcColumnType", f"矩形柱 500×500×{height_mm}", shape, PredefinedType="COLUMN")
    author.relate("types", kind, column)
    author.relate("material", author.material(CONCRETE), column)
    describe_common(author, column, "Column", Reference="KZ", IsExternal=False, LoadBearing=True)
    section = box.size_mm[0] * box.size_mm[1] / 1e6
    sizes = {"Length": height_mm, "CrossSectionArea": section, "GrossVolume": section * height_mm / 1e3}
    author.describe("Qto_ColumnBaseQuantities", sizes, column)


def lay_slab(
    author: Author, storey: Storey, outline: Sequence[Outline], holes: Sequence[Rect], *, on_ground: bool
) -> None:
    """The slab under a storey's floor, with openings over stairs and lifts."""
    place = author.place((0, 0, -SLAB_MM), within=storey.entity)
    kind = "BASESLAB" if on_ground else "FLOOR"
    slab = add(author, storey, "IfcSlab", "slab", "地坪" if on_ground else "楼板", place, kind=kind)
    author.show(slab, (author.extrude(outline[0], SLAB_MM, *outline[1:]), LOOKS["混凝土"]))
    for number, hole in enumerate(holes, start=1):
        author.open(slab, f"{storey.key}/slab/hole/{number}", hole, 0, SLAB_MM, slab)
    author.relate("material", author.material(CONCRETE), slab)
    describe_common(author, slab, "Slab", Reference=f"B{SLAB_MM}", IsExternal=False, LoadBearing=True)
    author.describe("Qto_SlabBaseQuantities", _slab_sizes(outline, holes), slab)


def _slab_sizes(outline: Sequence[Outline], holes: Sequence[Rect]) -> dict[str, float]:
    gross = round(shapely.Polygon(outline[0], outline[1:]).area / 1e6, 6)
    net = round(gross - sum(hole.size_mm[0] * hole.size_mm[1] for hole in holes) / 1e6, 6)
    volumes = {"GrossVolume": round(gross * SLAB_MM / 1e3, 6), "NetVolume": round(net * SLAB_MM / 1e3, 6)}
    return {"Width": SLAB_MM, "GrossArea": gross, "NetArea": net, **volumes}


def cover(author: Author, storey: Storey, outline: Sequence[Outline], parapet_mm: int) -> None:
    """The roof: a slab and a parapet round it, 120 mm thick."""
    place = author.place((0, 0, 0), within=storey.entity)
    roof = add(author, storey, "IfcRoof", "roof", "屋面", place, kind="FLAT_ROOF")
    describe_common(author, roof, "Roof", Reference="WM1", IsExternal=True, ThermalTransmittance=0.4)
    below = author.place((0, 0, -SLAB_MM), within=storey.entity)
    slab = add(author, storey, "IfcSlab", "roof/slab", "屋面板", below, kind="ROOF", part_of=roof)
    author.show(slab, (author.extrude(outline[0], SLAB_MM, *outline[1:]), LOOKS["屋面"]))
    layers = author.layers("屋面构造", ("防水卷材", 10), ("挤塑聚苯板", 80), (CONCRETE, SLAB_MM))
    author.relate("material", layers, slab)
    describe_common(author, slab, "Slab", Reference=f"WB{SLAB_MM}", IsExternal=True, LoadBearing=True)
    author.describe("Qto_SlabBaseQuantities", _slab_sizes(outline, ()), slab)
    for number, ring in enumerate(outline, start=1):
        # Inside the edge of the roof: a courtyard's edge has the roof around it.
        edge = shapely.Polygon(ring)
        inner = edge.buffer(-120 if number == 1 else 120, join_style="mitre")
        shell, hole = (edge, inner) if number == 1 else (inner, edge)
        wall = add(
            author, storey, "IfcWall", f"parapet/{number}", "女儿墙",
            author.place((0, 0, 0), within=storey.entity), kind="PARAPET" if author.schema != "IFC2X3" else None,
        )  # fmt: skip
        rings = [[(round(x), round(y)) for x, y in each.exterior.coords[:-1]] for each in (shell, hole)]
        author.show(wall, (author.extrude(rings[0], parapet_mm, rings[1]), LOOKS["外墙涂料"]))
        author.relate("material", author.material("加气混凝土砌块"), wall)
        describe_common(author, wall, "Wall", Reference="NEQ120", IsExternal=True, LoadBearing=False)


def count_risers(height_mm: int) -> int:
    """Risers from storey to storey, an even number."""
    return 2 * -(-height_mm // (2 * _RISER_MM))


def stair_hole(clear: Rect, height_mm: int, near: str) -> Rect:
    """What the flights of a stair need of the slab above; the rest of the room is the landing of the storey."""
    run = (count_risers(height_mm) // 2 - 1) * _TREAD_MM
    rest = (clear.size_mm[1] - run) // 2
    if near == "south":
        return Rect(west=clear.west, south=clear.south + rest, east=clear.east, north=clear.north)
    return Rect(west=clear.west, south=clear.south, east=clear.east, north=clear.north - rest)


def climb(
    author: Author, storey: Storey, room: Room, clear: Rect, columns: Sequence[Rect], height_mm: int, near: str
) -> None:
    """A stair with two flights and a landing between, which starts and arrives at the near side of its room."""
    risers = count_risers(height_mm)
    half, rise = risers // 2, height_mm / risers
    run = (half - 1) * _TREAD_MM
    width = (clear.size_mm[0] - 100) // 2
    rest = (clear.size_mm[1] - run) // 2
    key = f"stair/{room.name}"
    stair = add(
        author, storey, "IfcStair", key, room.name,
        author.place((clear.west, clear.south, 0), within=storey.entity), kind="HALF_TURN_STAIR",
    )  # fmt: skip
    author.relate("material", author.material(CONCRETE), stair)
    common: dict[str, Value] = {"Reference": "LT1", "NumberOfRiser": risers, "NumberOfTreads": risers - 2}
    lengths = {"RiserHeight": author.length(rise), "TreadLength": author.length(_TREAD_MM)}
    describe_common(author, stair, "Stair", **common, **lengths, FireExit=True, IsExternal=False)
    # Seen from the near side: up on one side, over the landing, back on the other one.
    start, ahead = (clear.south + rest, 1) if near == "south" else (clear.north - rest, -1)
    flights = ((start, 0.0, ahead, clear.west), (start + ahead * run, half * rise, -ahead, clear.east - width))
    for number, (y, bottom, along, west) in enumerate(flights, start=1):
        # The profile of a flight stands upright along its x axis and is raised across the stair.
        place = author.place(
            (west if along > 0 else west + width, y, bottom),
            within=storey.entity, x_axis=(0.0, float(along), 0.0), z_axis=(float(along), 0.0, 0.0),
        )  # fmt: skip
        flight = add(
            author, storey, "IfcStairFlight", f"{key}/{number}", f"梯段 {number}", place, kind="STRAIGHT", part_of=stair
        )
        author.show(flight, (author.extrude(_steps(half, rise), width), LOOKS["混凝土"]))
    far = clear.north - (clear.size_mm[1] - run - rest) if near == "south" else clear.south
    deep = clear.size_mm[1] - run - rest
    place = author.place((0, 0, half * rise - SLAB_MM), within=storey.entity)
    landing = add(author, storey, "IfcSlab", f"{key}/landing", "休息平台", place, kind="LANDING", part_of=stair)
    corner = (clear.west, far, clear.east, far + deep)
    author.show(landing, (author.extrude(_between(corner, columns), SLAB_MM), LOOKS["混凝土"]))


def _between(box: tuple[int, int, int, int], columns: Sequence[Rect]) -> list[tuple[int, int]]:
    """A rectangle but for the columns that stand in its corners."""
    standing = shapely.union_all([shapely.box(each.west, each.south, each.east, each.north) for each in columns])
    (rest,) = shapely.get_parts(shapely.difference(shapely.box(*box), standing))
    return [(round(x), round(y)) for x, y in shapely.get_coordinates(rest)[:-1].tolist()]


def _steps(risers: int, rise: float) -> list[tuple[float, float]]:
    """The profile of a flight: treads from the first riser to the last one, and its underside."""
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for number in range(risers):
        points.append((number * _TREAD_MM, (number + 1) * rise))
        if number < risers - 1:
            points.append(((number + 1) * _TREAD_MM, (number + 1) * rise))
    run = (risers - 1) * _TREAD_MM
    return [*points, (run, risers * rise - rise - _FLIGHT_MM), (_TREAD_MM, 0.0)]
