"""Graticule sheet numbers of GB/T 13989-2012: point → number, number → footprint, box → every sheet.

Sheets of one scale are equal cells of longitude and latitude. Every edge is a whole number of eighths of an arc
second (a 1:500 sheet measures 75/8″ × 50/8″), so all arithmetic is on integers: cells are counted eastwards from
180° W and northwards from the equator, and a number is another way of writing the cell's column and row.

The standard's equal cells hold from the equator to 60° N; further north sheets are joined in pairs, and the southern
hemisphere carries a prefix: both are refused.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import BBox
from twin.errors import InvalidParameter

#: One unit is an eighth of an arc second.
_UNITS_PER_DEGREE = 3600 * 8
#: A 1:1 000 000 sheet measures 6° × 4°.
_WIDTH, _HEIGHT = 6 * _UNITS_PER_DEGREE, 4 * _UNITS_PER_DEGREE
_ROW_LETTERS = "ABCDEFGHIJKLMNO"

#: Scale denominator → the letter in the number, and how many rows (and columns) divide the 1:1 000 000 sheet.
DIVISIONS = {
    1_000_000: ("", 1),
    500_000: ("B", 2),
    250_000: ("C", 4),
    100_000: ("D", 12),
    50_000: ("E", 24),
    25_000: ("F", 48),
    10_000: ("G", 96),
    5_000: ("H", 192),
    2_000: ("I", 576),
    1_000: ("J", 1152),
    500: ("K", 2304),
}
_SCALES = {letter: scale for scale, (letter, _) in DIVISIONS.items()}
_NUMBER = re.compile(r"([A-O])(\d\d)(?:([B-K])(\d{6}|\d{8})(?:-([1-9]))?)?", re.ASCII)


def number_at(lon: float, lat: float, *, scale: int) -> str:
    """Give the number of the sheet that holds a point; a point on an edge belongs to the sheet east or north of it.

    Parameters
    ----------
    lon, lat
        Degrees in the CRS whose sheets are meant. Within 2 µm of an edge a point is on it: binary fractions cannot
        say 118.458333…°.
    scale
        Scale denominator, 500 to 1 000 000.

    Raises
    ------
    InvalidParameter
        The scale has no graticule sheets, or the point lies outside 180° W to 180° E, 0° to 60° N.

    References
    ----------
    GB/T 13989-2012. Its grids and letters are confirmed; that 1:1000 and 1:500 take four digits each for row and
    column, and that 1:2000 may be written as ninths, is practice which its text was not at hand to confirm.
    """
    column, row = math.floor(_column(lon, scale)), math.floor(_row(lat, scale))
    count = _division(scale)[1]
    if min(column, row) < 0 or column >= 60 * count or row >= len(_ROW_LETTERS) * count:
        raise InvalidParameter(f"there are no sheets at longitude {lon}, latitude {lat}: only from 0° to 60° N")
    return _number(column, row, scale)


def footprint(sheet_no: str) -> BBox:
    """Give the box of a sheet in degrees; a 1:2000 sheet may also be written as its 1:5000 sheet and ``-1`` to ``-9``.

    The ninths are counted from the north-west, row by row.

    Raises
    ------
    InvalidParameter
        It is no number of GB/T 13989-2012.
    """
    scale, column, row = _parse(sheet_no)
    west, south, east, north = _edges(np.array([column]), np.array([row]), scale)
    return BBox(float(west[0]), float(south[0]), float(east[0]), float(north[0]))


def scale_of(sheet_no: str) -> int:
    """Give the scale denominator, which a graticule number says itself."""
    return _parse(sheet_no)[0]


def cells(box: BBox, *, scale: int) -> tuple[list[str], npt.NDArray[np.object_]]:
    """Give the numbers and footprints of all sheets that share area with a box, from the north-west row by row.

    Parameters
    ----------
    box
        Degrees, within 0° to 60° N.
    scale
        Scale denominator.
    """
    first, last = math.floor(_column(box.west, scale)), math.ceil(_column(box.east, scale)) - 1
    bottom, top = math.floor(_row(box.south, scale)), math.ceil(_row(box.north, scale)) - 1
    count = _division(scale)[1]
    if min(first, bottom) < 0 or last >= 60 * count or top >= len(_ROW_LETTERS) * count:
        raise InvalidParameter(f"there are no sheets over all of {tuple(box)}: only from 0° to 60° N")
    rows, columns = (
        axis.ravel() for axis in np.meshgrid(np.arange(top, bottom - 1, -1), np.arange(first, last + 1), indexing="ij")
    )
    numbers = [_number(column, row, scale) for column, row in zip(columns.tolist(), rows.tolist(), strict=True)]
    return numbers, shapely.box(*_edges(columns, rows, scale))


def sheet_size_deg(scale: int) -> tuple[float, float]:
    """Give width (east-west) and height (north-south) of a sheet in degrees."""
    count = _division(scale)[1]
    return 6 / count, 4 / count


def _division(scale: int) -> tuple[str, int]:
    if scale not in DIVISIONS:
        scales = ", ".join(str(known) for known in DIVISIONS)
        raise InvalidParameter(f"graticule sheets have no scale 1:{scale}; there are {scales}", parameter="scale")
    return DIVISIONS[scale]


def _column(lon: float, scale: int) -> Fraction:
    return (_units(lon) + 180 * _UNITS_PER_DEGREE) * _division(scale)[1] / _WIDTH


def _row(lat: float, scale: int) -> Fraction:
    return _units(lat) * _division(scale)[1] / _HEIGHT


def _units(degrees: float) -> Fraction:
    if not math.isfinite(degrees):
        raise InvalidParameter(f"a coordinate must be a number of degrees, not {degrees}")
    return round(Fraction(degrees) * _UNITS_PER_DEGREE, 6)


def _edges(
    columns: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], scale: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    # Integers up to the one division, so that neighbours share their edge to the last bit.
    count = _division(scale)[1]
    width, height, left = _WIDTH // count, _HEIGHT // count, 180 * _UNITS_PER_DEGREE
    return (
        (columns * width - left) / _UNITS_PER_DEGREE,
        rows * height / _UNITS_PER_DEGREE,
        ((columns + 1) * width - left) / _UNITS_PER_DEGREE,
        (rows + 1) * height / _UNITS_PER_DEGREE,
    )


def _number(column: int, row: int, scale: int) -> str:
    letter, count = _division(scale)
    millionth = f"{_ROW_LETTERS[row // count]}{column // count + 1:02d}"
    if not letter:
        return millionth
    # The rows inside a 1:1 000 000 sheet are counted from the north.
    digits = 4 if count > 999 else 3
    return f"{millionth}{letter}{count - row % count:0{digits}d}{column % count + 1:0{digits}d}"


def _parse(sheet_no: str) -> tuple[int, int, int]:
    found = _NUMBER.fullmatch(sheet_no)
    if not found:
        raise _refuse(sheet_no, "a number looks like J50, J50E001010, J50K03600217 or H49H192097-2")
    letter, inner, ninth = found[3] or "", found[4] or "001001", int(found[5] or 0)
    scale = _SCALES[letter]
    count = DIVISIONS[scale][1]
    digits = 4 if count > 999 else 3
    if len(inner) != 2 * digits:
        raise _refuse(sheet_no, f"row and column have {digits} digits at 1:{scale}")
    row, column = int(inner[:digits]), int(inner[digits:])
    if not (1 <= row <= count and 1 <= column <= count and 1 <= int(found[2]) <= 60):
        raise _refuse(sheet_no, f"rows and columns go from 1 to {count} at 1:{scale}, columns of 1:1 000 000 to 60")
    column += (int(found[2]) - 1) * count - 1
    row = _ROW_LETTERS.index(found[1]) * count + count - row
    if not ninth:
        return scale, column, row
    if scale != 5_000:
        raise _refuse(sheet_no, "only a 1:5000 number takes -1 to -9")
    down, right = divmod(ninth - 1, 3)
    return 2_000, column * 3 + right, row * 3 + 2 - down


def _refuse(sheet_no: str, why: str) -> InvalidParameter:
    return InvalidParameter(f"{sheet_no!r} is no graticule sheet number: {why}", parameter="sheet_no")
