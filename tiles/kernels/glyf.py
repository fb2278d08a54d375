"""Outlines of letters, read from the bytes of a TrueType font as straight lines.

References
----------
ISO/IEC 14496-22 (OpenType), 5.3.4 "glyf": simple and composite descriptions of glyphs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled, step

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Flags of points.
_ON_CURVE = 1
_SHORT = np.array([2, 4])
_REPEATED = 8
_SAME = np.array([16, 32])  # or positive, where short
# Flags of components.
_WORDS = 1
_SCALED = 8
_MORE = 32
_SCALED_TWICE = 64
_TURNED = 128

#: How far the lines may be off a curve, and how many of them a curve becomes at most.
_TOLERANCE_PX = 0.01
_MOST_PIECES = 32


class Outlines(NamedTuple):
    """The outlines of a font: the bytes of its table, where in them each glyph begins, and the size to draw."""

    glyf: Bytes
    begin: Integers
    px_per_unit: float


@compiled
def read_lines(outlines: Outlines, glyph: int) -> Floats:
    """Read the lines that the rings of a glyph consist of, in pixels, y upwards: rows of x0, y0, x1, y1.

    The components of a composite glyph are taken to be placed by distances, as they are in any font without hints.
    """
    scale = outlines.px_per_unit
    parts = np.array([[glyph, scale, 0.0, 0.0, scale, 0.0, 0.0]])
    lines = np.empty((0, 4))
    part = 0
    while part < len(parts):
        at, end = outlines.begin[int(parts[part, 0])], outlines.begin[int(parts[part, 0]) + 1]
        if end > at and _int16(outlines.glyf, at) >= 0:
            lines = np.concatenate((lines, _read_rings(outlines.glyf, at, parts[part])))
        elif end > at:
            parts = np.concatenate((parts, _read_components(outlines.glyf, at + 10, parts[part])))
        part += 1
    return lines


@step
def _int16(data: Bytes, at: int) -> int:
    number = np.int64(data[at]) << 8 | data[at + 1]
    return number - 65536 if number >= 32768 else number


@compiled
def _read_components(glyf: Bytes, at: int, whole: Floats) -> Floats:
    """Read the components of a composite glyph: rows of glyph, xx, xy, yx, yy, dx, dy."""
    parts = np.empty((0, 7))
    more = True
    while more:
        flags = _int16(glyf, at)
        part = np.array([[np.float64(_int16(glyf, at + 2) & 65535), 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
        if flags & _WORDS:
            part[0, 5], part[0, 6] = _int16(glyf, at + 4), _int16(glyf, at + 6)
            at += 8
        else:
            part[0, 5], part[0, 6] = np.int8(glyf[at + 4]), np.int8(glyf[at + 5])
            at += 6
        if flags & _SCALED:
            part[0, 1] = part[0, 4] = _int16(glyf, at) / 16384
            at += 2
        elif flags & _SCALED_TWICE:
            part[0, 1], part[0, 4] = _int16(glyf, at) / 16384, _int16(glyf, at + 2) / 16384
            at += 4
        elif flags & _TURNED:
            for place in range(4):
                part[0, 1 + place] = _int16(glyf, at + 2 * place) / 16384
            at += 8
        for place in (1, 3, 5):
            x, y = part[0, place], part[0, place + 1]
            part[0, place] = x * whole[1] + y * whole[3]
            part[0, place + 1] = x * whole[2] + y * whole[4]
        part[0, 5:] += whole[5:]
        parts = np.concatenate((parts, part))
        more = flags & _MORE != 0
    return parts


@compiled
def _read_rings(glyf: Bytes, at: int, part: Floats) -> Floats:
    """Read the lines of a simple glyph."""
    contours, at = _int16(glyf, at), at + 10
    if contours == 0:
        return np.empty((0, 4))
    points = _int16(glyf, at + 2 * contours - 2) + 1
    flags, units = _read_points(glyf, at + 2 * contours, points)
    xy = np.empty((points, 2))
    xy[:, 0] = units[0] * part[1] + units[1] * part[3] + part[5]
    xy[:, 1] = units[0] * part[2] + units[1] * part[4] + part[6]
    lines = np.empty((_MOST_PIECES * points, 4))
    used = first = 0
    for contour in range(contours):
        end = _int16(glyf, at + 2 * contour) + 1
        used = _draw_ring(xy[first:end], flags[first:end], lines, used)
        first = end
    return lines[:used]


@compiled
def _read_points(glyf: Bytes, at: int, points: int) -> tuple[Bytes, Integers]:
    """Read the flags and the places of points; hints are passed over."""
    at += 2 + _int16(glyf, at)
    flags = np.empty(points, dtype=np.uint8)
    point = 0
    while point < points:
        repeats = glyf[at + 1] if glyf[at] & _REPEATED else 0
        flags[point : point + repeats + 1] = glyf[at]
        point += repeats + 1
        at += 2 if glyf[at] & _REPEATED else 1
    units = np.empty((2, points), dtype=np.int64)
    for axis in range(2):
        place = 0
        for point in range(points):
            if flags[point] & _SHORT[axis]:
                place += (1 if flags[point] & _SAME[axis] else -1) * glyf[at]
                at += 1
            elif not flags[point] & _SAME[axis]:
                place += _int16(glyf, at)
                at += 2
            units[axis, point] = place
    return flags, units


@compiled
def _draw_ring(xy: Floats, flags: Bytes, lines: Floats, used: int) -> int:
    """Draw the lines of a ring, behind those that are there; return how many are there then.

    Between two points off the curve there is one on it, half-way.
    """
    before = len(xy) - 1
    for point in range(len(xy)):
        after = (point + 1) % len(xy)
        if not flags[point] & _ON_CURVE:
            start = xy[before] if flags[before] & _ON_CURVE else (xy[before] + xy[point]) / 2
            end = xy[after] if flags[after] & _ON_CURVE else (xy[point] + xy[after]) / 2
            used = _draw_curve(start, xy[point], end, lines, used)
        elif flags[after] & _ON_CURVE:
            lines[used, :2], lines[used, 2:] = xy[point], xy[after]
            used += 1
        before = point
    return used


@compiled
def _draw_curve(start: Floats, control: Floats, end: Floats, lines: Floats, used: int) -> int:
    bend = np.hypot(start[0] - 2 * control[0] + end[0], start[1] - 2 * control[1] + end[1])
    pieces = min(_MOST_PIECES, max(1, int(np.ceil(np.sqrt(bend / (4 * _TOLERANCE_PX))))))
    lines[used, :2] = start
    for piece in range(1, pieces):
        t = piece / pieces
        for axis in range(2):
            place = (1 - t) ** 2 * start[axis] + 2 * t * (1 - t) * control[axis] + t * t * end[axis]
            lines[used, 2 + axis] = lines[used + 1, axis] = place
        used += 1
    lines[used, 2:] = end
    return used + 1
