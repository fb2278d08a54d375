"""What makes rooms of a frame: walls, doors, windows, and the rooms themselves."""

from __future__ import annotations

from sample_gis.models.author import EAST, NORTH, Author, Entity, Look, Value
from sample_gis.models.parts import LOOKS, Storey, add, add_type, describe_common
from sample_gis.models.plan import SHAFTS, Floor, Opening, Rect, Room, Wall
from sample_gis.models.structure import BEAM_MM, SLAB_MM

_FRAME_MM, _PANE_MM, _LEAF_MM = 60, 12, 45
_CEILING_MM = 600

#: Layers of walls, millimetres: to the open air, and between rooms.
_LAYERS = {
    True: ("外墙 240", (("外墙涂料饰面", 20), ("加气混凝土砌块", 200), ("水泥砂浆", 20))),
    False: ("内墙 200", (("水泥砂浆", 10), ("加气混凝土砌块", 180), ("水泥砂浆", 10))),
}

#: What an opening is filled with: class, class of its type in IFC2X3 and later, what it is called before its size.
_FILLINGS = {
    "door": ("IfcDoor", "IfcDoorStyle", "IfcDoorType", "木门 M"),
    "gate": ("IfcDoor", "IfcDoorStyle", "IfcDoorType", "玻璃门 MLC"),
    "window": ("IfcWindow", "IfcWindowStyle", "IfcWindowType", "铝合金窗 C"),
}

Parts = list[tuple[Entity, tuple[str, Look] | None]]


def furnish(author: Author, storey: Storey, floor: Floor, height_mm: int) -> None:
    """Walls of a storey with their doors and windows, and its rooms."""
    for number, wall in enumerate(floor.walls, start=1):
        _build_wall(author, storey, floor, wall, number, height_mm - SLAB_MM - BEAM_MM)
    for number, (room, clear) in enumerate(zip(floor.rooms, floor.clear, strict=True), start=1):
        _name_room(author, storey, room, clear, number, height_mm)


def _build_wall(author: Author, storey: Storey, floor: Floor, wall: Wall, number: int, height_mm: int) -> None:
    turn = NORTH if wall.along_y else EAST
    corner = (wall.solid.east if wall.along_y else wall.solid.west, wall.solid.south, 0)
    place = author.place(corner, within=storey.entity, x_axis=turn)
    name, layers = _LAYERS[wall.is_outer]
    element = add(author, storey, "IfcWall", f"wall/{number}", f"{name}-{number:03d}", place, kind="STANDARD")
    look = LOOKS["外墙涂料" if wall.is_outer else "内墙涂料"]
    author.show(element, (author.block(wall.length_mm, wall.thickness_mm, height_mm), look))
    kind = add_type(author, "IfcWallType", name, PredefinedType="STANDARD")
    author.relate("types", kind, element)
    author.relate("material", author.layers(name, *layers), element)
    values: dict[str, Value] = {
        "Reference": name, "LoadBearing": False, "IsExternal": wall.is_outer, "FireRating": "2.00h",
    }  # fmt: skip
    thermal = {"ThermalTransmittance": 0.45} if wall.is_outer else {}
    describe_common(author, element, "Wall", **values, **thermal)
    cut_mm2 = 0
    for count, opening in enumerate(wall.openings, start=1):
        cut_mm2 += (opening.end - opening.start) * (opening.head - opening.sill)
        key = f"{storey.key}/wall/{number}/{count}"
        _fill_wall(author, storey, floor, wall, element, opening, key)
    gross = wall.length_mm * height_mm / 1e6
    net = gross - cut_mm2 / 1e6
    thick = wall.thickness_mm / 1e3
    sizes = {"Length": wall.length_mm, "Width": wall.thickness_mm, "Height": height_mm}
    areas = {"GrossSideArea": round(gross, 6), "NetSideArea": round(net, 6)}
    volumes = {"GrossVolume": round(gross * thick, 6), "NetVolume": round(net * thick, 6)}
    author.describe("Qto_WallBaseQuantities", sizes | areas | volumes, element)


