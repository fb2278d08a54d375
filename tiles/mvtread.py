"""Mapbox Vector Tiles, read: what `tiles.mvt` wrote, for those who want it in another form.

References
----------
Mapbox Vector Tile Specification 2.1, chapters 4.1 to 4.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Integers = npt.NDArray[np.int64]

#: Properties and geometry of a feature, in units of the tile from its top left corner.
ReadFeature = tuple[dict[str, Any], BaseGeometry]

_MOVE, _LINE = 1, 2
_POINT, _LINES = 1, 2


def read_tile(data: bytes) -> dict[str, list[ReadFeature]]:
    """Read the features of each layer of a tile."""
    layers = {}
    for _, message in _fields(data):
        parts = list(_fields(message))
        keys = [bytes(part).decode() for tag, part in parts if tag == 3]
        values = [read_value(part) for tag, part in parts if tag == 4]
        (name,) = (bytes(part).decode() for tag, part in parts if tag == 1)
        layers[name] = [_read_feature(part, keys, values) for tag, part in parts if tag == 2]
    return layers


def _read_feature(message: memoryview, keys: list[str], values: list[Any]) -> ReadFeature:
    parts = dict(_fields(message))
    tags = _numbers(parts.get(2, memoryview(b""))).reshape(-1, 2).tolist()
    return {keys[key]: values[value] for key, value in tags}, _read_geometry(parts[3], _numbers(parts[4]))


def _read_geometry(kind: int, commands: Integers) -> BaseGeometry:
    """Follow the commands of a feature."""
    at, is_step, begins, count = 0, np.ones(len(commands), dtype=bool), [], 0
    while at < len(commands):
        command, times = int(commands[at]) & 7, int(commands[at]) >> 3
        is_step[at] = False
        if command == _MOVE:
            begins.append(count)
        vertices = times if command in (_MOVE, _LINE) else 0
        count, at = count + vertices, at + 1 + 2 * vertices
    steps = commands[is_step].reshape(-1, 2)
    places = np.cumsum((steps >> 1) ^ -(steps & 1), axis=0)
    if kind == _POINT:
        return shapely.Point(places[0]) if len(places) == 1 else shapely.MultiPoint(places)
    paths = [places[first:end] for first, end in pairwise([*begins, count])]
    if kind == _LINES:
        return shapely.LineString(paths[0]) if len(paths) == 1 else shapely.MultiLineString(paths)
    areas: list[list[Integers]] = []
    for ring in paths:
        if _area(ring) > 0:  # as y grows downwards, outer rings are those
            areas.append([])
        areas[-1].append(ring)
    polygons = [shapely.Polygon(outer, inner) for outer, *inner in areas]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _area(ring: Integers) -> float:
    following = np.roll(ring, -1, axis=0)
    return float(np.sum(ring[:, 0] * following[:, 1] - following[:, 0] * ring[:, 1]))


def read_value(message: bytes | memoryview) -> Any:
    """Read a value of a layer: text, number or truth value."""
    ((tag, content),) = _fields(message)
    match tag:
        case 1:
            return bytes(content).decode()
        case 2 | 3:
            return struct.unpack("<f" if tag == 2 else "<d", content)[0]
        case 4:
            return content - 2**64 if content >= 2**63 else content
        case 6:
            return (content >> 1) ^ -(content & 1)
        case 7:
            return bool(content)
        case _:
            return content


def _fields(data: bytes | memoryview) -> Iterator[tuple[int, Any]]:
    """The fields of a message: numbers of varints, bytes of all else."""
    view, at = memoryview(data), 0
    while at < len(view):
        head, at = _number(view, at)
        size = {1: 8, 5: 4}.get(head & 7)
        if head & 7 == 0:
            value, at = _number(view, at)
            yield head >> 3, value
            continue
        if size is None:
            size, at = _number(view, at)
        yield head >> 3, view[at : at + size]
        at += size


def _number(view: memoryview, at: int) -> tuple[int, int]:
    """Read a varint; returns where it ends too."""
    number = shift = 0
    while True:
        byte = view[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def _numbers(view: memoryview) -> Integers:
    """Read varints that stand behind one another, of 32 bits at most."""
    groups = np.frombuffer(view, dtype=np.uint8)
    ends = np.flatnonzero(groups < 0x80)
    begins = np.concatenate(([0], ends[:-1] + 1))[: len(ends)]
    place = np.arange(len(groups)) - np.repeat(begins, ends - begins + 1)
    shifted = (groups & 0x7F).astype(np.int64) << (7 * place)
    return np.add.reduceat(shifted, begins) if len(ends) else np.empty(0, dtype=np.int64)
