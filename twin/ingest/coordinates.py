"""Geometry from columns of a table: which columns hold it, and which way round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import shapely

from twin.errors import InvalidParameter, SourceError
from twin.ingest.convert import parse_numbers
from twin.ingest.degrees import parse_degrees
from twin.ingest.faults import Faults, Rows
from twin.ingest.mapping import SourceRule
from twin.ingest.match import find_column
from twin.ingest.names import normalise_name, split_brackets
from twin.ingest.report import Decision
from twin.ingest.source import Geometries

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Kind = Literal["lonlat", "east-north", "survey", "pair", "wkt"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "wkt": ("wkt", "geometry", "geom", "thegeom", "wktgeometry", "几何"),
    "lon": ("lon", "lng", "long", "longitude", "经度", "东经", "经度坐标", "gpslon", "gpslng"),
    "lat": ("lat", "latitude", "纬度", "北纬", "纬度坐标", "gpslat"),
    "east": ("east", "easting", "e", "东坐标", "横坐标", "东向坐标"),
    "north": ("north", "northing", "n", "北坐标", "纵坐标", "北向坐标"),
    "x": ("x", "x坐标", "坐标x", "xcoord", "xcoordinate", "pointx", "中心点x", "x80", "x2000"),
    "y": ("y", "y坐标", "坐标y", "ycoord", "ycoordinate", "pointy", "中心点y", "y80", "y2000"),
    "z": (
        "z",
        "z坐标",
        "坐标z",
        "elev",
        "elevation",
        "altitude",
        "高程",
        "海拔",
        "海拔高度",
        "地面高程",
        "pointz",
        "h",
        "标高",
        "正常高",
    ),
}

#: Where numbers in China lie: longitude, latitude, metres north, metres east without and with zone number.
_LONGITUDE, _LATITUDE, _NORTH = (73.0, 136.0), (3.0, 54.0), (1_900_000.0, 5_950_000.0)
_EAST = ((100_000.0, 900_000.0), (13_000_000.0, 46_000_000.0))

#: Share of rows whose numbers must agree for columns named X and Y to be told apart.
_AGREE = 0.9


@dataclass(frozen=True, kw_only=True)
class CoordinateColumns:
    """The columns that hold the geometry of a table.

    Parameters
    ----------
    kind
        ``lonlat`` and ``east-north``: first is x, second y. ``survey``: columns named X and Y, whose order the numbers
        tell. ``pair``: one column with both numbers. ``wkt``: one column with WKT.
    columns
        The one or two columns.
    z
        The column of heights.
    swapped
        For a ``pair``: latitude comes first.
    by
        How they were found.
    """

    kind: Kind
    columns: tuple[str, ...]
    z: str | None = None
    swapped: bool = False
    by: str

    @property
    def all(self) -> tuple[str, ...]:
        """Every column needed."""
        return self.columns if self.z is None else (*self.columns, self.z)


def find_coordinates(name: str, columns: Sequence[str], rule: SourceRule, *, heights: bool) -> CoordinateColumns:
    """Find the coordinate columns by the mapping, or by obvious names.

    Raises
    ------
    InvalidParameter
        The mapping names a column that does not exist, or half a pair.
    SourceError
        No column looks like a coordinate.
    """
    z = find_column(rule.z, columns) if rule.z else _named(columns, "z") if heights else None
    if (rule.x is None) != (rule.y is None):
        raise InvalidParameter("a mapping names both x (eastings) and y (northings), or neither", parameter="x")
    if rule.x and rule.y:
        pair = (find_column(rule.x, columns), find_column(rule.y, columns))
        return CoordinateColumns(kind="east-north", columns=pair, z=z, by="mapping")
    single: tuple[tuple[Kind, str | None], ...] = (("wkt", rule.wkt), ("pair", rule.lonlat), ("pair", rule.latlon))
    for kind, given in single:
        if given:
            column = find_column(given, columns)
            swapped = given == rule.latlon
            return CoordinateColumns(kind=kind, columns=(column,), z=z, swapped=swapped, by="mapping")
    wkt = _named(columns, "wkt")
    if wkt is not None:
        return CoordinateColumns(kind="wkt", columns=(wkt,), by="column name")
    kinds: tuple[tuple[Kind, str, str], ...] = (
        ("lonlat", "lon", "lat"),
        ("east-north", "east", "north"),
        ("survey", "x", "y"),
    )
    for kind, first, second in kinds:
        a, b = _named(columns, first), _named(columns, second)
        if a is not None and b is not None:
            return CoordinateColumns(kind=kind, columns=(a, b), z=z, by="column names")
    raise SourceError(
        f"{name} has no geometry and no columns named as coordinates; its columns are {', '.join(columns)}. "
        "Name them in a mapping: [source] x and y (eastings and northings), lonlat, latlon or wkt"
    )


def _named(columns: Sequence[str], what: str) -> str | None:
    names = {normalise_name(split_brackets(column)[0]): column for column in reversed(columns)}
    return next((names[name] for name in _NAMES[what] if name in names), None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Geometries made from columns.

    Parameters
    ----------
    geometry
        n geometries; None where a row has no usable numbers.
    faulty
        n flags: that it has none is a fault already.
    decision
        What was decided about the columns.
    degrees
        Whether the numbers are longitudes and latitudes.
    """

    geometry: Geometries
    faulty: npt.NDArray[np.bool_]
    decision: Decision
    degrees: bool


