"""Vector tiles taken apart by a few lines of our own, and what the specification wants of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from mapbox_vector_tile.Mapbox import vector_tile_pb2

#: A tile of 4096 units with a buffer of 64, in tile units.
SQUARE = shapely.box(-64, -64, 4160, 4160)

Path = list[tuple[int, int]]


@dataclass(frozen=True)
class RawFeature:
    """One feature: its id, its type (1 points, 2 lines, 3 areas) and its paths in the order of the commands."""

    fid: int
    kind: int
    paths: list[Path]

    @property
    def shape(self) -> shapely.Geometry:
        """Its geometry, always a multi form; a ring of positive area begins a polygon, the others are its holes."""
        if self.kind == 1:
            return shapely.MultiPoint([point for path in self.paths for point in path])
        if self.kind == 2:
            return shapely.MultiLineString(self.paths)
        polygons: list[list[Path]] = []
        for ring in self.paths:
            if surveyor(ring) > 0:
                polygons.append([])
            polygons[-1].append(ring)
        return shapely.MultiPolygon([(shell, holes) for shell, *holes in polygons])


def raw_layers(tile: bytes) -> dict[str, list[RawFeature]]:
    """The features of every layer, from the command integers."""
    message = vector_tile_pb2.tile()
    message.ParseFromString(tile)
    return {layer.name: [_read(feature) for feature in layer.features] for layer in message.layers}


def _read(feature: Any) -> RawFeature:
    """MVT 2.1, 4.3: every command, and no command that its type may not have."""
    paths: list[Path] = []
    numbers = iter(feature.geometry)
    x = y = 0
    for command in numbers:
        name, count = command & 7, command >> 3
        assert count > 0
        if name == 7:
            assert (feature.type, count) == (3, 1)
            continue
        assert name in {1, 2}
        if name == 1:
            assert count == 1 or feature.type == 1
            paths.append([])
        for _ in range(count):
            dx, dy = next(numbers), next(numbers)
            x, y = x + ((dx >> 1) ^ -(dx & 1)), y + ((dy >> 1) ^ -(dy & 1))
            paths[-1].append((x, y))
    return RawFeature(feature.id, feature.type, paths)


def surveyor(ring: Path) -> float:
    """The area of an open ring as MVT 2.1, 4.3.4.4 gives it: positive clockwise on a screen."""
    following = [*ring[1:], ring[0]]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, following, strict=True)) / 2


def require_lawful(feature: RawFeature) -> shapely.Geometry:
    """Check what the specification and this project want of any feature, and return its geometry.

    It lies in the buffered tile; lines go somewhere, without standing still; rings are simple and wound as 4.3.4.4
    says, and together they are a valid multi polygon.
    """
    assert feature.paths
    for path in feature.paths:
        if feature.kind > 1:
            assert len(path) >= feature.kind
            assert all(one != other for one, other in pairwise(path))
        if feature.kind == 3:
            assert path[0] != path[-1]
            assert surveyor(path) != 0
            assert shapely.is_valid(shapely.LinearRing(path))
    if feature.kind == 3:
        assert surveyor(feature.paths[0]) > 0
    shape = feature.shape
    assert shapely.is_valid(shape), shapely.is_valid_reason(shape)
    assert np.min(shapely.get_coordinates(shape)) >= -64
    assert np.max(shapely.get_coordinates(shape)) <= 4160
    return shape


def in_units(geometry: shapely.Geometry) -> shapely.Geometry:
    """A geometry of a tile 4096 m wide with its north-west corner at 0, 4096, in units of that tile."""
    return shapely.transform(geometry, lambda xy: xy * [1, -1] + [0, 4096])


def areas_of(geometry: shapely.Geometry) -> shapely.Geometry:
    """What of a geometry has an area."""
    parts: Iterator[shapely.Geometry] = iter(shapely.get_parts(shapely.get_parts(geometry)))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon" and part.area > 0])
