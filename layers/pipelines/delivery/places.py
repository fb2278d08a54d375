"""Where the points of a table are: its columns of coordinates, which of them is north, and the height of the ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS, BBox, crs_label, reproject_bbox
from twin.errors import CrsError
from twin.grids import in_domain, recognise_grid
from twin.ingest.convert import parse_numbers
from twin.ingest.faults import Faults, Rows
from twin.ingest.names import normalise_name, split_brackets
from twin.ingest.report import Decision

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

#: What the height of the ground at a point is called.
GROUND_NAMES = ("high", "地面高程", "高程", "地面标高", "ground", "surfh", "hign", "z", "h", "井盖高程", "elevation")

#: Between which heights the ground lies on land.
_GROUND_M = (-500.0, 9000.0)

_NAMES: Mapping[str, tuple[str, ...]] = {
    "x": ("x", "x坐标", "坐标x", "平面坐标x", "xcoord"),
    "y": ("y", "y坐标", "坐标y", "平面坐标y", "ycoord"),
    "north": ("north", "northing", "北坐标", "纵坐标", "纵坐标x", "x纵坐标"),
    "east": ("east", "easting", "东坐标", "横坐标", "横坐标y", "y横坐标"),
    "ground": GROUND_NAMES,
}


@dataclass(frozen=True, kw_only=True)
class PlaceColumns:
    """Columns of coordinates: the first is X of the survey, by its name or by what it says, north.

    Parameters
    ----------
    first, second
        Names of the columns.
    says
        Whether the names say which is north.
    ground
        Column of the height of the ground.
    """

    first: str
    second: str
    says: bool
    ground: str | None

    @property
    def all(self) -> tuple[str, ...]:
        """Every column needed."""
        return (self.first, self.second, *((self.ground,) if self.ground else ()))


def find_places(columns: Sequence[str]) -> PlaceColumns | None:
    """Find the columns of coordinates of a table of points; None where there are none."""
    normal = {normalise_name(split_brackets(column)[0]): column for column in reversed(columns)}
    found = {what: next((normal[n] for n in names if n in normal), None) for what, names in _NAMES.items()}
    for first, second, says in (("north", "east", True), ("x", "y", False)):
        a, b = found[first], found[second]
        if a is not None and b is not None:
            return PlaceColumns(first=a, second=b, says=says, ground=found["ground"])
    return None


def bound_places(found: PlaceColumns, table: pd.DataFrame) -> BBox | None:
    """The box around the numbers of the columns, as if the first were x."""
    first, second = (parse_numbers(table[name])[0] for name in (found.first, found.second))
    if not (np.isfinite(first).any() and np.isfinite(second).any()):
        return None
    return BBox(np.nanmin(first), np.nanmin(second), np.nanmax(first), np.nanmax(second))


def find_ground(columns: Sequence[str]) -> str | None:
    """Find the column of the height of the ground of a table whose points have geometry."""
    normal = {normalise_name(split_brackets(column)[0]): column for column in reversed(columns)}
    return next((normal[name] for name in _NAMES["ground"] if name in normal), None)


def read_places(
    found: PlaceColumns,
    table: pd.DataFrame,
    crs: CRS,
    rows: Rows,
    faults: Faults,
    *,
    area: BaseGeometry | None,
    area_crs: CRS,
) -> tuple[Geometries, Decision]:
    """Points of a table in its CRS, x east and y north.

    Of columns called X and Y, X is the one that is north where only so the points lie where the CRS is fit for use, and
    in the county; where both ways would do, X is north as in every survey table, and the decision says so.

    Raises
    ------
    CrsError
        The points lie nowhere, whichever is north.
    """
    numbers = []
    for name in (found.first, found.second):
        values, bad = parse_numbers(table[name])
        faults.add_rows("the coordinate is not a number", bad, rows, field=name, values=table[name])
        faults.add_rows("there is no coordinate", np.isnan(values) & ~bad, rows, field=name)
        numbers.append(values)
    named = (found.first, found.second)
    if found.says:  # as 纵坐标 and 横坐标 do
        first_is_north, why = True, "column names"
    else:
        custom = "survey tables have X north"
        first_is_north, why = decide_axes(
            str(rows.files[0]), named, (numbers[0], numbers[1]), crs, (True, custom), area=area, area_crs=area_crs
        )
    north, east = numbers if first_is_north else reversed(numbers)
    north_name, east_name = named if first_is_north else reversed(named)
    points = np.full(len(table), None, dtype=object)
    whole = np.isfinite(east) & np.isfinite(north)
    points[whole] = shapely.points(east[whole], north[whole])
    return points, Decision(value=f"east, north = {east_name}, {north_name}", why=why)


def read_ground(
    column: str | None, table: pd.DataFrame, rows: Rows, faults: Faults, *, own: Floats | None = None
) -> Floats:
    """Heights of the ground, of a column or the points' own; one without is a fault: depths would hang in the air."""
    heights, bad = np.full(len(table), np.nan) if own is None else own, np.zeros(len(table), dtype=bool)
    if column is not None:
        heights, bad = parse_numbers(table[column])
        faults.add_rows("the height is not a number", bad, rows, field=column, values=table[column])
    name, (low, high) = column or "High", _GROUND_M
    faults.add_rows("there is no height of the ground", np.isnan(heights) & ~bad, rows, field=name)
    with np.errstate(invalid="ignore"):
        off = (heights < low) | (heights > high)
    what = "the height of the ground is out of range: heights are in metres"
    faults.add_rows(what, off, rows, field=name, values=heights, limit=f"{low:g} to {high:g} m")
    return np.where(off, np.nan, heights)