def _fill_wall(
    author: Author, storey: Storey, floor: Floor, wall: Wall, element: Entity, opening: Opening, key: str
) -> None:
    """Cut an opening into a wall and put a door or a window there."""
    width, height = opening.end - opening.start, opening.head - opening.sill
    hole = Rect(west=opening.start, south=0, east=opening.end, north=wall.thickness_mm)
    cut = author.open(element, f"{key}/opening", hole, opening.sill, height, element)
    ifc_class, old_type, new_type, called = _FILLINGS[opening.kind]
    name = f"{called}{width // 10:04d}{height // 10:04d}"
    shape = author.map((name, wall.thickness_mm), lambda: _draw(author, opening.kind, width, wall.thickness_mm, height))
    place = author.place((0, 0, 0), within=cut)
    number = key.rsplit("/wall/", 1)[1].replace("/", "-")
    filling = add(
        author, storey, ifc_class, f"{opening.kind}/{number}", f"{name}-{number}", place,
        kind=ifc_class[3:].upper(), OverallWidth=author.length(width), OverallHeight=author.length(height),
    )  # fmt: skip
    author.show_mapped(filling, shape)
    author.fill(cut, filling, key)
    author.relate(
        "types", _type_of(author, opening.kind, old_type, new_type, f"{name} 墙{wall.thickness_mm}", shape), filling
    )
    author.relate("material", author.material("木" if opening.kind == "door" else "铝合金"), filling)
    if ifc_class == "IfcDoor":
        shaft = any(n is not None and floor.rooms[n].use in SHAFTS for n in wall.rooms)
        rating = "乙级 1.00h" if shaft else "无要求"
        describe_common(
            author, filling, "Door", Reference=name, FireRating=rating, IsExternal=wall.is_outer,
            FireExit=opening.kind == "gate",
        )  # fmt: skip
    else:
        describe_common(
            author, filling, "Window", Reference=name, FireRating="无要求", IsExternal=True, ThermalTransmittance=2.4
        )
    sizes = {"Width": width, "Height": height, "Area": width * height / 1e6}
    author.describe(f"Qto_{ifc_class[3:]}BaseQuantities", sizes, filling)


def _type_of(author: Author, kind: str, old_type: str, new_type: str, name: str, shape: Entity) -> Entity:
    operation = "DOUBLE_DOOR_SINGLE_SWING" if kind == "gate" else "SINGLE_SWING_LEFT"
    if author.schema == "IFC2X3":
        how = operation if kind != "window" else "DOUBLE_PANEL_VERTICAL"
        made = {"OperationType": how, "ConstructionType": "WOOD" if kind == "door" else "ALUMINIUM"}
        return add_type(author, old_type, name, shape, **made, ParameterTakesPrecedence=False, Sizeable=False)
    if kind == "window":
        return add_type(
            author, new_type, name, shape, PredefinedType="WINDOW", PartitioningType="DOUBLE_PANEL_VERTICAL"
        )
    return add_type(author, new_type, name, shape, PredefinedType="DOOR", OperationType=operation)


def _draw(author: Author, kind: str, width: int, deep: int, height: int) -> Parts:
    """A frame in the middle of the wall with a leaf, or with two panes and a mullion."""
    frame = LOOKS["木" if kind == "door" else "铝合金"]
    thick = 100
    front = (deep - thick) // 2
    foot = _FRAME_MM if kind == "window" else 0
    inner = height - _FRAME_MM - foot
    side = [(author.block(_FRAME_MM, thick, height, at_mm=(x, front, 0)), frame) for x in (0, width - _FRAME_MM)]
    bars = [height - _FRAME_MM, *([0] if foot else [])]
    across = [(author.block(width - 2 * _FRAME_MM, thick, _FRAME_MM, at_mm=(_FRAME_MM, front, z)), frame) for z in bars]
    if kind == "door":
        leaf = author.block(width - 2 * _FRAME_MM, _LEAF_MM, inner, at_mm=(_FRAME_MM, front, 0))
        return [*side, *across, (leaf, LOOKS["木"])]
    middle = (width - _FRAME_MM) // 2
    mullion = (author.block(_FRAME_MM, thick, inner, at_mm=(middle, front, foot)), frame)
    pane = middle - _FRAME_MM
    panes = [
        (author.block(pane, _PANE_MM, inner, at_mm=(x, deep // 2, foot)), LOOKS["玻璃"])
        for x in (_FRAME_MM, middle + _FRAME_MM)
    ]
    return [*side, *across, mullion, *panes]


def _name_room(author: Author, storey: Storey, room: Room, clear: Rect, number: int, height_mm: int) -> None:
    place = author.place((clear.west, clear.south, 0), within=storey.entity)
    (width, depth), tall = clear.size_mm, height_mm - _CEILING_MM
    level = storey.key.removeprefix("F")
    attributes = {"LongName": room.name, "CompositionType": "ELEMENT"}
    attributes["InteriorOrExteriorSpace" if author.schema == "IFC2X3" else "PredefinedType"] = "INTERNAL"
    space = author.root(
        "IfcSpace", f"{storey.key}/space/{number}", f"{level}{number:02d}", ObjectPlacement=place, **attributes
    )
    author.relate("aggregates", storey.entity, space)
    author.show(space, (author.block(width, depth, tall), LOOKS["房间"]))
    describe_common(author, space, "Space", Reference=room.use, IsExternal=False)
    area = width * depth / 1e6
    round_ = 2 * (width + depth)
    lengths = {"Height": tall, "GrossPerimeter": round_, "NetPerimeter": round_}
    volume = round(area * tall / 1e3, 6)
    author.describe(
        "Qto_SpaceBaseQuantities",
        {**lengths, "GrossFloorArea": area, "NetFloorArea": area, "GrossVolume": volume, "NetVolume": volume},
        space,
    )