def read_coordinates(found: CoordinateColumns, table: pd.DataFrame, rows: Rows, faults: Faults) -> Places:
    """Make geometries from coordinate columns; what is no coordinate is a fault.

    Raises
    ------
    SourceError
        The order of the columns cannot be told, or contradicts their names.
    """
    if found.kind == "wkt":
        return _read_wkt(found, table, rows, faults)
    (first, second), faulty = _numbers(found, table, rows, faults)
    if found.swapped:
        first, second = second, first
    names = found.columns if len(found.columns) == 2 else (found.columns[0], found.columns[0])
    by = found.by
    if found.kind == "survey":
        by = "column names, their order by the numbers"
        if _is_north_first(first, second, names, rows):
            first, second, names = second, first, (names[1], names[0])
    _require_right_way(first, second, names, rows)
    degrees = found.kind in ("lonlat", "pair") or _agree(first, (-180.0, 180.0)) & _agree(second, (-90.0, 90.0))
    what = "longitude, latitude" if degrees else "east, north"
    decided = f"{what} = {names[0]}, {names[1]}" if names[0] != names[1] else f"{names[0]}: {what}"
    complete = np.isfinite(first) & np.isfinite(second)
    coordinates = [first[complete], second[complete]]
    if found.z is not None:
        z, bad = parse_numbers(table[found.z])
        faults.add_rows("the height is not a number", bad, rows, field=found.z, values=table[found.z])
        coordinates.append(z[complete])
        decided += f"; height = {found.z}"
    geometry = np.full(len(table), None, dtype=object)
    geometry[complete] = shapely.points(np.column_stack(coordinates))
    return Places(geometry=geometry, faulty=faulty, decision=Decision(value=decided, why=by), degrees=bool(degrees))


def _read_wkt(found: CoordinateColumns, table: pd.DataFrame, rows: Rows, faults: Faults) -> Places:
    text = table[found.columns[0]]
    geometry = shapely.from_wkt(text.astype(object).where(text.notna(), None).to_numpy(), on_invalid="ignore")
    bad = shapely.is_missing(geometry) & (text.fillna("") != "").to_numpy()
    faults.add_rows("the text is not WKT", bad, rows, field=found.columns[0], values=text)
    decision = Decision(value=f"WKT in {found.columns[0]}", why=found.by)
    return Places(geometry=geometry, faulty=bad, decision=decision, degrees=False)


def _numbers(
    found: CoordinateColumns, table: pd.DataFrame, rows: Rows, faults: Faults
) -> tuple[tuple[Floats, Floats], npt.NDArray[np.bool_]]:
    """Both numbers of every row, and which rows have something else instead, which is a fault."""
    import pandas as pd

    if found.kind == "pair":
        text = table[found.columns[0]].astype("str")
        parts = text.str.strip(" ()[]").str.split(r"\s*[,，;；\s]\s*", n=1, regex=True, expand=True)
        columns = [parts[i] if i in parts else pd.Series([None] * len(text), dtype="str") for i in (0, 1)]
    else:
        columns = [table[name] for name in found.columns]
    numbers, faulty = [], np.zeros(len(table), dtype=bool)
    for position, column in enumerate(columns):
        values, bad = parse_numbers(column)
        if bad.any():
            values, bad = parse_degrees(column, values, bad)
        name = found.columns[min(position, len(found.columns) - 1)]
        faults.add_rows("the coordinate is not a number", bad, rows, field=name, values=column)
        numbers.append(values)
        faulty |= bad
    lacking = np.isnan(numbers) & ~faulty
    half = lacking[0] != lacking[1]
    for name, lacks in zip(found.columns, lacking, strict=False):
        faults.add_rows("there is only one coordinate; the other is missing", lacks & half, rows, field=name)
    return (numbers[0], numbers[1]), faulty | half


def _agree(values: Floats, *ranges: tuple[float, float]) -> bool:
    finite = values[np.isfinite(values)]
    inside = np.zeros(len(finite), dtype=bool)
    for low, high in ranges:
        inside |= (finite >= low) & (finite <= high)
    return bool(inside.sum() >= _AGREE * len(finite)) and len(finite) > 0


def _is_north_first(x: Floats, y: Floats, names: Sequence[str], rows: Rows) -> bool:
    """Whether columns named X and Y hold northings in X, as survey tables do; the numbers must tell."""
    if (_agree(x, _NORTH) and _agree(y, *_EAST)) or (_agree(x, _LATITUDE) and _agree(y, _LONGITUDE)):
        return True
    if (_agree(y, _NORTH) and _agree(x, *_EAST)) or (_agree(y, _LATITUDE) and _agree(x, _LONGITUDE)):
        return False
    raise SourceError(
        f"{rows.files[0]}: the numbers do not tell which of {names[0]} ({_about(x)}) and {names[1]} ({_about(y)}) is "
        "east and which is north, both in metres (survey tables have X north): say so in a mapping, [source] x = the "
        "column of eastings, y = of northings"
    )


def _about(values: Floats) -> str:
    finite = values[np.isfinite(values)]
    return f"about {np.median(finite):.10g}" if len(finite) else "no numbers"


def _require_right_way(east: Floats, north: Floats, names: Sequence[str], rows: Rows) -> None:
    swapped = (_agree(east, _NORTH) and _agree(north, *_EAST)) or (
        _agree(east, _LATITUDE) and _agree(north, _LONGITUDE)
    )
    if swapped:
        raise SourceError(
            f"{rows.files[0]}: {names[0]} is said to hold eastings or longitudes and {names[1]} northings or "
            f"latitudes, but the numbers are the other way round ({names[0]} is {_about(east)}); say which is which in "
            "a mapping, [source] x and y"
        )
