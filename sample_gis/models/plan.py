"""The plan of a storey: rooms as rectangles, and what follows from them: walls, columns, doors and windows.

Lengths are whole millimetres in the coordinates of the lot, so that rooms meet exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import shapely

#: Thickness of walls to the open air and of those between rooms, and sides of columns.
OUTER_MM, INNER_MM, COLUMN_MM = 240, 200, 500

#: Columns stand no nearer to each other.
_BAY_MM = 3_000

#: Windows: width, distance of their middles, what stays of a wall at its ends, sill and height.
_WINDOW_MM, _RHYTHM_MM, _CORNER_MM, _SILL_MM, _GLASS_MM = 1_800, 2_600, 500, 900, 1_700
#: Doors of rooms: width, height, and how far from the end of their wall; rooms wider than this have two.
_DOOR_MM, _HEAD_MM, _JAMB_MM, _WIDE_MM = 1_000, 2_100, 300, 8_000
_GATE_MM = (2_400, 2_500)

#: Rooms that people walk through; between them there are no walls.
WALKED = ("corridor", "hall")
#: Rooms that go through the floor.
SHAFTS = ("stair", "lift")


@dataclass(frozen=True, kw_only=True)
class Rect:
    """A rectangle along the axes, millimetres."""

    west: int
    south: int
    east: int
    north: int

    @property
    def size_mm(self) -> tuple[int, int]:
        """Along x and along y."""
        return self.east - self.west, self.north - self.south

    def grown(self, by_mm: int) -> Rect:
        """The rectangle with all sides moved outwards."""
        return Rect(west=self.west - by_mm, south=self.south - by_mm, east=self.east + by_mm, north=self.north + by_mm)

    def meets(self, other: Rect) -> bool:
        """Whether they share more than a side."""
        across = self.west < other.east and other.west < self.east
        return across and self.south < other.north and other.south < self.north


@dataclass(frozen=True, kw_only=True)
class Room:
    """A room between the axes of its walls.

    Parameters
    ----------
    name, use
        What it is called, and what kind of room it is.
    box
        Axes of its walls.
    entrance
        Whether it has a gate to the outside; the ground floor has it only.
    """

    name: str
    use: str
    box: Rect
    entrance: bool = False


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A door or a window in a wall: `door`, `gate` or `window`, from `start` to `end` along it, `sill` to `head`."""

    kind: str
    start: int
    end: int
    sill: int
    head: int


@dataclass(frozen=True, kw_only=True)
class Wall:
    """A wall between two rooms, or a room and the open air.

    Parameters
    ----------
    solid
        What it fills.
    along_y
        Whether it runs along y.
    rooms
        The rooms on its low and on its high side, by number; None is outside.
    openings
        Along the wall from its southern or western end.
    """

    solid: Rect
    along_y: bool
    rooms: tuple[int | None, int | None]
    openings: tuple[Opening, ...] = ()

    @property
    def is_outer(self) -> bool:
        """Whether it has the open air on a side."""
        return None in self.rooms

    @property
    def length_mm(self) -> int:
        """Along the wall."""
        return self.solid.size_mm[self.along_y]

    @property
    def thickness_mm(self) -> int:
        """Across it."""
        return OUTER_MM if self.is_outer else INNER_MM


@dataclass(frozen=True, kw_only=True, eq=False)
class Floor:
    """A storey: rooms, what they measure between walls, walls, columns."""

    rooms: tuple[Room, ...]
    clear: tuple[Rect, ...]
    walls: tuple[Wall, ...]
    columns: tuple[Rect, ...]


def plan_floor(rooms: Sequence[Room], *, is_ground: bool) -> Floor:
    """Draw the walls, columns, doors and windows of a storey.

    Parameters
    ----------
    rooms
        They fill the storey without a gap.
    is_ground
        Whether rooms with an entrance have their gate here.
    """
    walls = sorted(_split(rooms), key=lambda wall: not wall.is_outer)
    columns = _stand_columns(rooms, walls)
    solid: list[Wall] = []
    taken = list(columns)
    for wall in walls:
        pieces = list(_cut(wall, [each for each in taken if each.meets(wall.solid)]))
        solid += pieces
        taken += [piece.solid for piece in pieces]
    return Floor(
        rooms=tuple(rooms),
        clear=tuple(_inside(number, room.box, walls) for number, room in enumerate(rooms)),
        walls=tuple(_open(solid, rooms, is_ground=is_ground)),
        columns=columns,
    )


