"""Rectangular sheet numbers: point → number, number → footprint, box → every sheet.

Sheets of one scale are equal cells of the grid of a projected CRS. A sheet is named by its south-west corner in
kilometres, **north (X) first, then east (Y)**, or by its 1:5000 sheet and a Roman numeral for every quartering
(``basic_sheet``). A number does not say its scale (``3936.0-632.0`` is 1:1000 and 1:2000), so the scale is always
given, and a corner that is not on the grid of that scale is refused.

Corners are kept as whole metres; the 50 cm side of a 50 cm × 40 cm sheet runs east-west.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import BBox
from twin.errors import InvalidParameter

_SQUARE = {500: (250, 250), 1_000: (500, 500), 2_000: (1_000, 1_000), 5_000: (2_000, 2_000)}

#: Scheme → scale denominator → width and height on the ground in metres (1:5000 sheets are 40 cm × 40 cm).
SIZES_M = {
    "rectangular_50x50": _SQUARE,
    "rectangular_50x40": {500: (250, 200), 1_000: (500, 400), 2_000: (1_000, 800)},
    "basic_sheet": _SQUARE,
}
#: Decimals of the kilometres in a coordinate number.
_DECIMALS = {500: 2, 1_000: 1, 2_000: 1, 5_000: 0}
_NUMBER = re.compile(r"(0|[1-9]\d{0,4})(?:\.(\d+))?-(0|[1-9]\d{0,4})(?:\.(\d+))?", re.ASCII)

#: Quarters in reading order: Ⅰ north-west, Ⅱ north-east, Ⅲ south-west, Ⅳ south-east.
_QUARTERS = "ⅠⅡⅢⅣ"
_QUARTER_OF = {"Ⅰ": 0, "Ⅱ": 1, "Ⅲ": 2, "Ⅳ": 3, "I": 0, "II": 1, "III": 2, "IV": 3}
_BASIC = re.compile(r"(\d+-\d+)((?:-(?:[ⅠⅡⅢⅣ]|I{1,3}|IV)){0,3})", re.ASCII)
_SCALE_BY_QUARTERINGS = (5_000, 2_000, 1_000, 500)


@dataclass(frozen=True, kw_only=True)
class Offset:
    """What the numbers of a city with truncated local coordinates leave out: declared, never guessed."""

    north_km: int = 0
    east_km: int = 0


NO_OFFSET = Offset()


def number_at(east_m: float, north_m: float, *, scale: int, scheme: str, offset: Offset = NO_OFFSET) -> str:
    """Give the number of the sheet that holds a point; a point on an edge belongs to the sheet east or north of it.

    Parameters
    ----------
    east_m, north_m
        Coordinates in the CRS in which the numbers count.
    scale
        Scale denominator: 500, 1000, 2000, and 5000 where the scheme has it.
    scheme
        ``rectangular_50x50``, ``rectangular_50x40`` or ``basic_sheet``.
    offset
        What the numbers leave out of the coordinates.

    Raises
    ------
    InvalidParameter
        The scheme has no such scale, or the number would need a negative coordinate.

    References
    ----------
    GB/T 20257.1 (sheets of 1:500, 1:1000 and 1:2000 maps). The order of the Roman numerals is survey practice.
    """
    width, height = sheet_size_m(scale, scheme)
    if not (math.isfinite(east_m) and math.isfinite(north_m)):
        raise InvalidParameter(f"a coordinate must be a number of metres, not {east_m}, {north_m}")
    return _number(int(east_m // width) * width, int(north_m // height) * height, scale, scheme, offset)


def footprint(sheet_no: str, *, scale: int, scheme: str, offset: Offset = NO_OFFSET) -> BBox:
    """Give the box of a sheet in metres, in the CRS in which the numbers count.

    Raises
    ------
    InvalidParameter
        The number is malformed, or its corner is not on the grid of that scale.
    """
    width, height = sheet_size_m(scale, scheme)
    if scheme == "basic_sheet":
        east_m, north_m = _basic_corner(sheet_no, scale, offset)
    else:
        east_m, north_m = _corner(sheet_no, scale, scheme, offset)
    return BBox(east_m, north_m, east_m + width, north_m + height)


def cells(
    box: BBox, *, scale: int, scheme: str, offset: Offset = NO_OFFSET
) -> tuple[list[str], npt.NDArray[np.object_]]:
    """Give the numbers and footprints of all sheets that share area with a box, from the north-west row by row.

    Parameters
    ----------
    box
        Metres, in the CRS in which the numbers count.
    scale, scheme, offset
        As in `number_at`.
    """
    width, height = sheet_size_m(scale, scheme)
    east_m = np.arange(box.west // width, math.ceil(box.east / width), dtype=np.int64) * width
    north_m = np.arange(box.south // height, math.ceil(box.north / height), dtype=np.int64)[::-1] * height
    south, west = (axis.ravel() for axis in np.meshgrid(north_m, east_m, indexing="ij"))
    numbers = [
        _number(east, north, scale, scheme, offset) for east, north in zip(west.tolist(), south.tolist(), strict=True)
    ]
    return numbers, shapely.box(west, south, west + width, south + height)


def sheet_size_m(scale: int, scheme: str) -> tuple[int, int]:
    """Give width (east-west) and height (north-south) of a sheet on the ground in metres."""
    sizes = SIZES_M[scheme]
    if scale not in sizes:
        scales = ", ".join(str(known) for known in sizes)
        raise InvalidParameter(f"{scheme} has no scale 1:{scale}; it has {scales}", parameter="scale")
    return sizes[scale]


def _number(east_m: int, north_m: int, scale: int, scheme: str, offset: Offset) -> str:
    if scheme == "basic_sheet":
        return _basic_number(east_m, north_m, scale, offset)
    return _coordinates(east_m, north_m, _DECIMALS[scale], offset)


def _coordinates(east_m: int, north_m: int, decimals: int, offset: Offset) -> str:
    east_m, north_m = east_m - offset.east_km * 1_000, north_m - offset.north_km * 1_000
    if east_m < 0 or north_m < 0:
        raise InvalidParameter(f"a sheet number cannot say a negative corner: X {north_m} m, Y {east_m} m")
    return f"{north_m / 1_000:.{decimals}f}-{east_m / 1_000:.{decimals}f}"


def _basic_number(east_m: int, north_m: int, scale: int, offset: Offset) -> str:
    size = _SQUARE[5_000][0]
    number = _coordinates(east_m // size * size, north_m // size * size, 0, offset)
    while size > _SQUARE[scale][0]:
        size //= 2
        south, east = north_m // size % 2 == 0, east_m // size % 2
        number += f"-{_QUARTERS[2 * south + east]}"
    return number


def _corner(sheet_no: str, scale: int, scheme: str, offset: Offset) -> tuple[int, int]:
    decimals = _DECIMALS[scale]
    found = _NUMBER.fullmatch(sheet_no)
    if not found or any(len(found[group] or "") != decimals for group in (2, 4)):
        example = f"{3936:.{decimals}f}-{632:.{decimals}f}"
        raise _refuse(sheet_no, f"at 1:{scale} it is X-Y in km with {decimals} decimals, as {example}")
    north_km, north_rest, east_km, east_rest = (int(part or 0) for part in found.groups())
    step = 10 ** (3 - decimals)
    east_m = (east_km + offset.east_km) * 1_000 + east_rest * step
    north_m = (north_km + offset.north_km) * 1_000 + north_rest * step
    width, height = sheet_size_m(scale, scheme)
    if east_m % width or north_m % height:
        raise _refuse(sheet_no, f"X must be a multiple of {height} m and Y of {width} m at 1:{scale} ({scheme})")
    return east_m, north_m


def _basic_corner(sheet_no: str, scale: int, offset: Offset) -> tuple[int, int]:
    found = _BASIC.fullmatch(sheet_no)
    if not found:
        raise _refuse(sheet_no, "it is a 1:5000 number and up to three of Ⅰ Ⅱ Ⅲ Ⅳ, as 20-60-Ⅰ-Ⅱ")
    quarters = [_QUARTER_OF[numeral] for numeral in found[2].split("-")[1:]]
    if _SCALE_BY_QUARTERINGS[len(quarters)] != scale:
        raise _refuse(sheet_no, f"at 1:{scale} it has {_SCALE_BY_QUARTERINGS.index(scale)} Roman numerals")
    east_m, north_m = _corner(found[1], 5_000, "basic_sheet", offset)
    size = _SQUARE[5_000][0]
    for quarter in quarters:
        size //= 2
        north_m += size * (quarter < 2)
        east_m += size * (quarter % 2)
    return east_m, north_m


def _refuse(sheet_no: str, why: str) -> InvalidParameter:
    return InvalidParameter(f"{sheet_no!r} is no rectangular sheet number: {why}", parameter="sheet_no")