def decide_axes(
    name: str,
    named: tuple[str, str],
    numbers: tuple[Floats, Floats],
    crs: CRS,
    custom: tuple[bool, str],
    *,
    area: BaseGeometry | None,
    area_crs: CRS,
) -> tuple[bool, str]:
    """Decide which of two coordinates is north: by where the CRS lies, then the county, then by custom.

    Parameters
    ----------
    name
        What holds them.
    named, numbers
        The two coordinates.
    crs
        Theirs.
    custom
        Whether the first is north where both ways would do, and who has it so.
    area, area_crs
        The county's outline, where there is one, and its CRS.

    Returns
    -------
    tuple
        Whether the first is north; why.

    Raises
    ------
    CrsError
        The points lie nowhere, whichever is north.
    """
    first, second = numbers
    ways = {True: _lie_somewhere(second, first, crs), False: _lie_somewhere(first, second, crs)}
    why = f"only so do the points lie in {crs_label(crs)}"
    if all(ways.values()) and area is not None:
        county = reproject_bbox(BBox.around([area]), area_crs, crs)
        near = {True: _share(second, first, county), False: _share(first, second, county)}
        if near[True] != near[False]:
            ways = {north: share == max(near.values()) for north, share in near.items()}
            why = f"so {max(near.values()):.0%} of the points lie in the county, otherwise {min(near.values()):.0%}"
    if all(ways.values()):
        return custom[0], f"{custom[1]}; the numbers would allow either in {crs_label(crs)}"
    if not any(ways.values()):
        raise CrsError(
            f"{name}: {named[0]} about {np.nanmedian(first):.10g} and {named[1]} about {np.nanmedian(second):.10g} "
            f"lie nowhere in {crs_label(crs)}, whichever is north: {_say(first, second)}"
        )
    return ways[True], why


def _say(first: Floats, second: Floats) -> str:
    """What the numbers look like."""
    x, y = np.nanmedian(first), np.nanmedian(second)
    return recognise_grid(BBox(x, y, x, y)).note


def _lie_somewhere(x: Floats, y: Floats, crs: CRS) -> bool:
    """Whether most of the points lie where the CRS is fit for use."""
    whole = np.isfinite(x) & np.isfinite(y)
    if not whole.any():
        return True
    middle = [np.median(x[whole]), np.median(y[whole])]
    return bool(in_domain(np.array([[*middle, *middle]]), crs)[0])


def _share(x: Floats, y: Floats, box: BBox) -> float:
    with np.errstate(invalid="ignore"):
        inside = (x >= box.west) & (x <= box.east) & (y >= box.south) & (y <= box.north)
    return float(inside.mean()) if len(inside) else 0.0