def divide(box: Rect, *, shares: Sequence[float], along_y: bool = False) -> list[Rect]:
    """Divide a rectangle along one of its sides."""
    low, high = (box.south, box.north) if along_y else (box.west, box.east)
    steps = [round(low + (high - low) * sum(shares[:number]) / sum(shares)) for number in range(len(shares))]
    ends = zip(steps, [*steps[1:], high], strict=True)
    if along_y:
        return [replace(box, south=start, north=end) for start, end in ends]
    return [replace(box, west=start, east=end) for start, end in ends]


def _split(rooms: Sequence[Room]) -> Iterator[Wall]:
    """One wall wherever a room ends and another, or the open air, begins."""
    for along_y in (False, True):
        sides = [(r.box.west, r.box.east, r.box.south, r.box.north) for r in rooms]
        if not along_y:
            sides = [(south, north, west, east) for west, east, south, north in sides]
        for line in sorted({value for low, high, _, _ in sides for value in (low, high)}):
            lows = [(start, end, n) for n, (_, high, start, end) in enumerate(sides) if high == line]
            highs = [(start, end, n) for n, (low, _, start, end) in enumerate(sides) if low == line]
            yield from _walls_on(line, lows, highs, rooms, along_y=along_y)


def _walls_on(
    line: int,
    lows: list[tuple[int, int, int]],
    highs: list[tuple[int, int, int]],
    rooms: Sequence[Room],
    *,
    along_y: bool,
) -> Iterator[Wall]:
    stops = sorted({value for start, end, _ in lows + highs for value in (start, end)})
    for start, end in pairwise(stops):
        pair = (_holding(lows, start), _holding(highs, start))
        if pair == (None, None) or all(n is not None and rooms[n].use in WALKED for n in pair):
            continue
        half = (OUTER_MM if None in pair else INNER_MM) // 2
        low, high, along, until = line - half, line + half, start - half, end + half
        solid = (
            Rect(west=low, south=along, east=high, north=until)
            if along_y
            else Rect(west=along, south=low, east=until, north=high)
        )
        yield Wall(solid=solid, along_y=along_y, rooms=pair)


def _holding(spans: list[tuple[int, int, int]], start: int) -> int | None:
    return next((number for low, high, number in spans if low <= start < high), None)


def _cut(wall: Wall, by: Iterable[Rect]) -> Iterator[Wall]:
    """What stays of a wall between the things that it runs into."""
    box = wall.solid
    start, end = (box.south, box.north) if wall.along_y else (box.west, box.east)
    spans = sorted((each.south, each.north) if wall.along_y else (each.west, each.east) for each in by)
    for low, high in [*spans, (end, end)]:
        if low - start >= 100:
            part = replace(box, south=start, north=low) if wall.along_y else replace(box, west=start, east=low)
            yield replace(wall, solid=part)
        start = max(start, high)


