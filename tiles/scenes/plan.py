"""Which solids of a layer stand in which tile: squares that are quartered until few enough solids are in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from twin.crs import CRS84, transform
from twin.earth import Place, place_on_ellipsoid
from twin.frame import Frame
from twin.heights import GeoidOffset
from twin.solids import Solids

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

#: Squares with more solids are quartered, down to so many times.
_MOST_SOLIDS, _DEEPEST = 2_000, 16
#: A square that is quartered shows the largest of its solids only, as lines.
MOST_FROM_FAR = 3_000

#: Level, column from the west and row from the south of a square.
Address = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """A square with solids in it.

    Parameters
    ----------
    address
        Where it is.
    side_m
        How wide it is.
    numbers
        Of the solids whose middle is in it.
    box
        West, south, bottom, east, north and top of them, metres from the place of the plan.
    parts
        The quarters with something in them; none where it is not quartered.
    """

    address: Address
    side_m: float
    numbers: Numbers
    box: Floats
    parts: tuple[Cell, ...]

    def walk(self) -> Iterator[Cell]:
        """Go through all squares from here down."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """The solids of a layer and the tree of their squares.

    Parameters
    ----------
    place
        Where on the earth the axes are measured from.
    solids
        In metres east, north and up of the place.
    root
        The square of all but those apart; None where there is nothing.
    corner
        (2,) metres east and north: the south-western corner of that square.
    apart
        The numbers of those that stand in no square, by the keys of their features.
    """

    place: Place
    solids: Solids
    root: Cell | None
    corner: Floats = field(default_factory=lambda: np.zeros(2))
    apart: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def sizes(self) -> Floats:
        """(n,) of the solids."""
        return self.solids.sizes

    @cached_property
    def cells(self) -> dict[Address, Cell]:
        """All squares by address."""
        return {} if self.root is None else {cell.address: cell for cell in self.root.walk()}


def make_plan(frame: Frame, geoid: GeoidOffset, apart: frozenset[str] = frozenset()) -> Plan:
    """Place the solids of a layer on the earth, and in squares; those of some keys apart from them."""
    make = frame.layer.solids
    assert make is not None
    solids = make(frame.data)
    if not len(solids):
        return Plan(place=Place(lon=0.0, lat=0.0), solids=solids, root=None)
    boxes = solids.boxes()
    place = Place.amid(*transform(boxes[:, [0, 3]].ravel(), boxes[:, [1, 4]].ravel(), frame.crs, CRS84))

    def to_local(places: Floats) -> Floats:
        lon, lat = transform(places[:, 0], places[:, 1], frame.crs, CRS84)
        return place.to_local(place_on_ellipsoid(lon, lat, places[:, 2] + geoid.offset_m))

    local = solids.move(to_local)
    keys = frame.data.index.to_numpy()[local.rows]
    is_apart = np.isin(keys, list(apart))
    numbers = np.flatnonzero(~is_apart)
    root, corner = _plant(local.boxes(), numbers) if len(numbers) else (None, np.zeros(2))
    return Plan(
        place=place,
        solids=local,
        root=root,
        corner=corner,
        apart={str(keys[number]): number for number in np.flatnonzero(is_apart).tolist()},
    )


def choose_numbers(plan: Plan, cell: Cell) -> Numbers:
    """The solids that a square shows from far: all, or the largest where it is quartered, in the order of the rows."""
    numbers = cell.numbers
    if not cell.parts or len(numbers) <= MOST_FROM_FAR:
        return numbers
    return np.sort(numbers[np.argsort(-plan.sizes[numbers], kind="stable")[:MOST_FROM_FAR]])


def _plant(boxes: Floats, numbers: Numbers) -> tuple[Cell, Floats]:
    """Put some of n boxes in squares, the first of which holds them as wholes; return it and its corner."""
    middles = (boxes[:, :2] + boxes[:, 3:5]) / 2
    corner = np.floor(boxes[numbers, :2].min(axis=0))
    side_m = 2.0 ** np.ceil(np.log2((boxes[numbers, 3:5].max(axis=0) - corner).max() + 1.0))
    return _grow(boxes, (middles - corner) / side_m, side_m, (0, 0, 0), numbers), corner


def _grow(boxes: Floats, middles: Floats, side_m: float, address: Address, numbers: Numbers) -> Cell:
    """Make a square; middles are shares of the side of the whole."""
    z, x, y = address
    parts: list[Cell] = []
    if len(numbers) > _MOST_SOLIDS and z < _DEEPEST:
        columns, rows = (middles[numbers] * 2 ** (z + 1)).astype(np.int64).T
        for column, row in ((2 * x + right, 2 * y + upper) for upper in (0, 1) for right in (0, 1)):
            inside = numbers[(columns == column) & (rows == row)]
            if len(inside):
                parts.append(_grow(boxes, middles, side_m, (z + 1, column, row), inside))
    box = np.concatenate([boxes[numbers, :3].min(axis=0), boxes[numbers, 3:].max(axis=0)])
    return Cell(address=address, side_m=side_m / 2**z, numbers=numbers, box=box, parts=tuple(parts))