def _stand_columns(rooms: Sequence[Room], walls: Sequence[Wall]) -> tuple[Rect, ...]:
    """A column where walls meet, flush with the facade, unless another one is near."""
    half = OUTER_MM // 2
    outline = shapely.union_all([shapely.box(*_sides(room.box.grown(half))) for room in rooms])
    ends = set()
    for wall in walls:
        inset = wall.thickness_mm // 2
        core = wall.solid.grown(-inset)
        ends |= {(core.west, core.south), (core.east, core.north)}
    boxes = [room.box for room in rooms]
    corners = {corner for box in boxes for corner in product((box.west, box.east), (box.south, box.north))}
    shift = COLUMN_MM // 2 - half
    moves = sorted(product((-shift, 0, shift), repeat=2), key=lambda move: (abs(move[0]) + abs(move[1]), move))
    columns: list[Rect] = []
    for x, y in sorted(ends & corners, key=lambda p: (not _is_corner(p, outline), p)):
        box = Rect(west=x, south=y, east=x, north=y).grown(COLUMN_MM // 2)
        for dx, dy in moves:
            moved = Rect(west=box.west + dx, south=box.south + dy, east=box.east + dx, north=box.north + dy)
            if outline.covers(shapely.box(*_sides(moved))):
                if not any(moved.grown(_BAY_MM - COLUMN_MM).meets(other) for other in columns):
                    columns.append(moved)
                break
    return tuple(columns)


def _is_corner(point: tuple[int, int], outline: shapely.Geometry) -> bool:
    return bool(shapely.distance(shapely.Point(point), shapely.boundary(outline)) <= OUTER_MM)


def _sides(box: Rect) -> tuple[int, int, int, int]:
    return box.west, box.south, box.east, box.north


def _inside(number: int, box: Rect, walls: Sequence[Wall]) -> Rect:
    """A room between its walls; where it has none on a side it goes to the axis."""
    half = {"west": 0, "south": 0, "east": 0, "north": 0}
    for wall in walls:
        if number in wall.rooms:
            is_low = wall.rooms[0] == number
            side = ("east" if is_low else "west") if wall.along_y else ("north" if is_low else "south")
            half[side] = max(half[side], wall.thickness_mm // 2)
    return Rect(
        west=box.west + half["west"], south=box.south + half["south"],
        east=box.east - half["east"], north=box.north - half["north"],
    )  # fmt: skip


def _open(walls: Sequence[Wall], rooms: Sequence[Room], *, is_ground: bool) -> Iterator[Wall]:
    """Give every room a door to where people walk, entrances their gates, and facades their windows."""
    doors: dict[int, list[Opening]] = {}
    walked = {n for n, room in enumerate(rooms) if room.use in WALKED}
    for number, room in enumerate(rooms):
        if is_ground and room.entrance:
            facade = _longest(walls, number, {None})
            doors.setdefault(facade, []).append(_gate(walls[facade]))
        if room.use not in WALKED:
            inner = _longest(walls, number, {*walked})
            doors.setdefault(inner, []).extend(_doors(walls[inner].length_mm))
    for number, wall in enumerate(walls):
        found = doors.get(number, [])
        if wall.is_outer and not any(n is not None and rooms[n].use == "lift" for n in wall.rooms):
            found = found + [each for each in _windows(wall.length_mm) if all(_apart(each, door) for door in found)]
        yield replace(wall, openings=tuple(sorted(found, key=lambda each: each.start)))


def _longest(walls: Sequence[Wall], room: int, beside: set[int | None]) -> int:
    """The longest wall of a room that has one of those on its other side."""
    chosen = [n for n, wall in enumerate(walls) if room in wall.rooms and beside & ({*wall.rooms} - {room})]
    return max(chosen, key=lambda n: walls[n].length_mm)


def _doors(length: int) -> Iterator[Opening]:
    starts = [_JAMB_MM] if length < _WIDE_MM else [_JAMB_MM, length - _JAMB_MM - _DOOR_MM]
    for start in starts:
        yield Opening(kind="door", start=start, end=start + _DOOR_MM, sill=0, head=_HEAD_MM)


def _gate(wall: Wall) -> Opening:
    width, height = _GATE_MM
    start = (wall.length_mm - width) // 2
    return Opening(kind="gate", start=start, end=start + width, sill=0, head=height)


def _windows(length: int) -> Iterator[Opening]:
    count = (length - 2 * _CORNER_MM + _RHYTHM_MM - _WINDOW_MM) // _RHYTHM_MM
    for number in range(count):
        middle = length // 2 + round((number - (count - 1) / 2) * _RHYTHM_MM)
        start = middle - _WINDOW_MM // 2
        yield Opening(kind="window", start=start, end=start + _WINDOW_MM, sill=_SILL_MM, head=_SILL_MM + _GLASS_MM)


def _apart(one: Opening, other: Opening) -> bool:
    return one.end + 300 <= other.start or other.end + 300 <= one.start
